/* Single values to and from text, as the proto3 JSON mapping writes them. Independent of the
 * locale. */
#ifndef UCAP_FORM_SCALAR_H
#define UCAP_FORM_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a number was refused. */
enum form_number { FORM_NUMBER_OK, FORM_NUMBER_NONE /* is none */, FORM_NUMBER_RANGE };

/* Whole numbers. "1.0" and "1e3" are whole; leading zeros, '+' and separators are refused. */
enum form_number form_parse_signed(const char *text, int64_t min, int64_t max, int64_t *ret_value);
enum form_number form_parse_unsigned(const char *text, uint64_t max, uint64_t *ret_value);

/* A number of JSON, "NaN", "Infinity", "-Infinity", or YAML's ".nan", ".inf", "-.inf", as a double
 * or, `single`, rounded to a float. */
enum form_number form_parse_real(const char *text, bool single, double *ret_value);

#define FORM_REAL_MAX 32 /* bytes of a real as text, with the 0 */

/* A short text that reads back as the same double, or, `single`, the same float. Finite ones
 * are numbers of JSON, others "NaN", "Infinity", "-Infinity". */
void form_print_real(double value, bool single, char ret_text[FORM_REAL_MAX]);

/* Base64 (RFC 4648), both alphabets, with or without padding. Returns the size, at most size / 4 *
 * 3 + 2, written to ret_bytes; SIZE_MAX when it is none. */
size_t form_parse_base64(const char *text, size_t size, uint8_t *ret_bytes);

/* The standard alphabet with padding; writes (size + 2) / 3 * 4 characters and a 0. */
void form_print_base64(const uint8_t *bytes, size_t size, char *ret_text);

/* RFC 3339 with any offset. Returns NULL, or the end of a sentence that says why not. */
const char *form_parse_time(const char *text, int64_t *ret_seconds, int32_t *ret_nanos);

#define FORM_TIME_MAX 32 /* bytes of a time as text, with the 0 */

/* In UTC, with 0, 3, 6 or 9 digits after the second. False when out of the range of years 1 to
 * 9999. */
bool form_print_time(int64_t seconds, int32_t nanos, char ret_text[FORM_TIME_MAX]);

#endif
