/* Calls: their outcome, and invoking a service without meeting protobuf-c's asserts.
 *
 * An implementation that owns its reply gives it away by setting call->reply to it before it runs
 * the closure, and frees it afterwards only if nobody has ended the call by keeping it. */
#include "bus/call.h"

#include "bus/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void call_init(struct call *call)
{
    memset(call, 0, sizeof(*call));
}

void call_clear(struct call *call)
{
    codec_free(call->reply);
    call->reply = NULL;
    findings_clear(&call->violations);
    findings_clear(&call->warnings);
    call->err = (struct err)ERR_INIT;
    call->done = false;
    call->owner = NULL;
}

void call_fail(struct call *call, const struct err *err)
{
    assert(!call->done && err->code != ERR_OK);
    call->err = *err;
    call->done = true;
}

void call_failf(struct call *call, enum err_code code, const char *format, ...)
{
    struct err err = ERR_INIT;
    va_list args;

    va_start(args, format);
    err_vset(&err, code, format, args);
    va_end(args);
    call_fail(call, &err);
}

static ProtobufCMessage *copy_message(const ProtobufCMessage *message)
{
    ProtobufCMessage *copy = NULL;
    void *bytes = NULL;
    size_t size;

    if (codec_pack(message, &bytes, &size, NULL) < 0)
        return NULL;
    copy = protobuf_c_message_unpack(message->descriptor, NULL, size, bytes);
    free(bytes);
    return copy;
}

void call_keep_reply(const ProtobufCMessage *reply, void *arg)
{
    struct call *call = arg;

    assert(!call->done);
    if (call->reply != reply)
        call->reply = copy_message(reply);
    if (call->reply)
        call->done = true;
    else
        call_failf(call, ERR_RESOURCE_EXHAUSTED, "no memory to keep the reply");
}

/* A vtable of generated code: its slots stand behind the service, in the order of the methods. */
static bool is_empty_slot(const ProtobufCService *service, unsigned method_index)
{
    typedef void (*slot_f)(void);

    if (service->invoke != protobuf_c_service_invoke_internal)
        return false;
    const slot_f *slots = (const slot_f *)(service + 1);
    return slots[method_index] == NULL;
}

void call_invoke(ProtobufCService *service, unsigned method_index, const ProtobufCMessage *request,
                 ProtobufCClosure closure, struct call *call)
{
    const ProtobufCServiceDescriptor *descriptor = service->descriptor;

    if (method_index >= descriptor->n_methods)
        call_failf(call, ERR_UNIMPLEMENTED, "%s has no method number %u", descriptor->name,
                   method_index);
    else if (is_empty_slot(service, method_index))
        call_failf(call, ERR_UNIMPLEMENTED, "%s does not serve %s", descriptor->name,
                   descriptor->methods[method_index].name);
    else if (request->descriptor != descriptor->methods[method_index].input)
        call_failf(call, ERR_INTERNAL, "%s.%s takes a %s, not a %s", descriptor->name,
                   descriptor->methods[method_index].name,
                   descriptor->methods[method_index].input->name, request->descriptor->name);
    else
        service->invoke(service, method_index, request, closure, call);
}

int call_run(ProtobufCService *service, const char *method, const ProtobufCMessage *request,
             struct call *call)
{
    int index = call_method_index(service->descriptor, method);

    if (index < 0)
        call_failf(call, ERR_UNIMPLEMENTED, "%s has no method \"%s\"", service->descriptor->name,
                   method);
    else
        call_invoke(service, (unsigned)index, request, call_keep_reply, call);
    if (!call->done)
        call_failf(call, ERR_INTERNAL, "%s.%s ended without reply or failure",
                   service->descriptor->name, method);
    return -(int)call->err.code;
}

ProtobufCMessage *call_steal_reply(struct call *call)
{
    ProtobufCMessage *reply = call->reply;

    call->reply = NULL;
    return reply;
}

int call_method_index(const ProtobufCServiceDescriptor *descriptor, const char *method)
{
    for (unsigned i = 0; i < descriptor->n_methods; i++)
        if (strcmp(descriptor->methods[i].name, method) == 0)
            return (int)i;
    return -1;
}
