/* ucap city archive and restore, ucap programme archive and restore. The version that is changed is
 * read first: who changes the record in between is not overrun. */
#include "cmd.h"
#include "run.h"

#include <ucap/v1/registry.pb-c.h>

static int read_city(struct run *run, uint64_t *ret_version, struct err *err)
{
    Ucap__V1__GetCityRequest request = UCAP__V1__GET_CITY_REQUEST__INIT;
    ProtobufCMessage *reply;

    request.slug = (char *)run_argument(run, 0);
    int rc =
        run_call(run, &ucap__v1__registry__descriptor, "GetCity", &request.base, NULL, &reply, err);
    if (rc < 0)
        return rc;
    *ret_version = ((Ucap__V1__City *)reply)->version;
    ucap_reply_free(reply);
    return 0;
}

static int read_programme(struct run *run, uint64_t *ret_version, struct err *err)
{
    Ucap__V1__GetProgrammeRequest request = UCAP__V1__GET_PROGRAMME_REQUEST__INIT;
    ProtobufCMessage *reply;

    request.slug = (char *)run_argument(run, 0);
    int rc = run_call(run, &ucap__v1__registry__descriptor, "GetProgramme", &request.base, NULL,
                      &reply, err);
    if (rc < 0)
        return rc;
    *ret_version = ((Ucap__V1__Programme *)reply)->version;
    ucap_reply_free(reply);
    return 0;
}

static int change(struct run *run, const char *method, uint64_t version,
                  ProtobufCMessage **ret_reply, struct err *err)
{
    Ucap__V1__ArchiveRequest request = UCAP__V1__ARCHIVE_REQUEST__INIT;
    const char *reason = run_option(run, "reason");

    request.slug = (char *)run_argument(run, 0);
    request.version = version;
    if (reason)
        request.reason = (char *)reason;
    return run_call(run, &ucap__v1__registry__descriptor, method, &request.base, NULL, ret_reply,
                    err);
}

/* Where no message is wanted, says what is so now: `told` has a place for the id. */
static int finish(struct run *run, ProtobufCMessage *reply, const char *kind, const char *told,
                  struct err *err)
{
    int rc = 0;

    if (run_wants_message(run))
        rc = run_print_message(run, reply, err);
    else
        run_say(run, "%s \"%s\" %s", kind, run_argument(run, 0), told);
    ucap_reply_free(reply);
    return rc;
}

static const char archived[] = "is archived: lists leave it out unless asked with --archived";
static const char restored[] = "is not archived any more";

static int change_city(struct run *run, const char *method, const char *told, struct err *err)
{
    ProtobufCMessage *reply;
    uint64_t version;
    int rc = read_city(run, &version, err);

    if (rc == 0)
        rc = change(run, method, version, &reply, err);
    return rc < 0 ? rc : finish(run, reply, "city", told, err);
}

static int change_programme(struct run *run, const char *method, const char *told, struct err *err)
{
    ProtobufCMessage *reply;
    uint64_t version;
    int rc = read_programme(run, &version, err);

    if (rc == 0)
        rc = change(run, method, version, &reply, err);
    return rc < 0 ? rc : finish(run, reply, "programme", told, err);
}

static int city_archive_run(struct run *run, struct err *err)
{
    return change_city(run, "ArchiveCity", archived, err);
}

static int city_restore_run(struct run *run, struct err *err)
{
    return change_city(run, "RestoreCity", restored, err);
}

static int programme_archive_run(struct run *run, struct err *err)
{
    return change_programme(run, "ArchiveProgramme", archived, err);
}

static int programme_restore_run(struct run *run, struct err *err)
{
    return change_programme(run, "RestoreProgramme", restored, err);
}

static const struct argument city_id[] = {
    {.name = "ID", .help = "the city's id, as in `ucap city list`"}, {0}};
static const struct argument programme_id[] = {
    {.name = "ID", .help = "the programme's id, as in `ucap programme list`"}, {0}};
static const struct option options[] = {
    {.name = "reason", .value = "TEXT", .help = "why, kept in the history"}, {0}};

const struct command city_archive_command = {
    .path = "city archive",
    .help = "sets a city aside: lists leave it out",
    .arguments = city_id,
    .options = options,
    .examples =
        (const char *const[]){"ucap city archive torino --reason \"told twice, as turin\"", NULL},
    .run = city_archive_run,
};

const struct command city_restore_command = {
    .path = "city restore",
    .help = "takes an archived city back",
    .arguments = city_id,
    .options = options,
    .examples = (const char *const[]){"ucap city restore torino", NULL},
    .run = city_restore_run,
};

const struct command programme_archive_command = {
    .path = "programme archive",
    .help = "sets a programme aside: lists leave it out",
    .arguments = programme_id,
    .options = options,
    .examples =
        (const char *const[]){"ucap programme archive iuc-asia --reason \"it has ended\"", NULL},
    .run = programme_archive_run,
};

const struct command programme_restore_command = {
    .path = "programme restore",
    .help = "takes an archived programme back",
    .arguments = programme_id,
    .options = options,
    .examples = (const char *const[]){"ucap programme restore iuc-asia", NULL},
    .run = programme_restore_run,
};
