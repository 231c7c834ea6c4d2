/* Help, printed from the tables of command.h, in lines of at most 80 columns. */
#ifndef UCAP_CLI_HELP_H
#define UCAP_CLI_HELP_H

#include "command.h"

#define HELP_COLUMNS 80

void help_welcome(FILE *out);                                /* `ucap` alone */
void help_overview(FILE *out);                               /* ucap --help */
void help_group(FILE *out, const char *group);               /* ucap city --help */
void help_command(FILE *out, const struct command *command); /* ucap city show --help */

/* What `ucap help WORDS` prints: the overview, a group, a command, or a topic such as
 * "exit-codes". */
int help_words(struct run *run, struct err *err);

extern const struct command help_command_row;

#endif
