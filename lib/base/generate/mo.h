/* Translations in a compiled message catalog of gettext (manual: "The Format of GNU MO Files"). */
#ifndef UCAP_GENERATE_MO_H
#define UCAP_GENERATE_MO_H

struct mo;

struct mo *mo_open(const char *path);                       /* NULL: there is no such file */
const char *mo_find(const struct mo *mo, const char *text); /* NULL: not translated. The mo's */
void mo_close(struct mo *mo);                               /* NULL: nothing is done */

#endif
