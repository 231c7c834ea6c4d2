/* How fast the gateway is: one worker that answers at once, one client with so many requests in
 * flight. usage: bench_gateway [REQUESTS [IN-FLIGHT]]; prints requests a second and percentiles of
 * the round trip. Not a test: nothing here passes or fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREDIT "256"

struct echo {
    void *worker;
    _Atomic bool ended;
};

static void answer_one(void *worker, struct frames *request)
{
    struct frames reply = {.count = 0};

    frames_add_text(&reply, "MDPW02");
    frames_add_text(&reply, "\x04");
    frames_take(&reply, &request->list[2]);
    frames_add(&reply, NULL, 0);
    frames_add_text(&reply, "header");
    frames_take(&reply, &request->list[request->count - 1]);
    frames_send(worker, 0, &reply);
}

static void *echo_run(void *arg)
{
    struct echo *echo = arg;
    struct frames request;

    while (!atomic_load(&echo->ended)) {
        if (frames_recv(echo->worker, 0, &request) < 0)
            continue;
        if (request.count > 4)
            answer_one(echo->worker, &request);
        else
            wire_say(echo->worker, "MDPW02", "\x05", NULL);
        frames_clear(&request);
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;

    return *left < *right ? -1 : *left > *right;
}

/* Replies come in order: there is one worker, and it answers in order. */
static void measure(void *client, size_t requests, size_t in_flight, int64_t *took_us)
{
    int64_t *sent_us = calloc(requests, sizeof(*sent_us));
    size_t sent = 0;
    struct frames reply;

    assert_non_null(sent_us);
    for (size_t done = 0; done < requests; done++) {
        for (; sent < requests && sent < done + in_flight; sent++) {
            sent_us[sent] = clock_mono_us(clock_system());
            wire_ask(client, REGISTRY, "r", 30000);
        }
        assert_int_equal(frames_recv(client, 0, &reply), 0);
        frames_clear(&reply);
        took_us[done] = clock_mono_us(clock_system()) - sent_us[done];
    }
    free(sent_us);
}

static size_t requests = 100000;
static size_t in_flight = 64;

static void bench(void **state)
{
    struct wire *wire = wire_begin(NULL);
    struct echo echo = {.worker = wire_worker(wire, REGISTRY, CREDIT)};
    int64_t *took_us = calloc(requests, sizeof(*took_us));
    int wait_ms = 100;
    pthread_t thread;
    (void)state;

    assert_non_null(took_us);
    zmq_setsockopt(echo.worker, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    assert_int_equal(pthread_create(&thread, NULL, echo_run, &echo), 0);
    int64_t from_us = clock_mono_us(clock_system());
    measure(wire_dealer(wire, VIEWER), requests, in_flight, took_us);
    int64_t all_us = clock_mono_us(clock_system()) - from_us;
    atomic_store(&echo.ended, true);
    pthread_join(thread, NULL);
    qsort(took_us, requests, sizeof(*took_us), by_size);
    printf("%zu requests, %zu in flight: %lld a second, p50 %lld us, p99 %lld us\n", requests,
           in_flight, (long long)((int64_t)requests * 1000000 / all_us),
           (long long)took_us[requests / 2], (long long)took_us[requests * 99 / 100]);
    free(took_us);
    wire_end(wire);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bench)};

    if (argc > 1)
        requests = (size_t)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        in_flight = (size_t)strtoul(argv[2], NULL, 10);
    if (requests == 0 || in_flight == 0 || in_flight > 200) {
        fprintf(stderr, "usage: bench_gateway [REQUESTS [IN-FLIGHT up to 200]]\n");
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
