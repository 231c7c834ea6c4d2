/* Reads a list page by page, by descriptor. A server that gives the same cursor twice would keep us
 * for ever: refused. */
#include "paging.h"

#include <stdlib.h>
#include <string.h>

static const ProtobufCFieldDescriptor *list_field(const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].label == PROTOBUF_C_LABEL_REPEATED)
            return &descriptor->fields[i];
    return NULL;
}

static void *member(const ProtobufCMessage *message, unsigned offset)
{
    return (char *)(uintptr_t)message + offset;
}

static char **text_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    return field ? member(message, field->offset) : NULL;
}

/* Takes the reply in any case. */
static int keep(struct pages *pages, ProtobufCMessage *reply, struct err *err)
{
    const ProtobufCFieldDescriptor *field = list_field(reply->descriptor);
    size_t more = *(size_t *)member(reply, field->quantifier_offset);
    void **rows = *(void ***)member(reply, field->offset);
    ProtobufCMessage **replies =
        reallocarray(pages->replies, pages->reply_count + 1, sizeof(ProtobufCMessage *));

    if (!replies) {
        ucap_reply_free(reply);
        return err_nomem(err);
    }
    pages->replies = replies;
    replies[pages->reply_count++] = reply;
    if (more == 0)
        return 0;
    void **records = reallocarray(pages->records, pages->count + more, sizeof(*records));
    if (!records)
        return err_nomem(err);
    memcpy(records + pages->count, rows, more * sizeof(*rows));
    pages->records = records;
    pages->count += more;
    return 0;
}

int pages_read(struct run *run, const ProtobufCServiceDescriptor *service, const char *method,
               ProtobufCMessage *request, struct pages *ret_pages, struct err *err)
{
    struct pages pages = {0};
    char **cursor = text_field(request, "cursor");
    char *first = *cursor;
    const char *next;
    int rc;

    do {
        ProtobufCMessage *reply = NULL;
        rc = run_call(run, service, method, request, NULL, &reply, err);
        if (rc == 0)
            rc = keep(&pages, reply, err);
        if (rc < 0)
            break;
        next = *text_field(reply, "next_cursor");
        if (next[0] && strcmp(next, *cursor) == 0)
            rc = err_set(err, ERR_INTERNAL, "%s answers with the same page again", method);
        *cursor = (char *)next; /* lives with the reply, which is kept */
    } while (rc == 0 && next[0]);
    *cursor = first;
    if (rc < 0)
        pages_free(&pages);
    else
        *ret_pages = pages;
    return rc;
}

void pages_free(struct pages *pages)
{
    for (size_t i = 0; i < pages->reply_count; i++)
        ucap_reply_free(pages->replies[i]);
    free(pages->replies);
    free(pages->records);
    *pages = (struct pages){0};
}
