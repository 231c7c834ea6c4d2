/* The ucap command against a whole system: a real gateway, a real registry, a real PostgreSQL. */
#include "testkit/testkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 30000

struct world {
    struct kit *kit;
    struct kit_system system;
    char *out, *err; /* of the last run */
    int code;
};

/* ---- running it ---- */

static void run_with(struct world *w, const char *const *env, const char *const *argv)
{
    free(w->out);
    free(w->err);
    struct kit_process *process = kit_start(w->kit, "ucap", argv, env);
    w->code = kit_wait_exit(process, LIMIT_MS);
    w->out = kit_stdout(process);
    w->err = kit_stderr(process);
}

/* As a user of the principals file, all said by the environment. */
static void run_as(struct world *w, const char *user, const char *const *argv)
{
    char gateways[256], key[128], key_file[512], home[512];

    snprintf(gateways, sizeof(gateways), "UCAP_GATEWAYS=%s", w->system.requests);
    snprintf(key, sizeof(key), "UCAP_GATEWAY_KEY=%s", w->system.gateway_key.public_key);
    snprintf(key_file, sizeof(key_file), "UCAP_KEY_FILE=%s", kit_system_key_file(&w->system, user));
    snprintf(home, sizeof(home), "HOME=%s", kit_dir(w->kit));
    run_with(w, (const char *const[]){gateways, key, key_file, home, NULL}, argv);
}

#define run(w, user, ...) run_as(w, user, (const char *const[]){__VA_ARGS__, NULL})

static void expect(struct world *w, int code, const char *out, const char *err)
{
    if (w->code != code || (out && !strstr(w->out, out)) || (err && !strstr(w->err, err)))
        fail_msg(
            "exit code %d, wanted %d\nstdout (wanted \"%s\"):\n%s\nstderr (wanted \"%s\"):\n%s",
            w->code, code, out ? out : "", w->out, err ? err : "", w->err);
}

static const char *const barcelona =
    "{\"city\": {\"slug\": \"barcelona\", \"country\": \"ES\", \"subdivision\": \"ES-CT\","
    " \"zone\": \"Europe/Madrid\","
    " \"names\": [{\"language\": \"en\", \"text\": \"Barcelona\"},"
    "             {\"language\": \"zh-Hans\", \"text\": \"巴塞罗那\"}],"
    " \"figures\": [{\"kind\": \"population\", \"value\": \"1620809\","
    "                \"sources\": [{\"title\": \"U-CAP summary\"}]}]}}";

static const char *const liuzhou = "city:\n"
                                   "  slug: liuzhou\n"
                                   "  country: CN\n"
                                   "  names:\n"
                                   "    en: Liuzhou\n"
                                   "    zh-Hans: 柳州\n";

static const char *const move_liuzhou =
    "{\"city\": {\"slug\": \"liuzhou\", \"version\": 1, \"zone\": \"Asia/Shanghai\"},"
    " \"fields\": [\"zone\"]}";

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    char at[512];

    assert_non_null(w);
    w->kit = kit_begin();
    kit_system_start(w->kit, true, &w->system);
    run(w, "editor", "call", "Registry/CreateCity", barcelona);
    expect(w, 0, "\"version\": \"1\"", "");
    const char *path = kit_path(w->kit, "liuzhou.yaml");
    kit_write_file(path, liuzhou, 0644);
    snprintf(at, sizeof(at), "@%s", path);
    run(w, "editor", "call", "Registry/CreateCity", at);
    expect(w, 0, "\"slug\": \"liuzhou\"", "");
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    kit_end(w->kit);
    free(w->out);
    free(w->err);
    free(w);
    return 0;
}

/* ---- reading ---- */

static void a_city_is_shown(void **state)
{
    struct world *w = *state;

    run(w, "viewer", "city", "show", "barcelona");
    expect(w, 0, "Population      1,620,809; source: U-CAP summary\n", NULL);
    expect(w, 0, "Name (zh-Hans)  巴塞罗那\n", NULL);
    assert_string_equal(w->err, "");
    run(w, "viewer", "city", "show", "barcelona", "--format", "json");
    expect(w, 0, "\"value\": \"1620809\"", NULL);
    run(w, "viewer", "city", "show", "barcelona", "--format", "yaml");
    expect(w, 0, "slug: barcelona\n", NULL);
    run(w, "viewer", "city", "show", "liuzhou");
    expect(w, 0, "Population      —\n", NULL);
}

static void cities_are_listed(void **state)
{
    struct world *w = *state;

    run(w, "viewer", "city", "list", "--lang", "zh");
    assert_int_equal(w->code, 0);
    assert_string_equal(w->out,
                        "ID         NAME      COUNTRY  SUBDIVISION  ZONE           POPULATION\n"
                        "barcelona  巴塞罗那  ES       ES-CT        Europe/Madrid   1,620,809\n"
                        "liuzhou    柳州      CN       —            —                       —\n");
    run(w, "viewer", "city", "list", "--country", "CN", "--format", "csv");
    assert_string_equal(w->out, "id,name,country,subdivision,zone,population\r\n"
                                "liuzhou,Liuzhou,CN,,,\r\n");
    run(w, "viewer", "city", "list", "--country", "FR");
    expect(w, 0, "", "there is no city in FR yet");
}

static void a_slip_gets_the_nearest_city(void **state)
{
    struct world *w = *state;

    run(w, "viewer", "city", "show", "barcelna");
    assert_int_equal(w->code, 3);
    assert_string_equal(w->out, "");
    expect(w, 3, NULL, "city \"barcelna\" not found (did you mean \"barcelona\"?)");
}

static void services_are_listed(void **state)
{
    struct world *w = *state;

    run(w, "viewer", "service", "list");
    expect(w, 0, "ucap-registry", NULL);
    expect(w, 0, "ucap-gateway", NULL);
    expect(w, 0, "Registry/GetCity", NULL);
    expect(w, 0, "INSTANCE", NULL);
    run(w, "viewer", "service", "list", "--format", "csv");
    expect(w, 0, ",Registry/CreateCity,2,", NULL);
}

/* ---- failures ---- */

static void refusals_have_their_exit_codes(void **state)
{
    struct world *w = *state;

    run(w, "viewer", "call", "Registry/CreateCity", barcelona);
    expect(w, 4, "", "ucap: ");
    run(w, "editor", "call", "Registry/CreateCity", barcelona);
    expect(w, 5, "", "barcelona");
    run(w, "editor", "call", "Registry/UpdateCity", move_liuzhou);
    expect(w, 0, "\"version\": \"2\"", "");
    run(w, "editor", "call", "Registry/UpdateCity", move_liuzhou);
    expect(w, 5, "", "liuzhou");
    run(w, "editor", "call", "Registry/CreateCity",
        "{\"city\": {\"slug\": \"x\", \"country\": \"Spain\"}}");
    expect(w, 7, "", "\n  city.country: ");
    run(w, "viewer", "call", "Control@nobody-1/Ping", "--timeout", "300ms");
    expect(w, 6, "", "Control@nobody-1");
}

static void the_gateway_or_the_key_is_wrong(void **state)
{
    struct world *w = *state;
    const char *stranger = kit_path(w->kit, "stranger.key");

    run(w, "viewer", "city", "list", "--gateways", "tcp://127.0.0.1:1", "--timeout", "1s");
    expect(w, 6, "", "tcp://127.0.0.1:1");
    run(w, "viewer", "key", "generate", "--out", stranger);
    expect(w, 0, "", "the new key is in");
    run(w, "viewer", "city", "list", "--key-file", stranger, "--timeout", "5s");
    expect(w, 4, "", "does not know the key");
}

static void the_next_gateway_is_tried(void **state)
{
    struct world *w = *state;
    char list[256];

    snprintf(list, sizeof(list), "tcp://127.0.0.1:1,%s", w->system.requests);
    run(w, "viewer", "city", "show", "barcelona", "--gateways", list);
    expect(w, 0, "Barcelona", NULL);
}

/* ---- keys and contexts ---- */

struct newcomer {
    struct world *w;
    const char *key_file;
};

static bool is_let_in(void *arg)
{
    struct newcomer *newcomer = arg;

    run(newcomer->w, "viewer", "city", "show", "barcelona", "--key-file", newcomer->key_file,
        "--timeout", "2s");
    return newcomer->w->code == 0;
}

/* The gateway notices the new entry by itself. */
static void an_authorized_key_gets_in(void **state)
{
    struct world *w = *state;
    struct newcomer newcomer = {w, kit_path(w->kit, "newcomer.key")};

    run(w, "viewer", "key", "generate", "--out", newcomer.key_file);
    run(w, "viewer", "key", "authorize", "newcomer", "--key-file", newcomer.key_file, "--role",
        "viewer", "--programmes", "*", "--principals", w->system.principals);
    expect(w, 0, "", "\"newcomer\" may now use the gateway as viewer");
    kit_wait("the new key gets in", LIMIT_MS, is_let_in, &newcomer);
    run(w, "viewer", "key", "authorize", "newcomer", "--key-file", newcomer.key_file, "--role",
        "viewer", "--principals", w->system.principals);
    expect(w, 5, "", "principal \"newcomer\" is in");
}

static void a_context_file_is_enough(void **state)
{
    struct world *w = *state;
    char text[1024], variable[512];
    const char *path = kit_path(w->kit, "context.yaml");

    snprintf(text, sizeof(text),
             "current: here\n"
             "contexts:\n"
             "  - name: here\n"
             "    gateways: ['%s']\n"
             "    gateway_key: '%s'\n"
             "    key_file: '%s'\n"
             "    languages: [zh-Hans]\n",
             w->system.requests, w->system.gateway_key.public_key,
             kit_system_key_file(&w->system, "viewer"));
    kit_write_file(path, text, 0644);
    snprintf(variable, sizeof(variable), "UCAP_CONTEXT_FILE=%s", path);
    run_with(w, (const char *const[]){variable, NULL},
             (const char *const[]){"city", "list", "--country", "CN", NULL});
    expect(w, 0, "柳州", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_city_is_shown),
        cmocka_unit_test(cities_are_listed),
        cmocka_unit_test(a_slip_gets_the_nearest_city),
        cmocka_unit_test(services_are_listed),
        cmocka_unit_test(refusals_have_their_exit_codes),
        cmocka_unit_test(the_gateway_or_the_key_is_wrong),
        cmocka_unit_test(the_next_gateway_is_tried),
        cmocka_unit_test(an_authorized_key_gets_in),
        cmocka_unit_test(a_context_file_is_enough),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
