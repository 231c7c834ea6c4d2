/* Help as it has to read. Made from its output, then read by a person: change it on purpose only.
 */
#ifndef UCAP_CLI_GOLDEN_H
#define UCAP_CLI_GOLDEN_H

#define OVERVIEW                                                                                   \
    "usage: ucap COMMAND [ARGUMENTS] [OPTIONS]\n"                                                  \
    "\n"                                                                                           \
    "Commands:\n"                                                                                  \
    "  ucap city list              all cities that are recorded\n"                                 \
    "  ucap city show ID           one city: names, place, figures with their sources\n"           \
    "  ucap city history ID        who changed what of a city when, and why\n"                     \
    "  ucap city archive ID        sets a city aside: lists leave it out\n"                        \
    "  ucap city restore ID        takes an archived city back\n"                                  \
    "  ucap programme list         all programmes that your key may see\n"                         \
    "  ucap programme show ID      one programme: names, period, languages, mailbox\n"             \
    "  ucap programme history ID   who changed what of a programme when, and why\n"                \
    "  ucap programme archive ID   sets a programme aside: lists leave it out\n"                   \
    "  ucap programme restore ID   takes an archived programme back\n"                             \
    "  ucap service list           what runs, since when, and how fast it answers\n"               \
    "  ucap call [METHOD] [REQUEST]\n"                                                             \
    "                              calls any method; alone, lists all methods\n"                   \
    "  ucap context list           the contexts of your context file\n"                            \
    "  ucap context show [NAME]    how a gateway is reached now, and where each\n"                 \
    "                              setting comes from\n"                                           \
    "  ucap context use NAME       makes a context the current one\n"                              \
    "  ucap key generate           makes a key for you, or for a process\n"                        \
    "  ucap key show [FILE]        prints the public key of a key file\n"                          \
    "  ucap key authorize NAME     adds a key to the gateway's principals file\n"                  \
    "  ucap help [TOPIC]           help on a command, a group of commands, or a topic\n"           \
    "\n"                                                                                           \
    "Global options:\n"                                                                            \
    "  --format FORMAT             how to print the result: table, json, yaml, csv\n"              \
    "  --lang LIST                 languages wanted, best first, such as zh-Hans,en\n"             \
    "  --timeout TIME              how long to wait, such as 500ms, 10s (the default)\n"           \
    "                              or 2m\n"                                                        \
    "  --context NAME              the context to use, instead of the current one\n"               \
    "  --context-file FILE         where contexts are written\n"                                   \
    "  --gateways LIST             gateways to ask, in order, such as\n"                           \
    "                              tcp://127.0.0.1:7110\n"                                         \
    "  --gateway-key KEY           public key of the gateways\n"                                   \
    "  --gateway-key-file FILE     or a file that has it on its first line\n"                      \
    "  --key-file FILE             your own key\n"                                                 \
    "  --help                      this help\n"                                                    \
    "  --version                   the version of ucap\n"                                          \
    "\n"                                                                                           \
    "Topics:\n"                                                                                    \
    "  ucap help connection        how the gateway and your key are found\n"                       \
    "  ucap help exit-codes        what the exit code says\n"                                      \
    "  ucap help formats           table, json, yaml and csv\n"                                    \
    "\n"                                                                                           \
    "`ucap COMMAND --help` shows a command with its options and examples.\n"

#define CITY_LIST                                                                                  \
    "usage: ucap city list [OPTIONS]\n"                                                            \
    "\n"                                                                                           \
    "All cities that are recorded.\n"                                                              \
    "\n"                                                                                           \
    "Options:\n"                                                                                   \
    "  --country CC                only cities of this country, by its two letters\n"              \
    "                              (ISO 3166-1), such as ES\n"                                     \
    "  --archived                  archived ones too\n"                                            \
    "\n"                                                                                           \
    "Examples:\n"                                                                                  \
    "  ucap city list\n"                                                                           \
    "  ucap city list --country CN --lang zh\n"                                                    \
    "  ucap city list --format csv > cities.csv\n"

#define EXIT_CODES                                                                                 \
    "Exit codes, the same for every command:\n"                                                    \
    "\n"                                                                                           \
    "  0  done\n"                                                                                  \
    "  1  failed for a reason that has no number of its own; the sentence on stderr\n"             \
    "     says it\n"                                                                               \
    "  2  the command line is wrong, or it is not set how to reach a gateway\n"                    \
    "  3  there is no such record, or none that your key may see\n"                                \
    "  4  your key is not known, or its role does not allow it\n"                                  \
    "  5  it is there already, has changed meanwhile, or its state forbids it\n"                   \
    "  6  nobody could do it now, or not in time: try again later\n"                               \
    "  7  the input is wrong: correct it, do not send it again\n"

#endif
