/* form_tool MESSAGE FROM TO: converts messages between pb, json and yaml for the script tests. On
 * stdin and stdout stand frames: the size as 4 bytes, little-endian, then as many bytes. A text
 * that is refused gives the frame "!" and the sentence. */
#include "form/form.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "ucap.v1.ServiceList" -> ucap__v1__service_list__descriptor, the symbol that protoc-c writes: the
 * program is linked with the whole contract, its symbols exported, so that a new message needs no
 * line here. */
static const ProtobufCMessageDescriptor *find(const char *name)
{
    char symbol[200];
    size_t size = 0;
    bool was_upper = true; /* no underscore at the beginning of a part */

    for (const char *at = name; *at && size < sizeof(symbol) - 20; at++) {
        bool upper = isupper((unsigned char)*at);
        if (*at == '.') {
            symbol[size++] = '_';
            symbol[size++] = '_';
            was_upper = true;
            continue;
        }
        if (upper && !was_upper)
            symbol[size++] = '_';
        symbol[size++] = (char)tolower((unsigned char)*at);
        was_upper = upper;
    }
    snprintf(symbol + size, sizeof(symbol) - size, "__descriptor");
    return dlsym(RTLD_DEFAULT, symbol);
}

static bool read_frame(char **ret_bytes, size_t *ret_size)
{
    unsigned char head[4];

    if (fread(head, 1, sizeof(head), stdin) != sizeof(head))
        return false;
    *ret_size = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    *ret_bytes = malloc(*ret_size + 1);
    if (*ret_bytes && fread(*ret_bytes, 1, *ret_size, stdin) == *ret_size)
        return true;
    free(*ret_bytes);
    return false;
}

static void write_frame(const char *mark, const void *bytes, size_t size)
{
    size_t all = size + strlen(mark);

    putchar((int)(all & 255));
    putchar((int)(all >> 8 & 255));
    putchar((int)(all >> 16 & 255));
    putchar((int)(all >> 24 & 255));
    fputs(mark, stdout);
    fwrite(bytes, 1, size, stdout);
}

static int decode(const ProtobufCMessageDescriptor *descriptor, const char *format,
                  const char *bytes, size_t size, ProtobufCMessage **ret_message, struct err *err)
{
    static const struct form_options options = {.max_depth = 100};

    if (strcmp(format, "json") == 0)
        return form_from_json(descriptor, bytes, size, &options, ret_message, NULL, err);
    if (strcmp(format, "yaml") == 0)
        return form_from_yaml(descriptor, bytes, size, &options, ret_message, NULL, err);
    *ret_message = protobuf_c_message_unpack(descriptor, NULL, size, (const uint8_t *)bytes);
    return *ret_message ? 0 : err_set(err, ERR_INVALID_ARGUMENT, "no such message");
}

static int encode(const ProtobufCMessage *message, const char *format, char **ret_bytes,
                  size_t *ret_size, struct err *err)
{
    int rc = 0;

    if (strcmp(format, "pb") == 0) {
        *ret_size = protobuf_c_message_get_packed_size(message);
        *ret_bytes = malloc(*ret_size + 1);
        if (!*ret_bytes)
            return err_nomem(err);
        protobuf_c_message_pack(message, (uint8_t *)*ret_bytes);
        return 0;
    }
    rc = strcmp(format, "json") == 0 ? form_to_json(message, FORM_COMPACT, ret_bytes, err)
                                     : form_to_yaml(message, ret_bytes, err);
    if (rc == 0)
        *ret_size = strlen(*ret_bytes);
    return rc;
}

static void convert(const ProtobufCMessageDescriptor *descriptor, const char *from, const char *to,
                    const char *bytes, size_t size)
{
    struct err err = ERR_INIT;
    ProtobufCMessage *message = NULL;
    char *result = NULL;
    size_t result_size = 0;
    int rc = decode(descriptor, from, bytes, size, &message, &err);

    if (rc == 0)
        rc = encode(message, to, &result, &result_size, &err);
    if (rc == 0)
        write_frame("", result, result_size);
    else
        write_frame("!", err.text, strlen(err.text));
    free(result);
    protobuf_c_message_free_unpacked(message, NULL);
}

int main(int argc, char **argv)
{
    const ProtobufCMessageDescriptor *descriptor = argc == 4 ? find(argv[1]) : NULL;
    char *bytes;
    size_t size;

    if (!descriptor) {
        fprintf(stderr, "usage: form_tool MESSAGE pb|json|yaml pb|json|yaml\n");
        return 2;
    }
    while (read_frame(&bytes, &size)) {
        convert(descriptor, argv[2], argv[3], bytes, size);
        free(bytes);
    }
    return 0;
}
