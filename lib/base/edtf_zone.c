/* Which zone names a date may carry. One zone has one spelling, so that equal values have equal
 * texts: old names (links of the tz database) are refused with the present one. */
#include "base/edtf_parts.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

/* CLDR, and with it ICU, never changes the name it once chose for a zone. Where the tz database has
 * renamed the zone since, this is its name now. */
static const struct {
    const char *cldr;
    const char *present;
} renamed[] = {
    {"Africa/Asmera", "Africa/Asmara"},
    {"America/Buenos_Aires", "America/Argentina/Buenos_Aires"},
    {"America/Catamarca", "America/Argentina/Catamarca"},
    {"America/Coral_Harbour", "America/Atikokan"},
    {"America/Cordoba", "America/Argentina/Cordoba"},
    {"America/Godthab", "America/Nuuk"},
    {"America/Indianapolis", "America/Indiana/Indianapolis"},
    {"America/Jujuy", "America/Argentina/Jujuy"},
    {"America/Louisville", "America/Kentucky/Louisville"},
    {"America/Mendoza", "America/Argentina/Mendoza"},
    {"Asia/Calcutta", "Asia/Kolkata"},
    {"Asia/Katmandu", "Asia/Kathmandu"},
    {"Asia/Rangoon", "Asia/Yangon"},
    {"Asia/Saigon", "Asia/Ho_Chi_Minh"},
    {"Atlantic/Faeroe", "Atlantic/Faroe"},
    {"Europe/Kiev", "Europe/Kyiv"},
    {"Pacific/Enderbury", "Pacific/Kanton"},
    {"Pacific/Ponape", "Pacific/Pohnpei"},
    {"Pacific/Truk", "Pacific/Chuuk"},
    {"Etc/UTC", "UTC"},
    {"Etc/GMT", "UTC"},
};

/* The present name of the zone that `zone` is a name of; false when ICU does not know it. */
static bool zone_present_name(const char *zone, char ret_name[EDTF_ZONE_MAX])
{
    UErrorCode status = U_ZERO_ERROR;
    UChar wide[EDTF_ZONE_MAX];
    UChar canonical[EDTF_ZONE_MAX];
    UBool in_database = false;

    u_strFromUTF8(wide, EDTF_ZONE_MAX, 0, zone, -1, &status);
    ucal_getCanonicalTimeZoneID(wide, -1, canonical, EDTF_ZONE_MAX, &in_database, &status);
    u_strToUTF8(ret_name, EDTF_ZONE_MAX, 0, canonical, -1, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING || !in_database)
        return false;
    for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
        if (strcmp(ret_name, renamed[i].cldr) == 0)
            snprintf(ret_name, EDTF_ZONE_MAX, "%s", renamed[i].present);
    return true;
}

/* "CET" and "SystemV/EST5" are rules without a place. ICU has them; whether a place follows them
 * changes over time. */
static bool names_a_place(const char *zone)
{
    return strchr(zone, '/') && strncmp(zone, "SystemV/", 8) != 0;
}

int edtf_zone_check(const char *zone, struct err *err)
{
    char present[EDTF_ZONE_MAX];
    int rc = 0;

    if (!zone_present_name(zone, present)) {
        rc = text_zone_check(zone, err);
        if (!rc)
            rc = err_set(err, ERR_INVALID_ARGUMENT, "time zone \"%s\" is not known", zone);
    } else if (strcmp(present, "UTC") != 0 && !names_a_place(present)) {
        rc = err_set(err, ERR_INVALID_ARGUMENT,
                     "time zone \"%s\" names no place: write one such as \"Europe/Rome\"", zone);
    } else if (strcmp(zone, present) != 0) {
        rc = err_set(err, ERR_INVALID_ARGUMENT,
                     "time zone \"%s\" is another name of \"%s\": write that", zone, present);
    }
    return rc;
}
