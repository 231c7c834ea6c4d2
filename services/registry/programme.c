/* Programmes: what a correct one is. */
#include "base/edtf.h"
#include "check.h"
#include "record.h"

#include <stdio.h>
#include <string.h>
#include <ucap/v1/registry.pb-c.h>

static void check_period(const char *period, struct findings *violations)
{
    struct edtf value;
    struct err err = ERR_INIT;

    if (!*period)
        return;
    if (edtf_parse(period, &value, &err) < 0)
        findings_add(violations, "programme.period", "%s", err.text);
    else if (!value.interval)
        findings_add(violations, "programme.period",
                     "\"%s\" is one date: a period has a start and an end, such as 2019-04/2020-11",
                     period);
}

static void check_languages(const Ucap__V1__Programme *programme, struct findings *violations)
{
    char at[64];

    for (size_t i = 0; i < programme->n_languages; i++) {
        snprintf(at, sizeof(at), "programme.languages[%zu]", i);
        check_language(at, programme->languages[i], violations);
    }
    check_language("programme.default_language", programme->default_language, violations);
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

    return at && at > text && at[1] && !strchr(at + 1, '@') && !strpbrk(text, " \t\n<>,;");
}

static void check_programme(const ProtobufCMessage *record, struct findings *violations,
                            struct findings *warnings)
{
    const Ucap__V1__Programme *programme = (const Ucap__V1__Programme *)record;
    (void)warnings;

    check_slug("programme.slug", programme->slug, violations);
    check_texts("programme.names", programme->names, programme->n_names, true, violations);
    check_languages(programme, violations);
    if (programme->n_names > 0 && !has_default_name(programme))
        findings_add(violations, "programme.names", "none is in the default language \"%s\"",
                     programme->default_language);
    check_period(programme->period, violations);
    check_zone("programme.default_zone", programme->default_zone, violations);
    if (*programme->mailbox && !is_mailbox(programme->mailbox))
        findings_add(violations, "programme.mailbox",
                     "\"%s\" is not a mailbox such as office@example.eu", programme->mailbox);
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
