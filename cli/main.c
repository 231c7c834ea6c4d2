/* The ucap command. */
#include "command.h"

#include <signal.h>

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone away is a write error, seen at the end */
    return cli_main(argc, argv, stdin, stdout, stderr);
}
