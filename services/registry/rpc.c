/* Handlers of ucap.v1.Registry. Decoding and the role are done when a handler begins; it checks the
 * request, acts through the store, tells the relay, and ends in one reply or one failure.
 * Programmes are bounded by the caller's list. */
#include "rpc.h"

#include "base/clock.h"
#include "base/text.h"
#include "check.h"
#include "cursor.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/registry.pb-c.h>
#include <ucap/v1/relay.pb-c.h>

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

#define IDLE_LIMIT_US 500000 /* a request may be waiting */
#define IDLE_ROWS     1000

struct registry {
    Ucap__V1__Registry_Service service; /* first: a ProtobufCService is one of us */
    struct db *db;
    ProtobufCService *relay;
};

/* ---- what handlers share ---- */

static struct registry *registry_of(Ucap__V1__Registry_Service *service)
{
    return (struct registry *)service;
}

static struct store_view view_of(const struct record_kind *kind, const struct call *call)
{
    const Ucap__V1__Caller *caller = call->caller;

    return (struct store_view){
        .all = !kind->is_programme || caller_may_see(caller, "*"),
        .slugs = caller->programmes,
        .count = caller->n_programmes,
    };
}

/* Ends the call: with the record, which is freed, or with the failure. */
static void end_with_record(int rc, ProtobufCMessage *record, const struct err *err,
                            ProtobufCClosure reply, struct call *call)
{
    if (rc < 0) {
        call_fail(call, err);
        return;
    }
    reply(record, call);
    protobuf_c_message_free_unpacked(record, NULL);
}

static void get_record(struct registry *registry, const struct record_kind *kind, const char *slug,
                       ProtobufCClosure reply, struct call *call)
{
    struct err err = ERR_INIT;
    ProtobufCMessage *record = NULL;
    struct store_view view = view_of(kind, call);

    db_set_deadline(registry->db, call->deadline_us);
    int rc = store_get(registry->db, kind, &view, slug, &record, &err);
    end_with_record(rc, record, &err, reply, call);
}

/* Before anything else is said: whether the slug of another's programme is taken is not told. */
static bool refuse_others(const struct record_kind *kind, const struct store_view *view,
                          const ProtobufCMessage *record, struct call *call)
{
    char slug[TEXT_SHOWN_SIZE];

    if (store_in_view(view, record_slug(record)))
        return false;
    text_show(record_slug(record), slug);
    call_failf(call, ERR_PERMISSION_DENIED,
               "%s %s is not in the list of programmes of %s: ask an administrator of the gateway",
               kind->name, slug, call->caller->principal);
    return true;
}

static struct store_change change_of(const struct record_kind *kind, const ProtobufCMessage *record,
                                     const char *reason, const struct store_view *view,
                                     struct call *call)
{
    return (struct store_change){
        .kind = kind,
        .record = record,
        .reason = reason,
        .via = call->via ? call->via->principal : NULL,
        .traceparent = call->traceparent,
        .once = {call->caller->principal, call->idempotency_key, call->method, call->request,
                 call->request_size},
        .view = view,
        .violations = &call->violations,
    };
}

static void tell_relay(const struct registry *registry, bool fresh)
{
    const Ucap__V1__PokeRequest poke = UCAP__V1__POKE_REQUEST__INIT;

    if (fresh && registry->relay)
        client_poke(registry->relay, 0, &poke.base);
}

static void create_record(struct registry *registry, const struct record_kind *kind,
                          const ProtobufCMessage *record, ProtobufCClosure reply, struct call *call)
{
    struct err err = ERR_INIT;
    ProtobufCMessage *made = NULL;
    bool fresh = false;

    if (!record) {
        call_failf(call, ERR_INVALID_ARGUMENT, "the request has no %s", kind->name);
        return;
    }
    struct store_view view = view_of(kind, call);
    if (refuse_others(kind, &view, record, call))
        return;
    record_check(kind, record, &call->violations, &call->warnings);
    if (record_refuse(kind->name, &call->violations, &err) < 0) {
        call_fail(call, &err);
        return;
    }
    struct store_change change = change_of(kind, record, "", &view, call);
    db_set_deadline(registry->db, call->deadline_us);
    int rc = store_create(registry->db, &change, &made, &fresh, &err);
    tell_relay(registry, fresh);
    end_with_record(rc, made, &err, reply, call);
}

/* The values are checked as a whole, with those that stay: that needs the stored record. */
static void check_update(const struct record_kind *kind, const ProtobufCMessage *record,
                         char *const *fields, size_t count, const char *reason,
                         struct findings *violations)
{
    char at[64];

    record_check_fields(kind, fields, count, violations);
    snprintf(at, sizeof(at), "%s.version", kind->name);
    if (record_version(record) == 0)
        findings_add(violations, at, "is missing: give the version that was read");
    check_reason(reason, violations);
}

/* Computed from the answer, so that one kept for a key comes with its warnings. */
static void add_warnings(const struct record_kind *kind, const ProtobufCMessage *record,
                         struct call *call)
{
    struct findings violations = {0};

    record_check(kind, record, &violations, &call->warnings);
    findings_clear(&violations);
}

static void update_record(struct registry *registry, const struct record_kind *kind,
                          const ProtobufCMessage *record, char *const *fields, size_t count,
                          const char *reason, ProtobufCClosure reply, struct call *call)
{
    struct err err = ERR_INIT;
    ProtobufCMessage *made = NULL;
    bool fresh = false;

    if (!record) {
        call_failf(call, ERR_INVALID_ARGUMENT, "the request has no %s", kind->name);
        return;
    }
    check_update(kind, record, fields, count, reason, &call->violations);
    if (record_refuse(kind->name, &call->violations, &err) < 0) {
        call_fail(call, &err);
        return;
    }
    struct store_view view = view_of(kind, call);
    struct store_change change = change_of(kind, record, reason, &view, call);
    change.fields = fields;
    change.field_count = count;
    db_set_deadline(registry->db, call->deadline_us);
    int rc = store_update(registry->db, &change, &made, &fresh, &err);
    tell_relay(registry, fresh);
    if (rc == 0)
        add_warnings(kind, made, call);
    end_with_record(rc, made, &err, reply, call);
}

typedef int (*store_f)(struct db *db, const struct store_change *change,
                       ProtobufCMessage **ret_record, bool *ret_fresh, struct err *err);

/* Archives or restores by `store`. `record` has the slug and the version of the request. */
static void move_record(struct registry *registry, const struct record_kind *kind,
                        const ProtobufCMessage *record, const char *reason, store_f store,
                        ProtobufCClosure reply, struct call *call)
{
    struct err err = ERR_INIT;
    ProtobufCMessage *made = NULL;
    bool fresh = false;

    if (record_version(record) == 0)
        findings_add(&call->violations, "version", "is missing: give the version that was read");
    check_reason(reason, &call->violations);
    if (record_refuse("request", &call->violations, &err) < 0) {
        call_fail(call, &err);
        return;
    }
    struct store_view view = view_of(kind, call);
    struct store_change change = change_of(kind, record, reason, &view, call);
    db_set_deadline(registry->db, call->deadline_us);
    int rc = store(registry->db, &change, &made, &fresh, &err);
    tell_relay(registry, fresh);
    end_with_record(rc, made, &err, reply, call);
}

static void move_programme(Ucap__V1__Registry_Service *service, const Ucap__V1__ArchiveRequest *in,
                           store_f store, Ucap__V1__Programme_Closure closure, void *call)
{
    Ucap__V1__Programme programme = UCAP__V1__PROGRAMME__INIT;

    programme.slug = in->slug;
    programme.version = in->version;
    move_record(registry_of(service), &programme_kind, &programme.base, in->reason, store,
                (ProtobufCClosure)closure, call);
}

static void move_city(Ucap__V1__Registry_Service *service, const Ucap__V1__ArchiveRequest *in,
                      store_f store, Ucap__V1__City_Closure closure, void *call)
{
    Ucap__V1__City city = UCAP__V1__CITY__INIT;

    city.slug = in->slug;
    city.version = in->version;
    move_record(registry_of(service), &city_kind, &city.base, in->reason, store,
                (ProtobufCClosure)closure, call);
}

/* ---- lists ---- */

/* One page of a list, as a handler wants it. */
struct page {
    ProtobufCMessage **records;
    size_t count;
    char next[CURSOR_SIZE]; /* or empty */
};

static void check_page_size(uint32_t page_size, struct findings *violations)
{
    if (page_size > PAGE_MAX)
        findings_add(violations, "page_size", "%u is over the limit of %d", page_size, PAGE_MAX);
}

static int read_page(struct registry *registry, const struct record_kind *kind, uint32_t page_size,
                     const char *cursor, const char *country, bool archived, struct call *call,
                     struct page *ret_page, struct err *err)
{
    char after[SLUG_MAX + 1];
    bool more = false;
    struct store_view view = view_of(kind, call);
    struct store_page page = {after, country, page_size ? page_size : PAGE_DEFAULT, archived};

    if (*country)
        check_country("country", country, &call->violations);
    check_page_size(page_size, &call->violations);
    cursor_read_slug(cursor, after, &call->violations);
    int rc = record_refuse("request", &call->violations, err);
    if (rc < 0)
        return rc;
    db_set_deadline(registry->db, call->deadline_us);
    rc = store_list(registry->db, kind, &view, &page, &ret_page->records, &ret_page->count, &more,
                    err);
    if (rc < 0)
        return rc;
    ret_page->next[0] = '\0';
    if (more)
        cursor_write_slug(record_slug(ret_page->records[ret_page->count - 1]), ret_page->next);
    return 0;
}

/* ---- history ---- */

static const struct record_kind *check_kind(const char *name, struct findings *violations)
{
    static const struct record_kind *const kinds[] = {&city_kind, &programme_kind};
    char shown[TEXT_SHOWN_SIZE];

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    text_show(name, shown);
    findings_add(violations, "kind", "%s is not a kind of record: give city or programme", shown);
    return NULL;
}

static int read_history(struct registry *registry, const Ucap__V1__GetHistoryRequest *in,
                        struct call *call, Ucap__V1__GetHistoryReply *ret_reply, struct err *err)
{
    const struct record_kind *kind = check_kind(in->kind, &call->violations);
    struct store_history_page page = {.size = in->page_size ? in->page_size : PAGE_DEFAULT};
    bool more = false;

    check_page_size(in->page_size, &call->violations);
    cursor_read_version(in->cursor, &page.before, &call->violations);
    int rc = record_refuse("request", &call->violations, err);
    if (rc < 0)
        return rc;
    struct store_view view = view_of(kind, call);
    db_set_deadline(registry->db, call->deadline_us);
    rc = store_history(registry->db, kind, &view, in->slug, &page, &ret_reply->entries,
                       &ret_reply->n_entries, &more, err);
    if (rc == 0 && more)
        cursor_write_version(ret_reply->entries[ret_reply->n_entries - 1]->version,
                             ret_reply->next_cursor);
    return rc;
}

/* ---- the methods ---- */

static void create_programme(Ucap__V1__Registry_Service *service,
                             const Ucap__V1__CreateProgrammeRequest *in,
                             Ucap__V1__Programme_Closure closure, void *call)
{
    create_record(registry_of(service), &programme_kind, (ProtobufCMessage *)in->programme,
                  (ProtobufCClosure)closure, call);
}

static void get_programme(Ucap__V1__Registry_Service *service,
                          const Ucap__V1__GetProgrammeRequest *in,
                          Ucap__V1__Programme_Closure closure, void *call)
{
    get_record(registry_of(service), &programme_kind, in->slug, (ProtobufCClosure)closure, call);
}

static void list_programmes(Ucap__V1__Registry_Service *service,
                            const Ucap__V1__ListProgrammesRequest *in,
                            Ucap__V1__ListProgrammesReply_Closure closure, void *call)
{
    Ucap__V1__ListProgrammesReply reply = UCAP__V1__LIST_PROGRAMMES_REPLY__INIT;
    struct err err = ERR_INIT;
    struct page page;

    if (read_page(registry_of(service), &programme_kind, in->page_size, in->cursor, "",
                  in->include_archived, call, &page, &err) < 0) {
        call_fail(call, &err);
        return;
    }
    reply.programmes = (Ucap__V1__Programme **)page.records;
    reply.n_programmes = page.count;
    reply.next_cursor = page.next;
    closure(&reply, call);
    store_free_list(page.records, page.count);
}

static void update_programme(Ucap__V1__Registry_Service *service,
                             const Ucap__V1__UpdateProgrammeRequest *in,
                             Ucap__V1__Programme_Closure closure, void *call)
{
    update_record(registry_of(service), &programme_kind, (ProtobufCMessage *)in->programme,
                  in->fields, in->n_fields, in->reason, (ProtobufCClosure)closure, call);
}

static void archive_programme(Ucap__V1__Registry_Service *service,
                              const Ucap__V1__ArchiveRequest *in,
                              Ucap__V1__Programme_Closure closure, void *call)
{
    move_programme(service, in, store_archive, closure, call);
}

static void restore_programme(Ucap__V1__Registry_Service *service,
                              const Ucap__V1__ArchiveRequest *in,
                              Ucap__V1__Programme_Closure closure, void *call)
{
    move_programme(service, in, store_restore, closure, call);
}

static void create_city(Ucap__V1__Registry_Service *service, const Ucap__V1__CreateCityRequest *in,
                        Ucap__V1__City_Closure closure, void *call)
{
    create_record(registry_of(service), &city_kind, (ProtobufCMessage *)in->city,
                  (ProtobufCClosure)closure, call);
}

static void get_city(Ucap__V1__Registry_Service *service, const Ucap__V1__GetCityRequest *in,
                     Ucap__V1__City_Closure closure, void *call)
{
    get_record(registry_of(service), &city_kind, in->slug, (ProtobufCClosure)closure, call);
}

static void list_cities(Ucap__V1__Registry_Service *service, const Ucap__V1__ListCitiesRequest *in,
                        Ucap__V1__ListCitiesReply_Closure closure, void *call)
{
    Ucap__V1__ListCitiesReply reply = UCAP__V1__LIST_CITIES_REPLY__INIT;
    struct err err = ERR_INIT;
    struct page page;

    if (read_page(registry_of(service), &city_kind, in->page_size, in->cursor, in->country,
                  in->include_archived, call, &page, &err) < 0) {
        call_fail(call, &err);
        return;
    }
    reply.cities = (Ucap__V1__City **)page.records;
    reply.n_cities = page.count;
    reply.next_cursor = page.next;
    closure(&reply, call);
    store_free_list(page.records, page.count);
}

static void update_city(Ucap__V1__Registry_Service *service, const Ucap__V1__UpdateCityRequest *in,
                        Ucap__V1__City_Closure closure, void *call)
{
    update_record(registry_of(service), &city_kind, (ProtobufCMessage *)in->city, in->fields,
                  in->n_fields, in->reason, (ProtobufCClosure)closure, call);
}

static void archive_city(Ucap__V1__Registry_Service *service, const Ucap__V1__ArchiveRequest *in,
                         Ucap__V1__City_Closure closure, void *call)
{
    move_city(service, in, store_archive, closure, call);
}

static void restore_city(Ucap__V1__Registry_Service *service, const Ucap__V1__ArchiveRequest *in,
                         Ucap__V1__City_Closure closure, void *call)
{
    move_city(service, in, store_restore, closure, call);
}

static void get_history(Ucap__V1__Registry_Service *service, const Ucap__V1__GetHistoryRequest *in,
                        Ucap__V1__GetHistoryReply_Closure closure, void *call)
{
    Ucap__V1__GetHistoryReply reply = UCAP__V1__GET_HISTORY_REPLY__INIT;
    struct err err = ERR_INIT;
    char next[CURSOR_SIZE] = "";

    reply.next_cursor = next;
    if (read_history(registry_of(service), in, call, &reply, &err) < 0) {
        call_fail(call, &err);
        return;
    }
    closure(&reply, call);
    store_free_history(reply.entries, reply.n_entries);
}

const struct method_rule registry_rules[] = {
    {"CreateProgramme", MAY_ADMIN, true, "makes a programme known"},
    {"GetProgramme", MAY_READ, false, "reads one programme"},
    {"ListProgrammes", MAY_READ, false, "reads the programmes you may see, page by page"},
    {"UpdateProgramme", MAY_WRITE, true, "replaces fields of a programme"},
    {"CreateCity", MAY_WRITE, true, "makes a city known"},
    {"GetCity", MAY_READ, false, "reads one city"},
    {"ListCities", MAY_READ, false, "reads cities, page by page"},
    {"UpdateCity", MAY_WRITE, true, "replaces fields of a city"},
    {"ArchiveProgramme", MAY_WRITE, true, "sets a programme aside"},
    {"RestoreProgramme", MAY_WRITE, true, "takes an archived programme back"},
    {"ArchiveCity", MAY_WRITE, true, "sets a city aside"},
    {"RestoreCity", MAY_WRITE, true, "takes an archived city back"},
    {"GetHistory", MAY_READ, false, "reads who changed a record when, and why"},
    {0},
};

static const Ucap__V1__Registry_Service registry_methods = UCAP__V1__REGISTRY__INIT();

int registry_create(struct db **db, ProtobufCService *poke, ProtobufCService **ret_service,
                    struct err *err)
{
    struct registry *registry = calloc(1, sizeof(*registry));

    if (!registry)
        return err_nomem(err);
    registry->service = registry_methods;
    registry->db = *db;
    registry->relay = poke;
    *db = NULL;
    *ret_service = &registry->service.base;
    return 0;
}

/* What cannot be removed now is tried again at the next idle moment. */
void registry_idle(void *unused, ProtobufCService *service)
{
    const struct registry *registry = (const struct registry *)service;
    (void)unused;

    db_set_deadline(registry->db, clock_mono_us(clock_system()) + IDLE_LIMIT_US);
    db_idempotency_expire(registry->db, IDLE_ROWS, NULL);
}

void registry_destroy(ProtobufCService *service)
{
    struct registry *registry = (struct registry *)service;

    if (registry)
        db_close(registry->db);
    free(registry);
}
