/* Settings: the command line is read into the rows first, then each row takes its value from the
 * flag, the environment or the default. argp is not used: it accepts abbreviated flags, which stop
 * working when a flag is added, and it keeps to itself which flag it did not know. */
#include "base/settings.h"

#include "base/settings_row.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES_MAX 4096

/* A row with its place in the caller's struct and what the command line gives for it. */
struct row {
    const struct setting *setting;
    void *member;
    const char *flag;      /* value of --NAME, or NULL */
    const char *flag_file; /* value of --NAME-file, or NULL */
};

struct rows {
    struct row *at;
    size_t count;
};

static bool is_string(const struct setting *setting)
{
    return setting->type == SETTING_TEXT || setting->type == SETTING_SECRET ||
           setting->type == SETTING_LIST;
}

static void *member_of(const struct settings_part *part, const struct setting *setting)
{
    return (char *)part->values + setting->offset;
}

/* ---- rows ---- */

static struct row *row_find(const struct rows *rows, const char *name, size_t length)
{
    for (size_t i = 0; i < rows->count; i++) {
        const char *known = rows->at[i].setting->name;
        if (strncmp(known, name, length) == 0 && known[length] == '\0')
            return &rows->at[i];
    }
    return NULL;
}

static int rows_create(const struct settings_part *parts, struct rows *rows, struct err *err)
{
    size_t total = 0;

    for (const struct settings_part *part = parts; part->table; part++)
        for (const struct setting *setting = part->table; setting->name; setting++)
            total++;
    rows->at = calloc(total + 1, sizeof(*rows->at));
    if (!rows->at)
        return err_nomem(err);
    for (const struct settings_part *part = parts; part->table; part++) {
        for (const struct setting *setting = part->table; setting->name; setting++) {
            if (row_find(rows, setting->name, strlen(setting->name)))
                return err_set(err, ERR_INTERNAL, "setting --%s stands in two rows", setting->name);
            rows->at[rows->count++] = (struct row){setting, member_of(part, setting), NULL, NULL};
        }
    }
    return 0;
}

/* So that settings_free finds nothing it must not free, whatever the memory held. */
static void strings_clear(const struct settings_part *parts)
{
    for (const struct settings_part *part = parts; part->table; part++)
        for (const struct setting *setting = part->table; setting->name; setting++)
            if (is_string(setting))
                *(char **)member_of(part, setting) = NULL;
}

/* ---- command line ---- */

struct arguments {
    char **at;
    int count;
    int next;
};

/* The known flag nearest to `wanted`, in memory of *names, which the caller frees; or NULL. */
static const char *flag_nearest(const struct rows *rows, const char *wanted, char **names)
{
    const char **words = calloc(2 * rows->count + 3, sizeof(*words));
    const char *nearest = NULL;
    size_t count = 0;

    *names = calloc(2 * rows->count + 1, SETTING_NAME_SIZE);
    for (size_t i = 0; words && *names && i < rows->count; i++) {
        const struct setting *setting = rows->at[i].setting;
        for (int file = 0; file <= (setting->type == SETTING_SECRET); file++) {
            char *name = *names + count * SETTING_NAME_SIZE;
            setting_flag(setting, file, name);
            words[count++] = name;
        }
    }
    if (words && *names) {
        words[count] = "--help";
        words[count + 1] = "--version";
        nearest = text_nearest(wanted, words);
    }
    free(words);
    return nearest;
}

/* The value after "=" is left out: it may be a secret behind a mistyped name. */
static int flag_unknown(const struct rows *rows, const char *argument, struct err *err)
{
    char *wanted = strndup(argument, strcspn(argument, "="));
    char shown[TEXT_SHOWN_SIZE];
    char *names = NULL;

    if (!wanted)
        return err_nomem(err);
    const char *nearest = flag_nearest(rows, wanted, &names);
    text_show(wanted, shown);
    int rc = nearest
                 ? err_set(err, ERR_INVALID_ARGUMENT, "unknown flag %s (did you mean %s?)", shown,
                           nearest)
                 : err_set(err, ERR_INVALID_ARGUMENT, "unknown flag %s: --help lists all", shown);
    free(names);
    free(wanted);
    return rc;
}

/* The row of a flag. *ret_file: it is the flag of a secret's file. */
static struct row *flag_row(const struct rows *rows, const char *name, size_t length,
                            bool *ret_file)
{
    static const char suffix[] = "-file";
    const size_t suffix_length = sizeof(suffix) - 1;
    struct row *row = row_find(rows, name, length);

    *ret_file = false;
    if (row || length <= suffix_length ||
        strncmp(name + length - suffix_length, suffix, suffix_length) != 0)
        return row;
    row = row_find(rows, name, length - suffix_length);
    *ret_file = true;
    return row && row->setting->type == SETTING_SECRET ? row : NULL;
}

/* The value that stands in the argument after its flag; NULL: there is none. */
static const char *value_after(const struct row *row, bool file, struct arguments *arguments)
{
    const char *value = arguments->next < arguments->count ? arguments->at[arguments->next] : NULL;

    if (row->setting->type == SETTING_BOOL && !file &&
        (!value || (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)))
        return "true";
    if (!value || strncmp(value, "--", 2) == 0)
        return NULL;
    arguments->next++;
    return value;
}

/* Reads the next flag with its value. */
static int flag_read(const struct rows *rows, struct arguments *arguments, struct err *err)
{
    const char *argument = arguments->at[arguments->next++];
    char shown[TEXT_SHOWN_SIZE];
    bool file;

    if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0') {
        text_show(argument, shown);
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "unexpected argument %s: settings are given as --NAME VALUE", shown);
    }
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    struct row *row = flag_row(rows, name, length, &file);
    if (!row)
        return flag_unknown(rows, argument, err);
    const char *value = name[length] ? name + length + 1 : value_after(row, file, arguments);
    if (!value)
        return err_set(err, ERR_INVALID_ARGUMENT, "--%s needs a value", name);
    if (file)
        row->flag_file = value;
    else
        row->flag = value;
    return 0;
}

static int arguments_read(const struct rows *rows, struct arguments *arguments,
                          enum settings_result *ret_result, struct err *err)
{
    while (arguments->next < arguments->count) {
        const char *argument = arguments->at[arguments->next];
        bool help = strcmp(argument, "--help") == 0;
        if (help || strcmp(argument, "--version") == 0) {
            *ret_result = help ? SETTINGS_HELP_PRINTED : SETTINGS_VERSION_PRINTED;
            return 0;
        }
        int rc = flag_read(rows, arguments, err);
        if (rc)
            return rc;
    }
    *ret_result = SETTINGS_RUN;
    return 0;
}

/* ---- values ---- */

/* The first line of a file, without its end. malloc'ed; the caller frees it. */
static int secret_read(const char *from, const char *path, char **ret_secret, struct err *err)
{
    char line[SECRET_BYTES_MAX + 2];
    char shown[TEXT_SHOWN_SIZE];

    text_show(path, shown);
    FILE *file = fopen(path, "re");
    if (!file)
        return err_errno(err, ERR_INVALID_ARGUMENT, "open the file %s of %s", shown, from);
    size_t size = fread(line, 1, sizeof(line) - 1, file);
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    errno = failed;
    if (failed)
        return err_errno(err, ERR_INVALID_ARGUMENT, "read the file %s of %s", shown, from);
    line[size] = '\0';
    size_t length = strcspn(line, "\r\n");
    if (length == 0)
        return err_set(err, ERR_INVALID_ARGUMENT, "the first line of the file %s of %s is empty",
                       shown, from);
    if (length > SECRET_BYTES_MAX || memchr(line, '\0', size))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "the file %s of %s is no secret: use one line of at most %d bytes", shown,
                       from, SECRET_BYTES_MAX);
    *ret_secret = strndup(line, length);
    return *ret_secret ? 0 : err_nomem(err);
}

static int row_missing(const struct setting *setting, struct err *err)
{
    char variable[SETTING_NAME_SIZE], file_variable[SETTING_NAME_SIZE];

    setting_variable(setting, false, variable);
    setting_variable(setting, true, file_variable);
    if (setting->type == SETTING_SECRET)
        return err_set(err, ERR_INVALID_ARGUMENT, "--%s is required: give it, --%s-file, %s or %s",
                       setting->name, setting->name, variable, file_variable);
    return err_set(err, ERR_INVALID_ARGUMENT, "--%s is required: give it or set %s", setting->name,
                   variable);
}

/* Takes the value of a row from what is given at one rank: as itself or, for a secret, in a file.
 */
static int row_take(const struct row *row, const char *from, const char *value,
                    const char *from_file, const char *path, struct err *err)
{
    if (value && path)
        return err_set(err, ERR_INVALID_ARGUMENT, "%s and %s are both given: give one of them",
                       from, from_file);
    if (path)
        return secret_read(from_file, path, row->member, err);
    return setting_parse(row->setting, from, value, row->member, err);
}

static int row_fill(const struct row *row, struct err *err)
{
    const struct setting *setting = row->setting;
    char name[SETTING_NAME_SIZE], file_name[SETTING_NAME_SIZE];

    if (row->flag || row->flag_file) {
        setting_flag(setting, false, name);
        setting_flag(setting, true, file_name);
        return row_take(row, name, row->flag, file_name, row->flag_file, err);
    }
    setting_variable(setting, false, name);
    setting_variable(setting, true, file_name);
    const char *value = getenv(name);
    const char *path = setting->type == SETTING_SECRET ? getenv(file_name) : NULL;
    if (value || path)
        return row_take(row, name, value, file_name, path, err);
    if (!setting->default_value)
        return row_missing(setting, err);
    setting_flag(setting, false, name);
    int rc = setting_parse(setting, name, setting->default_value, row->member, err);
    return rc ? err_prefix(err, "default of a setting") : 0;
}

int settings_load(const char *program, const char *purpose, const struct settings_part *parts,
                  int argc, char **argv, enum settings_result *ret_result, struct err *err)
{
    struct rows rows = {0};
    struct arguments arguments = {argv, argc, 1};
    enum settings_result result;

    strings_clear(parts);
    int rc = rows_create(parts, &rows, err);
    if (!rc)
        rc = arguments_read(&rows, &arguments, &result, err);
    for (size_t i = 0; !rc && result == SETTINGS_RUN && i < rows.count; i++)
        rc = row_fill(&rows.at[i], err);
    free(rows.at);
    if (rc) {
        settings_free(parts);
        return rc;
    }
    if (result == SETTINGS_HELP_PRINTED)
        settings_print_help(stdout, program, purpose, parts);
    if (result == SETTINGS_VERSION_PRINTED)
        printf("%s %s\n", program, UCAP_VERSION);
    *ret_result = result;
    return 0;
}

void settings_free(const struct settings_part *parts)
{
    for (const struct settings_part *part = parts; part->table; part++) {
        for (const struct setting *setting = part->table; setting->name; setting++) {
            if (!is_string(setting))
                continue;
            char **text = member_of(part, setting);
            free(*text);
            *text = NULL;
        }
    }
}

/* ---- lists ---- */

int settings_split(const char *list, char ***ret_items, struct err *err)
{
    static const char spaces[] = " \t\n";
    size_t room = 2, count = 0;

    for (const char *at = list; *at; at++)
        room += *at == ',';
    char **items = calloc(room, sizeof(*items));
    if (!items)
        return err_nomem(err);
    for (const char *at = list; *at;) {
        at += strspn(at, spaces);
        size_t size = strcspn(at, ",");
        size_t length = size;
        while (length > 0 && strchr(spaces, at[length - 1]))
            length--;
        if (length > 0 && !(items[count++] = strndup(at, length))) {
            settings_split_free(items);
            return err_nomem(err);
        }
        at += size + (at[size] == ',');
    }
    *ret_items = items;
    return 0;
}

void settings_split_free(char **items)
{
    for (char **item = items; item && *item; item++)
        free(*item);
    free(items);
}
