/* generate-codes: writes the tables of base/codes_parts.h from iso-codes and our files. It runs
 * while building and is not installed. What it cannot read or does not understand ends the build
 * with a sentence. */
#include "csv.h"
#include "die.h"
#include "iso.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GOALS_MAX  32
#define THEMES_MAX 64

struct lists {
    struct list *countries, *subdivisions, *currencies, *goals, *agenda;
    struct {
        unsigned numbers, letters;
    } targets[GOALS_MAX];
    unsigned since[THEMES_MAX];
};

/* ---- our files ---- */

static unsigned number_of(const char *text, unsigned most, const char *place)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (end == text || *end || number == 0 || number > most)
        die("%s: \"%s\" is not a number from 1 to %u", place, text, most);
    return (unsigned)number;
}

/* Names that people use, in place of those of iso-codes. Their countries are the ones our people
 * mean most. */
static void subdivision_row(char *const *fields, const char *place, void *user)
{
    struct lists *lists = user;
    size_t at = list_place(lists->subdivisions, fields[0]);
    char country[3];

    (void)place;
    list_name(lists->subdivisions, at, "en", fields[1]);
    list_name(lists->subdivisions, at, "zh-Hans", fields[2]);
    snprintf(country, sizeof(country), "%s", fields[0]);
    list_rank(lists->countries, list_place(lists->countries, country), 0);
}

static void add_row(char *const *fields, const char *place, void *user)
{
    (void)place;
    list_add(user, fields[0], 0);
}

/* "11.1 11.2 11.a": numbers without a gap, then letters without a gap. */
static void count_targets(const char *goal, char *targets, unsigned *ret_numbers,
                          unsigned *ret_letters, const char *place)
{
    char number[32], letter[32];
    unsigned numbers = 0, letters = 0;

    for (char *target = strtok(targets, " "); target; target = strtok(NULL, " ")) {
        snprintf(number, sizeof(number), "%s.%u", goal, numbers + 1);
        snprintf(letter, sizeof(letter), "%s.%c", goal, 'a' + (int)letters);
        if (strcmp(target, letter) == 0)
            letters++;
        else if (letters == 0 && strcmp(target, number) == 0)
            numbers++;
        else
            die("%s: target %s is out of order", place, target);
    }
    *ret_numbers = numbers;
    *ret_letters = letters;
}

static void goal_row(char *const *fields, const char *place, void *user)
{
    struct lists *lists = user;
    size_t at = list_place(lists->goals, fields[0]);

    if (at >= GOALS_MAX)
        die("%s: more goals than expected", place);
    list_name(lists->goals, at, "en", fields[1]);
    list_name(lists->goals, at, "zh-Hans", fields[2]);
    count_targets(fields[0], fields[3], &lists->targets[at].numbers, &lists->targets[at].letters,
                  place);
}

/* Aliases are separated by semicolons. */
static void theme_row(char *const *fields, const char *place, void *user)
{
    struct lists *lists = user;
    size_t at = list_place(lists->agenda, fields[0]);
    unsigned count = 0;
    char tag[32];

    if (at >= THEMES_MAX)
        die("%s: more themes than expected", place);
    list_name(lists->agenda, at, "en", fields[1]);
    list_name(lists->agenda, at, "zh-Hans", fields[2]);
    lists->since[at] = number_of(fields[3], 9999, place);
    for (char *alias = strtok(fields[4], ";"); alias; alias = strtok(NULL, ";")) {
        snprintf(tag, sizeof(tag), "x-alias-%u", ++count);
        list_name(lists->agenda, at, tag, alias + strspn(alias, " "));
    }
}

static void read_ours(struct lists *lists, const char *folder)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/subdivisions.csv", folder);
    csv_read(path, 3, subdivision_row, lists);
    snprintf(path, sizeof(path), "%s/sdg.csv", folder);
    csv_read(path, 4, add_row, lists->goals);
    csv_read(path, 4, goal_row, lists);
    snprintf(path, sizeof(path), "%s/urban-agenda.csv", folder);
    csv_read(path, 5, add_row, lists->agenda);
    csv_read(path, 5, theme_row, lists);
}

/* ---- the output ---- */

static void write_tables(FILE *out, struct lists *lists, const struct pool *pool)
{
    fputs("#include \"base/codes_parts.h\"\n\n", out);
    pool_write(out, pool);
    list_write(out, lists->countries, "codes_countries");
    list_write(out, lists->subdivisions, "codes_subdivisions");
    list_write(out, lists->currencies, "codes_currencies");
    list_write(out, lists->goals, "codes_goals");
    list_write(out, lists->agenda, "codes_agenda");
    fputs("\nconst struct codes_targets codes_targets[] = {\n", out);
    for (size_t i = 0; i < list_count(lists->goals); i++)
        fprintf(out, "    {%u, %u},\n", lists->targets[i].numbers, lists->targets[i].letters);
    fputs("};\n\nconst unsigned short codes_agenda_since[] = {\n", out);
    for (size_t i = 0; i < list_count(lists->agenda); i++)
        fprintf(out, "    %u,\n", lists->since[i]);
    fputs("};\n", out);
}

static void write_file(const char *path, struct lists *lists, const struct pool *pool)
{
    FILE *out = fopen(path, "w");

    if (!out)
        die("cannot write %s: %s", path, strerror(errno));
    write_tables(out, lists, pool);
    if (ferror(out) || fclose(out) != 0)
        die("cannot write %s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
    if (argc != 5)
        die("usage: generate-codes JSON-FOLDER LOCALE-FOLDER DATA-FOLDER OUTPUT");
    const struct iso iso = {argv[1], argv[2]};
    struct pool *pool = pool_create();
    struct lists lists = {.countries = list_create(pool),
                          .subdivisions = list_create(pool),
                          .currencies = list_create(pool),
                          .goals = list_create(pool),
                          .agenda = list_create(pool)};

    iso_countries(&iso, lists.countries);
    iso_subdivisions(&iso, lists.subdivisions);
    iso_currencies(&iso, lists.currencies);
    read_ours(&lists, argv[3]);
    write_file(argv[4], &lists, pool);
    list_destroy(lists.countries);
    list_destroy(lists.subdivisions);
    list_destroy(lists.currencies);
    list_destroy(lists.goals);
    list_destroy(lists.agenda);
    pool_destroy(pool);
    return 0;
}
