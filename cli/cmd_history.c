/* ucap city history and ucap programme history: who changed a record when, and why. */
#include "cmd.h"
#include "paging.h"
#include "run.h"
#include "words.h"

#include <stdlib.h>
#include <ucap/v1/registry.pb-c.h>

static const struct column columns[] = {
    {.name = "version", .right = true},
    {.name = "when"},
    {.name = "who", .keep = true},
    {.name = "fields"},
    {.name = "reason"},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* "editor", "editor via portal"; NULL: out of memory. */
static char *person(const Ucap__V1__HistoryEntry *entry)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "%s%s%s", entry->principal, entry->via[0] ? " via " : "", entry->via);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static int add_row(struct table *table, const Ucap__V1__HistoryEntry *entry, struct err *err)
{
    char version[24];
    char *when = words_time(entry->changed_at);
    char *who = person(entry);
    char *fields = words_list(entry->fields, entry->n_fields);
    snprintf(version, sizeof(version), "%llu", (unsigned long long)entry->version);
    const char *cells[COLUMNS] = {version, when, who, fields, entry->reason};
    int rc = table_add(table, cells, err);

    free(when);
    free(who);
    free(fields);
    return rc;
}

static int print_history(struct run *run, const Ucap__V1__GetHistoryReply *history, struct err *err)
{
    struct table *table = table_create(columns, COLUMNS);
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < history->n_entries && rc == 0; i++)
        rc = add_row(table, history->entries[i], err);
    if (rc == 0)
        run_print_table(run, table);
    table_destroy(table);
    return rc;
}

static int show_history(struct run *run, const char *kind, struct err *err)
{
    Ucap__V1__GetHistoryRequest request = UCAP__V1__GET_HISTORY_REQUEST__INIT;
    Ucap__V1__GetHistoryReply all = UCAP__V1__GET_HISTORY_REPLY__INIT;
    struct pages pages;

    request.kind = (char *)kind;
    request.slug = (char *)run_argument(run, 0);
    request.page_size = PAGE_SIZE;
    int rc =
        pages_read(run, &ucap__v1__registry__descriptor, "GetHistory", &request.base, &pages, err);
    if (rc < 0)
        return rc;
    all.entries = (Ucap__V1__HistoryEntry **)pages.records;
    all.n_entries = pages.count;
    if (run_wants_message(run))
        rc = run_print_message(run, &all.base, err);
    else
        rc = print_history(run, &all, err);
    pages_free(&pages);
    return rc;
}

static int city_run(struct run *run, struct err *err)
{
    return show_history(run, "city", err);
}

static int programme_run(struct run *run, struct err *err)
{
    return show_history(run, "programme", err);
}

const struct command city_history_command = {
    .path = "city history",
    .help = "who changed what of a city when, and why",
    .arguments =
        (const struct argument[]){{.name = "ID", .help = "the city's id, as in `ucap city list`"},
                                  {0}},
    .examples = (const char *const[]){"ucap city history barcelona", NULL},
    .run = city_run,
};

const struct command programme_history_command = {
    .path = "programme history",
    .help = "who changed what of a programme when, and why",
    .arguments = (const struct argument[]){{.name = "ID",
                                            .help = "the programme's id, as in "
                                                    "`ucap programme list`"},
                                           {0}},
    .examples = (const char *const[]){"ucap programme history iuc-asia", NULL},
    .run = programme_run,
};
