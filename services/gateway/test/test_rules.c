/* The numbered rules of Majordomo (ZeroMQ RFC 7, 18 and 8), one test or more for each. Rule 1 (the
 * sockets are ROUTERs) and what libzmq does are proven on the wire, in tests/conformance. */
#include "rig.h"

#include <string.h>

static void rule_01_messages_carry_the_routing_id_of_their_peer(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "one", ADMIN, "MDPC02", "\x01", "mmi.none", NULL);
    rig_say(rig, "two", ADMIN, "", "MDPC01", "mmi.none", NULL);
    rig_expect(rig, "two", "", "MDPC01", "mmi.none", "501", NULL);
    rig_expect(rig, "one", "MDPC02", "\x03", "mmi.none", "501", NULL);
    rig_end(rig);
}

static void rule_02_nothing_follows_the_final_reply(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_answer(rig, "worker", token, "\x03", "half", "");
    rig_answer(rig, "worker", token, "\x03", "nearly", "");
    rig_answer(rig, "worker", token, "\x04", "header", "whole");
    rig_answer(rig, "worker", token, "\x03", "late", "");
    rig_answer(rig, "worker", token, "\x04", "header", "again");
    rig_expect(rig, "client", "MDPC02", "\x02", REGISTRY, "half", "", NULL);
    rig_expect(rig, "client", "MDPC02", "\x02", REGISTRY, "nearly", "", NULL);
    rig_expect(rig, "client", "MDPC02", "\x03", REGISTRY, "header", "whole", NULL);
    rig_pass(rig, 20000);
    rig_expect_nothing(rig, "client");
    rig_end(rig);
}

static void rule_02_nothing_follows_a_failure(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 300);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_pass(rig, 300);
    rig_expect_status(rig, "client", "r1", ERR_DEADLINE_EXCEEDED, "300 ms");
    rig_answer(rig, "worker", token, "\x03", "late", "");
    rig_answer(rig, "worker", token, "\x04", "header", "late");
    rig_expect_nothing(rig, "client");
    assert_int_equal(rig_count(rig, COUNT_DROPPED_LATE), 2);
    rig_end(rig);
}

static void rule_03_second_ready_is_disconnected(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_expect_nothing(rig, "worker");
    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x05", NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "lost", NULL);
    rig_pass(rig, 1000);
    rig_expect_nothing(rig, "worker");
    assert_int_equal(rig_count(rig, COUNT_DISCONNECTS), 1);
    rig_end(rig);
}

static void rule_03_commands_before_ready_are_disconnected(void **state)
{
    static const char *const commands[] = {"\x02", "\x03", "\x04", "\x05"};
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        struct rig *rig = rig_begin(NULL);
        if (i == 3)
            rig_say(rig, "worker", SERVICE, "MDPW02", commands[i], NULL);
        else
            rig_say(rig, "worker", SERVICE, "MDPW02", commands[i], "address", "", "x", NULL);
        rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
        rig_say(rig, "worker", SERVICE, "MDPW02", "\x05", NULL);
        rig_register(rig, "worker", "echo", NULL, NULL);
        rig_expect_nothing(rig, "worker");
        assert_int_equal(rig_count(rig, COUNT_WORKERS), 0);
        rig_end(rig);
    }
}

static void rule_03_commands_of_the_other_side_are_out_of_place(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "one", "echo", NULL, NULL);
    rig_say(rig, "one", SERVICE, "MDPW02", "\x02", "address", "", "x", NULL);
    rig_expect(rig, "one", "MDPW02", "\x06", NULL);
    rig_say(rig, "two", SERVICE, "", "MDPW01", "\x01", "echo", NULL);
    rig_say(rig, "two", SERVICE, "", "MDPC01", "mmi.service", "echo", NULL);
    rig_expect(rig, "two", "", "MDPW01", "\x05", NULL);
    rig_say(rig, "two", SERVICE, "", "MDPC01", "mmi.service", "echo", NULL);
    rig_pass(rig, 1000);
    assert_int_equal(rig->tray_count, 0);
    rig_end(rig);
}

static void rule_04_nothing_after_the_workers_disconnect(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x06", NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "lost", NULL);
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x05", NULL);
    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_pass(rig, 1500);
    rig_expect_nothing(rig, "worker");
    assert_int_equal(rig_count(rig, COUNT_DROPPED_SILENCED), 2);
    rig_end(rig);
}

static void rule_04_what_a_leaving_worker_holds_is_unavailable_at_once(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "4", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x06", NULL);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "with the same key");
    rig_end(rig);
}

/* Rule 5 binds workers; the broker's part is that a new connection is welcome at once. */
static void rule_05_a_worker_comes_back_on_a_new_connection(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "old", "echo", NULL, NULL);
    rig_register(rig, "old", "echo", NULL, NULL);
    rig_expect(rig, "old", "MDPW02", "\x06", NULL);
    rig_register(rig, "new", "echo", NULL, NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "hello", NULL);
    rig_expect(rig, "new", "MDPW02", "\x02", "*", "", "hello", NULL);
    rig_expect_nothing(rig, "old");
    rig_end(rig);
}

static void rule_05_a_chosen_routing_id_may_come_back_after_a_pause(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker-1", "echo", NULL, NULL);
    rig_register(rig, "worker-1", "echo", NULL, NULL);
    rig_expect(rig, "worker-1", "MDPW02", "\x06", NULL);
    rig_pass(rig, 4 * HEARTBEAT);
    rig_register(rig, "worker-1", "echo", NULL, NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "hello", NULL);
    rig_expect(rig, "worker-1", "MDPW02", "\x02", "*", "", "hello", NULL);
    rig_end(rig);
}

static void rule_06_a_second_final_is_dropped_and_counted(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "2", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_answer(rig, "worker", token, "\x04", "header", "first");
    rig_answer(rig, "worker", token, "\x04", "header", "second");
    rig_expect(rig, "client", "MDPC02", "\x03", REGISTRY, "header", "first", NULL);
    rig_expect_nothing(rig, "client");
    assert_int_equal(rig_count(rig, COUNT_DROPPED_STRAY), 1);
    assert_int_equal(rig_count(rig, COUNT_REPLIES), 1);
    rig_end(rig);
}

static void rule_07_one_address_and_an_empty_frame(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[17] = {0};
    (void)state;

    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "one", "two", NULL);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x04", "sixteen bytes...", "one", NULL);
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    rig_pass(rig, 1000);
    rig_expect_nothing(rig, "client");
    assert_int_equal(rig_count(rig, COUNT_DROPPED_MALFORMED), 1);
    rig_end(rig);
}

static void rule_08_heartbeats_go_out_when_nothing_else_does(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "two", "echo", NULL, NULL);
    rig_say(rig, "one", SERVICE, "", "MDPW01", "\x01", "many.a", NULL);
    rig_pass(rig, HEARTBEAT + HEARTBEAT / 4);
    rig_expect(rig, "two", "MDPW02", "\x05", NULL);
    rig_expect(rig, "one", "", "MDPW01", "\x04", NULL);
    rig_expect_nothing(rig, "two");
    rig_end(rig);
}

static void rule_08_silence_of_four_heartbeats_is_the_end(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "4", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_pass(rig, 4 * HEARTBEAT);
    rig_expect_nothing(rig, "client");
    rig_pass(rig, HEARTBEAT / 2);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "is gone");
    assert_int_equal(rig_count(rig, COUNT_WORKERS_LOST), 1);
    rig_end(rig);
}

static void rule_08_every_command_counts_as_heartbeat(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "4", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    for (int i = 0; i < 10; i++) {
        rig_pass(rig, 3 * HEARTBEAT);
        rig_answer(rig, "worker", token, i % 2 ? "\x03" : "\x04", "", "stray replies count too");
    }
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 1);
    rig_end(rig);
}

static void rule_08_a_broker_that_slept_blames_nobody(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "4", NULL);
    rig->now_us += 60000000;
    broker_tick(rig->broker, rig->now_us);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 1);
    rig_pass(rig, 5 * HEARTBEAT);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 0);
    rig_end(rig);
}

/* One worker, one connection: two connections are two workers, whatever they call themselves. */
static void rule_09_each_connection_is_a_worker_of_its_own(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "one", "echo", NULL, NULL);
    rig_register(rig, "two", "echo", NULL, NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "a", NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "b", NULL);
    assert_int_equal(rig_count(rig, COUNT_IN_FLIGHT), 2);
    rig_expect(rig, "one", "MDPW02", "\x02", "*", "", "*", NULL);
    rig_expect(rig, "two", "MDPW02", "\x02", "*", "", "*", NULL);
    rig_end(rig);
}

static void rule_10_mmi_service(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", "mmi.service", "echo", NULL);
    rig_expect(rig, "c", "MDPC02", "\x03", "mmi.service", "200", NULL);
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", "mmi.service", "ech", NULL);
    rig_expect(rig, "c", "MDPC02", "\x03", "mmi.service", "404", NULL);
    rig_say(rig, "c", VIEWER, "", "MDPC01", "mmi.service", "", NULL);
    rig_expect(rig, "c", "", "MDPC01", "mmi.service", "404", NULL);
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", "mmi.service", NULL);
    rig_expect(rig, "c", "MDPC02", "\x03", "mmi.service", "400", NULL);
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", "mmi.servic", "echo", NULL);
    rig_expect(rig, "c", "MDPC02", "\x03", "mmi.servic", "501", NULL);
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", "mmi.", NULL);
    rig_expect(rig, "c", "MDPC02", "\x03", "mmi.", "501", NULL);
    rig_end(rig);
}

/* The fault of reference brokers: a client may call itself mmi.x, and that changes nothing. */
static void rule_10_mmi_is_told_by_the_service_name(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_say(rig, "mmi.service", ADMIN, "MDPC02", "\x01", "echo", "hello", NULL);
    rig_expect(rig, "worker", "MDPW02", "\x02", "*", "", "hello", NULL);
    rig_expect_nothing(rig, "mmi.service");
    rig_end(rig);
}

static void rule_10_nobody_registers_mmi_names(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", "mmi.service", NULL, NULL);
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 0);
    assert_int_equal(rig_count(rig, COUNT_READY_REFUSED), 1);
    rig_end(rig);
}

static void rule_10_requests_wait_for_a_service_to_come(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "plain", ADMIN, "", "MDPC01", "echo", "early", NULL);
    rig_ask(rig, "ours", VIEWER, REGISTRY, "r1", 0);
    rig_pass(rig, 1900);
    rig_register(rig, "echo-worker", "echo", NULL, NULL);
    rig_register(rig, "registry-worker", REGISTRY, "4", NULL);
    rig_expect(rig, "echo-worker", "MDPW02", "\x02", "*", "", "early", NULL);
    rig_serve(rig, "registry-worker");
    rig_expect(rig, "ours", "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    rig_end(rig);
}

static void rule_10_waiting_requests_expire(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "plain", ADMIN, "", "MDPC01", "echo", "early", NULL);
    rig_ask(rig, "ours", VIEWER, REGISTRY, "r1", 0);
    rig_pass(rig, 2000);
    rig_expect_status(rig, "ours", "r1", ERR_UNAVAILABLE, "no worker for service");
    rig_pass(rig, 28000);
    assert_int_equal(rig_count(rig, COUNT_DROPPED_PLAIN_EXPIRED), 1);
    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_expect_nothing(rig, "worker");
    rig_expect_nothing(rig, "plain");
    rig_end(rig);
}

static void rule_10_invalid_messages_are_dropped(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "c", ADMIN, "MDPC03", "\x01", "echo", "x", NULL);
    rig_say(rig, "c", ADMIN, "MDPC02", "\x07", "echo", "x", NULL);
    rig_say(rig, "c", ADMIN, "MDPC02", "\x03", "echo", "x", NULL);
    rig_say(rig, "c", ADMIN, "MDPC02", NULL);
    rig_say(rig, "c", ADMIN, "", NULL);
    rig_say(rig, "c", ADMIN, NULL);
    rig_pass(rig, 3000);
    assert_int_equal(rig->tray_count, 0);
    assert_int_equal(rig_count(rig, COUNT_DROPPED_MALFORMED), 6);
    rig_end(rig);
}

static void rule_10_an_invalid_message_makes_its_worker_invalid(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "4", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_say(rig, "worker", SERVICE, "garbage", NULL);
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "is gone");
    rig_end(rig);
}

static void rule_10_clients_are_served_in_turn(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    for (int i = 0; i < 20; i++)
        rig_ask(rig, "greedy", VIEWER, REGISTRY, "g", 0);
    rig_ask(rig, "modest", VIEWER, REGISTRY, "m", 0);
    for (int i = 0; i < 3; i++)
        rig_serve(rig, "worker");
    rig_expect(rig, "modest", "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    rig_end(rig);
}

static void rule_10_no_heartbeats_while_commands_flow(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    for (int i = 0; i < 20; i++) {
        rig_ask(rig, "client", VIEWER, REGISTRY, "r", 0);
        rig_serve(rig, "worker");
        rig_pass(rig, HEARTBEAT / 2);
        rig_expect_nothing(rig, "worker");
    }
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_01_messages_carry_the_routing_id_of_their_peer),
        cmocka_unit_test(rule_02_nothing_follows_the_final_reply),
        cmocka_unit_test(rule_02_nothing_follows_a_failure),
        cmocka_unit_test(rule_03_second_ready_is_disconnected),
        cmocka_unit_test(rule_03_commands_before_ready_are_disconnected),
        cmocka_unit_test(rule_03_commands_of_the_other_side_are_out_of_place),
        cmocka_unit_test(rule_04_nothing_after_the_workers_disconnect),
        cmocka_unit_test(rule_04_what_a_leaving_worker_holds_is_unavailable_at_once),
        cmocka_unit_test(rule_05_a_worker_comes_back_on_a_new_connection),
        cmocka_unit_test(rule_05_a_chosen_routing_id_may_come_back_after_a_pause),
        cmocka_unit_test(rule_06_a_second_final_is_dropped_and_counted),
        cmocka_unit_test(rule_07_one_address_and_an_empty_frame),
        cmocka_unit_test(rule_08_heartbeats_go_out_when_nothing_else_does),
        cmocka_unit_test(rule_08_silence_of_four_heartbeats_is_the_end),
        cmocka_unit_test(rule_08_every_command_counts_as_heartbeat),
        cmocka_unit_test(rule_08_a_broker_that_slept_blames_nobody),
        cmocka_unit_test(rule_09_each_connection_is_a_worker_of_its_own),
        cmocka_unit_test(rule_10_mmi_service),
        cmocka_unit_test(rule_10_mmi_is_told_by_the_service_name),
        cmocka_unit_test(rule_10_nobody_registers_mmi_names),
        cmocka_unit_test(rule_10_requests_wait_for_a_service_to_come),
        cmocka_unit_test(rule_10_waiting_requests_expire),
        cmocka_unit_test(rule_10_invalid_messages_are_dropped),
        cmocka_unit_test(rule_10_an_invalid_message_makes_its_worker_invalid),
        cmocka_unit_test(rule_10_clients_are_served_in_turn),
        cmocka_unit_test(rule_10_no_heartbeats_while_commands_flow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
