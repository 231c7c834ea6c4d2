/* Inside the settings: what a row says about itself. Not for other libraries. */
#ifndef UCAP_BASE_SETTINGS_ROW_H
#define UCAP_BASE_SETTINGS_ROW_H

#include "base/settings.h"

#define SETTING_NAME_SIZE   96 /* of a flag or variable with the terminating 0 */
#define SETTING_BOUNDS_SIZE 64

/* "--NAME" or "--NAME-file", and "UCAP_NAME" or "UCAP_NAME_FILE". */
void setting_flag(const struct setting *setting, bool file, char ret_flag[SETTING_NAME_SIZE]);
void setting_variable(const struct setting *setting, bool file,
                      char ret_variable[SETTING_NAME_SIZE]);

/* What stands for the value in --help: "NUMBER". */
const char *setting_placeholder(const struct setting *setting);

/* "1 to 64", "10s or more"; empty for what has no bounds. */
void setting_bounds(const struct setting *setting, char ret_bounds[SETTING_BOUNDS_SIZE]);

/* Writes value to the member. `from` is the flag or variable it comes from, for the sentence. */
int setting_parse(const struct setting *setting, const char *from, const char *value, void *member,
                  struct err *err);

/* What --help prints. */
void settings_print_help(FILE *out, const char *program, const char *purpose,
                         const struct settings_part *parts);

#endif
