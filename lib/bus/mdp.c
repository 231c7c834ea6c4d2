/* MDP/0.1 and MDP/0.2 as one table of protocols and their command numbers. */
#include "bus/mdp.h"

#include <string.h>

#define COMMANDS        (MDP_DISCONNECT + 1)
#define PROTOCOL_LENGTH 6
#define CREDIT_MAX      1024

/* The number of each command on the wire; 0: the protocol has none. */
struct protocol {
    char name[PROTOCOL_LENGTH + 1];
    enum mdp_side side;
    int version;
    uint8_t numbers[COMMANDS];
};

static const struct protocol protocols[] = {
    {"MDPC01", MDP_CLIENT, 1, {0}}, /* no command frame: direction tells */
    {"MDPC02", MDP_CLIENT, 2, {[MDP_REQUEST] = 1, [MDP_PARTIAL] = 2, [MDP_FINAL] = 3}},
    {"MDPW01",
     MDP_WORKER,
     1,
     {[MDP_READY] = 1,
      [MDP_REQUEST] = 2,
      [MDP_FINAL] = 3,
      [MDP_HEARTBEAT] = 4,
      [MDP_DISCONNECT] = 5}},
    {"MDPW02",
     MDP_WORKER,
     2,
     {[MDP_READY] = 1,
      [MDP_REQUEST] = 2,
      [MDP_PARTIAL] = 3,
      [MDP_FINAL] = 4,
      [MDP_HEARTBEAT] = 5,
      [MDP_DISCONNECT] = 6}},
};

#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

/* A message being read: the next frame to look at. */
struct cursor {
    const struct frames *frames;
    size_t at;
    struct err *err;
};

static size_t frames_left(const struct cursor *cursor)
{
    return cursor->frames->count > cursor->at ? cursor->frames->count - cursor->at : 0;
}

static bool next_is_empty(const struct cursor *cursor)
{
    return frames_left(cursor) > 0 && frames_size(cursor->frames, cursor->at) == 0;
}

static int refuse(struct cursor *cursor, const char *why)
{
    return err_set(cursor->err, ERR_INVALID_ARGUMENT, "not a majordomo message: %s (frame %zu)",
                   why, cursor->at);
}

static int read_protocol(struct cursor *cursor, const struct protocol **ret_protocol)
{
    for (size_t i = 0; i < PROTOCOLS; i++) {
        if (frames_equal(cursor->frames, cursor->at, protocols[i].name, PROTOCOL_LENGTH)) {
            *ret_protocol = &protocols[i];
            cursor->at++;
            return 0;
        }
    }
    return refuse(cursor, "the protocol is none of MDPC01, MDPC02, MDPW01, MDPW02");
}

static bool is_client_01(const struct protocol *protocol)
{
    return protocol->side == MDP_CLIENT && protocol->version == 1;
}

static int read_command(struct cursor *cursor, const struct protocol *protocol,
                        enum mdp_command *ret_command)
{
    if (is_client_01(protocol)) {
        *ret_command = MDP_REQUEST;
        return 0;
    }
    if (frames_left(cursor) == 0 || frames_size(cursor->frames, cursor->at) != 1)
        return refuse(cursor, "the command is not one byte");
    uint8_t number = *(const uint8_t *)frames_data(cursor->frames, cursor->at);
    for (int command = 0; command < COMMANDS; command++) {
        if (number != 0 && protocol->numbers[command] == number) {
            *ret_command = (enum mdp_command)command;
            cursor->at++;
            return 0;
        }
    }
    return refuse(cursor, "the protocol has no command of this number");
}

static int read_name(struct cursor *cursor, const char *missing, size_t *ret_index)
{
    if (frames_left(cursor) == 0 || next_is_empty(cursor))
        return refuse(cursor, missing);
    *ret_index = cursor->at++;
    return 0;
}

static int read_address(struct cursor *cursor, size_t *ret_index)
{
    int rc = read_name(cursor, "the client address is missing", ret_index);

    if (rc < 0)
        return rc;
    if (!next_is_empty(cursor))
        return refuse(cursor, "no empty frame after the client address");
    cursor->at++;
    return 0;
}

static int read_end(struct cursor *cursor, size_t allowed)
{
    return frames_left(cursor) > allowed ? refuse(cursor, "too many frames for this command") : 0;
}

/* What stands between a worker's command and its body. */
static int read_worker_part(struct cursor *cursor, struct mdp_message *message)
{
    int rc;

    switch (message->command) {
    case MDP_READY:
        rc = read_name(cursor, "the service name is missing", &message->service);
        return rc < 0 ? rc : read_end(cursor, 2); /* credit, instance */
    case MDP_HEARTBEAT:
        return read_end(cursor, 1); /* credit */
    case MDP_DISCONNECT:
        return read_end(cursor, 0);
    default:
        return read_address(cursor, &message->address);
    }
}

int mdp_parse(const struct frames *frames, size_t first, struct mdp_message *ret_message,
              struct err *err)
{
    struct cursor cursor = {frames, first, err};
    struct mdp_message message = {.form.empty_first = next_is_empty(&cursor)};
    const struct protocol *protocol = NULL;

    if (message.form.empty_first)
        cursor.at++;
    int rc = read_protocol(&cursor, &protocol);
    if (rc < 0)
        return rc;
    message.form.side = protocol->side;
    message.form.version = protocol->version;
    rc = read_command(&cursor, protocol, &message.command);
    if (rc < 0)
        return rc;
    if (protocol->side == MDP_CLIENT)
        rc = read_name(&cursor, "the service name is missing", &message.service);
    else
        rc = read_worker_part(&cursor, &message);
    if (rc < 0)
        return rc;
    message.body = cursor.at;
    *ret_message = message;
    return 0;
}

static const struct protocol *protocol_of(const struct mdp_form *form)
{
    for (size_t i = 0; i < PROTOCOLS; i++)
        if (protocols[i].side == form->side && protocols[i].version == form->version)
            return &protocols[i];
    return NULL;
}

static bool has_command(const struct protocol *protocol, enum mdp_command command)
{
    if (is_client_01(protocol))
        return command == MDP_REQUEST || command == MDP_FINAL;
    return protocol->numbers[command] != 0;
}

static bool has_address(enum mdp_side side, enum mdp_command command)
{
    return side == MDP_WORKER &&
           (command == MDP_REQUEST || command == MDP_PARTIAL || command == MDP_FINAL);
}

int mdp_add_head(struct frames *frames, const struct mdp_form *form, enum mdp_command command,
                 const void *name, size_t size)
{
    const struct protocol *protocol = protocol_of(form);
    int rc = 0;

    if (!protocol || !has_command(protocol, command))
        return -ERR_INVALID_ARGUMENT;
    if (form->empty_first)
        rc = frames_add(frames, NULL, 0);
    if (rc == 0)
        rc = frames_add(frames, protocol->name, PROTOCOL_LENGTH);
    if (rc == 0 && !is_client_01(protocol))
        rc = frames_add(frames, &protocol->numbers[command], 1);
    if (rc == 0 && name)
        rc = frames_add(frames, name, size);
    if (rc == 0 && has_address(form->side, command))
        rc = frames_add(frames, NULL, 0);
    return rc;
}

int mdp_credit_parse(const void *bytes, size_t size, unsigned *ret_credit)
{
    const char *digits = bytes;
    unsigned credit = 0;

    if (size == 0 || size > 4)
        return -ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -ERR_INVALID_ARGUMENT;
        credit = credit * 10 + (unsigned)(digits[i] - '0');
    }
    if (credit > CREDIT_MAX)
        return -ERR_INVALID_ARGUMENT;
    *ret_credit = credit;
    return 0;
}
