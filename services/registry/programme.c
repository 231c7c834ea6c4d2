/* Programmes: what a correct one is. */
#include "base/edtf.h"
#include "base/text.h"
#include "check.h"
#include "record.h"

#include <string.h>
#include <ucap/v1/registry.pb-c.h>

#define MAILBOX_MAX 254 /* RFC 5321, section 4.5.3.1.3, without the brackets */

static void check_period(const char *period, struct findings *violations)
{
    struct edtf value;
    struct err err = ERR_INIT;
    char shown[TEXT_SHOWN_SIZE];

    if (!*period)
        return;
    text_show(period, shown);
    if (edtf_parse(period, &value, &err) < 0)
        findings_add(violations, "programme.period", "%s", err.text);
    else if (!value.interval)
        findings_add(violations, "programme.period",
                     "%s is one date: a period has a start and an end, such as 2019-04/2020-11",
                     shown);
}

static bool has_default_name(const Ucap__V1__Programme *programme)
{
    for (size_t i = 0; i < programme->n_names; i++)
        if (strcmp(programme->names[i]->language, programme->default_language) == 0)
            return true;
    return false;
}

/* A mailbox by shape: something, one @, a domain; no spaces. Whether it exists is not looked at. */
static bool is_mailbox(const char *text)
{
    const char *at = strchr(text, '@');

    return at && at > text && at[1] && !strchr(at + 1, '@') && !strpbrk(text, " \t\n<>,;") &&
           strlen(text) <= MAILBOX_MAX;
}

static void check_mailbox(const char *mailbox, struct findings *violations)
{
    char shown[TEXT_SHOWN_SIZE];

    text_show(mailbox, shown);
    if (*mailbox && !is_mailbox(mailbox))
        findings_add(violations, "programme.mailbox",
                     "%s is not a mailbox such as office@example.eu", shown);
}

static void check_programme(const ProtobufCMessage *record, struct findings *violations,
                            struct findings *warnings)
{
    const Ucap__V1__Programme *programme = (const Ucap__V1__Programme *)record;
    (void)warnings;

    check_slug("programme.slug", programme->slug, violations);
    check_texts("programme.names", programme->names, programme->n_names, true, violations);
    check_languages("programme.languages", programme->languages, programme->n_languages,
                    violations);
    check_language("programme.default_language", programme->default_language, violations);
    if (programme->n_names > 0 && !has_default_name(programme))
        findings_add(violations, "programme.names", "none is in the default language \"%s\"",
                     programme->default_language);
    check_period(programme->period, violations);
    check_zone("programme.default_zone", programme->default_zone, violations);
    check_mailbox(programme->mailbox, violations);
    check_sources("programme.sources", programme->sources, programme->n_sources, violations);
}

const struct record_kind programme_kind = {
    .name = "programme",
    .message = &ucap__v1__programme__descriptor,
    .event = &ucap__v1__programme_event__descriptor,
    .event_name = "ucap.v1.ProgrammeEvent",
    .is_programme = true,
    .check = check_programme,
};
