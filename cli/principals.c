/* Adds a principal to the YAML text. How the list is indented is taken from its first entry;
 * whatever the appended text turns out to mean is checked by reading it back, so an unusual file is
 * refused, never damaged. */
#include "principals.h"

#include "base/id.h"
#include "base/text.h"
#include "bus/codec.h"
#include "bus/curve.h"
#include "file.h"
#include "form/form.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH   64
#define WORKER_MAX_LENGTH 128

/* ---- an entry by itself ---- */

static bool is_of(const char *text, size_t most, const char *more)
{
    size_t length = strlen(text);

    if (length == 0 || length > most)
        return false;
    for (; *text; text++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789", *text) && !strchr(more, *text))
            return false;
    return true;
}

static int check_programmes(const Ucap__V1__Principal *principal, struct err *err)
{
    for (size_t i = 0; i < principal->n_programmes; i++) {
        const char *slug = principal->programmes[i];
        if (strcmp(slug, "*") == 0 && principal->n_programmes == 1)
            return 0;
        if (slug_check("programme", slug, err) < 0)
            return -ERR_INVALID_ARGUMENT;
    }
    return 0;
}

static int check_services(const Ucap__V1__Principal *principal, struct err *err)
{
    bool is_service = principal->role == UCAP__V1__ROLE__VALUE__ROLE_SERVICE;

    if (!is_service && (principal->n_services > 0 || principal->publish))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "--service and --publish are for processes: give --role service as well");
    for (size_t i = 0; i < principal->n_services; i++) {
        const char *name = principal->services[i];
        size_t plain = strcspn(name, "*");
        if (!is_of(name, WORKER_MAX_LENGTH, "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_@*") ||
            (name[plain] && name[plain + 1]))
            return err_set(err, ERR_INVALID_ARGUMENT,
                           "service \"%.100s\" is no worker name: letters, digits and . - _ @, "
                           "with at most one * at the end",
                           name);
    }
    return 0;
}

int principal_check(const Ucap__V1__Principal *principal, struct err *err)
{
    if (!is_of(principal->name, NAME_MAX_LENGTH, "-._"))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "name \"%.100s\" is no name of a principal: 1 to 64 of a-z, 0-9 and - . _",
                       principal->name);
    if (!curve_is_key(principal->public_key))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "key \"%.60s\" is no public key: it has 40 characters of Z85, as `ucap key "
                       "show` prints it",
                       principal->public_key);
    if (principal->party[0] && slug_check("party", principal->party, err) < 0)
        return -ERR_INVALID_ARGUMENT;
    int rc = check_programmes(principal, err);
    return rc < 0 ? rc : check_services(principal, err);
}

/* ---- the file ---- */

static bool is_blank(const char *text)
{
    while (*text) {
        text += strspn(text, " \t\r\n");
        if (*text == '#')
            text += strcspn(text, "\n");
        else if (*text)
            return false;
    }
    return true;
}

static int parse(const char *path, const char *text, Ucap__V1__PrincipalsFile **ret_file,
                 struct err *err)
{
    ProtobufCMessage *message;

    if (is_blank(text))
        text = "principals: []\n";
    int rc = form_from_yaml(&ucap__v1__principals_file__descriptor, text, strlen(text), NULL,
                            &message, NULL, err);
    if (rc < 0) {
        err_prefix(err, "%s", path);
        return rc;
    }
    *ret_file = (Ucap__V1__PrincipalsFile *)message;
    return 0;
}

static void file_free(Ucap__V1__PrincipalsFile *file)
{
    if (file)
        protobuf_c_message_free_unpacked(&file->base, NULL);
}

static int check_new(const char *path, const Ucap__V1__PrincipalsFile *file,
                     const Ucap__V1__Principal *principal, struct err *err)
{
    for (size_t i = 0; i < file->n_principals; i++) {
        const Ucap__V1__Principal *other = file->principals[i];
        if (strcmp(other->name, principal->name) == 0)
            return err_set(err, ERR_ALREADY_EXISTS,
                           "principal \"%s\" is in %s already: choose another name, or edit its "
                           "entry",
                           principal->name, path);
        if (strcmp(other->public_key, principal->public_key) == 0)
            return err_set(err, ERR_ALREADY_EXISTS,
                           "that key is in %s already, as principal \"%.64s\": each holder has a "
                           "key of their own",
                           path, other->name);
    }
    return 0;
}

static bool same_message(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    void *left = NULL, *right = NULL;
    size_t left_size, right_size;
    bool same = codec_pack(a, &left, &left_size, NULL) == 0 &&
                codec_pack(b, &right, &right_size, NULL) == 0 && left_size == right_size &&
                memcmp(left, right, left_size) == 0;

    free(left);
    free(right);
    return same;
}

static bool is_list_and(const Ucap__V1__PrincipalsFile *now, const Ucap__V1__PrincipalsFile *before,
                        const Ucap__V1__Principal *principal)
{
    if (now->n_principals != before->n_principals + 1)
        return false;
    for (size_t i = 0; i < before->n_principals; i++)
        if (!same_message(&now->principals[i]->base, &before->principals[i]->base))
            return false;
    return same_message(&now->principals[before->n_principals]->base, &principal->base);
}

static int check_result(const char *path, const char *text, const Ucap__V1__PrincipalsFile *before,
                        const Ucap__V1__Principal *principal, struct err *err)
{
    Ucap__V1__PrincipalsFile *now = NULL;
    bool good = parse(path, text, &now, NULL) == 0 && is_list_and(now, before, principal);

    file_free(now);
    if (good)
        return 0;
    return err_set(err, ERR_FAILED_PRECONDITION,
                   "%s is written in a way that cannot be added to: write its list as one `- "
                   "name: ...` block per entry, with nothing after it",
                   path);
}

/* ---- as text ---- */

/* Plain where YAML cannot take it for anything else; Z85 has no quotes and no backslash. */
static void put_scalar(FILE *out, const char *text)
{
    bool plain = text[0] >= 'a' && text[0] <= 'z';

    for (const char *at = text; *at; at++)
        plain = plain && strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", *at);
    fprintf(out, plain ? "%s" : "'%s'", text);
}

static void put_list(FILE *out, int indent, const char *name, char *const *items, size_t count)
{
    if (count == 0)
        return;
    fprintf(out, "%*s%s: [", indent, "", name);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ", " : "", out);
        put_scalar(out, items[i]);
    }
    fputs("]\n", out);
}

static const char *role_word(Ucap__V1__Role__Value role)
{
    static const char *const words[] = {
        [UCAP__V1__ROLE__VALUE__ROLE_VIEWER] = "viewer",
        [UCAP__V1__ROLE__VALUE__ROLE_EDITOR] = "editor",
        [UCAP__V1__ROLE__VALUE__ROLE_ADMIN] = "admin",
        [UCAP__V1__ROLE__VALUE__ROLE_SERVICE] = "service",
    };

    return words[role];
}

static void put_entry(FILE *out, int indent, const Ucap__V1__Principal *principal)
{
    fprintf(out, "%*s- name: ", indent, "");
    put_scalar(out, principal->name);
    indent += 2;
    fprintf(out, "\n%*spublic_key: '%s'\n", indent, "", principal->public_key);
    fprintf(out, "%*srole: %s\n", indent, "", role_word(principal->role));
    put_list(out, indent, "programmes", principal->programmes, principal->n_programmes);
    if (principal->party[0])
        fprintf(out, "%*sparty: %s\n", indent, "", principal->party);
    put_list(out, indent, "services", principal->services, principal->n_services);
    if (principal->publish)
        fprintf(out, "%*spublish: true\n", indent, "");
}

/* Blanks before the first "- " that begins a line; 2 where there is none. */
static int list_indent(const char *text)
{
    for (const char *line = text; line; line = file_next_line(line)) {
        size_t blanks = strspn(line, " ");
        if (line[blanks] == '-' && line[blanks + 1] == ' ')
            return (int)blanks;
    }
    return 2;
}

/* An empty list has its head, with or without "[]", or nothing yet. */
static void put_head(FILE *out, const char *text)
{
    const char *empty = file_line(text, "principals: []");

    if (empty)
        fprintf(out, "%.*sprincipals:%s", (int)(empty - text), text,
                empty + strlen("principals: []"));
    else
        fputs(text, out);
    if (text[0] && text[strlen(text) - 1] != '\n')
        fputc('\n', out);
    if (is_blank(text))
        fputs("principals:\n", out);
}

static char *compose(const char *text, bool empty, const Ucap__V1__Principal *principal)
{
    char *composed = NULL;
    size_t size;
    FILE *out = open_memstream(&composed, &size);

    if (!out)
        return NULL;
    if (empty)
        put_head(out, text);
    else
        fprintf(out, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
    put_entry(out, list_indent(text), principal);
    if (fclose(out) == 0)
        return composed;
    free(composed);
    return NULL;
}

int principals_append(const char *path, const char *text, const Ucap__V1__Principal *principal,
                      char **ret_text, struct err *err)
{
    Ucap__V1__PrincipalsFile *before = NULL;
    int rc = parse(path, text, &before, err);

    if (rc == 0)
        rc = check_new(path, before, principal, err);
    char *composed = rc == 0 ? compose(text, before->n_principals == 0, principal) : NULL;
    if (rc == 0 && !composed)
        rc = err_nomem(err);
    if (rc == 0)
        rc = check_result(path, composed, before, principal, err);
    file_free(before);
    if (rc < 0)
        free(composed);
    else
        *ret_text = composed;
    return rc;
}
