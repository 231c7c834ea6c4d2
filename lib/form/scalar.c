/* Numbers and base64. */
#include "form/scalar.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_IN_DOUBLE 9007199254740992.0 /* 2^53: larger ones may have lost digits */

static const struct {
    const char *text;
    double value;
} not_finite[] = {
    {"NaN", (double)NAN},
    {".nan", (double)NAN},
    {"Infinity", (double)INFINITY},
    {".inf", (double)INFINITY},
    {"-Infinity", -(double)INFINITY},
    {"-.inf", -(double)INFINITY},
};

/* The decimal point of strtod and printf follows the locale of the thread; in glibc "C" needs no
 * memory. */
static locale_t enter_c_locale(void)
{
    return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

/* The end of the whole part, "-" and digits without leading zero; NULL when there is none. */
static const char *skip_whole(const char *text)
{
    const char *digits = text + (*text == '-');
    const char *end = skip_digits(digits);

    return end == digits || (*digits == '0' && end > digits + 1) ? NULL : end;
}

/* True for a number as JSON writes it (RFC 8259, section 6). */
static bool is_json_number(const char *text)
{
    const char *at = skip_whole(text);

    if (!at)
        return false;
    if (*at == '.') {
        const char *digits = at + 1;
        at = skip_digits(digits);
        if (at == digits)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        const char *digits = at + 1 + (at[1] == '+' || at[1] == '-');
        at = skip_digits(digits);
        if (at == digits)
            return false;
    }
    return *at == '\0';
}

/* A float is read as one: rounded twice, by way of a double, it may come out as its neighbour. */
static double read_real(const char *text, bool single)
{
    locale_t before = enter_c_locale();
    double value = single ? (double)strtof(text, NULL) : strtod(text, NULL);

    uselocale(before);
    return value;
}

/* Sign and magnitude of a whole number in any of its forms. */
static enum form_number parse_whole(const char *text, bool *ret_negative, uint64_t *ret_magnitude)
{
    const char *end = skip_whole(text);

    if (!end || !is_json_number(text))
        return FORM_NUMBER_NONE;
    *ret_negative = *text == '-';
    if (*end == '\0') {
        errno = 0;
        *ret_magnitude = strtoull(text + *ret_negative, NULL, 10);
        return errno == ERANGE ? FORM_NUMBER_RANGE : FORM_NUMBER_OK;
    }
    double value = fabs(read_real(text, false));
    if (value > WHOLE_IN_DOUBLE)
        return FORM_NUMBER_RANGE;
    *ret_magnitude = (uint64_t)value;
    return (double)*ret_magnitude == value ? FORM_NUMBER_OK : FORM_NUMBER_NONE;
}

enum form_number form_parse_signed(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    bool negative;
    uint64_t magnitude;
    enum form_number result = parse_whole(text, &negative, &magnitude);

    if (result != FORM_NUMBER_OK)
        return result;
    if (magnitude > (negative ? (uint64_t)0 - (uint64_t)min : (uint64_t)max))
        return FORM_NUMBER_RANGE;
    /* Negated as unsigned: INT64_MIN has no positive counterpart. */
    *ret_value = (int64_t)(negative ? (uint64_t)0 - magnitude : magnitude);
    return FORM_NUMBER_OK;
}

enum form_number form_parse_unsigned(const char *text, uint64_t max, uint64_t *ret_value)
{
    bool negative;
    uint64_t magnitude;
    enum form_number result = parse_whole(text, &negative, &magnitude);

    if (result != FORM_NUMBER_OK)
        return result;
    if (magnitude > max || (negative && magnitude > 0))
        return FORM_NUMBER_RANGE;
    *ret_value = magnitude;
    return FORM_NUMBER_OK;
}

enum form_number form_parse_real(const char *text, bool single, double *ret_value)
{
    for (size_t i = 0; i < sizeof(not_finite) / sizeof(not_finite[0]); i++) {
        if (strcmp(text, not_finite[i].text) == 0) {
            *ret_value = not_finite[i].value;
            return FORM_NUMBER_OK;
        }
    }
    if (!is_json_number(text))
        return FORM_NUMBER_NONE;
    double value = read_real(text, single);
    if (isinf(value))
        return FORM_NUMBER_RANGE;
    *ret_value = value;
    return FORM_NUMBER_OK;
}

static bool reads_back(const char *text, double value, bool single)
{
    return single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

void form_print_real(double value, bool single, char ret_text[FORM_REAL_MAX])
{
    int most = single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;

    if (isnan(value) || isinf(value)) {
        snprintf(ret_text, FORM_REAL_MAX, "%s",
                 isnan(value) ? "NaN"
                 : value > 0  ? "Infinity"
                              : "-Infinity");
        return;
    }
    locale_t before = enter_c_locale();
    for (int digits = single ? FLT_DIG : DBL_DIG; digits <= most; digits++) {
        snprintf(ret_text, FORM_REAL_MAX, "%.*g", digits, value);
        if (reads_back(ret_text, value, single))
            break;
    }
    uselocale(before);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

size_t form_parse_base64(const char *text, size_t size, uint8_t *ret_bytes)
{
    size_t count = size;
    size_t used = 0;
    uint32_t bits = 0;

    while (count > 0 && size - count < 2 && text[count - 1] == '=')
        count--;
    if (count % 4 == 1 || (size != count && size % 4 != 0))
        return SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        int value = base64_value(text[i]);
        if (value < 0)
            return SIZE_MAX;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            ret_bytes[used++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    return used;
}

void form_print_base64(const uint8_t *bytes, size_t size, char *ret_text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3, ret_text += 4) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        if (left > 1)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (left > 2)
            bits |= bytes[i + 2];
        memset(ret_text, '=', 4);
        ret_text[0] = alphabet[bits >> 18];
        ret_text[1] = alphabet[bits >> 12 & 63];
        if (left > 1)
            ret_text[2] = alphabet[bits >> 6 & 63];
        if (left > 2)
            ret_text[3] = alphabet[bits & 63];
    }
    *ret_text = '\0';
}
