/* Messages from bytes that nobody vouches for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/codec.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/bus.pb-c.h>
#include <ucap/v1/registry.pb-c.h>

/* ---- a recursive type with a oneof: the contract has none, the codec must stand it ---- */

struct node {
    ProtobufCMessage base;
    struct node *child;
    uint32_t choice_case;
    union {
        char *text;
        int32_t number;
    };
};

static void node_init(ProtobufCMessage *message);
static const ProtobufCMessageDescriptor node_descriptor;

#define ONEOF_FIELD(name, id, type, member)                                                        \
    {                                                                                              \
        name, id, PROTOBUF_C_LABEL_NONE, type, offsetof(struct node, choice_case),                 \
            offsetof(struct node, member), NULL, NULL, PROTOBUF_C_FIELD_FLAG_ONEOF, 0, NULL, NULL  \
    }

static const ProtobufCFieldDescriptor node_fields[] = {
    {"child", 1, PROTOBUF_C_LABEL_NONE, PROTOBUF_C_TYPE_MESSAGE, 0, offsetof(struct node, child),
     &node_descriptor, NULL, 0, 0, NULL, NULL},
    ONEOF_FIELD("text", 2, PROTOBUF_C_TYPE_STRING, text),
    ONEOF_FIELD("number", 3, PROTOBUF_C_TYPE_INT32, number),
};
static const unsigned node_by_name[] = {0, 2, 1};
static const ProtobufCIntRange node_ranges[] = {{1, 0}, {0, 3}};
static const ProtobufCMessageDescriptor node_descriptor = {PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                                           "test.Node",
                                                           "Node",
                                                           "Node",
                                                           "test",
                                                           sizeof(struct node),
                                                           3,
                                                           node_fields,
                                                           node_by_name,
                                                           1,
                                                           node_ranges,
                                                           node_init,
                                                           NULL,
                                                           NULL,
                                                           NULL};

static void node_init(ProtobufCMessage *message)
{
    *(struct node *)message = (struct node){.base = PROTOBUF_C_MESSAGE_INIT(&node_descriptor)};
}

/* ---- helpers ---- */

#define CITY (&ucap__v1__city__descriptor)

static int unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size,
                  struct err *err)
{
    ProtobufCMessage *message = NULL;
    int rc = codec_unpack(descriptor, bytes, size, NULL, &message, err);

    assert_true(rc == 0 ? message != NULL : message == NULL);
    codec_free(message);
    return rc;
}

static void assert_refused(const ProtobufCMessageDescriptor *descriptor, const void *bytes,
                           size_t size, const char *says)
{
    struct err err = ERR_INIT;

    assert_int_equal(unpack(descriptor, bytes, size, &err), -ERR_INVALID_ARGUMENT);
    if (!strstr(err.text, says))
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

#define REFUSED(descriptor, literal, says)                                                         \
    assert_refused(descriptor, literal, sizeof(literal) - 1, says)

/* Bytes of a message; the caller frees them. */
static uint8_t *bytes_of(const void *message, size_t *ret_size)
{
    void *bytes = NULL;

    assert_int_equal(codec_pack(message, &bytes, ret_size, NULL), 0);
    return bytes;
}

/* A city with something in every kind of field. */
static uint8_t *sample(size_t *ret_size)
{
    Ucap__V1__LocalText en = UCAP__V1__LOCAL_TEXT__INIT, zh = UCAP__V1__LOCAL_TEXT__INIT;
    Ucap__V1__LocalText *names[] = {&en, &zh};
    Ucap__V1__Figure figure = UCAP__V1__FIGURE__INIT;
    Ucap__V1__Figure *figures[] = {&figure};
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;

    en.language = (char *)"en", en.text = (char *)"Liuzhou\t(Guangxi)\nsecond line";
    zh.language = (char *)"zh-Hans", zh.text = (char *)"柳州";
    figure.kind = (char *)"population", figure.value = (char *)"4157934";
    figure.qualifier = UCAP__V1__FIGURE__QUALIFIER__QUALIFIER_ABOUT;
    time.seconds = 1560000000, time.nanos = 1;
    city.slug = (char *)"liuzhou", city.version = 300;
    city.names = names, city.n_names = 2;
    city.figures = figures, city.n_figures = 1;
    city.created_at = &time;
    return bytes_of(&city, ret_size);
}

/* ---- tests ---- */

static void sound_message_passes(void **state)
{
    struct err err = ERR_INIT;
    ProtobufCMessage *message = NULL;
    size_t size;
    uint8_t *bytes = sample(&size);

    (void)state;
    assert_int_equal(codec_unpack(CITY, bytes, size, NULL, &message, &err), 0);
    const Ucap__V1__City *city = (const Ucap__V1__City *)message;
    assert_string_equal(city->slug, "liuzhou");
    assert_int_equal(city->version, 300);
    assert_string_equal(city->names[1]->text, "柳州");
    assert_int_equal(codec_check(message, &err), 0);
    codec_free(message);
    free(bytes);
    assert_int_equal(unpack(CITY, NULL, 0, &err), 0);
    codec_free(NULL);
}

static void bad_text_is_refused(void **state)
{
    (void)state;
    REFUSED(CITY, "\x0a\x02\xc3\x28", "ucap.v1.City: slug is not UTF-8");
    REFUSED(CITY, "\x0a\x03\xed\xa0\x80", "slug is not UTF-8");
    REFUSED(CITY,
            "\x0a\x03"
            "a\x00"
            "b",
            "slug has a NUL");
    REFUSED(CITY, "\x0a\x01\x00", "slug has a NUL");
    REFUSED(CITY,
            "\x0a\x02"
            "a\x1b",
            "slug has a control character");
    REFUSED(CITY,
            "\x0a\x03"
            "a\xc2\x9b",
            "slug has a control character");
    REFUSED(CITY,
            "\x1a\x07\x12\x05"
            "a\x00"
            "bcd",
            "text has a NUL");
    REFUSED(CITY, "\x1a\x00\x1a\x03\x12\x01\x7f", "names[1].text has a control character");
    REFUSED(&ucap__v1__update_city_request__descriptor,
            "\x12\x01"
            "a\x12\x01\xff",
            "fields[1] is not UTF-8");
}

/* The last one of a singular field counts; an earlier one is checked all the same. */
static void overwritten_text_is_checked(void **state)
{
    (void)state;
    REFUSED(CITY,
            "\x0a\x01\x00\x0a\x01"
            "a",
            "slug has a NUL");
}

static void unknown_enum_is_refused(void **state)
{
    (void)state;
    REFUSED(CITY, "\x3a\x02\x28\x63", "figures[0].qualifier is 99, which is no ");
    REFUSED(CITY, "\x3a\x0b\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "qualifier is -1");
    REFUSED(&ucap__v1__caller__descriptor, "\x10\x05", "role is 5");
    assert_int_equal(unpack(&ucap__v1__caller__descriptor, "\x10\x04", 2, NULL), 0);
}

static void assert_time(int64_t seconds, int32_t nanos, const char *says)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    struct err err = ERR_INIT;
    size_t size;

    time.seconds = seconds;
    time.nanos = nanos;
    city.created_at = &time;
    uint8_t *bytes = bytes_of(&city, &size);
    assert_int_equal(unpack(CITY, bytes, size, &err), says ? -ERR_INVALID_ARGUMENT : 0);
    assert_int_equal(codec_check(&city.base, &err), says ? -ERR_INVALID_ARGUMENT : 0);
    if (says)
        assert_non_null(strstr(err.text, says));
    free(bytes);
}

static void times_have_bounds(void **state)
{
    (void)state;
    assert_time(-62135596800, 0, NULL);
    assert_time(253402300799, 999999999, NULL);
    assert_time(-62135596801, 0, "created_at is a time outside");
    assert_time(253402300800, 0, "created_at is a time outside");
    assert_time(INT64_MAX, 0, "created_at is a time outside");
    assert_time(INT64_MIN, 0, "created_at is a time outside");
    assert_time(0, 1000000000, "nanoseconds");
    assert_time(0, -1, "nanoseconds");
}

static void malformed_bytes_are_refused(void **state)
{
    (void)state;
    REFUSED(CITY, "\x0a", "not a well-formed message");
    REFUSED(CITY,
            "\x0a\x05"
            "abc",
            "not a well-formed message");
    REFUSED(CITY, "\x0a\xff\xff\xff\xff\x0f", "not a well-formed message");
    REFUSED(CITY, "\x0a\xff\xff\xff\xff\xff\x01", "not a well-formed message");
    REFUSED(CITY, "\x00\x01", "not a well-formed message");
    REFUSED(CITY, "\x0b\x0c", "not a well-formed message");
    REFUSED(CITY, "\x0f\x01", "not a well-formed message");
    REFUSED(CITY, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "not a well-formed");
    REFUSED(CITY, "\x09\x01\x02", "not a well-formed message");
    REFUSED(CITY, "\x0d\x01\x02", "not a well-formed message");
    REFUSED(CITY, "\x08\x01", "not a message of this type"); /* a number where text belongs */
    REFUSED(CITY, "\x1a\x02\x0a\x05", "ucap.v1.LocalText: the bytes");
}

static void unknown_fields_are_thrown_away(void **state)
{
    ProtobufCMessage *message = NULL;
    size_t size;

    (void)state;
    assert_int_equal(codec_unpack(CITY,
                                  "\x0a\x01"
                                  "a\xfa\x01\x02\xff\x00\x1a\x05\xfa\x01\x02\xff\x00",
                                  15, NULL, &message, NULL),
                     0);
    assert_int_equal(message->n_unknown_fields, 0);
    uint8_t *bytes = bytes_of(message, &size);
    assert_int_equal(size, 5); /* the slug, and a name with nothing in it */
    free(bytes);
    codec_free(message);
}

/* `depth` nodes inside each other; lengths written from the inside out. */
static size_t nested(uint8_t *bytes, size_t room, unsigned depth)
{
    size_t start = room;

    for (unsigned i = 1; i < depth; i++) {
        size_t size = room - start;
        unsigned groups = size < 128 ? 1 : size < 16384 ? 2 : 3;
        start -= groups;
        for (unsigned g = 0; g < groups; g++)
            bytes[start + g] = (uint8_t)((size >> (7 * g)) & 0x7f) | (g + 1 < groups ? 0x80 : 0);
        bytes[--start] = 0x0a;
    }
    memmove(bytes, bytes + start, room - start);
    return room - start;
}

static void nesting_is_bounded(void **state)
{
    static uint8_t bytes[1 << 20];

    (void)state;
    size_t size = nested(bytes, sizeof(bytes), 32);
    assert_int_equal(unpack(&node_descriptor, bytes, size, NULL), 0);
    size = nested(bytes, sizeof(bytes), 33);
    assert_refused(&node_descriptor, bytes, size, "more than 32 messages inside each other");
    size = nested(bytes, sizeof(bytes), 200000);
    assert_refused(&node_descriptor, bytes, size, "more than 32 messages inside each other");
}

static void made_message_that_nests_too_deep_is_refused(void **state)
{
    struct node nodes[40];

    (void)state;
    for (int i = 0; i < 40; i++) {
        node_init(&nodes[i].base);
        nodes[i].child = i + 1 < 40 ? &nodes[i + 1] : NULL;
    }
    assert_int_equal(codec_check(&nodes[8].base, NULL), 0);
    assert_int_equal(codec_check(&nodes[7].base, NULL), -ERR_INVALID_ARGUMENT);
}

static void only_the_member_of_a_oneof_that_is_set_is_read(void **state)
{
    (void)state;
    assert_int_equal(unpack(&node_descriptor, "\x18\x05", 2, NULL), 0);
    assert_int_equal(unpack(&node_descriptor, "\x12\x01t\x18\x05", 5, NULL), 0);
    REFUSED(&node_descriptor, "\x0a\x05\x18\x05\x12\x01\x01", "child.text has a control");
}

static void sizes_are_bounded(void **state)
{
    const struct codec_limits small = {16, 1 << 20};
    struct err err = ERR_INIT;
    ProtobufCMessage *message = NULL;
    uint8_t bytes[17] = {0x0a, 15};

    (void)state;
    memset(bytes + 2, 'a', 15);
    assert_int_equal(codec_unpack(CITY, bytes, 17, &small, &message, &err),
                     -ERR_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(err.text, "17 bytes are more than the 16 allowed"));
    bytes[1] = 14;
    assert_int_equal(codec_unpack(CITY, bytes, 16, &small, &message, &err), 0);
    codec_free(message);
}

/* Two bytes of input are an empty LocalText: 41 times as much memory. */
static void expansion_is_bounded(void **state)
{
    const struct codec_limits limits = {4u << 20, 8u << 20};
    const size_t size = 1u << 20;
    struct err err = ERR_INIT;
    ProtobufCMessage *message = NULL;
    uint8_t *bytes = calloc(1, size);

    (void)state;
    for (size_t i = 0; i < size; i += 2)
        bytes[i] = 0x1a;
    assert_int_equal(codec_unpack(CITY, bytes, size, &limits, &message, &err),
                     -ERR_RESOURCE_EXHAUSTED);
    assert_null(message);
    assert_non_null(strstr(err.text, "more than 8388608 bytes of memory"));
    assert_int_equal(codec_unpack(CITY, bytes, size / 16, &limits, &message, &err), 0);
    codec_free(message);
    free(bytes);
}

/* Wherever the budget ends, what was decoded so far is freed (asan sees it). */
static void every_end_of_the_budget_is_survived(void **state)
{
    const size_t least = sizeof(Ucap__V1__City) + 2 * sizeof(Ucap__V1__LocalText) +
                         sizeof(Ucap__V1__Figure) + sizeof(Google__Protobuf__Timestamp);
    size_t size;
    uint8_t *bytes = sample(&size);
    int rc = -1;

    (void)state;
    for (size_t budget = 0; rc < 0; budget++) {
        const struct codec_limits limits = {size, budget};
        ProtobufCMessage *message = NULL;
        rc = codec_unpack(CITY, bytes, size, &limits, &message, NULL);
        assert_true(rc == 0 || rc == -ERR_RESOURCE_EXHAUSTED);
        codec_free(message);
        assert_true(budget < 100000);
        assert_true(rc < 0 || budget >= least); /* each piece counts */
    }
    free(bytes);
}

static void long_path_is_cut(void **state)
{
    char name[600];
    struct node inner, outer;
    struct err err = ERR_INIT;
    ProtobufCFieldDescriptor fields[3];
    ProtobufCMessageDescriptor descriptor = node_descriptor;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    memcpy(fields, node_fields, sizeof(fields));
    fields[0].name = name;
    descriptor.fields = fields;
    node_init(&inner.base);
    node_init(&outer.base);
    outer.base.descriptor = &descriptor;
    outer.child = &inner;
    inner.choice_case = 2;
    inner.text = (char *)"\x01";
    assert_int_equal(codec_check(&outer.base, &err), -ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "nnnn has a control character"));
}

static void mutate(uint8_t *bytes, size_t *size, unsigned *seed)
{
    for (int count = 1 + rand_r(seed) % 4; count > 0 && *size > 0; count--) {
        size_t at = (size_t)rand_r(seed) % *size;
        switch (rand_r(seed) % 4) {
        case 0:
            bytes[at] = (uint8_t)rand_r(seed);
            break;
        case 1:
            bytes[at] ^= (uint8_t)(1u << (rand_r(seed) % 8));
            break;
        case 2:
            *size = at;
            break;
        default:
            memmove(bytes + at, bytes + at / 2, *size - at);
        }
    }
}

/* What is accepted after any damage can be encoded, and is accepted again with the same bytes. */
static void mutations_are_refused_or_sound(void **state)
{
    size_t size;
    uint8_t *bytes = sample(&size);
    uint8_t *copy = malloc(size);
    unsigned seed = 20260301;
    int accepted = 0;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        ProtobufCMessage *message = NULL, *again = NULL;
        size_t now = size, first_size, second_size;
        memcpy(copy, bytes, size);
        mutate(copy, &now, &seed);
        if (codec_unpack(CITY, copy, now, NULL, &message, NULL) < 0)
            continue;
        uint8_t *first = bytes_of(message, &first_size);
        assert_int_equal(codec_unpack(CITY, first, first_size, NULL, &again, NULL), 0);
        uint8_t *second = bytes_of(again, &second_size);
        assert_int_equal(first_size, second_size);
        assert_memory_equal(first, second, first_size);
        codec_free(message);
        codec_free(again);
        free(first);
        free(second);
        accepted++;
    }
    assert_in_range(accepted, 1000, 99000); /* both outcomes were met */
    free(copy);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_message_passes),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(overwritten_text_is_checked),
        cmocka_unit_test(unknown_enum_is_refused),
        cmocka_unit_test(times_have_bounds),
        cmocka_unit_test(malformed_bytes_are_refused),
        cmocka_unit_test(unknown_fields_are_thrown_away),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(made_message_that_nests_too_deep_is_refused),
        cmocka_unit_test(only_the_member_of_a_oneof_that_is_set_is_read),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(expansion_is_bounded),
        cmocka_unit_test(every_end_of_the_budget_is_survived),
        cmocka_unit_test(long_path_is_cut),
        cmocka_unit_test(mutations_are_refused_or_sound),
    };
    return cmocka_run_group_tests_name("bus_codec", tests, NULL, NULL);
}
