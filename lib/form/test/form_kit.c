#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form_kit.h"

static int parse(const ProtobufCMessageDescriptor *descriptor, enum kit_format format,
                 const char *text, size_t size, const struct form_options *options,
                 ProtobufCMessage **ret_message, struct err *err)
{
    /* A copy of exactly this size: a read beyond it is seen by the sanitizer. */
    char *exact = malloc(size ? size : 1);

    assert_non_null(exact);
    memcpy(exact, text, size);
    int rc = format == KIT_JSON
                 ? form_from_json(descriptor, exact, size, options, ret_message, NULL, err)
                 : form_from_yaml(descriptor, exact, size, options, ret_message, NULL, err);
    free(exact);
    return rc;
}

char *kit_convert(const ProtobufCMessageDescriptor *descriptor, enum kit_format format,
                  const char *text, size_t size, const struct form_options *options)
{
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;
    char *result = NULL;

    if (parse(descriptor, format, text, size, options, &message, &err) < 0) {
        assert_null(message);
        assert_true(asprintf(&result, "!%s", err.text) > 0);
        return result;
    }
    assert_int_equal(form_to_json(message, FORM_COMPACT, &result, &err), 0);
    protobuf_c_message_free_unpacked(message, NULL);
    return result;
}

void kit_check(enum kit_format format, const struct kit_row *row,
               const struct form_options *options)
{
    char *result = kit_convert(&form__test__everything__descriptor, format, row->text,
                               strlen(row->text), options);

    if (strcmp(result, row->expected) != 0)
        print_error("for %s\n", row->text);
    assert_string_equal(result, row->expected);
    free(result);
}

ProtobufCMessage *kit_read(const ProtobufCMessageDescriptor *descriptor, enum kit_format format,
                           const char *text, size_t size)
{
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;

    if (parse(descriptor, format, text, size, NULL, &message, &err) < 0)
        fail_msg("%s\nin %.*s", err.text, (int)(size < 2000 ? size : 2000), text);
    return message;
}

static void check_same(const ProtobufCMessage *message, enum kit_format format, char *text)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *before = malloc(size + 1);
    uint8_t *after = malloc(size + 1);
    ProtobufCMessage *read = kit_read(message->descriptor, format, text, strlen(text));

    if (protobuf_c_message_get_packed_size(read) != size)
        fail_msg("%zu bytes became %zu by\n%.2000s", size, protobuf_c_message_get_packed_size(read),
                 text);
    assert_non_null(before);
    assert_non_null(after);
    protobuf_c_message_pack(message, before);
    protobuf_c_message_pack(read, after);
    assert_memory_equal(before, after, size);
    protobuf_c_message_free_unpacked(read, NULL);
    free(before);
    free(after);
    free(text);
}

void kit_check_round_trip(const ProtobufCMessage *message)
{
    struct err err = ERR_INIT;
    char *text;

    assert_int_equal(form_to_json(message, FORM_COMPACT, &text, &err), 0);
    check_same(message, KIT_JSON, text);
    assert_int_equal(form_to_json(message, FORM_PRETTY, &text, &err), 0);
    check_same(message, KIT_JSON, text);
    assert_int_equal(form_to_yaml(message, &text, &err), 0);
    check_same(message, KIT_YAML, text);
}
