/* Questions to the broker itself (ZeroMQ RFC 8), told by the service name they ask for, whoever
 * sends them. */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Frames behind routing id, empty, protocol, command, name and code. */
#define LIST_FRAMES (FRAMES_MAX - 6)

/* mmi.service: is the name in the body served? */
static int answer_service(struct broker *broker, const struct frames *message,
                          const struct mdp_message *parsed, struct frames *out)
{
    if (parsed->body >= message->count)
        return frames_add_text(out, "400");
    const struct service *service = service_find(broker, frames_data(message, parsed->body),
                                                 frames_size(message, parsed->body));
    return frames_add_text(out, service && service->live ? "200" : "404");
}

/* ---- mmi.list ---- */

struct listing {
    const struct service **rows;
    size_t count;
};

static void add_row(struct map_node *node, void *arg)
{
    struct listing *listing = arg;

    listing->rows[listing->count++] = map_entry(node, struct service, node);
}

static int by_name(const void *a, const void *b)
{
    const struct service *const *left = a;
    const struct service *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

static void print_row(FILE *text, const struct service *service)
{
    size_t credit = 0;
    struct worker *worker;

    TAILQ_FOREACH(worker, &service->workers, of_service)
    credit += worker_free_credit(worker);
    fprintf(text, "%s %zu %zu %zu", service->name, service->worker_count, credit, service->queued);
}

/* The rows from `first` to before `end`, a line each, as one frame. */
static int add_rows(struct frames *out, const struct listing *listing, size_t first, size_t end)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *text = open_memstream(&bytes, &size);

    if (!text)
        return -ERR_RESOURCE_EXHAUSTED;
    for (size_t i = first; i < end; i++) {
        if (i > first)
            fputc('\n', text);
        print_row(text, listing->rows[i]);
    }
    int rc = fclose(text) == 0 ? frames_add(out, bytes, size) : -ERR_RESOURCE_EXHAUSTED;
    free(bytes);
    return rc;
}

/* mmi.list, ours: "200", then a frame "NAME workers free_credit queued" per service, bytewise by
 * name. When there are more services than frames, each frame has several of these lines. */
static int answer_list(struct broker *broker, const struct frames *message,
                       const struct mdp_message *parsed, struct frames *out)
{
    struct listing listing = {.rows = calloc(broker->services.count + 1, sizeof(*listing.rows))};
    int rc = listing.rows ? frames_add_text(out, "200") : -ERR_RESOURCE_EXHAUSTED;

    (void)message;
    (void)parsed;
    if (rc == 0) {
        map_each(&broker->services, add_row, &listing);
        qsort(listing.rows, listing.count, sizeof(*listing.rows), by_name);
    }
    size_t lines = (listing.count + LIST_FRAMES - 1) / LIST_FRAMES;
    for (size_t first = 0; first < listing.count && rc == 0; first += lines) {
        size_t end = first + lines < listing.count ? first + lines : listing.count;
        rc = add_rows(out, &listing, first, end);
    }
    free(listing.rows);
    return rc;
}

static int answer_unknown(struct broker *broker, const struct frames *message,
                          const struct mdp_message *parsed, struct frames *out)
{
    (void)broker;
    (void)message;
    (void)parsed;
    return frames_add_text(out, "501");
}

typedef int answer_f(struct broker *broker, const struct frames *message,
                     const struct mdp_message *parsed, struct frames *out);

static const struct question {
    const char *name;
    answer_f *answer;
} questions[] = {
    {"mmi.service", answer_service},
    {"mmi.list", answer_list},
};

static answer_f *find_answer(const struct frames *message, size_t service)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        if (frames_equal(message, service, questions[i].name, strlen(questions[i].name)))
            return questions[i].answer;
    return answer_unknown;
}

void mmi_receive(struct broker *broker, struct frames *message, const struct mdp_message *parsed)
{
    struct frames out = {.count = 0};
    size_t service = parsed->service;
    int rc = frames_add(&out, frames_data(message, 0), frames_size(message, 0));

    if (rc == 0)
        rc = mdp_add_head(&out, &parsed->form, MDP_FINAL, frames_data(message, service),
                          frames_size(message, service));
    if (rc == 0)
        rc = find_answer(message, service)(broker, message, parsed, &out);
    if (rc == 0) {
        count(COUNT_MMI);
        broker_send(broker, &out);
    }
    frames_clear(&out);
}
