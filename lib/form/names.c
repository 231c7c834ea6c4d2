/* Names by descriptor, and the nearest one for "did you mean". */
#include "form/names.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GUESS_BYTES 64 /* no guess for longer words: the distance takes time with their length */

static bool is_camel_case_of(const char *camel, const char *name)
{
    for (; *name; name++, camel++) {
        bool upper = *name == '_' && name[1] >= 'a' && name[1] <= 'z';
        if (upper)
            name++;
        if (*camel != (upper ? *name - 'a' + 'A' : *name))
            return false;
    }
    return *camel == '\0';
}

const ProtobufCFieldDescriptor *form_field_find(const ProtobufCMessageDescriptor *descriptor,
                                                const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, name);

    for (unsigned i = 0; !field && i < descriptor->n_fields; i++)
        if (is_camel_case_of(name, descriptor->fields[i].name))
            field = &descriptor->fields[i];
    return field;
}

/* "A, B, C", or as many as there is room for. */
static void join(const char *const *words, char *ret_text, size_t size)
{
    size_t used = 0;

    *ret_text = '\0';
    for (; *words; words++) {
        size_t need = strlen(*words) + strlen(", ...") + 2;
        if (used + need > size) {
            snprintf(ret_text + used, size - used, ", ...");
            return;
        }
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", used ? ", " : "", *words);
    }
}

static const char *guess(const char *word, const char *const *words)
{
    return strlen(word) <= GUESS_BYTES ? text_nearest(word, words) : NULL;
}

const char *form_field_hint(const ProtobufCMessageDescriptor *descriptor, const char *name,
                            char ret_text[FORM_WORDS_MAX])
{
    const char **names = calloc(descriptor->n_fields + 1, sizeof(*names));
    char list[FORM_WORDS_MAX - 100];

    *ret_text = '\0';
    if (!names)
        return ret_text;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        names[i] = descriptor->fields[i].name;
    const char *nearest = guess(name, names);
    join(names, list, sizeof(list));
    if (nearest)
        snprintf(ret_text, FORM_WORDS_MAX, " (did you mean \"%s\"?)", nearest);
    else if (*list)
        snprintf(ret_text, FORM_WORDS_MAX, " (known here: %s)", list);
    free(names);
    return ret_text;
}

/* The prefix of an enum's names is what stands before "UNSPECIFIED", which the lint of proto/
 * demands. */
static const char *find_prefix(const ProtobufCEnumDescriptor *descriptor, size_t *ret_size)
{
    *ret_size = 0;
    for (unsigned i = 0; i < descriptor->n_value_names; i++) {
        const char *name = descriptor->values_by_name[i].name;
        const char *at = strstr(name, "UNSPECIFIED");
        if (at && strcmp(at, "UNSPECIFIED") == 0) {
            *ret_size = (size_t)(at - name);
            return name;
        }
    }
    return "";
}

static const char *without_prefix(const ProtobufCEnumDescriptor *descriptor, const char *name)
{
    size_t size;
    const char *prefix = find_prefix(descriptor, &size);

    return strncasecmp(name, prefix, size) == 0 ? name + size : name;
}

bool form_enum_find(const ProtobufCEnumDescriptor *descriptor, const char *name, int *ret_value)
{
    const char *word = without_prefix(descriptor, name);

    for (unsigned i = 0; i < descriptor->n_value_names; i++) {
        const ProtobufCEnumValueIndex *row = &descriptor->values_by_name[i];
        if (strcasecmp(word, without_prefix(descriptor, row->name)) == 0) {
            *ret_value = descriptor->values[row->index].value;
            return true;
        }
    }
    return false;
}

/* In the order of their numbers, without the one that is never valid. */
static void collect_values(const ProtobufCEnumDescriptor *descriptor, const char **ret_names)
{
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const char *name = without_prefix(descriptor, descriptor->values[i].name);
        if (strcmp(name, "UNSPECIFIED") != 0)
            *ret_names++ = name;
    }
}

const char *form_enum_hint(const ProtobufCEnumDescriptor *descriptor, const char *name,
                           char ret_text[FORM_WORDS_MAX])
{
    const char **names = calloc(descriptor->n_values + 1, sizeof(*names));
    char list[FORM_WORDS_MAX - 100];

    snprintf(ret_text, FORM_WORDS_MAX, "a %s", descriptor->short_name);
    if (!names)
        return ret_text;
    collect_values(descriptor, names);
    const char *nearest = guess(without_prefix(descriptor, name), names);
    join(names, list, sizeof(list));
    snprintf(ret_text, FORM_WORDS_MAX, "one of %s%s%s%s", list, nearest ? " (did you mean \"" : "",
             nearest ? nearest : "", nearest ? "\"?)" : "");
    free(names);
    return ret_text;
}
