/* Many at once: one of them wins, the others are told what happened, and the same request sent many
 * times under one key is done once. */
#include "caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define RUNNERS 16

struct race;

struct runner {
    pthread_t thread;
    struct race *race;
    struct caller *caller;
    int number;
    int rc;
};

struct race {
    int (*act)(struct runner *runner);
    pthread_barrier_t start;
    struct runner runners[RUNNERS];
};

struct world {
    struct kit *kit;
    struct kit_system system;
    void *zmq;
};

static void *run(void *arg)
{
    struct runner *runner = arg;

    pthread_barrier_wait(&runner->race->start);
    runner->rc = runner->race->act(runner);
    return NULL;
}

/* Lets all act at once; how many it went well for. The others must have ended with `other`. */
static int race(struct world *w, int (*act)(struct runner *runner), bool patient, int other)
{
    struct race race = {.act = act};
    int won = 0;

    assert_int_equal(pthread_barrier_init(&race.start, NULL, RUNNERS), 0);
    for (int i = 0; i < RUNNERS; i++) {
        struct caller *caller = caller_create(w->zmq, &w->system, "editor", patient);
        caller_get_city(caller, "nowhere"); /* so that all are connected */
        race.runners[i] = (struct runner){.race = &race, .caller = caller, .number = i};
    }
    for (int i = 0; i < RUNNERS; i++)
        assert_int_equal(pthread_create(&race.runners[i].thread, NULL, run, &race.runners[i]), 0);
    for (int i = 0; i < RUNNERS; i++) {
        struct runner *runner = &race.runners[i];
        pthread_join(runner->thread, NULL);
        won += runner->rc == 0;
        if (runner->rc != 0 && runner->rc != other)
            fail_msg("runner %d: %s", i, caller_last(runner->caller)->err.text);
        caller_destroy(runner->caller);
    }
    pthread_barrier_destroy(&race.start);
    return won;
}

static void check_count(struct world *w, const char *sql, const char *expected)
{
    char *value = kit_pg_value(w->system.pg, "ucap", sql);

    assert_string_equal(value, expected);
    free(value);
}

static int create(struct runner *runner)
{
    char key[32];

    snprintf(key, sizeof(key), "create-%d", runner->number);
    return caller_create_city(runner->caller, "turin", key);
}

static int create_with_one_key(struct runner *runner)
{
    return caller_create_city(runner->caller, "milan", "the same");
}

static int update(struct runner *runner)
{
    static const char *const zones[] = {"Europe/Rome", "Europe/Madrid", "Europe/Paris"};
    Ucap__V1__UpdateCityRequest request = UCAP__V1__UPDATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    char field[] = "zone", *fields[] = {field}, key[32];

    snprintf(key, sizeof(key), "update-%d", runner->number);
    city.slug = (char *)"turin";
    city.version = 1;
    city.zone = (char *)zones[runner->number % 3];
    request.city = &city;
    request.fields = fields;
    request.n_fields = 1;
    return caller_registry(runner->caller, "UpdateCity", &request.base, key);
}

static void one_of_many_creates_and_one_updates(void **state)
{
    struct world *w = *state;

    assert_int_equal(race(w, create, false, -ERR_ALREADY_EXISTS), 1);
    check_count(w, "SELECT count(*) FROM registry.history WHERE slug = 'turin'", "1");
    assert_int_equal(race(w, update, false, -ERR_ABORTED), 1);
    check_count(w, "SELECT version FROM registry.city WHERE slug = 'turin'", "2");
    check_count(w, "SELECT count(*) FROM events.outbox WHERE subject = 'city/turin'", "2");
}

/* Who comes while the first one is at work is told to try again, and does. */
static void one_key_is_one_write(void **state)
{
    struct world *w = *state;

    assert_int_equal(race(w, create_with_one_key, true, 0), RUNNERS);
    check_count(w, "SELECT count(*) FROM registry.history WHERE slug = 'milan'", "1");
    check_count(w, "SELECT count(*) FROM events.outbox WHERE subject = 'city/milan'", "1");
}

static int create_of_ring(struct runner *runner)
{
    char slug[32];

    snprintf(slug, sizeof(slug), "ring-%d", runner->number);
    return caller_create_city(runner->caller, slug, slug);
}

/* Each into the next, the last into the first. */
static int close_ring(struct runner *runner)
{
    Ucap__V1__UpdateCityRequest request = UCAP__V1__UPDATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    char field[] = "within", *fields[] = {field}, slug[32], within[32], key[32];

    snprintf(slug, sizeof(slug), "ring-%d", runner->number);
    snprintf(within, sizeof(within), "ring-%d", (runner->number + 1) % RUNNERS);
    snprintf(key, sizeof(key), "close-%d", runner->number);
    city.slug = slug;
    city.version = 1;
    city.within = within;
    request.city = &city;
    request.fields = fields;
    request.n_fields = 1;
    return caller_registry(runner->caller, "UpdateCity", &request.base, key);
}

/* Each looks right to its writer; all together would lie within themselves. */
static void no_ring_of_territories_is_closed(void **state)
{
    struct world *w = *state;

    assert_int_equal(race(w, create_of_ring, false, 0), RUNNERS);
    assert_int_equal(race(w, close_ring, false, -ERR_INVALID_ARGUMENT), RUNNERS - 1);
}

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    const char *const threads[] = {"--threads", "8", NULL};

    w->kit = kit_begin();
    kit_system_start(w->kit, true, &w->system);
    kit_system_registry(&w->system, "registry-wide", threads);
    w->zmq = zmq_ctx_new();
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    zmq_ctx_term(w->zmq);
    kit_end(w->kit);
    free(w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_many_creates_and_one_updates),
        cmocka_unit_test(one_key_is_one_write),
        cmocka_unit_test(no_ring_of_territories_is_closed),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
