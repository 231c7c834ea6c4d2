/* Goals and targets of the 2030 Agenda, themes of the Urban Agenda for the EU. */
#include "base/codes.h"
#include "base/codes_parts.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- goals ---- */

#define GOAL_SIZE 4 /* bytes of "17" and more than any goal has */

/* The goal meant by "SDG 11", by its name, or by one much like it. */
static size_t guess_goal(const char *goal)
{
    struct codes_range all = codes_all(&codes_goals);
    size_t place = codes_find(&codes_goals, goal + strcspn(goal, "123456789"));

    if (place == CODES_NONE)
        place = codes_named(all, goal);
    return place == CODES_NONE ? codes_near_name(all, goal) : place;
}

int codes_goal_check(const char *goal, struct err *err)
{
    char shown[TEXT_SHOWN_SIZE];

    if (codes_find(&codes_goals, goal) != CODES_NONE)
        return 0;
    size_t guess = guess_goal(goal);
    text_show(goal, shown);
    if (guess != CODES_NONE)
        return err_set(err, ERR_INVALID_ARGUMENT, "%s is not a goal (did you mean \"%s\"?)", shown,
                       codes_at(&codes_goals, guess));
    return err_set(err, ERR_INVALID_ARGUMENT, "%s is not a goal (1 to %zu)", shown,
                   codes_goals.count);
}

const char *codes_goal_name(const char *goal, const char *language)
{
    size_t place = codes_find(&codes_goals, goal);

    return place == CODES_NONE ? NULL : codes_name(&codes_goals, place, language);
}

/* ---- targets ---- */

/* The part behind the point: "1", "10", "a". */
static bool is_target_of(const struct codes_targets *targets, const char *part)
{
    unsigned number = 0;

    if (part[0] >= 'a' && part[0] < 'a' + targets->letters)
        return part[1] == '\0';
    if (part[0] == '0' || part[0] == '\0')
        return false;
    for (; *part >= '0' && *part <= '9' && number < 100; part++)
        number = 10 * number + (unsigned)(*part - '0');
    return *part == '\0' && number <= targets->numbers;
}

static int refuse_target(const char *target, const char *goal, const struct codes_targets *targets,
                         struct err *err)
{
    char shown[TEXT_SHOWN_SIZE], letters[32] = "";

    text_show(target, shown);
    if (targets->letters)
        snprintf(letters, sizeof(letters), ", %s.a to %s.%c", goal, goal,
                 'a' + targets->letters - 1);
    return err_set(err, ERR_INVALID_ARGUMENT, "%s is not a target of goal %s (%s.1 to %s.%d%s)",
                   shown, goal, goal, goal, targets->numbers, letters);
}

int codes_target_check(const char *target, struct err *err)
{
    size_t length = strcspn(target, ".");
    char goal[GOAL_SIZE] = "", shown[TEXT_SHOWN_SIZE];

    if (length < sizeof(goal))
        memcpy(goal, target, length);
    size_t place = codes_find(&codes_goals, goal);
    text_show(target, shown);
    if (place == CODES_NONE)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "%s is not a target: write a goal (1 to %zu), a point and its number, such "
                       "as 11.2 or 11.a",
                       shown, codes_goals.count);
    if (target[length] == '.' && is_target_of(&codes_targets[place], target + length + 1))
        return 0;
    return refuse_target(target, goal, &codes_targets[place], err);
}

/* ---- Urban Agenda ---- */

int codes_agenda_find(const char *theme, const char **ret_code, int *ret_since, struct err *err)
{
    struct codes_range all = codes_all(&codes_agenda);
    size_t place = codes_find(&codes_agenda, theme);
    char shown[TEXT_SHOWN_SIZE];

    if (place == CODES_NONE)
        place = codes_named(all, theme);
    if (place != CODES_NONE) {
        if (ret_code)
            *ret_code = codes_at(&codes_agenda, place);
        if (ret_since)
            *ret_since = codes_agenda_since[place];
        return 0;
    }
    place = codes_near_name(all, theme);
    text_show(theme, shown);
    if (place != CODES_NONE)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "%s is not a theme of the Urban Agenda (did you mean \"%s\"?)", shown,
                       codes_at(&codes_agenda, place));
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "%s is not a theme of the Urban Agenda: use one of its %zu codes, such as "
                   "\"air-quality\"",
                   shown, codes_agenda.count);
}

const char *codes_agenda_name(const char *code, const char *language)
{
    size_t place = codes_find(&codes_agenda, code);

    return place == CODES_NONE ? NULL : codes_name(&codes_agenda, place, language);
}
