/* What scripts may rely on: a number per kind of failure, the same for every command. */
#include "exit.h"

const struct exit_row exit_rows[] = {
    {EXIT_DONE, "done"},
    {EXIT_FAILED,
     "failed for a reason that has no number of its own; the sentence on stderr says it"},
    {EXIT_USAGE, "the command line is wrong, or it is not set how to reach a gateway"},
    {EXIT_NOT_FOUND, "there is no such record, or none that your key may see"},
    {EXIT_REFUSED, "your key is not known, or its role does not allow it"},
    {EXIT_CONFLICT, "it is there already, has changed meanwhile, or its state forbids it"},
    {EXIT_UNAVAILABLE, "nobody could do it now, or not in time: try again later"},
    {EXIT_INVALID, "the input is wrong: correct it, do not send it again"},
    {EXIT_DONE, 0},
};

static const enum exit_code of_code[ERR_COUNT] = {
    [ERR_OK] = EXIT_DONE,
    [ERR_CANCELLED] = EXIT_FAILED,
    [ERR_UNKNOWN] = EXIT_FAILED,
    [ERR_INVALID_ARGUMENT] = EXIT_INVALID,
    [ERR_DEADLINE_EXCEEDED] = EXIT_UNAVAILABLE,
    [ERR_NOT_FOUND] = EXIT_NOT_FOUND,
    [ERR_ALREADY_EXISTS] = EXIT_CONFLICT,
    [ERR_PERMISSION_DENIED] = EXIT_REFUSED,
    [ERR_RESOURCE_EXHAUSTED] = EXIT_UNAVAILABLE,
    [ERR_FAILED_PRECONDITION] = EXIT_CONFLICT,
    [ERR_ABORTED] = EXIT_CONFLICT,
    [ERR_OUT_OF_RANGE] = EXIT_INVALID,
    [ERR_UNIMPLEMENTED] = EXIT_FAILED,
    [ERR_INTERNAL] = EXIT_FAILED,
    [ERR_UNAVAILABLE] = EXIT_UNAVAILABLE,
    [ERR_DATA_LOSS] = EXIT_FAILED,
    [ERR_UNAUTHENTICATED] = EXIT_REFUSED,
};

enum exit_code exit_code_of(enum err_code code)
{
    return (unsigned)code < ERR_COUNT ? of_code[code] : EXIT_FAILED;
}
