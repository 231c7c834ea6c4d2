/* Help from the tables. Nothing about a command is written here: a row that is added is shown. */
#include "help.h"

#include "base/text.h"
#include "exit.h"

#include <string.h>

#define NAME_COLUMN 30 /* where sentences start beside commands and options */

struct topic {
    const char *name; /* NULL ends the table */
    const char *help;
    void (*print)(FILE *out);
};

/* `  NAME      sentence`, the sentence on the next line when the name is long. */
static void print_row(FILE *out, const char *name, const char *help)
{
    size_t at = 2 + text_width(name);

    fprintf(out, "  %s", name);
    if (at + 2 > NAME_COLUMN) {
        fputc('\n', out);
        at = 0;
    }
    text_wrap(out, help, at, NAME_COLUMN, HELP_COLUMNS);
}

static void print_option(FILE *out, const struct option *option)
{
    char name[64];
    char help[512];
    size_t used;

    snprintf(name, sizeof(name), "--%s%s%s", option->name, option->value ? " " : "",
             option->value ? option->value : "");
    used = (size_t)snprintf(help, sizeof(help), "%s", option->help);
    for (size_t i = 0; option->choices && option->choices[i] && used < sizeof(help); i++)
        used += (size_t)snprintf(help + used, sizeof(help) - used, "%s%s", i ? ", " : ": ",
                                 option->choices[i]);
    if (used < sizeof(help) && (option->many || option->required))
        snprintf(help + used, sizeof(help) - used, " (%s%s%s)", option->required ? "required" : "",
                 option->many && option->required ? "; " : "",
                 option->many ? "may be given several times" : "");
    print_row(out, name, help);
}

static void print_global_options(FILE *out)
{
    fputs("\nGlobal options:\n", out);
    for (const struct option *option = global_options; option->name; option++)
        print_option(out, option);
}

static void print_commands(FILE *out, const char *prefix)
{
    char name[128];

    for (size_t i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        size_t length = strlen(prefix);
        if (strncmp(command->path, prefix, length) != 0)
            continue;
        if (length > 0 && command->path[length] != ' ')
            continue;
        snprintf(name, sizeof(name), "ucap %s", command->path);
        for (const struct argument *row = command->arguments; row && row->name; row++) {
            size_t used = strlen(name);
            snprintf(name + used, sizeof(name) - used, row->optional ? " [%s]" : " %s", row->name);
        }
        print_row(out, name, command->help);
    }
}

void help_welcome(FILE *out)
{
    fputs("ucap " UCAP_VERSION ": action plans of city-to-city cooperation, on the command line\n"
          "\nFirst commands to try:\n",
          out);
    print_row(out, "ucap city list", "all cities that are recorded");
    print_row(out, "ucap city show barcelona", "one city with its figures and their sources");
    print_row(out, "ucap service list", "what runs, since when, and how fast it answers");
    print_row(out, "ucap call", "every method of the system, for scripts");
    fputs("\nNo key yet?\n", out);
    print_row(out, "ucap key generate", "makes one, and says who has to know it");
    fputs("\n`ucap --help` lists all commands and options.\n", out);
}

/* ---- topics ---- */

static void print_exit_codes(FILE *out)
{
    fputs("Exit codes, the same for every command:\n\n", out);
    for (const struct exit_row *row = exit_rows; row->help; row++) {
        fprintf(out, "  %d", row->code);
        text_wrap(out, row->help, 3, 5, HELP_COLUMNS);
    }
}

static void print_formats(FILE *out)
{
    static const struct {
        const char *name, *help;
    } rows[] = {
        {"table", "for reading; as wide as the terminal, uncut when it goes into a file or a "
                  "pipe. " OUTPUT_UNKNOWN " is what is not known"},
        {"json", "the whole message (proto3 JSON); 64-bit numbers are strings"},
        {"yaml", "the same as YAML"},
        {"csv", "for spreadsheets (RFC 4180); what is not known is an empty cell, and a cell that "
                "would be read as a formula starts with an apostrophe"},
    };

    fputs("Formats of results (--format); all else goes to stderr:\n\n", out);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        print_row(out, rows[i].name, rows[i].help);
}

static void print_connection(FILE *out)
{
    fputs("How a gateway is found, each of the three by itself, the first that is set:\n\n", out);
    print_row(out, "1. flags",
              "--gateways, --gateway-key, --key-file; then the context named by "
              "--context");
    print_row(out, "2. environment",
              "UCAP_GATEWAYS, UCAP_GATEWAY_KEY (or UCAP_GATEWAY_KEY_FILE), "
              "UCAP_KEY_FILE, UCAP_LANG");
    print_row(out, "3. context file",
              "its current context. The file: --context-file, "
              "UCAP_CONTEXT_FILE, $XDG_CONFIG_HOME/ucap/context.yaml or "
              "~/.config/ucap/context.yaml");
    fputs("\nA key file that is set nowhere is user.key beside the context file, where\n"
          "`ucap key generate` puts it. A context file:\n\n"
          "  current: office\n"
          "  contexts:\n"
          "    - name: office\n"
          "      gateways: [\"tcp://ucap.example.org:7110\"]\n"
          "      gateway_key: '40 characters; your administrator has it'\n"
          "      key_file: user.key      # relative to this file\n"
          "      languages: [en, zh-Hans]\n"
          "\n`ucap context show` says what is in force, and where it comes from.\n",
          out);
}

static const struct topic topics[] = {
    {"connection", "how the gateway and your key are found", print_connection},
    {"exit-codes", "what the exit code says", print_exit_codes},
    {"formats", "table, json, yaml and csv", print_formats},
    {0, 0, 0},
};

/* ---- levels ---- */

void help_overview(FILE *out)
{
    char name[64];

    fputs("usage: ucap COMMAND [ARGUMENTS] [OPTIONS]\n\nCommands:\n", out);
    print_commands(out, "");
    print_global_options(out);
    fputs("\nTopics:\n", out);
    for (const struct topic *topic = topics; topic->name; topic++) {
        snprintf(name, sizeof(name), "ucap help %s", topic->name);
        print_row(out, name, topic->help);
    }
    fputs("\n`ucap COMMAND --help` shows a command with its options and examples.\n", out);
}

void help_group(FILE *out, const char *group)
{
    for (const struct group *row = groups; row->name; row++)
        if (strcmp(row->name, group) == 0)
            fprintf(out, "ucap %s: %s\n\n", row->name, row->help);
    print_commands(out, group);
    fprintf(out, "\n`ucap %s COMMAND --help` shows a command with its options and examples.\n",
            group);
}

static void print_usage(FILE *out, const struct command *command)
{
    fprintf(out, "usage: ucap %s", command->path);
    for (const struct argument *row = command->arguments; row && row->name; row++)
        fprintf(out, row->optional ? " [%s%s]" : " %s%s", row->name, row->many ? "..." : "");
    for (const struct option *row = command->options; row && row->name; row++)
        if (row->required)
            fprintf(out, " --%s %s", row->name, row->value);
    fputs(" [OPTIONS]\n\n", out);
}

static void print_sentence(FILE *out, const char *text)
{
    char sentence[512];

    snprintf(sentence, sizeof(sentence), "%s.", text);
    if (sentence[0] >= 'a' && sentence[0] <= 'z')
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    text_wrap(out, sentence, 0, 0, HELP_COLUMNS);
}

/* Broken before options, as a shell takes it. */
static void print_example(FILE *out, const char *example)
{
    size_t column = 2;

    fputs("  ", out);
    while (*example) {
        const char *option = strstr(example + 1, " --");
        size_t size = option ? (size_t)(option - example) : strlen(example);
        if (column + size + strlen(" \\") > HELP_COLUMNS) {
            fputs(" \\\n     ", out);
            column = 5;
        }
        fwrite(example, 1, size, out);
        column += size;
        example += size;
    }
    fputc('\n', out);
}

void help_command(FILE *out, const struct command *command)
{
    print_usage(out, command);
    print_sentence(out, command->help);
    if (command->more) {
        fputc('\n', out);
        text_wrap(out, command->more, 0, 0, HELP_COLUMNS);
    }
    if (command->arguments)
        fputs("\nArguments:\n", out);
    for (const struct argument *row = command->arguments; row && row->name; row++)
        print_row(out, row->name, row->help);
    if (command->options)
        fputs("\nOptions:\n", out);
    for (const struct option *row = command->options; row && row->name; row++)
        print_option(out, row);
    fputs("\nExamples:\n", out);
    for (const char *const *example = command->examples; *example; example++)
        print_example(out, *example);
    print_global_options(out);
}

/* ---- `ucap help WORDS` ---- */

static const struct topic *find_topic(const char *name)
{
    for (const struct topic *topic = topics; topic->name; topic++)
        if (strcmp(topic->name, name) == 0)
            return topic;
    return NULL;
}

static int unknown_topic(struct run *run, const char *path, struct err *err)
{
    const char *names[64];
    size_t count = 0;

    for (size_t i = 0; commands[i] && count < 32; i++)
        names[count++] = commands[i]->path;
    for (size_t i = 0; groups[i].name && count < 48; i++)
        names[count++] = groups[i].name;
    for (size_t i = 0; topics[i].name && count < 63; i++)
        names[count++] = topics[i].name;
    names[count] = NULL;
    const char *guess = nearest_word(path, names);
    if (guess)
        return run_usage(run, err, "no help on \"%.100s\" (did you mean \"ucap help %s\"?)", path,
                         guess);
    return run_usage(run, err, "no help on \"%.100s\": `ucap help` lists commands and topics",
                     path);
}

int help_words(struct run *run, struct err *err)
{
    char path[256] = "";

    for (size_t i = 0; i < run->argument_count; i++) {
        size_t used = strlen(path);
        snprintf(path + used, sizeof(path) - used, "%s%s", i ? " " : "", run->arguments[i]);
    }
    if (!path[0]) {
        help_overview(run->out);
        return 0;
    }
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->path, path) == 0) {
            help_command(run->out, commands[i]);
            return 0;
        }
    }
    for (size_t i = 0; groups[i].name; i++) {
        if (strcmp(groups[i].name, path) == 0) {
            help_group(run->out, path);
            return 0;
        }
    }
    const struct topic *topic = find_topic(path);
    if (!topic)
        return unknown_topic(run, path, err);
    topic->print(run->out);
    return 0;
}

const struct command help_command_row = {
    .path = "help",
    .help = "help on a command, a group of commands, or a topic",
    .arguments =
        (const struct argument[]){{.name = "TOPIC",
                                   .help = "words of a command, or connection, exit-codes, formats",
                                   .optional = true,
                                   .many = true},
                                  {0}},
    .examples = (const char *const[]){"ucap help city show", "ucap help exit-codes", NULL},
    .run = help_words,
};
