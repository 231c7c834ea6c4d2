/* The rows of the command table, each in the file of its group. */
#ifndef UCAP_CLI_CMD_H
#define UCAP_CLI_CMD_H

#include "command.h"

extern const struct command city_list_command;
extern const struct command city_show_command;
extern const struct command city_history_command;
extern const struct command city_archive_command;
extern const struct command city_restore_command;
extern const struct command programme_list_command;
extern const struct command programme_show_command;
extern const struct command programme_history_command;
extern const struct command programme_archive_command;
extern const struct command programme_restore_command;
extern const struct command service_list_command;
extern const struct command call_command;
extern const struct command context_list_command;
extern const struct command context_show_command;
extern const struct command context_use_command;
extern const struct command key_generate_command;
extern const struct command key_show_command;
extern const struct command key_authorize_command;

#endif
