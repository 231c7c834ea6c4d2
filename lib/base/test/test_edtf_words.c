/* EDTF in words, in English and Chinese. */
#include "base/edtf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct row {
    const char *text;
    const char *english;
    const char *chinese;
};

static const struct row rows[] = {
    {"2019", "2019", "2019年"},
    {"201X", "2010s", "2010年代"},
    {"20XX", "2000–2099 (year not known)", "2000–2099年（年份不详）"},
    {"2019-06", "June 2019", "2019年6月"},
    {"2019-11-20", "20 November 2019", "2019年11月20日"},
    /* parts of the year */
    {"2020-21", "spring 2020", "2020年春季"},
    {"2020-22", "summer 2020", "2020年夏季"},
    {"2020-23", "autumn 2020", "2020年秋季"},
    {"2020-24", "winter 2020", "2020年冬季"},
    {"2020-25", "northern spring 2020", "2020年北半球春季"},
    {"2020-26", "northern summer 2020", "2020年北半球夏季"},
    {"2020-27", "northern autumn 2020", "2020年北半球秋季"},
    {"2020-28", "northern winter 2020", "2020年北半球冬季"},
    {"2020-29", "southern spring 2020", "2020年南半球春季"},
    {"2020-30", "southern summer 2020", "2020年南半球夏季"},
    {"2020-31", "southern autumn 2020", "2020年南半球秋季"},
    {"2020-32", "southern winter 2020", "2020年南半球冬季"},
    {"2020-33", "first quarter of 2020", "2020年第一季度"},
    {"2020-34", "second quarter of 2020", "2020年第二季度"},
    {"2020-35", "third quarter of 2020", "2020年第三季度"},
    {"2020-36", "fourth quarter of 2020", "2020年第四季度"},
    {"2020-37", "first third of 2020", "2020年前四个月"},
    {"2020-38", "second third of 2020", "2020年中间四个月"},
    {"2020-39", "last third of 2020", "2020年最后四个月"},
    {"2020-40", "first half of 2020", "2020年上半年"},
    {"2020-41", "second half of 2020", "2020年下半年"},
    /* not known, uncertain, about */
    {"2019-12-XX", "December 2019 (day not known)", "2019年12月（日期不详）"},
    {"2019-XX", "2019 (month not known)", "2019年（月份不详）"},
    {"2019-XX-XX", "2019 (month and day not known)", "2019年（月日不详）"},
    {"2018~", "about 2018", "约2018年"},
    {"2018?", "2018 (uncertain)", "2018年（不确定）"},
    {"2018%", "about 2018 (uncertain)", "约2018年（不确定）"},
    {"2019-12-XX%", "about December 2019 (day not known, uncertain)",
     "约2019年12月（日期不详，不确定）"},
    {"2020-21?", "spring 2020 (uncertain)", "2020年春季（不确定）"},
    {"201X~", "about 2010s", "约2010年代"},
    /* intervals: what both ends share stands once */
    {"2019-06-09/2019-06-15", "9–15 June 2019", "2019年6月9日至15日"},
    {"2019-11-30/2019-12-02", "30 November – 2 December 2019", "2019年11月30日至12月2日"},
    {"2019-12-30/2020-01-02", "30 December 2019 – 2 January 2020", "2019年12月30日至2020年1月2日"},
    {"2019-04/2019-06", "April–June 2019", "2019年4月至6月"},
    {"2019-04/2020-11", "April 2019 – November 2020", "2019年4月至2020年11月"},
    {"2018/2020", "2018–2020", "2018年至2020年"},
    {"201X/202X", "2010s–2020s", "2010年代至2020年代"},
    {"2020-21/2020-23", "spring–autumn 2020", "2020年春季至秋季"},
    {"2020-29/2020-30", "southern spring – southern summer 2020", "2020年南半球春季至南半球夏季"},
    {"2020-33/2020-35", "first quarter – third quarter of 2020", "2020年第一季度至第三季度"},
    {"2019-06-09/2019-07", "9 June – July 2019", "2019年6月9日至7月"},
    {"2019/2019-06", "2019 – June 2019", "2019年至2019年6月"},
    {"2004-02-01/2005", "1 February 2004 – 2005", "2004年2月1日至2005年"},
    {"2019-06-09/2019-06-09", "9 June 2019", "2019年6月9日"},
    {"2019-06-09?/2019-06-15", "9 June 2019 (uncertain) – 15 June 2019",
     "2019年6月9日（不确定）至2019年6月15日"},
    {"2019-06-XX/2019-07-02", "June 2019 (day not known) – 2 July 2019",
     "2019年6月（日期不详）至2019年7月2日"},
    {"1984~/2004-06", "about 1984 – June 2004", "约1984年至2004年6月"},
    /* open and unknown ends */
    {"2019/..", "since 2019", "2019年起"},
    {"2018~/..", "since about 2018", "约2018年起"},
    {"../2019-06", "until June 2019", "截至2019年6月"},
    {"1985-04-12/", "from 12 April 1985, end not known", "1985年4月12日起，结束日期不详"},
    {"/1985-04-12", "until 12 April 1985, start not known", "截至1985年4月12日，开始日期不详"},
    /* clock times */
    {"2018-10-06T10:30", "6 October 2018, 10:30", "2018年10月6日10:30"},
    {"2018-10-06T10:30:05", "6 October 2018, 10:30:05", "2018年10月6日10:30:05"},
    {"2018-10-06T10:30[Europe/Rome]", "6 October 2018, 10:30 (Rome time)",
     "2018年10月6日10:30（罗马时间）"},
    {"2018-10-06T10:30[America/New_York]", "6 October 2018, 10:30 (New York time)",
     "2018年10月6日10:30（纽约时间）"},
    {"2018-10-06T10:30[UTC]", "6 October 2018, 10:30 (UTC)", "2018年10月6日10:30（UTC）"},
    {"2018-10-06T10:30Z", "6 October 2018, 10:30 (UTC)", "2018年10月6日10:30（UTC）"},
    {"2018-10-06T10:30+05:30", "6 October 2018, 10:30 (UTC+05:30)",
     "2018年10月6日10:30（UTC+05:30）"},
    {"2018-10-06T10:30/2018-10-06T12:00[Europe/Rome]", "6 October 2018, 10:30–12:00 (Rome time)",
     "2018年10月6日10:30至12:00（罗马时间）"},
    {"2018-10-06T22:00/2018-10-07T02:00[Europe/Rome]",
     "6 October 2018, 22:00 – 7 October 2018, 02:00 (Rome time)",
     "2018年10月6日22:00至2018年10月7日02:00（罗马时间）"},
    {"2018-10-06T10:30/2018-10-06[Europe/Rome]",
     "6 October 2018, 10:30 – 6 October 2018 (Rome time)",
     "2018年10月6日10:30至2018年10月6日（罗马时间）"},
    {"2018-10-06T10:30/[Europe/Rome]", "from 6 October 2018, 10:30 (Rome time), end not known",
     "2018年10月6日10:30（罗马时间）起，结束日期不详"},
    {"../2018-10-06T10:30[Asia/Shanghai]", "until 6 October 2018, 10:30 (Shanghai time)",
     "截至2018年10月6日10:30（上海时间）"},
    {"2018-10-06T10:30-03:00/2018-10-06T12:00-03:00", "6 October 2018, 10:30–12:00 (UTC-03:00)",
     "2018年10月6日10:30至12:00（UTC-03:00）"},
    {"2018-10-06T10:30+02:00/2018-10-06T12:00+01:00",
     "6 October 2018, 10:30 (UTC+02:00) – 6 October 2018, 12:00 (UTC+01:00)",
     "2018年10月6日10:30（UTC+02:00）至2018年10月6日12:00（UTC+01:00）"},
};

static void says(const char *text, const char *language, const char *expected)
{
    struct err err = ERR_INIT;
    struct edtf value;
    char *words = NULL;

    if (edtf_parse(text, &value, &err) || edtf_words(&value, language, &words, &err))
        fail_msg("%s", err.text);
    if (strcmp(words, expected) != 0)
        fail_msg("%s in %s: \"%s\", expected \"%s\"", text, language, words, expected);
    free(words);
}

static void says_each_form_in_english_and_chinese(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        says(rows[i].text, "en", rows[i].english);
        says(rows[i].text, "zh", rows[i].chinese);
    }
}

static void finds_the_language(void **state)
{
    (void)state;
    says("2019-06", "en-GB", "June 2019");
    says("2019-06", "zh-Hans", "2019年6月");
    says("2019-06", "ZH-Hans-CN", "2019年6月");
    says("2019-06", "it", "June 2019");
    says("2019-06", "zha", "June 2019");
    says("2019-06", "z", "June 2019");
    says("2019-06", "", "June 2019");
    says("2019-06", NULL, "June 2019");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_each_form_in_english_and_chinese),
        cmocka_unit_test(finds_the_language),
    };

    return cmocka_run_group_tests_name("base_edtf_words", tests, NULL, NULL);
}
