/* Text -> tree. The text is UTF-8 already. */
#ifndef UCAP_FORM_READ_H
#define UCAP_FORM_READ_H

#include "form/fault.h"

/* Fills an empty tree as far as the text can be read and reports what is wrong. False when there is
 * no use in decoding the tree: the text could not be read to its end, or memory is out. */
typedef bool (*form_read_f)(const char *text, size_t size, struct form_tree *tree,
                            struct form_faults *faults);

bool form_read_json(const char *text, size_t size, struct form_tree *tree,
                    struct form_faults *faults);
bool form_read_yaml(const char *text, size_t size, struct form_tree *tree,
                    struct form_faults *faults);

#endif
