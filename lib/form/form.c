/* The ways in and out: text -> tree -> message, and message -> tree -> text. */
#include "form/form.h"

#include "form/decode.h"
#include "form/encode.h"
#include "form/read.h"
#include "form/utf8.h"
#include "form/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_BYTES ((size_t)16 << 20)
#define DEFAULT_DEPTH 32
#define MOST_DEPTH    1000 /* the decoder recurses */

void form_errors_clear(struct form_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        free(errors->rows[i].path);
        free(errors->rows[i].sentence);
    }
    free(errors->rows);
    *errors = (struct form_errors){0};
}

static size_t byte_limit(const struct form_options *options)
{
    return options && options->max_bytes ? options->max_bytes : DEFAULT_BYTES;
}

static size_t depth_limit(const struct form_options *options)
{
    size_t depth = options && options->max_depth ? options->max_depth : DEFAULT_DEPTH;

    return depth < MOST_DEPTH ? depth : MOST_DEPTH;
}

/* ---- text -> message ---- */

static int refuse_size(size_t limit, struct err *err)
{
    return err_set(err, ERR_RESOURCE_EXHAUSTED, "the text is longer than %zu bytes", limit);
}

/* True when the text is UTF-8 from its first byte to its last. */
static bool check_utf8(const char *text, size_t size, struct form_faults *faults)
{
    size_t bad = form_utf8_bad(text, size);
    unsigned line, column;

    if (bad == size)
        return true;
    form_utf8_place(text, bad, &line, &column);
    form_fault_at(faults, NULL, line, column,
                  "the byte 0x%02x is not UTF-8: save the text in that encoding",
                  (unsigned char)text[bad]);
    return false;
}

static ProtobufCMessage *read_message(form_read_f read,
                                      const ProtobufCMessageDescriptor *descriptor,
                                      const char *text, size_t size,
                                      const struct form_options *options,
                                      struct form_faults *faults)
{
    struct form_tree tree = {.max_depth = depth_limit(options)};
    ProtobufCMessage *message = NULL;

    /* Some editors begin a file with a byte order mark; libyaml counts it as a column, which makes
     * the first key an indented one. */
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    if (check_utf8(text, size, faults) && read(text, size, &tree, faults)) {
        if (tree.root && tree.root->kind != NODE_NULL)
            message = form_decode(descriptor, tree.root, options, faults);
        else
            form_fault_at(faults, NULL, 0, 0,
                          "the text is empty: write {} for a message without fields");
    }
    form_tree_clear(&tree);
    return message;
}

/* The last row says that there are more, where there are. */
static void mark_dropped(struct form_faults *faults)
{
    struct form_errors *kept = &faults->kept;
    char *sentence;

    if (faults->count <= kept->count || kept->count == 0)
        return;
    struct form_error *last = &kept->rows[kept->count - 1];
    if (asprintf(&sentence, "%s (and %zu more)", last->sentence, faults->count - kept->count) < 0)
        return;
    free(last->sentence);
    last->sentence = sentence;
}

static int from_text(form_read_f read, const char *name,
                     const ProtobufCMessageDescriptor *descriptor, const char *text, size_t size,
                     const struct form_options *options, ProtobufCMessage **ret_message,
                     struct form_errors *errors, struct err *err)
{
    struct form_faults faults = {0};

    if (size > byte_limit(options))
        return refuse_size(byte_limit(options), err);
    ProtobufCMessage *message = read_message(read, descriptor, text, size, options, &faults);
    int rc = faults.out_of_memory ? err_nomem(err) : form_faults_result(&faults, name, err);
    if (rc == 0) {
        *ret_message = message;
        return 0;
    }
    protobuf_c_message_free_unpacked(message, NULL);
    mark_dropped(&faults);
    if (errors) {
        form_errors_clear(errors);
        *errors = faults.kept;
    } else {
        form_errors_clear(&faults.kept);
    }
    return rc;
}

int form_from_json(const ProtobufCMessageDescriptor *descriptor, const char *text, size_t size,
                   const struct form_options *options, ProtobufCMessage **ret_message,
                   struct form_errors *errors, struct err *err)
{
    return from_text(form_read_json, NULL, descriptor, text, size, options, ret_message, errors,
                     err);
}

int form_from_yaml(const ProtobufCMessageDescriptor *descriptor, const char *text, size_t size,
                   const struct form_options *options, ProtobufCMessage **ret_message,
                   struct form_errors *errors, struct err *err)
{
    return from_text(form_read_yaml, NULL, descriptor, text, size, options, ret_message, errors,
                     err);
}

/* ---- files ---- */

/* Reads to the end, or one byte beyond the limit. Not by the file's size: it may be a pipe. */
static int read_all(int fd, size_t limit, char **ret_text, size_t *ret_size, struct err *err)
{
    size_t room = 0;
    size_t size = 0;
    char *text = NULL;
    ssize_t got = 1;

    while (got > 0 && size <= limit) {
        if (size == room) {
            room = room ? room * 2 : 4096;
            char *larger = realloc(text, room);
            if (!larger) {
                free(text);
                return err_nomem(err);
            }
            text = larger;
        }
        got = read(fd, text + size, room - size);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            size += (size_t)got;
    }
    if (got < 0) {
        free(text);
        return err_errno(err, ERR_UNAVAILABLE, "read it");
    }
    *ret_text = text;
    *ret_size = size;
    return 0;
}

static enum err_code open_code(int number)
{
    return number == ENOENT || number == ENOTDIR ? ERR_NOT_FOUND
           : number == EACCES                    ? ERR_PERMISSION_DENIED
                                                 : ERR_UNAVAILABLE;
}

int form_read_yaml_file(const char *path, const ProtobufCMessageDescriptor *descriptor,
                        const struct form_options *options, ProtobufCMessage **ret_message,
                        struct err *err)
{
    char *text = NULL;
    size_t size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        int rc = err_errno(err, open_code(errno), "open it");
        err_prefix(err, "%s", path);
        return rc;
    }
    int rc = read_all(fd, byte_limit(options), &text, &size, err);
    close(fd);
    if (rc == 0 && size > byte_limit(options))
        rc = refuse_size(byte_limit(options), err);
    if (rc < 0)
        err_prefix(err, "%s", path);
    else
        rc = from_text(form_read_yaml, path, descriptor, text, size, options, ret_message, NULL,
                       err);
    free(text);
    return rc;
}

/* ---- message -> text ---- */

enum format { FORMAT_JSON_COMPACT, FORMAT_JSON_PRETTY, FORMAT_YAML };

static int write_tree(const struct node *root, enum format format, char **ret_text, struct err *err)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return err_nomem(err);
    __fsetlocking(out, FSETLOCKING_BYCALLER); /* no other thread knows it */
    if (format == FORMAT_YAML)
        form_write_yaml(out, root);
    else
        form_write_json(out, root, format == FORMAT_JSON_PRETTY ? FORM_PRETTY : FORM_COMPACT);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return err_nomem(err);
    }
    *ret_text = text;
    return 0;
}

static int to_text(const ProtobufCMessage *message, enum format format, char **ret_text,
                   struct err *err)
{
    struct form_tree tree = {.max_depth = MOST_DEPTH};
    struct form_faults faults = {0};
    bool complete = form_encode(message, &tree, &faults);
    int rc = form_faults_result(&faults, NULL, err);

    if (rc == 0)
        rc = complete ? write_tree(tree.root, format, ret_text, err) : err_nomem(err);
    form_errors_clear(&faults.kept);
    form_tree_clear(&tree);
    return rc;
}

int form_to_json(const ProtobufCMessage *message, enum form_style style, char **ret_text,
                 struct err *err)
{
    return to_text(message, style == FORM_PRETTY ? FORMAT_JSON_PRETTY : FORMAT_JSON_COMPACT,
                   ret_text, err);
}

int form_to_yaml(const ProtobufCMessage *message, char **ret_text, struct err *err)
{
    return to_text(message, FORMAT_YAML, ret_text, err);
}
