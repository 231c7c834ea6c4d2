/* Lists of the system come in pages with an opaque cursor; here they are read to the end. */
#ifndef UCAP_CLI_PAGING_H
#define UCAP_CLI_PAGING_H

#include "run.h"

#define PAGE_SIZE 1000 /* the most a page of the contract has */

/* All records of a list, pointing into the replies that are kept. */
struct pages {
    void **records; /* of the type of the list */
    size_t count;
    ProtobufCMessage **replies;
    size_t reply_count;
};

/* Calls a List method page by page. `request` has a field `cursor`; the reply has one repeated
 * message field and `next_cursor`, as all lists of the contract do. */
int pages_read(struct run *run, const ProtobufCServiceDescriptor *service, const char *method,
               ProtobufCMessage *request, struct pages *ret_pages, struct err *err);
void pages_free(struct pages *pages);

#endif
