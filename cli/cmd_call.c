/* ucap call: any method of the contract, by descriptor. */
#include "cmd.h"
#include "contract.h"
#include "file.h"
#include "form/form.h"
#include "help.h"
#include "method.h"
#include "run.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <ucap/v1/cli.pb-c.h>
#include <ucap/v1/control.pb-c.h>

/* ---- the list of methods ---- */

static const struct column columns[] = {
    {.name = "method", .keep = true},
    {.name = "takes"},
};

/* "{slug}", "{page_size, cursor}"; malloc'ed. */
static char *field_list(const ProtobufCMessageDescriptor *descriptor)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fputc('{', out);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        fprintf(out, "%s%s", i ? ", " : "", descriptor->fields[i].name);
    fputc('}', out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static int print_table(struct run *run, struct err *err)
{
    struct table *table = table_create(columns, 2);
    int rc = table ? 0 : err_nomem(err);
    char name[METHOD_WORKER_MAX];

    for (size_t s = 0; contract_services[s] && rc == 0; s++) {
        const ProtobufCServiceDescriptor *service = contract_services[s];
        for (unsigned m = 0; m < service->n_methods && rc == 0; m++) {
            char *fields = field_list(service->methods[m].input);
            /* A Control is asked of one instance. */
            snprintf(name, sizeof(name), "%s%s/%s", service->short_name,
                     service == &ucap__v1__control__descriptor ? "@INSTANCE" : "",
                     service->methods[m].name);
            rc = table_add(table, (const char *[]){name, fields}, err);
            free(fields);
        }
    }
    if (rc == 0)
        run_print_table(run, table);
    table_destroy(table);
    return rc;
}

/* What a MethodInfo borrows besides texts of descriptors. */
struct info {
    Ucap__V1__MethodInfo message;
    char name[METHOD_WORKER_MAX];
};

static int fill_info(struct info *info, const ProtobufCServiceDescriptor *service,
                     const ProtobufCMethodDescriptor *method, struct err *err)
{
    ucap__v1__method_info__init(&info->message);
    snprintf(info->name, sizeof(info->name), "%s/%s", service->short_name, method->name);
    info->message.method = info->name;
    info->message.request = (char *)method->input->name;
    info->message.reply = (char *)method->output->name;
    info->message.fields = calloc(method->input->n_fields + 1, sizeof(char *));
    if (!info->message.fields)
        return err_nomem(err);
    for (unsigned i = 0; i < method->input->n_fields; i++)
        info->message.fields[info->message.n_fields++] = (char *)method->input->fields[i].name;
    return 0;
}

static size_t count_methods(void)
{
    size_t count = 0;

    for (size_t i = 0; contract_services[i]; i++)
        count += contract_services[i]->n_methods;
    return count;
}

static int print_list_message(struct run *run, struct err *err)
{
    Ucap__V1__MethodList list = UCAP__V1__METHOD_LIST__INIT;
    size_t count = count_methods();
    struct info *infos = calloc(count + 1, sizeof(*infos));
    int rc = 0;

    list.methods = calloc(count + 1, sizeof(Ucap__V1__MethodInfo *));
    if (!infos || !list.methods)
        rc = err_nomem(err);
    for (size_t s = 0; contract_services[s] && rc == 0; s++) {
        const ProtobufCServiceDescriptor *service = contract_services[s];
        for (unsigned m = 0; m < service->n_methods && rc == 0; m++) {
            struct info *info = &infos[list.n_methods];
            list.methods[list.n_methods++] = &info->message;
            rc = fill_info(info, service, &service->methods[m], err);
        }
    }
    if (rc == 0)
        rc = run_print_message(run, &list.base, err);
    for (size_t i = 0; infos && i < count; i++)
        free(infos[i].message.fields);
    free(infos);
    free(list.methods);
    return rc;
}

/* ---- the request ---- */

struct input {
    char *text; /* malloc'ed */
    size_t size;
};

static int read_input(struct run *run, struct input *input, struct err *err)
{
    const char *given = run_argument(run, 1);

    if (!given)
        given = "{}";
    if (strcmp(given, "-") == 0)
        return file_read_stream(run->in, "standard input", &input->text, &input->size, err);
    if (given[0] == '@')
        return file_read(given + 1, &input->text, &input->size, err);
    input->text = strdup(given);
    input->size = strlen(given);
    return input->text ? 0 : err_nomem(err);
}

/* A request in JSON begins with a brace. One in YAML may, too: as JSON it is refused or means the
 * same. */
static bool is_json(const struct input *input)
{
    return input->text[strspn(input->text, " \t\r\n")] == '{';
}

static void keep_errors(struct run *run, const struct form_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        const struct form_error *row = &errors->rows[i];
        if (row->line)
            findings_add(&run->violations, row->path, "%s (line %u, column %u)", row->sentence,
                         row->line, row->column);
        else
            findings_add(&run->violations, row->path, "%s", row->sentence);
    }
}

static int read_request(struct run *run, const ProtobufCMethodDescriptor *method,
                        ProtobufCMessage **ret_request, struct err *err)
{
    struct input input = {0};
    struct form_errors errors = {0};
    int rc = read_input(run, &input, err);

    if (rc < 0)
        return rc;
    rc = (is_json(&input) ? form_from_json : form_from_yaml)(method->input, input.text, input.size,
                                                             NULL, ret_request, &errors, err);
    free(input.text);
    if (rc < 0 && errors.count > 0) {
        keep_errors(run, &errors);
        rc =
            err_set(err, err->code, "the request does not read as a %s", method->input->short_name);
    }
    form_errors_clear(&errors);
    return rc;
}

/* ---- the call ---- */

static int check_run(struct run *run, const struct method *method, struct err *err)
{
    if (run->format == OUTPUT_TABLE || run->format == OUTPUT_CSV)
        return run_usage(run, err, "a reply is a message: --format json (the default) or yaml");
    if (method->service == &ucap__v1__control__descriptor && !method->worker[0])
        return run_usage(run, err,
                         "Control is asked of one instance: Control@INSTANCE/%s (`ucap service "
                         "list` shows the instances)",
                         method->method->name);
    return 0;
}

static int call_run_command(struct run *run, struct err *err)
{
    struct method method;
    ProtobufCMessage *request = NULL;
    ProtobufCMessage *reply;

    if (run->argument_count == 0)
        return run_wants_message(run) ? print_list_message(run, err) : print_table(run, err);
    if (method_find(run_argument(run, 0), &method, err) < 0) {
        run->usage = true;
        return -ERR_INVALID_ARGUMENT;
    }
    int rc = check_run(run, &method, err);
    if (rc == 0)
        rc = read_request(run, method.method, &request, err);
    if (rc < 0)
        return rc;
    const struct ucap_options options = {
        .worker = method.worker[0] ? method.worker : NULL,
        .idempotency_key = run_option(run, "idempotency-key"),
    };
    rc = run_call(run, method.service, method.method->name, request, &options, &reply, err);
    protobuf_c_message_free_unpacked(request, NULL);
    if (rc < 0)
        return rc;
    rc = run_print_message(run, reply, err);
    ucap_reply_free(reply);
    return rc;
}

/* ---- `ucap call SERVICE/METHOD --help` ---- */

static const ProtobufCMessageDescriptor *inner_of(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

static bool is_time(const ProtobufCMessageDescriptor *descriptor)
{
    return strcmp(descriptor->name, "google.protobuf.Timestamp") == 0;
}

static const char *type_name(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return "text";
    case PROTOBUF_C_TYPE_BOOL:
        return "true or false";
    case PROTOBUF_C_TYPE_BYTES:
        return "base64";
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return "number";
    default:
        return "whole number";
    }
}

/* "EXACT, ABOUT"; the value for what is not said is left out. */
static void put_enum(FILE *out, const ProtobufCEnumDescriptor *descriptor)
{
    const char *comma = "";

    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (descriptor->values[i].value == 0)
            continue;
        fprintf(out, "%s%s", comma, descriptor->values[i].name);
        comma = ", ";
    }
}

/* " list of LocalText"; malloc'ed. NULL when out of memory. */
static char *type_words(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *inner = inner_of(field);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fputs(field->label == PROTOBUF_C_LABEL_REPEATED ? " list of " : " ", out);
    if (inner && is_time(inner))
        fputs("time, such as 2026-03-01T12:00:00Z", out);
    else if (field->type == PROTOBUF_C_TYPE_ENUM)
        put_enum(out, field->descriptor);
    else
        fputs(inner ? inner->short_name : type_name(field), out);
    fclose(out);
    return text;
}

/* The contract has no recursive messages, so the depth is bounded. */
static void print_fields(FILE *out, const ProtobufCMessageDescriptor *descriptor, size_t indent)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const ProtobufCMessageDescriptor *inner = inner_of(field);
        char *words = type_words(field);
        int column = fprintf(out, "%*s%s:", (int)indent, "", field->name);
        text_wrap(out, words ? words : "", (size_t)column, indent + 2, HELP_COLUMNS);
        free(words);
        if (inner && !is_time(inner))
            print_fields(out, inner, indent + 2);
    }
}

static int help_on_method(struct run *run, struct err *err)
{
    struct method method;

    if (method_find(run_argument(run, 0), &method, err) < 0) {
        run->usage = true;
        return -ERR_INVALID_ARGUMENT;
    }
    const ProtobufCMessageDescriptor *request = method.method->input;
    fprintf(run->out, "usage: ucap call %s%s [OPTIONS]\n\nThe request (%s) has %s\n",
            run_argument(run, 0), request->n_fields ? " [REQUEST]" : "", request->short_name,
            request->n_fields ? "the fields:" : "no fields.");
    print_fields(run->out, request, 2);
    fprintf(run->out, "\nThe answer: %s\n\n`ucap call --help` shows the options.\n",
            method.method->output->short_name);
    return 0;
}

const struct command call_command = {
    .path = "call",
    .help = "calls any method; alone, lists all methods",
    .more =
        "The request is JSON (the proto3 mapping) or YAML; without one it is an empty message. "
        "- reads it from standard input, @FILE from a file. `ucap call METHOD --help` shows the "
        "fields of its request.",
    .arguments =
        (const struct argument[]){
            {.name = "METHOD",
             .help = "SERVICE/METHOD, such as Registry/GetCity; or of one instance, such as "
                     "Control@registry-1/Ping",
             .optional = true},
            {.name = "REQUEST", .help = "JSON or YAML, - or @FILE", .optional = true},
            {0}},
    .options =
        (const struct option[]){{.name = "idempotency-key",
                                 .value = "KEY",
                                 .help = "a write with the same key takes effect once, however "
                                         "often it is sent; a new one by default"},
                                {0}},
    .examples =
        (const char *const[]){"ucap call", "ucap call Registry/GetCity '{\"slug\": \"barcelona\"}'",
                              "ucap call Registry/GetCity 'slug: barcelona'",
                              "ucap call Registry/CreateCity @city.yaml",
                              "ucap call Control@registry-1/Ping",
                              "ucap call Registry/CreateCity --help", NULL},
    .run = call_run_command,
    .help_on = help_on_method,
};
