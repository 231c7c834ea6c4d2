/* kill -9 of the registry while 100 clients write: after retry each write took effect exactly once,
 * and each has its outbox row. Two registries run; one after the other is killed and started again,
 * until all clients are through. Half of the kills come at any moment; the others when every thread
 * of the victim waits for the end of a commit, which the server then finishes without it: those
 * writes took effect and nobody was told. */
#include "../system/caller.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 100
#define WRITES  8 /* of each client */
#define KILLS   6
#define COMMITS 4 /* at a time: two registries, each with two threads (the default) */

struct writer {
    pthread_t thread;
    int number;
    void *zmq;
    struct kit_system *system;
    char failure[512];
};

static _Atomic int written;

static void *write_cities(void *arg)
{
    struct writer *writer = arg;
    struct caller *caller = caller_create(writer->zmq, writer->system, "editor", true);
    char slug[32], key[32];

    for (int i = 0; i < WRITES && !*writer->failure; i++) {
        snprintf(slug, sizeof(slug), "city-%d-%d", writer->number, i);
        snprintf(key, sizeof(key), "key-%d-%d", writer->number, i);
        if (caller_create_city(caller, slug, key) < 0)
            snprintf(writer->failure, sizeof(writer->failure), "%s: %s", slug,
                     caller_last(caller)->err.text);
        else
            atomic_fetch_add(&written, 1);
    }
    caller_destroy(caller);
    return NULL;
}

static bool has_written(void *arg)
{
    return atomic_load(&written) >= *(int *)arg;
}

static void check_value(struct kit_system *system, const char *sql, const char *value)
{
    char *found = kit_pg_value(system->pg, "ucap", sql);

    if (strcmp(found, value) != 0)
        fail_msg("%s gives %s, not %s", sql, found, value);
    free(found);
}

/* ---- a gate in the database that commits of new cities have to pass ---- */

struct gate {
    struct kit_system *system;
    PGconn *connection;
};

static void run(struct gate *gate, const char *sql)
{
    PGresult *result = PQexec(gate->connection, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(gate->connection));
    PQclear(result);
}

static void gate_make(struct gate *gate, struct kit_system *system)
{
    char conninfo[512];

    snprintf(conninfo, sizeof(conninfo), "%s password=test",
             kit_pg_conninfo(system->pg, "postgres", "ucap"));
    *gate = (struct gate){system, PQconnectdb(conninfo)};
    run(gate, "CREATE FUNCTION public.pass_gate() RETURNS trigger LANGUAGE plpgsql AS "
              "'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END'");
    run(gate, "CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON registry.city DEFERRABLE INITIALLY "
              "DEFERRED FOR EACH ROW EXECUTE FUNCTION public.pass_gate()");
}

static int count_waiting(struct gate *gate)
{
    char *text = kit_pg_value(gate->system->pg, "ucap",
                              "SELECT count(*) FROM pg_stat_activity "
                              "WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'");
    int count = (int)strtol(text, NULL, 10);

    free(text);
    return count;
}

static bool all_wait(void *arg)
{
    return count_waiting(arg) == COMMITS;
}

/* ---- kills ---- */

static void kill_now(struct kit_process *victim)
{
    kit_signal(victim, SIGKILL);
    assert_int_equal(kit_wait_exit(victim, 5000), 128 + SIGKILL);
}

static void kill_in_commit(struct gate *gate, struct kit_process *victim)
{
    run(gate, "SELECT pg_advisory_lock(1)");
    kit_wait("all threads to commit", 30000, all_wait, gate);
    kill_now(victim);
    assert_int_equal(count_waiting(gate), COMMITS);
    run(gate, "SELECT pg_advisory_unlock(1)");
}

static void kill_and_restart(struct gate *gate, struct kit_process **victim, int round)
{
    int goal = (round + 1) * CLIENTS * WRITES / (KILLS + 2);
    char instance[32];

    kit_wait("the clients to get on", 60000, has_written, &goal);
    if (round < KILLS / 2)
        kill_now(*victim);
    else
        kill_in_commit(gate, *victim);
    snprintf(instance, sizeof(instance), "registry-again-%d", round);
    *victim = kit_system_registry(gate->system, instance, NULL);
}

static void each_write_takes_effect_once(void **state)
{
    static struct writer writers[CLIENTS];
    struct kit *kit = kit_begin();
    struct kit_system system;
    struct gate gate;
    void *zmq = zmq_ctx_new();
    char total[16];
    (void)state;

    kit_system_start(kit, true, &system);
    struct kit_process *registries[2] = {system.registry,
                                         kit_system_registry(&system, "registry-2", NULL)};
    gate_make(&gate, &system);
    for (int i = 0; i < CLIENTS; i++) {
        writers[i] = (struct writer){.number = i, .zmq = zmq, .system = &system};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_cities, &writers[i]), 0);
    }
    for (int round = 0; round < KILLS; round++)
        kill_and_restart(&gate, &registries[round % 2], round);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(writers[i].thread, NULL);
    for (int i = 0; i < CLIENTS; i++)
        if (*writers[i].failure)
            fail_msg("client %d: %s", i, writers[i].failure);
    snprintf(total, sizeof(total), "%d", CLIENTS * WRITES);
    check_value(&system, "SELECT count(*) FROM registry.city WHERE version = 1", total);
    check_value(&system, "SELECT count(*) FROM events.outbox", total);
    check_value(&system, "SELECT count(DISTINCT subject) FROM events.outbox", total);
    check_value(&system, "SELECT count(*) FROM registry.history", total);
    PQfinish(gate.connection);
    zmq_ctx_term(zmq);
    kit_end(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_write_takes_effect_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
