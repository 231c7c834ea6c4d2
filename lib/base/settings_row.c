/* Rows of a settings table: their names, their bounds in words, and values from text. Numbers of
 * all types are digits and a unit; a type is its list of units. */
#include "base/settings_row.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* From small to large, the end is a factor of 0. */
static const struct unit counts[] = {{"", 1}, {NULL, 0}};
static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {NULL, 0}};

static const struct type {
    const char *placeholder;
    const struct unit *units; /* NULL: not a number */
    const char *form;         /* what a number should be */
} types[] = {
    [SETTING_TEXT] = {"TEXT", NULL, NULL},
    [SETTING_SECRET] = {"TEXT", NULL, NULL},
    [SETTING_LIST] = {"LIST", NULL, NULL},
    [SETTING_INT] = {"NUMBER", counts, "a whole number"},
    [SETTING_DURATION] = {"DURATION", durations, "a duration: write it as 200ms, 2s, 5m or 1h"},
    [SETTING_SIZE] = {"SIZE", sizes, "a size: write it as 512, 64KiB, 1MiB or 1GiB"},
    [SETTING_BOOL] = {"BOOL", NULL, NULL},
};

void setting_flag(const struct setting *setting, bool file, char ret_flag[SETTING_NAME_SIZE])
{
    snprintf(ret_flag, SETTING_NAME_SIZE, "--%s%s", setting->name, file ? "-file" : "");
}

void setting_variable(const struct setting *setting, bool file,
                      char ret_variable[SETTING_NAME_SIZE])
{
    snprintf(ret_variable, SETTING_NAME_SIZE, "UCAP_%s%s", setting->name, file ? "-file" : "");
    for (char *at = ret_variable; *at; at++)
        if (*at == '-')
            *at = '_';
        else
            *at = (char)toupper((unsigned char)*at);
}

const char *setting_placeholder(const struct setting *setting)
{
    return types[setting->type].placeholder;
}

/* In the largest unit that divides it. */
static void number_write(int64_t number, const struct unit *units, char *text, size_t size)
{
    const struct unit *best = units;

    for (const struct unit *unit = units + 1; unit->factor; unit++)
        if (number != 0 && number % unit->factor == 0)
            best = unit;
    snprintf(text, size, "%lld%s", (long long)(number / best->factor), best->name);
}

static int64_t upper_bound(const struct setting *setting)
{
    return setting->min == 0 && setting->max == 0 ? INT64_MAX : setting->max;
}

static void bounds_write(const struct setting *setting, char bounds[SETTING_BOUNDS_SIZE])
{
    const struct unit *units = types[setting->type].units;
    char low[SETTING_BOUNDS_SIZE / 2 - 4], high[SETTING_BOUNDS_SIZE / 2 - 4];

    number_write(setting->min, units, low, sizeof(low));
    number_write(upper_bound(setting), units, high, sizeof(high));
    if (upper_bound(setting) == INT64_MAX)
        snprintf(bounds, SETTING_BOUNDS_SIZE, "%s or more", low);
    else
        snprintf(bounds, SETTING_BOUNDS_SIZE, "%s to %s", low, high);
}

void setting_bounds(const struct setting *setting, char ret_bounds[SETTING_BOUNDS_SIZE])
{
    ret_bounds[0] = '\0';
    if (types[setting->type].units && (setting->min != 0 || setting->max != 0))
        bounds_write(setting, ret_bounds);
}

/* ---- values ---- */

static int number_parse(const struct setting *setting, const char *from, const char *value,
                        int64_t *number, struct err *err)
{
    const struct type *type = &types[setting->type];
    const struct unit *unit = type->units;
    char shown[TEXT_SHOWN_SIZE], bounds[SETTING_BOUNDS_SIZE];
    int64_t scaled;
    char *end;

    text_show(value, shown);
    errno = 0;
    long long count = strtoll(value, &end, 10);
    while (unit->factor && strcmp(unit->name, end) != 0)
        unit++;
    if (!isdigit((unsigned char)value[value[0] == '-']) || !unit->factor)
        return err_set(err, ERR_INVALID_ARGUMENT, "%s %s is not %s", from, shown, type->form);
    if (errno == ERANGE || __builtin_mul_overflow(count, unit->factor, &scaled) ||
        scaled < setting->min || scaled > upper_bound(setting)) {
        bounds_write(setting, bounds);
        return err_set(err, ERR_INVALID_ARGUMENT, "%s %s is out of bounds: use %s", from, shown,
                       bounds);
    }
    *number = scaled;
    return 0;
}

static int bool_parse(const char *from, const char *value, bool *flag, struct err *err)
{
    char shown[TEXT_SHOWN_SIZE];

    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
        text_show(value, shown);
        return err_set(err, ERR_INVALID_ARGUMENT, "%s %s is not true or false", from, shown);
    }
    *flag = value[0] == 't';
    return 0;
}

static int text_parse(const struct setting *setting, const char *from, const char *value,
                      char **text, struct err *err)
{
    char shown[TEXT_SHOWN_SIZE];

    if (setting->type != SETTING_SECRET &&
        (!text_is_utf8(value, strlen(value)) || text_has_control(value))) {
        text_show(value, shown);
        return err_set(err, ERR_INVALID_ARGUMENT, "%s %s is not UTF-8 or has control characters",
                       from, shown);
    }
    char *copy = strdup(value);
    if (!copy)
        return err_nomem(err);
    *text = copy;
    return 0;
}

int setting_parse(const struct setting *setting, const char *from, const char *value, void *member,
                  struct err *err)
{
    if (types[setting->type].units)
        return number_parse(setting, from, value, member, err);
    if (setting->type == SETTING_BOOL)
        return bool_parse(from, value, member, err);
    return text_parse(setting, from, value, member, err);
}
