/* Tree -> text. The tree is one of form_encode: all texts are UTF-8. */
#ifndef UCAP_FORM_WRITE_H
#define UCAP_FORM_WRITE_H

#include "form/tree.h"

#include <stdio.h>

/* Errors of the stream are left for the caller to ask (ferror). */
void form_write_json(FILE *out, const struct node *root, enum form_style style);
void form_write_yaml(FILE *out, const struct node *root);

#endif
