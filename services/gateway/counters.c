/* The table of counters. A row per enum counter. */
#include "counters.h"

struct stats_counter gateway_counters[COUNTERS + 1] = {
    [COUNT_REQUESTS] = {"requests", "requests of clients accepted for a service", 0},
    [COUNT_REPLIES] = {"replies", "final replies of workers passed on to clients", 0},
    [COUNT_PARTIALS] = {"partials", "partial replies of workers passed on to clients", 0},
    [COUNT_FAILURES] = {"failures", "requests answered with a failure by the gateway itself", 0},
    [COUNT_MMI] = {"mmi", "questions to the gateway itself (mmi.*) answered", 0},
    [COUNT_WORKERS] = {"workers", "workers registered now", 0},
    [COUNT_QUEUED] = {"queued", "requests that wait for a worker now", 0},
    [COUNT_IN_FLIGHT] = {"in_flight", "requests that workers hold now", 0},
    [COUNT_WORKERS_LOST] = {"workers_lost",
                            "workers given up: silent, unreachable, at fault, or out of the list",
                            0},
    [COUNT_DISCONNECTS] = {"disconnects", "DISCONNECT commands sent to workers", 0},
    [COUNT_READY_REFUSED] = {"ready_refused",
                             "registrations refused: role, name, credit, or a limit", 0},
    [COUNT_UNAUTHENTICATED] = {"unauthenticated",
                               "messages of keys that are not, or no longer, in the list", 0},
    [COUNT_KEYS_REFUSED] = {"keys_refused", "connections refused during the handshake", 0},
    [COUNT_DROPPED_MALFORMED] = {"dropped_malformed", "messages that are no majordomo command", 0},
    [COUNT_DROPPED_FRAMES] = {"dropped_frames", "messages with more frames than allowed", 0},
    [COUNT_DROPPED_SILENCED] = {"dropped_silenced",
                                "messages of peers after their DISCONNECT, or of a taken id", 0},
    [COUNT_DROPPED_STRAY] = {"dropped_stray", "replies without a token that their worker holds", 0},
    [COUNT_DROPPED_LATE] = {"dropped_late", "replies after the deadline of their request", 0},
    [COUNT_DROPPED_UNDELIVERABLE] = {"dropped_undeliverable",
                                     "messages whose receiver was gone or did not read", 0},
    [COUNT_DROPPED_PLAIN_REFUSED] = {"dropped_plain_refused",
                                     "plain requests dropped: role, frames, or a full queue", 0},
    [COUNT_DROPPED_PLAIN_EXPIRED] = {"dropped_plain_expired",
                                     "plain requests dropped when their time was over", 0},
    [COUNT_DROPPED_PLAIN_LOST] = {"dropped_plain_lost",
                                  "plain requests dropped with their worker or gateway", 0},
    [COUNT_EVENTS] = {"events", "events passed on to subscribers", 0},
    [COUNT_DROPPED_EVENTS] = {"dropped_events",
                              "events dropped: no publisher's key, or too many frames", 0},
    [COUNT_RELOADS] = {"reloads", "times the principals file was read again", 0},
};

void count(enum counter counter)
{
    count_level(counter, 1);
}

void count_level(enum counter counter, int64_t change)
{
    atomic_fetch_add_explicit(&gateway_counters[counter].value, change, memory_order_relaxed);
}

int64_t count_read(enum counter counter)
{
    return atomic_load_explicit(&gateway_counters[counter].value, memory_order_relaxed);
}
