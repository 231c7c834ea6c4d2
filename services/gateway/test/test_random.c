/* Random peers say random things, valid and not, for thousands of steps while time passes. Whatever
 * they do:
 *
 *   - no worker holds more requests than its credit, and none gets a request it did not register
 * for;
 *   - a request ends in one final answer at most, and nothing follows it;
 *   - a token is given out once, and only its holder's answer reaches the client;
 *   - what the broker keeps stays within its limits, and nothing is left at the end.
 *
 * The seed is printed; UCAP_TEST_SEED runs it again. */
#include "rig.h"

#include "bus/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEERS       24
#define STEPS       150000
#define HELD_MAX    64
#define REQUESTS    (STEPS + 1)
#define CREDIT_MAX  5
#define PEER_LIMIT  16
#define QUEUE_LIMIT 10

struct token {
    unsigned char bytes[16];
};

/* A connection, as the test follows it. */
struct actor {
    char id[8];
    enum user user;
    const char *service; /* registered for; NULL: not known to be a worker */
    unsigned credit;
    bool gone; /* its connection was a worker's: it had better take a new one */
    struct token held[HELD_MAX];
    size_t held_count;
};

struct world {
    struct rig *rig;
    uint64_t random;
    struct actor actors[PEERS];
    unsigned asked;
    unsigned char finals[REQUESTS]; /* by request number */
    struct token *given;            /* all tokens ever */
    size_t given_count;
};

static const char *const services[] = {REGISTRY, "echo", "ucap.v1.Scheduler", "ucap.v1.Nobody"};

/* xorshift64*: the same seed gives the same run everywhere. */
static unsigned pick(struct world *world, unsigned below)
{
    world->random ^= world->random >> 12;
    world->random ^= world->random << 25;
    world->random ^= world->random >> 27;
    return (unsigned)(world->random * 0x2545f4914f6cdd1d >> 33) % below;
}

static struct actor *any_actor(struct world *world)
{
    return &world->actors[pick(world, PEERS)];
}

/* The socket of an actor is replaced by a new one, of somebody else perhaps. */
static void renew(struct world *world, struct actor *actor)
{
    static unsigned number;

    *actor = (struct actor){.user = pick(world, 2) ? SERVICE : (enum user)pick(world, USERS)};
    snprintf(actor->id, sizeof(actor->id), "p%u", ++number % 1000000);
}

static void forget_worker(struct actor *actor)
{
    actor->gone = true;
    actor->service = NULL;
    actor->credit = 0;
    actor->held_count = 0;
}

/* ---- what actors say ---- */

static void ask(struct world *world, struct actor *actor)
{
    struct rig *rig = world->rig;
    const char *service = services[pick(world, 4)];
    char id[16];

    snprintf(id, sizeof(id), "%u", ++world->asked);
    if (pick(world, 10) == 0)
        rig_say(rig, actor->id, actor->user, "", "MDPC01", service, "not", "ours", "at all", NULL);
    else
        rig_ask(rig, actor->id, actor->user, service, id, pick(world, 3000));
}

/* What makes no sense for the actor is done seldom: the world would be empty of workers. */
static bool thinks_better(struct world *world, bool sensible)
{
    return !sensible && pick(world, 20) != 0;
}

static void enlist(struct world *world, struct actor *actor)
{
    unsigned credit = 1 + pick(world, CREDIT_MAX);
    char text[8];
    const char *service = services[pick(world, 3)];

    if (thinks_better(world, !actor->service))
        return;
    snprintf(text, sizeof(text), "%u", credit);
    rig_say(world->rig, actor->id, actor->user, "MDPW02", "\x01", service, text, "instance", NULL);
    actor->service = service;
    if (actor->credit < credit) /* which READY counted, only the broker knows */
        actor->credit = credit;
}

static void answer(struct world *world, struct actor *actor)
{
    if (thinks_better(world, actor->held_count > 0))
        return;
    if (!actor->held_count) {
        rig_answer(world->rig, actor->id, (const unsigned char *)"no token at all.", "\x04", "h",
                   "m");
        return;
    }
    size_t at = pick(world, (unsigned)actor->held_count);
    struct token token = actor->held[at];
    bool final = pick(world, 4) != 0;
    struct frames frames = {.count = 0};
    if (final) {
        actor->held[at] = actor->held[--actor->held_count];
        for (size_t i = 0; i < actor->held_count; i++)
            assert_memory_not_equal(&actor->held[i], &token, sizeof(token));
    }
    frames_add_text(&frames, "MDPW02");
    frames_add_text(&frames, final ? "\x04" : "\x03");
    frames_add(&frames, token.bytes, sizeof(token.bytes));
    frames_add(&frames, NULL, 0);
    frames_add_text(&frames, "header");
    frames_add_text(&frames, actor->id); /* who answers: checked where it arrives */
    rig_say_frames(world->rig, actor->id, actor->user, &frames);
}

static void steal(struct world *world, struct actor *actor)
{
    const struct actor *victim = any_actor(world);

    if (victim == actor || !victim->held_count || thinks_better(world, actor->service))
        return;
    rig_answer(world->rig, actor->id, victim->held[0].bytes, "\x04", "header", "stolen");
}

static void beat(struct world *world, struct actor *actor)
{
    if (thinks_better(world, actor->service))
        return;
    rig_say(world->rig, actor->id, actor->user, "MDPW02", "\x05", NULL);
}

static void leave(struct world *world, struct actor *actor)
{
    rig_say(world->rig, actor->id, actor->user, "MDPW02", "\x06", NULL);
    forget_worker(actor);
}

static void babble(struct world *world, struct actor *actor)
{
    static const char *const words[] = {"",     "MDPC01", "MDPC02", "MDPW01",      "MDPW02",
                                        "\x01", "\x02",   "\x03",   "\x04",        "\x05",
                                        "\x06", "echo",   REGISTRY, "mmi.service", "\xff\xfe"};
    struct frames frames = {.count = 0};

    for (unsigned left = pick(world, 9); left > 0; left--)
        frames_add_text(&frames, words[pick(world, sizeof(words) / sizeof(words[0]))]);
    rig_say_frames(world->rig, actor->id, actor->user, &frames);
}

static void inquire(struct world *world, struct actor *actor)
{
    rig_say(world->rig, actor->id, actor->user, "MDPC02", "\x01", "mmi.list", NULL);
}

/* ---- what they get ---- */

static struct actor *actor_of(struct world *world, const struct frames *got)
{
    for (size_t i = 0; i < PEERS; i++)
        if (frames_equal(got, 0, world->actors[i].id, strlen(world->actors[i].id)))
            return &world->actors[i];
    return NULL; /* its socket is gone */
}

static void note_token(struct world *world, struct actor *actor, const struct frames *got,
                       size_t at)
{
    struct token token;

    assert_int_equal(frames_size(got, at), sizeof(token));
    memcpy(&token, frames_data(got, at), sizeof(token));
    for (size_t i = 0; i < world->given_count; i++)
        assert_memory_not_equal(&world->given[i], &token, sizeof(token));
    assert_true(world->given_count < REQUESTS);
    world->given[world->given_count++] = token;
    assert_non_null(actor->service);
    actor->held[actor->held_count++] = token;
    if (actor->held_count > actor->credit)
        fail_msg("%s holds %zu with credit %u", actor->id, actor->held_count, actor->credit);
}

static void note_final(struct world *world, const struct frames *got)
{
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;
    char number[16] = "";

    if (got->count != 6 || frames_size(got, 5) != 0)
        return; /* a worker's answer, whose client is checked by its token */
    assert_int_equal(codec_unpack(&ucap__v1__reply_header__descriptor, frames_data(got, 4),
                                  frames_size(got, 4), NULL, &message, &err),
                     0);
    Ucap__V1__ReplyHeader *header = (Ucap__V1__ReplyHeader *)message;
    memcpy(number, header->request_id.data ? header->request_id.data : (const uint8_t *)"",
           header->request_id.len < 15 ? header->request_id.len : 15);
    unsigned index = (unsigned)strtoul(number, NULL, 10);
    assert_true(index <= world->asked);
    if (index && ++world->finals[index] > 1)
        fail_msg("request %u ended twice", index);
    codec_free(message);
}

static void take_message(struct world *world, const struct frames *got)
{
    struct actor *actor = actor_of(world, got);
    bool to_worker = frames_equal(got, 1, "MDPW02", 6);

    if (frames_equal(got, got->count - 1, "stolen", 6))
        fail_msg("a stolen answer arrived");
    if (!actor)
        return;
    if (to_worker && frames_equal(got, 2, "\x02", 1))
        note_token(world, actor, got, 3);
    else if (to_worker && frames_equal(got, 2, "\x06", 1))
        forget_worker(actor);
    else if (frames_equal(got, 1, "MDPC02", 6) && frames_equal(got, 2, "\x03", 1))
        note_final(world, got);
}

static void take_all(struct world *world)
{
    struct rig *rig = world->rig;

    for (size_t i = 0; i < rig->tray_count; i++) {
        take_message(world, rig->tray[i]);
        rig_drop(rig->tray[i]);
    }
    rig->tray_count = 0;
}

/* ---- the run ---- */

static void step(struct world *world)
{
    static void (*const acts[])(struct world *, struct actor *) = {
        ask, ask, ask, ask, answer, answer, answer, answer, enlist, enlist, steal, inquire};
    struct actor *actor = any_actor(world);
    unsigned chance = pick(world, 1000);

    if (actor->service && chance >= 200 && chance < 600)
        beat(world, actor);
    else if (chance < 4)
        babble(world, actor);
    else if (chance < 6)
        leave(world, actor);
    else if (chance < 10 || (actor->gone && chance % 2))
        renew(world, actor);
    else if (chance < 200)
        rig_pass(world->rig, pick(world, 100));
    else
        acts[pick(world, sizeof(acts) / sizeof(acts[0]))](world, actor);
    take_all(world);
    assert_true(rig_count(world->rig, COUNT_QUEUED) <= 4 * QUEUE_LIMIT);
    assert_true(rig_count(world->rig, COUNT_WORKERS) <= PEER_LIMIT);
    assert_true(rig_count(world->rig, COUNT_IN_FLIGHT) <= PEER_LIMIT * CREDIT_MAX);
}

static void tight(struct broker_config *config)
{
    config->limits.peers = PEER_LIMIT;
    config->limits.queue = QUEUE_LIMIT;
    config->limits.in_flight = 8;
    config->limits.services = 4;
}

static uint64_t choose_seed(void)
{
    const char *given = getenv("UCAP_TEST_SEED");

    return given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
}

static void random_peers_break_nothing(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    uint64_t seed = choose_seed();
    (void)state;

    assert_non_null(world);
    print_message("seed %llu\n", (unsigned long long)seed);
    world->random = seed * 2 + 1;
    world->given = calloc(REQUESTS, sizeof(*world->given));
    assert_non_null(world->given);
    world->rig = rig_begin(tight);
    for (size_t i = 0; i < PEERS; i++)
        renew(world, &world->actors[i]);
    for (int i = 0; i < STEPS; i++)
        step(world);
    assert_true(rig_count(world->rig, COUNT_REPLIES) > 100);
    assert_true(rig_count(world->rig, COUNT_FAILURES) > 100);
    assert_true(rig_count(world->rig, COUNT_DROPPED_STRAY) > 10);
    rig_pass(world->rig, 70000);
    assert_int_equal(rig_count(world->rig, COUNT_QUEUED), 0);
    assert_int_equal(rig_count(world->rig, COUNT_WORKERS), 0);
    assert_true(broker_is_drained(world->rig->broker));
    rig_end(world->rig);
    free(world->given);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_peers_break_nothing)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
