/* ucap key: keys are made here, shown by their public half, and made known to the gateway. A secret
 * key is never printed. */
#include "cmd.h"
#include "context.h"
#include "file.h"
#include "principals.h"
#include "run.h"

#include "base/settings.h"
#include "bus/curve.h"

#include <stdlib.h>
#include <string.h>
#include <ucap/v1/cli.pb-c.h>
#include <unistd.h>

#define SERVICES_MAX 32

static int print_key(struct run *run, const char *path, const char *public_key, struct err *err)
{
    Ucap__V1__KeyInfo info = UCAP__V1__KEY_INFO__INIT;
    static const struct column columns[] = {{.name = "file"}, {.name = "public_key"}};

    info.file = (char *)path;
    info.public_key = (char *)public_key;
    if (run_wants_message(run))
        return run_print_message(run, &info.base, err);
    if (run->format != OUTPUT_CSV) {
        fprintf(run->out, "%s\n", public_key);
        return 0;
    }
    struct table *table = table_create(columns, 2);
    int rc = table ? table_add(table, (const char *[]){path, public_key}, err) : err_nomem(err);
    if (rc == 0)
        run_print_table(run, table);
    table_destroy(table);
    return rc;
}

/* ---- generate ---- */

static int make_key(const char *path, struct curve_key *ret_key, struct err *err)
{
    int rc = curve_key_generate(ret_key, err);

    if (rc == 0)
        rc = file_make_folders(path, err);
    if (rc == 0)
        rc =
            curve_key_write(path, ret_key, "A key of U-CAP. Keep the secret key to yourself.", err);
    explicit_bzero(ret_key->secret_key, sizeof(ret_key->secret_key));
    return rc;
}

static int generate_run(struct run *run, struct err *err)
{
    const char *out = run_option(run, "out");
    struct curve_key key;
    char *path = NULL;
    int rc = 0;

    if (out && !out[0])
        return run_usage(run, err, "option --out names no file");
    if (out)
        path = strdup(out);
    else
        rc = default_key_path(run, &path, err);
    if (rc == 0 && !path)
        rc = err_nomem(err);
    if (rc == 0)
        rc = make_key(path, &key, err);
    if (rc == 0)
        rc = print_key(run, path, key.public_key, err);
    if (rc == 0) {
        run_say(run, "the new key is in %s; only you can read it", path);
        run_say(run,
                "give the public key to your administrator, who lets you in with: ucap key "
                "authorize NAME --key '%s' --role viewer --programmes '*' --principals FILE",
                key.public_key);
    }
    free(path);
    return rc;
}

const struct command key_generate_command = {
    .path = "key generate",
    .help = "makes a key for you, or for a process",
    .more =
        "Prints the public key, which the gateway's administrator has to know. The file holds the "
        "secret key as well: it is readable by you only, and is never overwritten.",
    .options = (const struct option[]){{.name = "out",
                                        .value = "FILE",
                                        .help = "where to write it; by default user.key beside "
                                                "the context file, where ucap looks for it"},
                                       {0}},
    .examples =
        (const char *const[]){"ucap key generate", "ucap key generate --out registry.key", NULL},
    .run = generate_run,
};

/* ---- show ---- */

/* The file named, else the one that is used for calls, else the default place. */
static int key_path(struct run *run, char **ret_path, struct err *err)
{
    const char *named = run_argument(run, 0);
    struct connection connection;

    if (named) {
        *ret_path = strdup(named);
        return *ret_path ? 0 : err_nomem(err);
    }
    int rc = connection_find(run, &connection, err);
    if (rc < 0)
        return rc;
    if (!connection.key_file.text)
        rc = default_key_path(run, ret_path, err);
    else if (!(*ret_path = strdup(connection.key_file.text)))
        rc = err_nomem(err);
    connection_clear(&connection);
    return rc;
}

static int show_run(struct run *run, struct err *err)
{
    struct curve_key key;
    char *path;
    int rc = key_path(run, &path, err);

    if (rc < 0)
        return rc;
    rc = curve_key_read(path, &key, err);
    explicit_bzero(key.secret_key, sizeof(key.secret_key));
    if (rc == 0)
        rc = print_key(run, path, key.public_key, err);
    free(path);
    return rc;
}

const struct command key_show_command = {
    .path = "key show",
    .help = "prints the public key of a key file",
    .arguments = (const struct argument[]){{.name = "FILE",
                                            .help = "the key file; by default the one that is "
                                                    "used for calls",
                                            .optional = true},
                                           {0}},
    .examples = (const char *const[]){"ucap key show", "ucap key show registry.key", NULL},
    .run = show_run,
};

/* ---- authorize ---- */

static const char *const roles[] = {"viewer", "editor", "admin", "service", NULL};

/* The order of `roles`, from 1, is that of the enum. */
static Ucap__V1__Role__Value role_of(const char *name)
{
    int value = 1;

    while (strcmp(roles[value - 1], name) != 0)
        value++;
    return (Ucap__V1__Role__Value)value;
}

static int read_public_key(struct run *run, struct curve_key *key, struct err *err)
{
    const char *given = run_option(run, "key");
    const char *path = run_option(run, "key-file");

    if (!given == !path)
        return run_usage(run, err,
                         "say whose key it is: either --key PUBLIC or --key-file FILE, one of "
                         "them");
    if (given) {
        snprintf(key->public_key, sizeof(key->public_key), "%s", given);
        if (strlen(given) >= sizeof(key->public_key))
            return err_set(err, ERR_INVALID_ARGUMENT,
                           "key \"%.60s\" is no public key: it has 40 characters of Z85", given);
        return 0;
    }
    int rc = curve_key_read(path, key, err);
    explicit_bzero(key->secret_key, sizeof(key->secret_key));
    return rc;
}

static int append(const char *path, const Ucap__V1__Principal *principal, struct err *err)
{
    char *text = NULL;
    char *changed = NULL;
    size_t size;
    int lock;
    int rc = file_lock(path, &lock, err);

    if (rc < 0)
        return rc;
    rc = file_read(path, &text, &size, err);
    if (rc == 0 && strlen(text) != size)
        rc = err_set(err, ERR_INVALID_ARGUMENT, "%s is no text: it has a 0 byte in it", path);
    if (rc == 0)
        rc = principals_append(path, text, principal, &changed, err);
    if (rc == 0)
        rc = file_replace(path, changed, err);
    free(changed);
    free(text);
    close(lock);
    return rc;
}

static int print_principal(struct run *run, const Ucap__V1__Principal *principal, const char *path,
                           struct err *err)
{
    run_say(run, "\"%s\" may now use the gateway as %s: it notices the change of %s by itself",
            principal->name, run_option(run, "role"), path);
    if (principal->n_programmes == 0)
        run_say(run, "\"%s\" sees no programme yet: --programmes a,b or '*' would say which",
                principal->name);
    return run_wants_message(run) ? run_print_message(run, &principal->base, err) : 0;
}

static int fill_programmes(struct run *run, Ucap__V1__Principal *principal, char ***items,
                           struct err *err)
{
    const char *given = run_option(run, "programmes");

    if (!given)
        given = principal->role == UCAP__V1__ROLE__VALUE__ROLE_SERVICE ? "*" : "";
    int rc = settings_split(given, items, err);
    if (rc < 0)
        return rc;
    principal->programmes = *items;
    while ((*items)[principal->n_programmes])
        principal->n_programmes++;
    return 0;
}

static int authorize_run(struct run *run, struct err *err)
{
    Ucap__V1__Principal principal = UCAP__V1__PRINCIPAL__INIT;
    const char *path = run_option(run, "principals");
    const char *services[SERVICES_MAX];
    const char *party = run_option(run, "party");
    struct curve_key key;
    char **programmes = NULL;
    int rc = read_public_key(run, &key, err);

    if (rc < 0)
        return rc;
    principal.name = (char *)run_argument(run, 0);
    principal.public_key = key.public_key;
    principal.role = role_of(run_option(run, "role"));
    principal.party = (char *)(party ? party : "");
    principal.services = (char **)services;
    principal.n_services = run_options(run, "service", services, SERVICES_MAX);
    principal.publish = run_has(run, "publish");
    rc = fill_programmes(run, &principal, &programmes, err);
    if (rc == 0)
        rc = principal_check(&principal, err);
    if (rc == 0)
        rc = append(path, &principal, err);
    if (rc == 0)
        rc = print_principal(run, &principal, path, err);
    if (programmes)
        settings_split_free(programmes);
    return rc;
}

const struct command key_authorize_command = {
    .path = "key authorize",
    .help = "adds a key to the gateway's principals file",
    .more = "The entry is appended; everything else in the file, comments too, stays as it is. The "
            "gateway notices the change by itself.",
    .arguments =
        (const struct argument[]){
            {.name = "NAME", .help = "who it is: 1 to 64 of a-z, 0-9 and - . _"}, {0}},
    .options =
        (const struct option[]){
            {.name = "principals",
             .value = "FILE",
             .required = true,
             .help = "the gateway's principals file; made when it is not there"},
            {.name = "role",
             .value = "ROLE",
             .required = true,
             .choices = roles,
             .help = "what it may do"},
            {.name = "key", .value = "PUBLIC", .help = "the public key, 40 characters"},
            {.name = "key-file", .value = "FILE", .help = "or the key file it stands in"},
            {.name = "programmes",
             .value = "LIST",
             .help = "programmes it may see, such as iuc-asia,eu-asia, or '*' for all"},
            {.name = "party", .value = "ID", .help = "the city or organisation it belongs to"},
            {.name = "service",
             .value = "NAME",
             .many = true,
             .help = "role service: a name it may register; a * at the end stands for any"},
            {.name = "publish", .help = "role service: it may send events to the gateway"},
            {0}},
    .examples =
        (const char *const[]){
            "ucap key authorize li --key 'PUBLIC KEY' --role editor --programmes iuc-asia "
            "--principals principals.yaml",
            "ucap key authorize registry --key-file registry.key --role service --service "
            "ucap.v1.Registry --service 'ucap.v1.Control@registry-*' --principals principals.yaml",
            NULL},
    .run = authorize_run,
};
