/* Settings in words: --help for a terminal of 80 columns, and Markdown for the docs, both from the
 * rows. */
#include "base/settings_row.h"
#include "base/text.h"

#include <string.h>

#define HELP_COLUMNS 80
#define HELP_INDENT  30 /* where the sentences stand */
#define HELP_LINE    512

/* The flag at the left, its sentence at HELP_INDENT: beside it where there is room. */
static void entry_print(FILE *out, const char *flag, const char *sentence)
{
    int column = fprintf(out, "  %s", flag);

    if (column + 2 > HELP_INDENT) {
        fputc('\n', out);
        column = 0;
    }
    text_wrap(out, sentence, (size_t)column, HELP_INDENT, HELP_COLUMNS);
}

static void heading_write(const struct setting *setting, char heading[HELP_LINE])
{
    if (setting->type == SETTING_SECRET)
        snprintf(heading, HELP_LINE, "--%s TEXT, --%s-file FILE", setting->name, setting->name);
    else if (setting->type == SETTING_BOOL)
        snprintf(heading, HELP_LINE, "--%s[=BOOL]", setting->name);
    else
        snprintf(heading, HELP_LINE, "--%s %s", setting->name, setting_placeholder(setting));
}

static void variables_write(const struct setting *setting, const char *quote, char text[HELP_LINE])
{
    char variable[SETTING_NAME_SIZE], file_variable[SETTING_NAME_SIZE];

    setting_variable(setting, false, variable);
    setting_variable(setting, true, file_variable);
    if (setting->type == SETTING_SECRET)
        snprintf(text, HELP_LINE, "%s%s%s or %s%s%s", quote, variable, quote, quote, file_variable,
                 quote);
    else
        snprintf(text, HELP_LINE, "%s%s%s", quote, variable, quote);
}

static const char *default_words(const struct setting *setting)
{
    if (!setting->default_value)
        return "required";
    return setting->default_value[0] ? setting->default_value : "empty";
}

static void setting_print(FILE *out, const struct setting *setting)
{
    char heading[HELP_LINE], variables[HELP_LINE], facts[3 * HELP_LINE];
    char bounds[SETTING_BOUNDS_SIZE];

    heading_write(setting, heading);
    variables_write(setting, "", variables);
    setting_bounds(setting, bounds);
    snprintf(facts, sizeof(facts), "[%s; %s%s%s%s]", variables,
             setting->default_value ? "default " : "", default_words(setting),
             bounds[0] ? "; " : "", bounds);
    entry_print(out, heading, setting->help);
    text_wrap(out, facts, 0, HELP_INDENT, HELP_COLUMNS);
}

void settings_print_help(FILE *out, const char *program, const char *purpose,
                         const struct settings_part *parts)
{
    fprintf(out, "Usage: %s [--NAME VALUE]...\n\n", program);
    text_wrap(out, purpose, 0, 0, HELP_COLUMNS);
    fputc('\n', out);
    text_wrap(out,
              "A setting is given as a flag or in the environment variable beside it; the flag "
              "wins over the variable, the variable over the default.",
              0, 0, HELP_COLUMNS);
    fputc('\n', out);
    for (const struct settings_part *part = parts; part->table; part++)
        for (const struct setting *setting = part->table; setting->name; setting++)
            setting_print(out, setting);
    entry_print(out, "--help", "prints this and ends");
    entry_print(out, "--version", "prints the version and ends");
}

/* ---- Markdown ---- */

/* A cell of a table: a bar in it would end it. */
static void cell_print(FILE *out, const char *text)
{
    fputc(' ', out);
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputs(" |", out);
}

static void row_print(FILE *out, const struct setting *setting)
{
    char heading[HELP_LINE], variables[HELP_LINE], value[HELP_LINE];
    char bounds[SETTING_BOUNDS_SIZE];
    const char *quote = setting->default_value && setting->default_value[0] ? "`" : "";

    heading_write(setting, heading);
    variables_write(setting, "`", variables);
    snprintf(value, sizeof(value), "%s%s%s", quote, default_words(setting), quote);
    setting_bounds(setting, bounds);
    fprintf(out, "| `%s` | %s |", heading, variables);
    cell_print(out, value);
    cell_print(out, bounds);
    cell_print(out, setting->help);
    fputc('\n', out);
}

void settings_print_markdown(FILE *out, const struct settings_part *parts)
{
    fputs("| flag | variable | default | bounds | what it is |\n|---|---|---|---|---|\n", out);
    for (const struct settings_part *part = parts; part->table; part++)
        for (const struct setting *setting = part->table; setting->name; setting++)
            row_print(out, setting);
}
