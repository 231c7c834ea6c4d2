/* The table of all commands. The rows of a group stand together; help shows them in this order. */
#include "cmd.h"
#include "help.h"

const struct command *const commands[] = {
    &city_list_command,         &city_show_command,
    &city_history_command,      &city_archive_command,
    &city_restore_command,      &programme_list_command,
    &programme_show_command,    &programme_history_command,
    &programme_archive_command, &programme_restore_command,
    &service_list_command,      &call_command,
    &context_list_command,      &context_show_command,
    &context_use_command,       &key_generate_command,
    &key_show_command,          &key_authorize_command,
    &help_command_row,          NULL,
};

const struct group groups[] = {
    {"city", "the cities that cooperate"},
    {"programme", "the programmes they cooperate in"},
    {"service", "the processes of the system"},
    {"context", "named ways to reach an installation"},
    {"key", "the keys by which the gateway knows who asks"},
    {0, 0},
};
