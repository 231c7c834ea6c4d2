/* kill -9 of the registry while 100 clients write: after retry each write took effect exactly once,
 * and each has its outbox row. Two registries run; one after the other is killed and started again,
 * until all clients are through. */
#include "../system/caller.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 100
#define WRITES  8 /* of each client */
#define KILLS   4

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

static void kill_and_restart(struct kit_system *system, struct kit_process **victim, int round)
{
    int goal = (round + 1) * CLIENTS * WRITES / (KILLS + 2);
    char instance[32];

    kit_wait("the clients to get on", 60000, has_written, &goal);
    kit_signal(*victim, SIGKILL);
    assert_int_equal(kit_wait_exit(*victim, 5000), 128 + SIGKILL);
    snprintf(instance, sizeof(instance), "registry-again-%d", round);
    *victim = kit_system_registry(system, instance, NULL);
}

static void each_write_takes_effect_once(void **state)
{
    static struct writer writers[CLIENTS];
    struct kit *kit = kit_begin();
    struct kit_system system;
    void *zmq = zmq_ctx_new();
    char total[16];
    (void)state;

    kit_system_start(kit, true, &system);
    struct kit_process *registries[2] = {system.registry,
                                         kit_system_registry(&system, "registry-2", NULL)};
    for (int i = 0; i < CLIENTS; i++) {
        writers[i] = (struct writer){.number = i, .zmq = zmq, .system = &system};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_cities, &writers[i]), 0);
    }
    for (int round = 0; round < KILLS; round++)
        kill_and_restart(&system, &registries[round % 2], round);
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
    zmq_ctx_term(zmq);
    kit_end(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_write_takes_effect_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
