/* The principals file: read by descriptor (lib/form), then checked as a whole, then found by key.
 */
#include "principals.h"

#include "base/id.h"
#include "form/form.h"
#include "map.h"

#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX    4194304
#define NAME_MAX_LENGTH   64
#define SERVICE_MAX       128
#define BROKER_OWN_PREFIX "mmi."

struct entry {
    struct map_node node;
    const Ucap__V1__Principal *principal;
};

struct principals {
    Ucap__V1__PrincipalsFile *file;
    struct map by_key;
    struct entry *entries; /* of the file's principals, then of `own` */
    size_t count;
    struct entry own;
    Ucap__V1__Principal *own_principal;
};

/* Where in the file the principal being checked stands. */
struct place {
    const Ucap__V1__PrincipalsFile *file;
    size_t index;
    struct err *err;
};

static const Ucap__V1__Principal *at(const struct place *place)
{
    return place->file->principals[place->index];
}

static int wrong(const struct place *place, const char *field, const char *value, const char *what)
{
    return err_set(place->err, ERR_INVALID_ARGUMENT, "principals[%zu].%s: \"%s\" %s", place->index,
                   field, value, what);
}

static bool is_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._");

    return length > 0 && length <= NAME_MAX_LENGTH && name[length] == '\0';
}

static int check_name(const struct place *place)
{
    const char *name = at(place)->name;

    if (!is_name(name))
        return wrong(place, "name", name, "is no name: write 1 to 64 of a-z 0-9 - . _");
    for (size_t i = 0; i < place->index; i++)
        if (strcmp(place->file->principals[i]->name, name) == 0)
            return wrong(place, "name", name, "is there twice: give each principal its own name");
    return 0;
}

static int check_key(const struct place *place)
{
    const char *key = at(place)->public_key;

    if (!curve_is_key(key))
        return wrong(place, "public_key", key,
                     "is no public key: write the 40 characters that `ucap key show` prints");
    for (size_t i = 0; i < place->index; i++)
        if (strcmp(place->file->principals[i]->public_key, key) == 0)
            return wrong(place, "public_key", key, "is there twice: each principal needs a key");
    return 0;
}

static int check_role(const struct place *place)
{
    const Ucap__V1__Principal *principal = at(place);
    bool service = principal->role == UCAP__V1__ROLE__VALUE__ROLE_SERVICE;

    if (principal->role < UCAP__V1__ROLE__VALUE__ROLE_VIEWER ||
        principal->role > UCAP__V1__ROLE__VALUE__ROLE_SERVICE)
        return wrong(place, "role", "", "is missing: write viewer, editor, admin or service");
    if (!service && principal->n_services)
        return wrong(place, "services", principal->services[0],
                     "may be registered by role service only: remove it or change the role");
    if (!service && principal->publish)
        return wrong(place, "publish", "true",
                     "is for role service only: remove it or change the role");
    return 0;
}

static int check_scope(const struct place *place)
{
    const Ucap__V1__Principal *principal = at(place);
    struct err slug = ERR_INIT;

    for (size_t i = 0; i < principal->n_programmes; i++) {
        const char *programme = principal->programmes[i];
        if (strcmp(programme, "*") == 0 && principal->n_programmes > 1)
            return wrong(place, "programmes", "*", "stands for all: write nothing beside it");
        if (strcmp(programme, "*") != 0 && slug_check("programme", programme, &slug) < 0)
            return wrong(place, "programmes", programme, "is no slug: write slugs, or one \"*\"");
    }
    if (principal->party[0] && slug_check("party", principal->party, &slug) < 0)
        return wrong(place, "party", principal->party, "is no slug of a city or organisation");
    return 0;
}

static bool is_service_entry(const char *entry)
{
    size_t length = strlen(entry);

    if (length == 0 || length > SERVICE_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (entry[i] <= ' ' || entry[i] > '~' || (entry[i] == '*' && i + 1 < length))
            return false;
    return true;
}

static int check_services(const struct place *place)
{
    const Ucap__V1__Principal *principal = at(place);

    for (size_t i = 0; i < principal->n_services; i++) {
        const char *entry = principal->services[i];
        if (!is_service_entry(entry))
            return wrong(place, "services", entry,
                         "is no worker name: write 1 to 128 printable characters, * only as last");
        if (strncmp(entry, BROKER_OWN_PREFIX, strlen(BROKER_OWN_PREFIX)) == 0)
            return wrong(place, "services", entry, "is the gateway's own: remove it");
    }
    return 0;
}

static int check_file(const Ucap__V1__PrincipalsFile *file, struct err *err)
{
    int (*const checks[])(const struct place *) = {check_name, check_key, check_role, check_scope,
                                                   check_services};
    struct place place = {.file = file, .err = err};

    for (; place.index < file->n_principals; place.index++) {
        for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
            int rc = checks[i](&place);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

static Ucap__V1__Principal *copy_principal(const Ucap__V1__Principal *principal)
{
    size_t size = ucap__v1__principal__get_packed_size(principal);
    uint8_t *bytes = malloc(size + 1);
    Ucap__V1__Principal *copy = NULL;

    if (bytes) {
        ucap__v1__principal__pack(principal, bytes);
        copy = ucap__v1__principal__unpack(NULL, size, bytes);
    }
    free(bytes);
    return copy;
}

static void add_entry(struct principals *table, struct entry *entry,
                      const Ucap__V1__Principal *principal)
{
    entry->principal = principal;
    map_add(&table->by_key, &entry->node, principal->public_key, strlen(principal->public_key));
    table->count++;
}

/* Takes the checked file. */
static int make_table(struct principals *table, const Ucap__V1__Principal *own, struct err *err)
{
    size_t rows = table->file->n_principals;

    table->entries = calloc(rows + 1, sizeof(*table->entries));
    if (!table->entries || map_init(&table->by_key) < 0)
        return err_nomem(err);
    for (size_t i = 0; i < rows; i++)
        add_entry(table, &table->entries[i], table->file->principals[i]);
    if (!own)
        return 0;
    if (principals_find(table, own->public_key))
        return err_set(err, ERR_INVALID_ARGUMENT, "\"%s\" is this gateway's own key: remove it",
                       own->public_key);
    table->own_principal = copy_principal(own);
    if (!table->own_principal)
        return err_nomem(err);
    add_entry(table, &table->own, table->own_principal);
    return 0;
}

static int read_checked(const char *path, Ucap__V1__PrincipalsFile **ret_file, struct err *err)
{
    struct form_options options = {.max_bytes = FILE_BYTES_MAX};
    ProtobufCMessage *message = NULL;
    int rc =
        form_read_yaml_file(path, &ucap__v1__principals_file__descriptor, &options, &message, err);

    if (rc < 0)
        return rc;
    Ucap__V1__PrincipalsFile *file = (Ucap__V1__PrincipalsFile *)message;
    rc = check_file(file, err);
    if (rc < 0) {
        protobuf_c_message_free_unpacked(message, NULL);
        err_prefix(err, "%s", path);
        return rc;
    }
    *ret_file = file;
    return 0;
}

int principals_read(const char *path, const Ucap__V1__Principal *own,
                    struct principals **ret_principals, struct err *err)
{
    struct principals *table = calloc(1, sizeof(*table));

    if (!table)
        return err_nomem(err);
    int rc = read_checked(path, &table->file, err);
    if (rc == 0)
        rc = make_table(table, own, err);
    if (rc < 0) {
        principals_destroy(table);
        return rc;
    }
    *ret_principals = table;
    return 0;
}

void principals_destroy(struct principals *principals)
{
    if (!principals)
        return;
    map_free(&principals->by_key);
    free(principals->entries);
    if (principals->own_principal)
        ucap__v1__principal__free_unpacked(principals->own_principal, NULL);
    if (principals->file)
        ucap__v1__principals_file__free_unpacked(principals->file, NULL);
    free(principals);
}

const Ucap__V1__Principal *principals_find(const struct principals *principals, const char *key)
{
    struct map_node *node = map_find(&principals->by_key, key, strlen(key));

    return node ? map_entry(node, struct entry, node)->principal : NULL;
}

size_t principals_count(const struct principals *principals)
{
    return principals->count;
}

bool principals_lost_key(const struct principals *before, const struct principals *after)
{
    for (size_t i = 0; i < before->file->n_principals; i++)
        if (!principals_find(after, before->file->principals[i]->public_key))
            return true;
    return false;
}

static bool entry_covers(const char *entry, const char *service, size_t size)
{
    size_t length = strlen(entry);

    if (length && entry[length - 1] == '*')
        return size >= length - 1 && memcmp(entry, service, length - 1) == 0;
    return size == length && memcmp(entry, service, length) == 0;
}

bool principal_may_register(const Ucap__V1__Principal *principal, const char *service, size_t size)
{
    if (principal->role != UCAP__V1__ROLE__VALUE__ROLE_SERVICE)
        return false;
    for (size_t i = 0; i < principal->n_services; i++)
        if (entry_covers(principal->services[i], service, size))
            return true;
    return false;
}
