/* ucap programme: list and show. */
#include "cmd.h"
#include "paging.h"
#include "record.h"
#include "run.h"
#include "words.h"

#include <stdlib.h>
#include <ucap/v1/registry.pb-c.h>

static const struct column columns[] = {
    {.name = "id", .keep = true}, {.name = "name"},    {.name = "period"},
    {.name = "languages"},        {.name = "mailbox"},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static int add_row(struct run *run, struct table *table, const Ucap__V1__Programme *programme,
                   struct err *err)
{
    char *languages = words_list(programme->languages, programme->n_languages);
    char *period = run->format == OUTPUT_CSV ? NULL : words_date(run, programme->period);
    const char *cells[COLUMNS] = {
        programme->slug,
        words_local(run, programme->names, programme->n_names),
        period ? period : programme->period,
        languages,
        programme->mailbox,
    };
    int rc = table_add(table, cells, err);

    free(period);
    free(languages);
    return rc;
}

static int print_list(struct run *run, Ucap__V1__Programme *const *programmes, size_t count,
                      struct err *err)
{
    struct table *table = table_create(columns, COLUMNS);
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_row(run, table, programmes[i], err);
    if (rc == 0)
        run_print_table(run, table);
    table_destroy(table);
    return rc;
}

static int list_run(struct run *run, struct err *err)
{
    Ucap__V1__ListProgrammesRequest request = UCAP__V1__LIST_PROGRAMMES_REQUEST__INIT;
    Ucap__V1__ListProgrammesReply all = UCAP__V1__LIST_PROGRAMMES_REPLY__INIT;
    struct pages pages;

    request.page_size = PAGE_SIZE;
    request.include_archived = run_has(run, "archived");
    int rc = pages_read(run, &ucap__v1__registry__descriptor, "ListProgrammes", &request.base,
                        &pages, err);
    if (rc < 0)
        return rc;
    all.programmes = (Ucap__V1__Programme **)pages.records;
    all.n_programmes = pages.count;
    if (run_wants_message(run))
        rc = run_print_message(run, &all.base, err);
    else
        rc = print_list(run, all.programmes, all.n_programmes, err);
    if (rc == 0 && pages.count == 0)
        run_say(run, "there is no programme that your key may see");
    pages_free(&pages);
    return rc;
}

const struct command programme_list_command = {
    .path = "programme list",
    .help = "all programmes that your key may see",
    .options = (const struct option[]){{.name = "archived", .help = "archived ones too"}, {0}},
    .examples =
        (const char *const[]){"ucap programme list", "ucap programme list --format json", NULL},
    .run = list_run,
};

static int print_record(struct run *run, const Ucap__V1__Programme *programme, struct err *err)
{
    struct record record;

    record_begin(&record, err);
    record_add(&record, "Programme", programme->slug);
    record_add_texts(&record, "Name", programme->names, programme->n_names);
    record_take(&record, "Period", words_date(run, programme->period));
    record_take(&record, "Languages", words_list(programme->languages, programme->n_languages));
    record_add(&record, "Default language", programme->default_language);
    record_add(&record, "Time zone", programme->default_zone);
    record_add(&record, "Mailbox", programme->mailbox);
    record_add_sources(&record, programme->sources, programme->n_sources);
    record_take(&record, "Version", words_count(run, programme->version));
    record_take(&record, "Updated", words_time(programme->updated_at));
    if (programme->archived_at)
        record_take(&record, "Archived", words_time(programme->archived_at));
    return record_end(&record, run);
}

static int show_run(struct run *run, struct err *err)
{
    Ucap__V1__GetProgrammeRequest request = UCAP__V1__GET_PROGRAMME_REQUEST__INIT;
    ProtobufCMessage *reply;

    request.slug = (char *)run_argument(run, 0);
    int rc = run_call(run, &ucap__v1__registry__descriptor, "GetProgramme", &request.base, NULL,
                      &reply, err);
    if (rc < 0)
        return rc;
    Ucap__V1__Programme *programme = (Ucap__V1__Programme *)reply;
    if (run_wants_message(run))
        rc = run_print_message(run, reply, err);
    else if (run->format == OUTPUT_CSV)
        rc = print_list(run, &programme, 1, err);
    else
        rc = print_record(run, programme, err);
    ucap_reply_free(reply);
    return rc;
}

const struct command programme_show_command = {
    .path = "programme show",
    .help = "one programme: names, period, languages, mailbox",
    .arguments = (const struct argument[]){{.name = "ID",
                                            .help = "the programme's id, as in "
                                                    "`ucap programme list`"},
                                           {0}},
    .examples = (const char *const[]){"ucap programme show iuc-asia", NULL},
    .run = show_run,
};
