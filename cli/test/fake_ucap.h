/* libucap played by the test: replies and failures are laid out beforehand, requests are kept. It
 * replaces the functions of ucap.h at link time, so commands run unchanged. */
#ifndef UCAP_CLI_FAKE_UCAP_H
#define UCAP_CLI_FAKE_UCAP_H

#include "ucap/ucap.h"

/* Forgets everything laid out and kept. */
void fake_reset(void);

/* The next call of `method` is answered so: the reply (JSON, of that method's type), or a failure.
 * In any order. */
void fake_reply(const char *method, const char *json);
void fake_failure(const char *method, int code, const char *sentence);
/* Remarks that come with every answer laid out after this. */
void fake_remarks(const struct ucap_finding *violations, size_t violation_count,
                  const struct ucap_finding *warnings, size_t warning_count);
void fake_services(const struct ucap_service_row *rows, size_t count);

/* What was asked, one call a line: WORKER METHOD JSON. */
const char *fake_asked(void);
/* Languages and timeout given to ucap_open, as "zh-Hans,en 10000". */
const char *fake_opened(void);

#endif
