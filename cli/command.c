/* Reads a command line by the tables. Options may stand anywhere after the word they belong to;
 * `--` ends them. */
#include "command.h"

#include "base/settings.h"
#include "base/text.h"
#include "help.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_SHOWN     64
#define PATH_BYTES      128
#define DURATION_MAX_MS 86400000LL /* a day */

int run_usage(struct run *run, struct err *err, const char *format, ...)
{
    va_list args;

    run->usage = true;
    va_start(args, format);
    err_vset(err, ERR_INVALID_ARGUMENT, format, args);
    va_end(args);
    return -ERR_INVALID_ARGUMENT;
}

/* "cities" for "city": the word itself but for its last letter, under another ending. */
static const char *word_with_other_ending(const char *word, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        size_t size = strlen(words[i]);
        if (size > 3 && strlen(word) < size + 3 && strncasecmp(words[i], word, size - 1) == 0)
            return words[i];
    }
    return NULL;
}

const char *nearest_word(const char *word, const char *const *words)
{
    size_t length = strlen(word);

    for (size_t i = 0; length > 0 && words[i]; i++)
        if (strncasecmp(words[i], word, length) == 0)
            return words[i];
    const char *nearest = text_nearest(word, words);
    return nearest ? nearest : word_with_other_ending(word, words);
}

/* "(did you mean X?)" after the sentence, where there is a guess; else what to do. */
static int unknown(struct run *run, struct err *err, const char *sentence, const char *prefix,
                   const char *guess, const char *otherwise)
{
    if (guess)
        return run_usage(run, err, "%s (did you mean \"%s%s\"?)", sentence, prefix, guess);
    return run_usage(run, err, "%s: %s", sentence, otherwise);
}

/* ---- what the words name ---- */

static const struct option *find_in(const struct option *options, const char *name, size_t length)
{
    for (; options && options->name; options++) {
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0)
            return options;
        if (options->also && strlen(options->also) == length &&
            strncmp(options->also, name, length) == 0)
            return options;
    }
    return NULL;
}

/* The word after `prefix` ("" or "city ") in each command's path, each once; returns how many. */
static size_t next_words(const char *prefix, char words[][PATH_BYTES], const char **ret_words)
{
    size_t count = 0;
    size_t length = strlen(prefix);

    for (size_t i = 0; commands[i] && count < WORDS_SHOWN; i++) {
        const char *path = commands[i]->path;
        if (strncmp(path, prefix, length) != 0)
            continue;
        size_t size = strcspn(path + length, " ");
        if (count > 0 && strlen(words[count - 1]) == size &&
            strncmp(words[count - 1], path + length, size) == 0)
            continue; /* the rows of a group stand together */
        snprintf(words[count], PATH_BYTES, "%.*s", (int)size, path + length);
        ret_words[count] = words[count];
        count++;
    }
    ret_words[count] = NULL;
    return count;
}

/* "list" and "show" follow a noun here; people also try them first. */
static const char *command_ending_in(const char *word)
{
    for (size_t i = 0; commands[i]; i++) {
        const char *last = strrchr(commands[i]->path, ' ');
        if (last && strcmp(last + 1, word) == 0)
            return commands[i]->path;
    }
    return NULL;
}

static int unknown_word(struct run *run, const char *word, struct err *err)
{
    char words[WORDS_SHOWN][PATH_BYTES];
    const char *list[WORDS_SHOWN + 1];
    char prefix[PATH_BYTES] = "";
    char sentence[256];
    char otherwise[256] = "`ucap --help` lists all commands";

    if (run->group)
        snprintf(prefix, sizeof(prefix), "%s ", run->group);
    size_t count = next_words(prefix, words, list);
    const char *guess = nearest_word(word, list);
    if (!guess && !run->group)
        guess = command_ending_in(word);
    if (run->group) {
        size_t used = (size_t)snprintf(otherwise, sizeof(otherwise), "there is");
        for (size_t i = 0; i < count && used < sizeof(otherwise); i++)
            used += (size_t)snprintf(otherwise + used, sizeof(otherwise) - used, "%s %s%s",
                                     i ? "," : "", prefix, list[i]);
    }
    snprintf(sentence, sizeof(sentence), "unknown command \"%s%.100s\"", prefix, word);
    if (!guess && !run->group && find_in(global_options, word, strlen(word)))
        return unknown(run, err, sentence, "--", word, otherwise);
    return unknown(run, err, sentence, prefix, guess, otherwise);
}

static const struct command *find_command(const char *path)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->path, path) == 0)
            return commands[i];
    return NULL;
}

static const char *find_group(const char *name)
{
    for (size_t i = 0; groups[i].name; i++)
        if (strcmp(groups[i].name, name) == 0)
            return groups[i].name;
    return NULL;
}

/* A word before the command is known. */
static int take_word(struct run *run, const char *word, struct err *err)
{
    char path[PATH_BYTES];

    if (snprintf(path, sizeof(path), "%s%s%s", run->group ? run->group : "", run->group ? " " : "",
                 word) >= (int)sizeof(path))
        return run_usage(run, err, "unknown command \"%.40s...\"", word);
    run->command = find_command(path);
    if (run->command)
        return 0;
    if (!run->group && (run->group = find_group(word)) != NULL)
        return 0;
    return unknown_word(run, word, err);
}

static int take_argument(struct run *run, const char *word, struct err *err)
{
    if (run->argument_count == RUN_WORDS_MAX)
        return run_usage(run, err, "too many arguments: %d are the most", RUN_WORDS_MAX);
    run->arguments[run->argument_count++] = word;
    return 0;
}

/* ---- options ---- */

static const struct option *find_option(const struct run *run, const char *name, size_t length)
{
    const struct option *option =
        run->command ? find_in(run->command->options, name, length) : NULL;

    return option ? option : find_in(global_options, name, length);
}

/* The command that has the option, when it was given too early; or NULL. */
static const struct command *owner_of(const char *name, size_t length)
{
    for (size_t i = 0; commands[i]; i++)
        if (find_in(commands[i]->options, name, length))
            return commands[i];
    return NULL;
}

static int unknown_option(struct run *run, const char *word, size_t length, struct err *err)
{
    const char *names[WORDS_SHOWN + 1];
    const struct option *tables[] = {run->command ? run->command->options : NULL, global_options};
    size_t count = 0;
    char sentence[256];
    char otherwise[256];
    char bare[PATH_BYTES];

    for (size_t t = 0; t < 2; t++)
        for (const struct option *at = tables[t]; at && at->name && count < WORDS_SHOWN; at++)
            names[count++] = at->name;
    names[count] = NULL;
    const char *name = word + strspn(word, "-");
    length -= (size_t)(name - word);
    snprintf(bare, sizeof(bare), "%.*s", (int)length, name);
    const struct command *owner = run->command ? NULL : owner_of(name, length);
    if (owner)
        return run_usage(run, err, "option --%s belongs after its command: ucap %s --%s", bare,
                         owner->path, bare);
    snprintf(sentence, sizeof(sentence), "unknown option \"%s%s\"", length > 1 ? "--" : "-", bare);
    snprintf(otherwise, sizeof(otherwise), "`ucap %s%s--help` lists the options",
             run->command ? run->command->path : "", run->command ? " " : "");
    return unknown(run, err, sentence, "--", length > 1 ? nearest_word(bare, names) : NULL,
                   otherwise);
}

static int check_choice(struct run *run, const struct option *option, const char *value,
                        struct err *err)
{
    char sentence[256];
    char otherwise[256] = "use one of";
    size_t used = strlen(otherwise);

    for (size_t i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], value) == 0)
            return 0;
        if (used < sizeof(otherwise))
            used += (size_t)snprintf(otherwise + used, sizeof(otherwise) - used, "%s %s",
                                     i ? "," : "", option->choices[i]);
    }
    snprintf(sentence, sizeof(sentence), "option --%s: unknown value \"%.100s\"", option->name,
             value);
    return unknown(run, err, sentence, "", nearest_word(value, option->choices), otherwise);
}

static int give(struct run *run, const struct option *option, const char *value, struct err *err)
{
    if (option->choices && value[0] && check_choice(run, option, value, err) < 0)
        return -ERR_INVALID_ARGUMENT;
    if (run->given_count == RUN_OPTIONS_MAX)
        return run_usage(run, err, "too many options: %d are the most", RUN_OPTIONS_MAX);
    run->given[run->given_count++] = (struct given){option, value};
    return 0;
}

/* The option at argv[*at]; moves *at over its value. A value may begin with '-' (keys do), unless
 * it is itself the name of an option: then the value was forgotten. */
static int take_option(struct run *run, int argc, char *const *argv, int *at, struct err *err)
{
    const char *word = strcmp(argv[*at], "-h") == 0 ? "--help" : argv[*at];
    size_t length = strcspn(word, "=");
    const char *value = word[length] ? word + length + 1 : NULL;
    const struct option *option =
        strncmp(word, "--", 2) == 0 ? find_option(run, word + 2, length - 2) : NULL;

    if (!option)
        return unknown_option(run, word, length, err);
    if (!option->value) {
        if (value)
            return run_usage(run, err, "option --%s takes no value", option->name);
        return give(run, option, "", err);
    }
    if (!value && *at + 1 < argc) {
        const char *next = argv[*at + 1];
        if (strncmp(next, "--", 2) != 0 || !find_option(run, next + 2, strcspn(next + 2, "=")))
            value = argv[++*at];
    }
    if (!value)
        return run_usage(run, err, "option --%s needs a value: --%s %s", option->name, option->name,
                         option->value);
    return give(run, option, value, err);
}

/* ---- what must be there ---- */

static int check_arguments(struct run *run, struct err *err)
{
    const struct command *command = run->command;
    const struct argument *row = command->arguments;
    size_t count = 0;

    for (; row && row->name; row++) {
        if (count < run->argument_count)
            count = row->many ? run->argument_count : count + 1;
        else if (!row->optional)
            return run_usage(run, err, "`ucap %s` needs %s, %s: such as `%s`", command->path,
                             row->name, row->help, command->examples[0]);
    }
    if (count < run->argument_count)
        return run_usage(run, err,
                         "`ucap %s` has no place for \"%.100s\": `ucap %s --help` shows what it "
                         "takes",
                         command->path, run->arguments[count], command->path);
    for (const struct option *option = command->options; option && option->name; option++)
        if (option->required && !run_has(run, option->name))
            return run_usage(run, err, "`ucap %s` needs --%s %s: %s", command->path, option->name,
                             option->value, option->help);
    return 0;
}

int duration_parse(const char *text, int64_t *ret_ms, struct err *err)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000LL}, {"h", 3600 * 1000LL}};
    size_t digits = strspn(text, "0123456789");
    long long number = digits > 0 && digits < 10 ? strtoll(text, NULL, 10) : 0;

    for (size_t i = 0; number > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text + digits, units[i].unit) == 0 && number * units[i].ms <= DURATION_MAX_MS) {
            *ret_ms = number * units[i].ms;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "\"%.40s\" is not a time between 1ms and 24h: write it like 200ms, 10s or 5m",
                   text);
}

int run_set_languages(struct run *run, const char *list, const char *from, struct err *err)
{
    int rc = settings_split(list, &run->languages, err);

    for (size_t i = 0; rc == 0 && run->languages[i]; i++)
        rc = text_language_check(run->languages[i], err);
    if (rc == 0)
        return 0;
    run->usage = true;
    return err_prefix(err, "%s", from);
}

static int read_globals(struct run *run, struct err *err)
{
    const char *format = run_option(run, "format");
    const char *timeout = run_option(run, "timeout");
    const char *languages = run_option(run, "lang");

    run->context = run_option(run, "context");
    if (format)
        run->format = output_format_of(format);
    if (timeout && duration_parse(timeout, &run->timeout_ms, err) < 0) {
        run->usage = true;
        return err_prefix(err, "option --timeout");
    }
    return languages ? run_set_languages(run, languages, "option --lang", err) : 0;
}

int command_parse(struct run *run, int argc, char *const *argv, struct err *err)
{
    bool options = true;
    int rc = 0;

    for (int i = 1; i < argc && rc == 0; i++) {
        const char *word = argv[i];
        if (options && strcmp(word, "--") == 0)
            options = false;
        else if (options && word[0] == '-' && word[1])
            rc = take_option(run, argc, argv, &i, err);
        else if (run->command)
            rc = take_argument(run, word, err);
        else
            rc = take_word(run, word, err);
    }
    if (rc < 0 || run_has(run, "help") || run_has(run, "version"))
        return rc;
    rc = read_globals(run, err);
    return rc == 0 && run->command ? check_arguments(run, err) : rc;
}

/* ---- what was given ---- */

const char *run_option(const struct run *run, const char *name)
{
    assert(find_option(run, name, strlen(name)));
    for (size_t i = run->given_count; i > 0; i--)
        if (strcmp(run->given[i - 1].option->name, name) == 0)
            return run->given[i - 1].value;
    return NULL;
}

bool run_has(const struct run *run, const char *name)
{
    return run_option(run, name) != NULL;
}

size_t run_options(const struct run *run, const char *name, const char **ret_values, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < run->given_count && count < max; i++)
        if (strcmp(run->given[i].option->name, name) == 0)
            ret_values[count++] = run->given[i].value;
    return count;
}

const char *run_argument(const struct run *run, size_t index)
{
    return index < run->argument_count ? run->arguments[index] : NULL;
}
