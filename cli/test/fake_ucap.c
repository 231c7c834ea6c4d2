/* The functions of ucap.h, answering from a list. */
#include "fake_ucap.h"

#include "form/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANSWERS_MAX 32

struct answer {
    const char *method, *json, *sentence;
    int code;
};

struct ucap {
    int unused;
};

static struct ucap connection;
static struct answer answers[ANSWERS_MAX];
static size_t answer_count;
static const struct ucap_finding *violations, *warnings;
static size_t violation_count, warning_count;
static const struct ucap_service_row *services;
static size_t service_count;
static char asked[16384], opened[256];

void fake_reset(void)
{
    answer_count = violation_count = warning_count = service_count = 0;
    asked[0] = opened[0] = '\0';
}

static void add(struct answer answer)
{
    assert_true(answer_count < ANSWERS_MAX);
    answers[answer_count++] = answer;
}

void fake_reply(const char *method, const char *json)
{
    add((struct answer){.method = method, .json = json});
}

void fake_failure(const char *method, int code, const char *sentence)
{
    add((struct answer){.method = method, .code = code, .sentence = sentence});
}

void fake_remarks(const struct ucap_finding *new_violations, size_t new_violation_count,
                  const struct ucap_finding *new_warnings, size_t new_warning_count)
{
    violations = new_violations;
    violation_count = new_violation_count;
    warnings = new_warnings;
    warning_count = new_warning_count;
}

void fake_services(const struct ucap_service_row *rows, size_t count)
{
    services = rows;
    service_count = count;
}

const char *fake_asked(void)
{
    return asked;
}

const char *fake_opened(void)
{
    return opened;
}

/* ---- ucap.h ---- */

int ucap_open(const struct ucap_config *config, struct ucap **ret_ucap, struct ucap_error *error)
{
    (void)error;
    for (size_t i = 0; config->languages[i]; i++)
        snprintf(opened + strlen(opened), sizeof(opened) - strlen(opened), "%s%s", i ? "," : "",
                 config->languages[i]);
    snprintf(opened + strlen(opened), sizeof(opened) - strlen(opened), " %lld",
             (long long)config->timeout_ms);
    *ret_ucap = &connection;
    return 0;
}

void ucap_close(struct ucap *ucap)
{
    (void)ucap;
}

static void keep_request(const char *worker, const char *method, const ProtobufCMessage *request)
{
    size_t used = strlen(asked);
    char *json;

    assert_int_equal(form_to_json(request, FORM_COMPACT, &json, NULL), 0);
    snprintf(asked + used, sizeof(asked) - used, "%s %s %s\n", worker ? worker : "-", method, json);
    free(json);
}

static struct answer take_answer(const char *method)
{
    for (size_t i = 0; i < answer_count; i++) {
        if (strcmp(answers[i].method, method) != 0)
            continue;
        struct answer answer = answers[i];
        memmove(&answers[i], &answers[i + 1], (--answer_count - i) * sizeof(answers[0]));
        return answer;
    }
    fail_msg("no answer is laid out for %s", method);
    return (struct answer){0};
}

int ucap_call(struct ucap *ucap, const ProtobufCServiceDescriptor *service, const char *method,
              const ProtobufCMessage *request, const struct ucap_options *options,
              ProtobufCMessage **ret_reply, struct ucap_error *error)
{
    struct err err = ERR_INIT;

    assert_ptr_equal(ucap, &connection);
    keep_request(options ? options->worker : NULL, method, request);
    struct answer answer = take_answer(method);
    if (answer.code) {
        error->code = answer.code;
        snprintf(error->text, sizeof(error->text), "%s", answer.sentence);
        return -answer.code;
    }
    const ProtobufCMethodDescriptor *row =
        protobuf_c_service_descriptor_get_method_by_name(service, method);
    if (form_from_json(row->output, answer.json, strlen(answer.json), NULL, ret_reply, NULL, &err) <
        0)
        fail_msg("the reply laid out for %s: %s", method, err.text);
    return 0;
}

void ucap_reply_free(ProtobufCMessage *reply)
{
    protobuf_c_message_free_unpacked(reply, NULL);
}

size_t ucap_violations(const struct ucap *ucap, const struct ucap_finding **ret_rows)
{
    (void)ucap;
    *ret_rows = violations;
    return violation_count;
}

size_t ucap_warnings(const struct ucap *ucap, const struct ucap_finding **ret_rows)
{
    (void)ucap;
    *ret_rows = warnings;
    return warning_count;
}

int ucap_services(struct ucap *ucap, struct ucap_service_row **ret_rows, size_t *ret_count,
                  struct ucap_error *error)
{
    (void)ucap;
    (void)error;
    *ret_rows = calloc(service_count + 1, sizeof(**ret_rows));
    assert_non_null(*ret_rows);
    memcpy(*ret_rows, services, service_count * sizeof(*services));
    *ret_count = service_count;
    return 0;
}
