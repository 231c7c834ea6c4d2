/* Context file and precedence. The file is YAML, read by the descriptor of ucap.v1.ContextFile. */
#include "context.h"

#include "bus/curve.h"
#include "file.h"
#include "form/form.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A setting of the connection: its names, and where it is kept. */
struct row {
    const char *what, *option, *variable, *field;
    size_t offset; /* of its struct place */
};

static const struct row rows[] = {
    {"gateway", "gateways", "UCAP_GATEWAYS", "gateways", offsetof(struct connection, gateways)},
    {"gateway key", "gateway-key", "UCAP_GATEWAY_KEY", "gateway_key",
     offsetof(struct connection, gateway_key)},
    {"key file", "key-file", "UCAP_KEY_FILE", "key_file", offsetof(struct connection, key_file)},
    {"language", "lang", "UCAP_LANG", "languages", offsetof(struct connection, languages)},
    {0},
};

#define REQUIRED_ROWS 3 /* the first of them: without these nothing can be asked */

static struct place *place_of(struct connection *connection, const struct row *row)
{
    return (struct place *)((char *)connection + row->offset);
}

/* ---- the file ---- */

int context_path(const struct run *run, char **ret_path, bool *ret_explicit, struct err *err)
{
    const char *named = run_option(run, "context-file");
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int rc;

    if (!named)
        named = getenv("UCAP_CONTEXT_FILE");
    *ret_explicit = named && named[0];
    if (*ret_explicit)
        rc = asprintf(ret_path, "%s", named);
    else if (config && config[0] == '/')
        rc = asprintf(ret_path, "%s/ucap/context.yaml", config);
    else if (home && home[0])
        rc = asprintf(ret_path, "%s/.config/ucap/context.yaml", home);
    else
        return err_set(err, ERR_FAILED_PRECONDITION,
                       "HOME is not set, so there is no context file: name one with "
                       "--context-file or UCAP_CONTEXT_FILE");
    return rc < 0 ? err_nomem(err) : 0;
}

int context_read(const struct run *run, Ucap__V1__ContextFile **ret_file, char **ret_path,
                 struct err *err)
{
    ProtobufCMessage *message = NULL;
    char *path;
    bool explicit;
    int rc = context_path(run, &path, &explicit, err);

    if (rc < 0)
        return rc;
    if (explicit || access(path, F_OK) == 0)
        rc = form_read_yaml_file(path, &ucap__v1__context_file__descriptor, NULL, &message, err);
    if (rc < 0) {
        free(path);
        return err_prefix(err, "context file");
    }
    *ret_file = (Ucap__V1__ContextFile *)message;
    *ret_path = path;
    return 0;
}

void context_free(Ucap__V1__ContextFile *file)
{
    if (file)
        protobuf_c_message_free_unpacked(&file->base, NULL);
}

int context_find(const Ucap__V1__ContextFile *file, const char *path, const char *name,
                 const Ucap__V1__Context **ret_context, struct err *err)
{
    const char **names = calloc(file->n_contexts + 1, sizeof(*names));

    if (!names)
        return err_nomem(err);
    for (size_t i = 0; i < file->n_contexts; i++) {
        names[i] = file->contexts[i]->name;
        if (strcmp(names[i], name) == 0) {
            *ret_context = file->contexts[i];
            free(names);
            return 0;
        }
    }
    const char *guess = nearest_word(name, names);
    int rc = guess ? err_set(err, ERR_NOT_FOUND,
                             "context \"%.100s\" not found in %s (did you mean \"%s\"?)", name,
                             path, guess)
                   : err_set(err, ERR_NOT_FOUND,
                             "context \"%.100s\" not found in %s: `ucap context list` shows what "
                             "is there",
                             name, path);
    free(names);
    return rc;
}

char *context_text_with_current(const char *text, const char *name)
{
    const char *line = file_line(text, "current:");
    const char *rest = text;
    char *changed;
    size_t before = 0;

    if (line) {
        before = (size_t)(line - text);
        const char *comment = strstr(line, " #");
        rest = line + strcspn(line, "\n");
        if (comment && comment < rest)
            rest = comment;
    }
    if (asprintf(&changed, "%.*scurrent: '%s'%s%s", (int)before, text, name, line ? "" : "\n",
                 rest) < 0)
        return NULL;
    return changed;
}

/* ---- precedence ---- */

static int take(struct place *place, const char *text, const char *from, struct err *err)
{
    if (place->text || !text || !text[0])
        return 0;
    place->text = strdup(text);
    place->from = strdup(from);
    return place->text && place->from ? 0 : err_nomem(err);
}

static int take_list(struct place *place, char *const *items, size_t count, const char *from,
                     struct err *err)
{
    char *joined = NULL;
    size_t size;
    FILE *out = count > 0 ? open_memstream(&joined, &size) : NULL;

    if (!out)
        return count > 0 ? err_nomem(err) : 0;
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i ? "," : "", items[i]);
    fclose(out);
    int rc = take(place, joined, from, err);
    free(joined);
    return rc;
}

static int take_context(struct connection *to, const Ucap__V1__Context *context, const char *path,
                        struct err *err)
{
    char from[512];
    char *key_file = context->key_file[0] ? file_beside(path, context->key_file) : NULL;

    snprintf(from, sizeof(from), "context %s in %s", context->name, path);
    int rc = take_list(&to->gateways, context->gateways, context->n_gateways, from, err);
    if (rc == 0)
        rc = take(&to->gateway_key, context->gateway_key, from, err);
    if (rc == 0)
        rc = take(&to->key_file, key_file, from, err);
    if (rc == 0)
        rc = take_list(&to->languages, context->languages, context->n_languages, from, err);
    if (rc == 0)
        rc = take(&to->programme, context->programme, from, err);
    free(key_file);
    return rc;
}

/* The public key on the first line of a file. */
static int take_key_from(struct place *place, const char *path, const char *from, struct err *err)
{
    char *text;
    size_t size;

    if (place->text || !path || !path[0])
        return 0;
    int rc = file_read(path, &text, &size, err);
    if (rc < 0) {
        err_prefix(err, "%s", from);
        return rc;
    }
    text[strcspn(text, " \t\r\n")] = '\0';
    rc = take(place, text, from, err);
    free(text);
    return rc;
}

static int take_flags(struct run *run, struct connection *to, struct err *err)
{
    char from[64];
    int rc = 0;

    for (const struct row *row = rows; row->what && rc == 0; row++) {
        snprintf(from, sizeof(from), "--%s", row->option);
        rc = take(place_of(to, row), run_option(run, row->option), from, err);
    }
    if (rc == 0)
        rc = take_key_from(&to->gateway_key, run_option(run, "gateway-key-file"),
                           "--gateway-key-file", err);
    return rc;
}

static int take_environment(struct connection *to, struct err *err)
{
    int rc = 0;

    for (const struct row *row = rows; row->what && rc == 0; row++)
        rc = take(place_of(to, row), getenv(row->variable), row->variable, err);
    if (rc == 0)
        rc = take_key_from(&to->gateway_key, getenv("UCAP_GATEWAY_KEY_FILE"),
                           "UCAP_GATEWAY_KEY_FILE", err);
    return rc;
}

static bool is_complete(struct connection *connection)
{
    for (size_t i = 0; i < REQUIRED_ROWS; i++)
        if (!place_of(connection, &rows[i])->text)
            return false;
    return true;
}

static int take_default_key(struct run *run, struct connection *to, struct err *err)
{
    char *path;
    int rc = 0;

    if (to->key_file.text || default_key_path(run, &path, NULL) < 0)
        return 0;
    if (access(path, F_OK) == 0)
        rc = take(&to->key_file, path, "the default place", err);
    free(path);
    return rc;
}

/* The file is not looked at when all is set without it: a broken one must not be in the way. */
static bool wants_file(struct run *run, struct connection *found)
{
    char *path;
    bool explicit;

    if (run->context)
        return true;
    if (is_complete(found) || context_path(run, &path, &explicit, NULL) < 0)
        return false;
    free(path);
    return true;
}

static int find_all(struct run *run, struct connection *to, struct err *err)
{
    Ucap__V1__ContextFile *file = NULL;
    const Ucap__V1__Context *context;
    const char *wanted = run->context;
    char *path = NULL;
    int rc = take_flags(run, to, err);

    if (rc == 0 && !wanted)
        rc = take_environment(to, err);
    if (rc == 0 && wants_file(run, to))
        rc = context_read(run, &file, &path, err);
    if (rc == 0 && wanted && !file)
        rc = err_set(err, ERR_NOT_FOUND, "context \"%.100s\" not found: there is no file %s",
                     wanted, path);
    if (rc == 0 && file && (wanted || file->current[0])) {
        rc = context_find(file, path, wanted ? wanted : file->current, &context, err);
        if (rc == 0)
            rc = take_context(to, context, path, err);
    }
    if (rc == 0 && wanted)
        rc = take_environment(to, err);
    if (rc == 0)
        rc = take_default_key(run, to, err);
    context_free(file);
    free(path);
    return rc;
}

int connection_find(struct run *run, struct connection *ret_connection, struct err *err)
{
    struct connection found = {0};
    int rc = find_all(run, &found, err);

    if (rc < 0)
        connection_clear(&found);
    else
        *ret_connection = found;
    return rc;
}

static void place_clear(struct place *place)
{
    free(place->text);
    free(place->from);
}

void connection_clear(struct connection *connection)
{
    place_clear(&connection->gateways);
    place_clear(&connection->gateway_key);
    place_clear(&connection->key_file);
    place_clear(&connection->languages);
    place_clear(&connection->programme);
    *connection = (struct connection){0};
}

int connection_check(struct run *run, const struct connection *connection, struct err *err)
{
    const struct place *key = &connection->gateway_key;

    if (!connection->gateways.text && !key->text)
        return run_usage(run, err,
                         "it is not set which gateway to ask: give --gateways, --gateway-key and "
                         "--key-file, or set UCAP_GATEWAYS, UCAP_GATEWAY_KEY and UCAP_KEY_FILE, "
                         "or write a context file (`ucap help connection` shows one)");
    for (size_t i = 0; i < REQUIRED_ROWS; i++) {
        const struct row *row = &rows[i];
        const char *at = (const char *)connection + row->offset;
        if (!((const struct place *)at)->text)
            return run_usage(run, err,
                             "no %s is set: give --%s, set %s, or write `%s:` into a context "
                             "file (`ucap help connection` shows how)",
                             row->what, row->option, row->variable, row->field);
    }
    if (!curve_is_key(key->text))
        return run_usage(run, err,
                         "the gateway key \"%.60s\" (from %s) is no key: it has 40 characters of "
                         "Z85; `ucap key show FILE` on the gateway's machine prints it",
                         key->text, key->from);
    return 0;
}

int default_key_path(const struct run *run, char **ret_path, struct err *err)
{
    char *context;
    bool explicit;
    int rc = context_path(run, &context, &explicit, err);

    if (rc < 0)
        return rc;
    *ret_path = file_beside(context, "user.key");
    free(context);
    return *ret_path ? 0 : err_nomem(err);
}
