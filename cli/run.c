/* One run from the command line to the exit code. The result is composed in memory and sent as a
 * whole, so that a failure leaves no half of one behind; everything else goes to stderr. */
#include "run.h"

#include "base/settings.h"
#include "base/text.h"
#include "context.h"
#include "exit.h"
#include "help.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 10000

static const char *const no_languages[] = {NULL};

const struct option global_options[] = {
    {.name = "format",
     .value = "FORMAT",
     .help = "how to print the result",
     .choices = output_format_names},
    {.name = "lang", .value = "LIST", .help = "languages wanted, best first, such as zh-Hans,en"},
    {.name = "timeout",
     .value = "TIME",
     .help = "how long to wait, such as 500ms, 10s (the "
             "default) or 2m"},
    {.name = "context", .value = "NAME", .help = "the context to use, instead of the current one"},
    {.name = "context-file", .value = "FILE", .help = "where contexts are written"},
    {.name = "gateways",
     .value = "LIST",
     .also = "gateway",
     .help = "gateways to ask, in order, such as tcp://127.0.0.1:7110"},
    {.name = "gateway-key", .value = "KEY", .help = "public key of the gateways"},
    {.name = "gateway-key-file",
     .value = "FILE",
     .help = "or a file that has it on its first line"},
    {.name = "key-file", .value = "FILE", .help = "your own key"},
    {.name = "help", .help = "this help"},
    {.name = "version", .help = "the version of ucap"},
    {0},
};

/* ---- asking ---- */

int err_of_ucap(const struct ucap_error *error, struct err *err)
{
    return err_set(err, (enum err_code)error->code, "%s", error->text);
}

static int take_languages(struct run *run, const struct connection *connection, struct err *err)
{
    const struct place *languages = &connection->languages;

    if (run->languages || !languages->text)
        return 0;
    return run_set_languages(run, languages->text, languages->from, err);
}

static int open_connection(struct run *run, const struct connection *connection, struct err *err)
{
    struct ucap_error error;
    char **gateways;
    int rc = settings_split(connection->gateways.text, &gateways, err);

    if (rc < 0)
        return rc;
    const struct ucap_config config = {
        .gateways = (const char *const *)gateways,
        .gateway_key = connection->gateway_key.text,
        .key_file = connection->key_file.text,
        .timeout_ms = run->timeout_ms,
        .languages = run->languages ? (const char *const *)run->languages : no_languages,
    };
    if (ucap_open(&config, &run->ucap, &error) < 0)
        rc = err_of_ucap(&error, err);
    settings_split_free(gateways);
    return rc;
}

int run_connect(struct run *run, struct err *err)
{
    struct connection connection;

    if (run->ucap)
        return 0;
    int rc = connection_find(run, &connection, err);
    if (rc < 0)
        return rc;
    rc = connection_check(run, &connection, err);
    if (rc == 0)
        rc = take_languages(run, &connection, err);
    if (rc == 0)
        rc = open_connection(run, &connection, err);
    connection_clear(&connection);
    return rc;
}

static void keep_findings(struct findings *to, const struct ucap_finding *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        findings_add(to, rows[i].path, "%s", rows[i].sentence);
}

int run_call(struct run *run, const ProtobufCServiceDescriptor *service, const char *method,
             const ProtobufCMessage *request, const struct ucap_options *options,
             ProtobufCMessage **ret_reply, struct err *err)
{
    struct ucap_error error;
    const struct ucap_finding *rows;
    int rc = run_connect(run, err);

    if (rc < 0)
        return rc;
    rc = ucap_call(run->ucap, service, method, request, options, ret_reply, &error);
    size_t count = ucap_warnings(run->ucap, &rows);
    keep_findings(&run->warnings, rows, count);
    count = ucap_violations(run->ucap, &rows);
    keep_findings(&run->violations, rows, count);
    return rc < 0 ? err_of_ucap(&error, err) : 0;
}

const char *run_language(const struct run *run)
{
    return run->languages && run->languages[0] ? run->languages[0] : "en";
}

/* ---- printing ---- */

bool run_wants_message(const struct run *run)
{
    return run->format == OUTPUT_JSON || run->format == OUTPUT_YAML;
}

int run_print_message(struct run *run, const ProtobufCMessage *message, struct err *err)
{
    return output_message(run->out, run->format, message, err);
}

void run_print_table(struct run *run, const struct table *table)
{
    if (run->format == OUTPUT_CSV)
        table_print_csv(run->out, table);
    else
        table_print(run->out, table, run->width);
}

void run_say(struct run *run, const char *format, ...)
{
    char *text;
    va_list args;

    va_start(args, format);
    int size = vasprintf(&text, format, args);
    va_end(args);
    if (size < 0)
        return;
    fputs("ucap: ", run->err);
    output_text(run->err, text);
    fputc('\n', run->err);
    free(text);
}

/* One a line: what is said about which place of the request. */
static void say_findings(struct run *run, const char *before, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *row = &findings->rows[i];
        fputs(before, run->err);
        output_text(run->err, row->path);
        fputs(row->path[0] ? ": " : "", run->err);
        output_text(run->err, row->sentence);
        fputc('\n', run->err);
    }
    if (findings->dropped)
        fprintf(run->err, "%sand %zu more\n", before, findings->dropped);
}

/* ---- the run ---- */

static int run_command(struct run *run, struct err *err)
{
    if (run_has(run, "version")) {
        fputs("ucap " UCAP_VERSION "\n", run->out);
        return 0;
    }
    if (run->command && run_has(run, "help")) {
        if (run->command->help_on && run->argument_count > 0)
            return run->command->help_on(run, err);
        help_command(run->out, run->command);
        return 0;
    }
    if (run->command)
        return run->command->run(run, err);
    if (run->group)
        help_group(run->out, run->group);
    else if (run_has(run, "help"))
        help_overview(run->out);
    else
        help_welcome(run->out);
    return 0;
}

static enum exit_code report(struct run *run, int rc, const struct err *err)
{
    say_findings(run, "ucap: note: ", &run->warnings);
    if (rc == 0)
        return EXIT_DONE;
    run_say(run, "%s", err->text);
    say_findings(run, "  ", &run->violations);
    return run->usage ? EXIT_USAGE : exit_code_of(err->code);
}

static void run_end(struct run *run)
{
    ucap_close(run->ucap);
    if (run->languages)
        settings_split_free(run->languages);
    findings_clear(&run->violations);
    findings_clear(&run->warnings);
}

int cli_main(int argc, char *const *argv, FILE *in, FILE *out, FILE *err_stream)
{
    struct run run = {
        .in = in, .err = err_stream, .width = output_width(out), .timeout_ms = TIMEOUT_MS};
    struct err err = ERR_INIT;
    char *text = NULL;
    size_t size = 0;

    run.out = open_memstream(&text, &size);
    if (!run.out) {
        run_say(&run, "out of memory");
        return EXIT_FAILED;
    }
    int rc = command_parse(&run, argc, argv, &err);
    if (rc == 0)
        rc = run_command(&run, &err);
    if (fclose(run.out) != 0 && rc == 0)
        rc = err_nomem(&err);
    int code = report(&run, rc, &err);
    if (rc == 0 && (rc = output_send(out, text, size, &err)) < 0) {
        if (rc != -ERR_CANCELLED)
            run_say(&run, "%s", err.text);
        code = EXIT_FAILED;
    }
    free(text);
    run_end(&run);
    return code;
}
