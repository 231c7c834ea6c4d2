/* Majordomo frames: all forms, and everything that is none. A message is written here as text:
 * frames between bars, a command number as backslash and digit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/mdp.h"

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* "|MDPC02|\1|echo" is an empty frame, "MDPC02", the byte 1 and "echo"; "" is no frame at all. */
static void frames_from(const char *text, struct frames *frames)
{
    frames->count = 0;
    for (const char *at = text; *text;) {
        size_t length = strcspn(at, "|");
        frames_add(frames, at, length);
        if (!at[length])
            break;
        at += length + 1;
    }
}

struct good {
    const char *text;
    struct mdp_message want;
};

#define CLIENT(version, empty)                                                                     \
    {                                                                                              \
        MDP_CLIENT, version, empty                                                                 \
    }
#define WORKER(version, empty)                                                                     \
    {                                                                                              \
        MDP_WORKER, version, empty                                                                 \
    }

static const struct good good[] = {
    {"|MDPC01|echo|body", {CLIENT(1, true), MDP_REQUEST, 2, 0, 3}},
    {"MDPC01|echo|body", {CLIENT(1, false), MDP_REQUEST, 1, 0, 2}},
    {"MDPC01|echo", {CLIENT(1, false), MDP_REQUEST, 1, 0, 2}},
    {"MDPC02|\1|echo|a|b", {CLIENT(2, false), MDP_REQUEST, 2, 0, 3}},
    {"|MDPC02|\1|echo|a|b", {CLIENT(2, true), MDP_REQUEST, 3, 0, 4}},
    {"MDPC02|\2|echo|a", {CLIENT(2, false), MDP_PARTIAL, 2, 0, 3}},
    {"MDPC02|\3|echo|a", {CLIENT(2, false), MDP_FINAL, 2, 0, 3}},
    {"|MDPW01|\1|echo", {WORKER(1, true), MDP_READY, 3, 0, 4}},
    {"MDPW01|\1|echo", {WORKER(1, false), MDP_READY, 2, 0, 3}},
    {"|MDPW01|\2|addr||a", {WORKER(1, true), MDP_REQUEST, 0, 3, 5}},
    {"|MDPW01|\3|addr||a|b", {WORKER(1, true), MDP_FINAL, 0, 3, 5}},
    {"|MDPW01|\4", {WORKER(1, true), MDP_HEARTBEAT, 0, 0, 3}},
    {"|MDPW01|\5", {WORKER(1, true), MDP_DISCONNECT, 0, 0, 3}},
    {"MDPW02|\1|echo|16|inst", {WORKER(2, false), MDP_READY, 2, 0, 3}},
    {"|MDPW02|\1|echo", {WORKER(2, true), MDP_READY, 3, 0, 4}},
    {"MDPW02|\2|addr||a", {WORKER(2, false), MDP_REQUEST, 0, 2, 4}},
    {"MDPW02|\3|addr||a", {WORKER(2, false), MDP_PARTIAL, 0, 2, 4}},
    {"MDPW02|\4|addr|", {WORKER(2, false), MDP_FINAL, 0, 2, 4}},
    {"MDPW02|\5", {WORKER(2, false), MDP_HEARTBEAT, 0, 0, 2}},
    {"MDPW02|\5|0", {WORKER(2, false), MDP_HEARTBEAT, 0, 0, 2}},
    {"MDPW02|\6", {WORKER(2, false), MDP_DISCONNECT, 0, 0, 2}},
};

static void assert_same(const struct mdp_message *got, const struct mdp_message *want)
{
    assert_int_equal(got->form.side, want->form.side);
    assert_int_equal(got->form.version, want->form.version);
    assert_int_equal(got->form.empty_first, want->form.empty_first);
    assert_int_equal(got->command, want->command);
    assert_int_equal(got->service, want->service);
    assert_int_equal(got->address, want->address);
    assert_int_equal(got->body, want->body);
}

static void every_form_is_read(void **state)
{
    struct frames frames;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct mdp_message got;
        frames_from(good[i].text, &frames);
        assert_int_equal(mdp_parse(&frames, 0, &got, NULL), 0);
        assert_same(&got, &good[i].want);
        frames_clear(&frames);
    }
}

static void routing_id_is_skipped(void **state)
{
    struct frames frames;
    struct mdp_message got;

    (void)state;
    frames_from("id|MDPC02|\1|echo|a", &frames);
    assert_int_equal(mdp_parse(&frames, 1, &got, NULL), 0);
    assert_int_equal(got.service, 3);
    assert_int_equal(got.body, 4);
    frames_clear(&frames);
}

static void anything_else_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "|",
        "||MDPC02|\1|echo",
        "MDPC03|\1|echo",
        "MDPC0|\1|echo",
        "MDPC022|\1|echo",
        "mdpc02|\1|echo",
        "MDPC01",
        "|MDPC01",
        "MDPC01||body",
        "MDPC02",
        "MDPC02|",
        "MDPC02|\1",
        "MDPC02|\1|",
        "MDPC02|\1\1|echo",
        "MDPC02|\4|echo",
        "MDPC02|1|echo",
        "MDPW01",
        "MDPW01|\6",
        "MDPW01|\1",
        "MDPW01|\1|",
        "MDPW01|\1|echo|1|inst|more",
        "MDPW01|\2|addr",
        "MDPW01|\3|addr|body",
        "MDPW01|\3||",
        "MDPW01|\3|",
        "MDPW01|\4|1|2",
        "MDPW01|\5|x",
        "MDPW02|\7",
        "MDPW02|\3|addr|body|more",
        "MDPW02|\4",
        "MDPW02|\5|1|2",
        "MDPW02|\6|why",
        "GET / HTTP/1.1",
    };
    struct frames frames;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct mdp_message got = {.body = 77};
        struct err err = ERR_INIT;
        frames_from(bad[i], &frames);
        assert_int_equal(mdp_parse(&frames, 0, &got, &err), -ERR_INVALID_ARGUMENT);
        assert_int_equal(got.body, 77);
        assert_true(strlen(err.text) > 20);
        frames_clear(&frames);
    }
}

static void number_zero_is_no_command(void **state)
{
    struct frames frames = {.count = 0};
    struct mdp_message got;

    (void)state;
    frames_add_text(&frames, "MDPC02");
    frames_add(&frames, "\0", 1);
    frames_add_text(&frames, "echo");
    assert_int_equal(mdp_parse(&frames, 0, &got, NULL), -ERR_INVALID_ARGUMENT);
    frames_clear(&frames);
}

static void parsing_past_the_end_is_refused(void **state)
{
    struct frames frames;
    struct mdp_message got;

    (void)state;
    frames_from("id", &frames);
    assert_int_equal(mdp_parse(&frames, 1, &got, NULL), -ERR_INVALID_ARGUMENT);
    assert_int_equal(mdp_parse(&frames, 5, &got, NULL), -ERR_INVALID_ARGUMENT);
    frames_clear(&frames);
}

/* Random frames of plausible pieces: no shape may crash, and what is accepted has its parts inside.
 */
static void odd_shapes_never_crash(void **state)
{
    static const char *const pieces[] = {"",   "MDPC01", "MDPC02", "MDPW01", "MDPW02", "\1",
                                         "\2", "\3",     "\4",     "\5",     "\6",     "echo"};
    unsigned seed = 1;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        struct frames frames = {.count = 0};
        struct mdp_message got;
        for (int count = rand_r(&seed) % 8; count > 0; count--)
            frames_add_text(&frames, pieces[rand_r(&seed) % 12]);
        if (mdp_parse(&frames, 0, &got, NULL) == 0) {
            assert_true(got.body <= frames.count);
            assert_true(got.service < frames.count && got.address < frames.count);
        }
        frames_clear(&frames);
    }
}

static void heads_are_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct mdp_message *want = &good[i].want;
        size_t name = want->service ? want->service : want->address;
        struct frames frames, made = {.count = 0};
        frames_from(good[i].text, &frames);
        assert_int_equal(mdp_add_head(&made, &want->form, want->command,
                                      name ? frames_data(&frames, name) : NULL,
                                      name ? frames_size(&frames, name) : 0),
                         0);
        assert_int_equal(made.count, want->body);
        for (size_t at = 0; at < made.count; at++)
            assert_true(
                frames_equal(&made, at, frames_data(&frames, at), frames_size(&frames, at)));
        frames_clear(&made);
        frames_clear(&frames);
    }
}

static void old_protocols_have_no_partial(void **state)
{
    const struct mdp_form client = CLIENT(1, true), worker = WORKER(1, true);
    const struct mdp_form odd = CLIENT(3, false), modern = CLIENT(2, false);
    struct frames frames = {.count = 0};

    (void)state;
    assert_int_equal(mdp_add_head(&frames, &client, MDP_PARTIAL, "s", 1), -ERR_INVALID_ARGUMENT);
    assert_int_equal(mdp_add_head(&frames, &worker, MDP_PARTIAL, "s", 1), -ERR_INVALID_ARGUMENT);
    assert_int_equal(mdp_add_head(&frames, &odd, MDP_FINAL, "s", 1), -ERR_INVALID_ARGUMENT);
    assert_int_equal(mdp_add_head(&frames, &modern, MDP_READY, "s", 1), -ERR_INVALID_ARGUMENT);
    assert_int_equal(frames.count, 0);
    assert_int_equal(mdp_add_head(&frames, &client, MDP_FINAL, "s", 1), 0);
    assert_int_equal(frames.count, 3);
    frames_clear(&frames);
}

static void credit_is_bounded_decimal(void **state)
{
    static const char *const bad[] = {"", "1025", "-1", "+1", " 1", "1 ", "x", "00001", "99999"};
    unsigned credit = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(mdp_credit_parse(bad[i], strlen(bad[i]), &credit), -ERR_INVALID_ARGUMENT);
    assert_int_equal(credit, 7);
    assert_int_equal(mdp_credit_parse("0", 1, &credit), 0);
    assert_int_equal(credit, 0);
    assert_int_equal(mdp_credit_parse("1024", 4, &credit), 0);
    assert_int_equal(credit, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(routing_id_is_skipped),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(number_zero_is_no_command),
        cmocka_unit_test(parsing_past_the_end_is_refused),
        cmocka_unit_test(odd_shapes_never_crash),
        cmocka_unit_test(heads_are_read_back),
        cmocka_unit_test(old_protocols_have_no_partial),
        cmocka_unit_test(credit_is_bounded_decimal),
    };
    return cmocka_run_group_tests_name("bus_mdp", tests, NULL, NULL);
}
