/* The lists of the package iso-codes. */
#ifndef UCAP_GENERATE_ISO_H
#define UCAP_GENERATE_ISO_H

#include "tables.h"

/* Where the package has its files. */
struct iso {
    const char *json;   /* folder of iso_3166-1.json and so on */
    const char *locale; /* folder of LANGUAGE/LC_MESSAGES/iso_3166-1.mo and so on */
};

/* Each adds the codes of a list with their names, and dies when it has no Chinese ones: somebody
 * has installed the package without its translations. */
void iso_countries(const struct iso *iso, struct list *list);
void iso_subdivisions(const struct iso *iso, struct list *list);
void iso_currencies(const struct iso *iso, struct list *list);

#endif
