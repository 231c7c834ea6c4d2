/* The connection string, cut into one list of parameters per host. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sent to the server with the user's own options. UTC: timestamps look the same everywhere. A
 * process that stands still inside a transaction must not hold its locks for ever. */
#define SESSION_OPTIONS "-c timezone=UTC -c idle_in_transaction_session_timeout=60s"

/* Used where the connection string does not say otherwise: a peer that has vanished is noticed
 * within about 25 s. */
static const char *const defaults[][2] = {
    {"client_encoding", "UTF8"}, {"keepalives_idle", "10"},     {"keepalives_interval", "5"},
    {"keepalives_count", "3"},   {"tcp_user_timeout", "15000"},
};
#define DEFAULT_COUNT (sizeof(defaults) / sizeof(defaults[0]))
#define OWN_COUNT     (DEFAULT_COUNT + 4) /* password, application_name, options, and the NULL */

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val;
    return NULL;
}

static size_t list_count(const char *list)
{
    size_t count = 1;

    for (; *list; list++)
        count += *list == ',';
    return count;
}

/* The n-th item of a comma list; a list of one counts for all (one port for many hosts). */
static char *list_item(const char *list, size_t n)
{
    if (list_count(list) == 1)
        n = 0;
    while (n-- > 0)
        list = strchr(list, ',') + 1;
    return strndup(list, strcspn(list, ","));
}

static bool is_list(const char *keyword)
{
    return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 ||
           strcmp(keyword, "port") == 0;
}

/* Takes `value`; NULL: out of memory. */
static int target_add(struct target *target, const char *keyword, char *value, struct err *err)
{
    size_t at = 0;

    while (target->keywords[at])
        at++;
    target->values[at] = value;
    target->keywords[at] = strdup(keyword);
    if (value && target->keywords[at])
        return 0;
    free(value);
    target->values[at] = NULL;
    return err_nomem(err);
}

static char *session_options(const char *given)
{
    char *text = NULL;

    return asprintf(&text, "%s %s", given ? given : "", SESSION_OPTIONS) < 0 ? NULL : text;
}

static int target_add_given(struct target *target, const PQconninfoOption *options, size_t n,
                            const struct db *db, struct err *err)
{
    const char *password = db->settings->password;
    int rc = 0;

    for (const PQconninfoOption *at = options; rc == 0 && at->keyword; at++) {
        if (!at->val || strcmp(at->keyword, "options") == 0)
            continue;
        if (strcmp(at->keyword, "password") == 0 && password && *password)
            continue;
        rc = target_add(target, at->keyword,
                        is_list(at->keyword) ? list_item(at->val, n) : strdup(at->val), err);
    }
    if (rc == 0 && password && *password)
        rc = target_add(target, "password", strdup(password), err);
    return rc;
}

static int target_fill(struct target *target, const PQconninfoOption *options, size_t n,
                       const struct db *db, struct err *err)
{
    size_t room = OWN_COUNT;

    for (const PQconninfoOption *at = options; at->keyword; at++)
        room++;
    target->keywords = calloc(room, sizeof(*target->keywords));
    target->values = calloc(room, sizeof(*target->values));
    if (!target->keywords || !target->values)
        return err_nomem(err);
    int rc = target_add_given(target, options, n, db, err);
    for (size_t i = 0; rc == 0 && i < DEFAULT_COUNT; i++)
        if (!option_value(options, defaults[i][0]))
            rc = target_add(target, defaults[i][0], strdup(defaults[i][1]), err);
    if (rc == 0 && !option_value(options, "application_name"))
        rc = target_add(target, "application_name", strdup(db->application), err);
    if (rc == 0)
        rc = target_add(target, "options", session_options(option_value(options, "options")), err);
    return rc;
}

/* As libpq has it: hostaddr counts the hosts where it is given; ports are one, or as many as hosts.
 */
static int count_hosts(const PQconninfoOption *options, size_t *ret_count, struct err *err)
{
    const char *names = option_value(options, "host");
    const char *addresses = option_value(options, "hostaddr");
    const char *ports = option_value(options, "port");
    const char *hosts = addresses ? addresses : names;
    size_t count = hosts ? list_count(hosts) : 1;

    if (names && list_count(names) != count)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "--database has %zu host and %zu hostaddr: give as many of each",
                       list_count(names), count);
    if (ports && list_count(ports) != 1 && list_count(ports) != count)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "--database has %zu ports for %zu hosts: give one, or as many as hosts",
                       list_count(ports), count);
    *ret_count = count;
    return 0;
}

void first_line(const char *message, char *ret_line, size_t size)
{
    snprintf(ret_line, size, "%.*s", (int)strcspn(message, "\n"), message);
}

int targets_create(struct db *db, struct err *err)
{
    char *message = NULL;
    char line[512];
    size_t count;
    PQconninfoOption *options = PQconninfoParse(db->settings->conninfo, &message);

    if (!options) {
        first_line(message ? message : "out of memory", line, sizeof(line));
        PQfreemem(message);
        return err_set(err, ERR_INVALID_ARGUMENT, "--database is not a connection string: %s",
                       line);
    }
    int rc = count_hosts(options, &count, err);
    if (rc == 0) {
        db->targets = calloc(count, sizeof(*db->targets));
        rc = db->targets ? 0 : err_nomem(err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        db->target_count++;
        rc = target_fill(&db->targets[i], options, i, db, err);
    }
    PQconninfoFree(options);
    return rc;
}

void targets_destroy(struct db *db)
{
    for (size_t i = 0; i < db->target_count; i++) {
        struct target *target = &db->targets[i];
        for (size_t at = 0; target->keywords && target->keywords[at]; at++) {
            free(target->keywords[at]);
            free(target->values[at]);
        }
        free(target->keywords);
        free(target->values);
    }
    free(db->targets);
    db->targets = NULL;
    db->target_count = 0;
}
