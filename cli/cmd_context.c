/* ucap context: named ways to reach an installation, and which of them is in force. */
#include "base/settings.h"
#include "cmd.h"
#include "context.h"
#include "file.h"
#include "form/form.h"
#include "record.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *first(char *const *items, size_t count)
{
    return count > 0 ? items[0] : NULL;
}

/* ---- list ---- */

static const struct column columns[] = {
    {.name = "current"},  {.name = "name", .keep = true}, {.name = "gateway"},
    {.name = "key_file"}, {.name = "programme"},
};

static int print_list(struct run *run, const Ucap__V1__ContextFile *file, struct err *err)
{
    struct table *table = table_create(columns, sizeof(columns) / sizeof(columns[0]));
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < file->n_contexts && rc == 0; i++) {
        const Ucap__V1__Context *context = file->contexts[i];
        bool current = strcmp(context->name, file->current) == 0;
        const char *cells[] = {current ? "yes" : "no", context->name,
                               first(context->gateways, context->n_gateways), context->key_file,
                               context->programme};
        rc = table_add(table, cells, err);
    }
    if (rc == 0)
        run_print_table(run, table);
    table_destroy(table);
    return rc;
}

static int list_run(struct run *run, struct err *err)
{
    Ucap__V1__ContextFile empty = UCAP__V1__CONTEXT_FILE__INIT;
    Ucap__V1__ContextFile *file = NULL;
    char *path;
    int rc = context_read(run, &file, &path, err);

    if (rc < 0)
        return rc;
    const Ucap__V1__ContextFile *shown = file ? file : &empty;
    rc = run_wants_message(run) ? run_print_message(run, &shown->base, err)
                                : print_list(run, shown, err);
    if (rc == 0 && shown->n_contexts == 0)
        run_say(run, "there is no context in %s yet: `ucap help connection` shows how to write one",
                path);
    context_free(file);
    free(path);
    return rc;
}

const struct command context_list_command = {
    .path = "context list",
    .help = "the contexts of your context file",
    .examples = (const char *const[]){"ucap context list", NULL},
    .run = list_run,
};

/* ---- show ---- */

static void add_place(struct record *record, const char *label, const struct place *place)
{
    char *line = NULL;

    if (place->text && asprintf(&line, "%s  (from %s)", place->text, place->from) < 0)
        line = NULL;
    record_take(record, label, line);
}

static int print_connection(struct run *run, const struct connection *connection, struct err *err)
{
    struct record record;

    record_begin(&record, err);
    add_place(&record, "Gateways", &connection->gateways);
    add_place(&record, "Gateway key", &connection->gateway_key);
    add_place(&record, "Key file", &connection->key_file);
    add_place(&record, "Languages", &connection->languages);
    add_place(&record, "Programme", &connection->programme);
    return record_end(&record, run);
}

static int print_connection_csv(struct run *run, const struct connection *connection,
                                struct err *err)
{
    static const struct column csv_columns[] = {
        {.name = "setting"}, {.name = "value"}, {.name = "from"}};
    const struct {
        const char *name;
        const struct place *place;
    } rows[] = {
        {"gateways", &connection->gateways},   {"gateway_key", &connection->gateway_key},
        {"key_file", &connection->key_file},   {"languages", &connection->languages},
        {"programme", &connection->programme},
    };
    struct table *table = table_create(csv_columns, 3);
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == 0; i++)
        rc = table_add(
            table, (const char *[]){rows[i].name, rows[i].place->text, rows[i].place->from}, err);
    if (rc == 0)
        table_print_csv(run->out, table);
    table_destroy(table);
    return rc;
}

static int print_connection_message(struct run *run, const struct connection *connection,
                                    struct err *err)
{
    Ucap__V1__Context message = UCAP__V1__CONTEXT__INIT;
    const struct place *texts[] = {&connection->gateway_key, &connection->key_file,
                                   &connection->programme};
    char **fields[] = {&message.gateway_key, &message.key_file, &message.programme};
    const char *gateways = connection->gateways.text;
    const char *languages = connection->languages.text;
    int rc;

    for (size_t i = 0; i < 3; i++)
        if (texts[i]->text)
            *fields[i] = texts[i]->text;
    rc = settings_split(gateways ? gateways : "", &message.gateways, err);
    if (rc < 0)
        return rc;
    rc = settings_split(languages ? languages : "", &message.languages, err);
    if (rc == 0) {
        while (message.gateways[message.n_gateways])
            message.n_gateways++;
        while (message.languages[message.n_languages])
            message.n_languages++;
        rc = run_print_message(run, &message.base, err);
        settings_split_free(message.languages);
    }
    settings_split_free(message.gateways);
    return rc;
}

static int show_run(struct run *run, struct err *err)
{
    struct connection connection;
    const char *name = run_argument(run, 0);

    if (name)
        run->context = name;
    int rc = connection_find(run, &connection, err);
    if (rc < 0)
        return rc;
    if (run_wants_message(run))
        rc = print_connection_message(run, &connection, err);
    else if (run->format == OUTPUT_CSV)
        rc = print_connection_csv(run, &connection, err);
    else
        rc = print_connection(run, &connection, err);
    connection_clear(&connection);
    return rc;
}

const struct command context_show_command = {
    .path = "context show",
    .help = "how a gateway is reached now, and where each setting comes from",
    .arguments =
        (const struct argument[]){
            {.name = "NAME", .help = "what it would be in this context", .optional = true}, {0}},
    .examples = (const char *const[]){"ucap context show", "ucap context show office", NULL},
    .run = show_run,
};

/* ---- use ---- */

static int check_current(const char *text, const char *path, const char *name, struct err *err)
{
    const Ucap__V1__Context *context;
    ProtobufCMessage *message = NULL;
    int rc = form_from_yaml(&ucap__v1__context_file__descriptor, text, strlen(text), NULL, &message,
                            NULL, err);

    if (rc < 0)
        return err_prefix(err, "context file %s", path);
    Ucap__V1__ContextFile *file = (Ucap__V1__ContextFile *)message;
    rc = context_find(file, path, name, &context, err);
    if (rc == 0 && strcmp(file->current, name) != 0)
        rc = err_set(err, ERR_FAILED_PRECONDITION,
                     "%s is written in a way that cannot be changed by itself: write `current: "
                     "%s` into it",
                     path, name);
    context_free(file);
    return rc;
}

static int change_current(const char *path, const char *name, struct err *err)
{
    char *text = NULL;
    char *changed = NULL;
    size_t size;
    int rc = file_read(path, &text, &size, err);

    if (rc < 0)
        return rc;
    changed = context_text_with_current(text, name);
    rc = changed ? check_current(changed, path, name, err) : err_nomem(err);
    if (rc == 0)
        rc = file_replace(path, changed, err);
    free(changed);
    free(text);
    return rc;
}

static int use_run(struct run *run, struct err *err)
{
    const char *name = run_argument(run, 0);
    const Ucap__V1__Context *context;
    Ucap__V1__ContextFile *file = NULL;
    char *path;
    int rc = context_read(run, &file, &path, err);

    if (rc < 0)
        return rc;
    if (!file)
        rc = err_set(err, ERR_NOT_FOUND,
                     "there is no context file %s: `ucap help connection` shows how to write one",
                     path);
    else
        rc = context_find(file, path, name, &context, err);
    if (rc == 0)
        rc = change_current(path, name, err);
    if (rc == 0)
        run_say(run, "%s is the current context now", name);
    context_free(file);
    free(path);
    return rc;
}

const struct command context_use_command = {
    .path = "context use",
    .help = "makes a context the current one",
    .arguments = (const struct argument[]){{.name = "NAME", .help = "a context of the file"}, {0}},
    .examples = (const char *const[]){"ucap context use office", NULL},
    .run = use_run,
};
