/* A PostgreSQL cluster for one test program: made in the kit's folder, without fsync (a killed
 * server loses nothing that the kernel has), on a free port. */
#include "kit.h"

#include <errno.h>
#include <glob.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_LIMIT_MS 60000
#define TRIES          10
#define PASSWORD       "test"
#define CONNINFO_SIZE  256

struct kit_pg {
    struct kit *kit;
    struct kit_process *server; /* NULL: stopped */
    const char *bin, *data;
    int port;
};

/* Where Debian puts it (the newest), else UCAP_TEST_PG_BIN. */
static const char *find_programs(struct kit *kit)
{
    const char *bin = getenv("UCAP_TEST_PG_BIN");
    glob_t found;

    if (bin)
        return bin;
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0)
        kit_fail("there is no /usr/lib/postgresql/*/bin/initdb (install postgresql, or set "
                 "UCAP_TEST_PG_BIN)");
    const char *newest = found.gl_pathv[found.gl_pathc - 1];
    size_t size = strlen(newest) + 1 - strlen("/initdb");
    char *path = kit_alloc(kit, size);
    snprintf(path, size, "%s", newest); /* cut at the folder */
    globfree(&found);
    return path;
}

static const char *program(const struct kit_pg *pg, const char *name)
{
    size_t size = strlen(pg->bin) + strlen(name) + 2;
    char *path = kit_alloc(pg->kit, size);

    snprintf(path, size, "%s/%s", pg->bin, name);
    return path;
}

static void make_cluster(struct kit_pg *pg)
{
    const char *secret = kit_path(pg->kit, "postgres.password");
    const char *argv[] = {
        "-D",   pg->data, "-U",   "postgres",         "-A",        "scram-sha-256",     "--pwfile",
        secret, "-E",     "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions", NULL,
    };
    uid_t uid;
    gid_t gid;

    kit_write_file(secret, PASSWORD "\n", 0644);
    if (mkdir(pg->data, 0700) != 0 ||
        (kit_server_user(&uid, &gid) && chown(pg->data, uid, gid) != 0))
        kit_fail("cannot make %s: %s", pg->data, strerror(errno));
    struct kit_process *initdb =
        kit_spawn(pg->kit, &(struct kit_spawn){program(pg, "initdb"), argv, NULL, true, SIGTERM});
    if (kit_wait_exit(initdb, START_LIMIT_MS) != 0)
        kit_fail("initdb failed: %s", kit_stderr(initdb));
}

/* A port that nobody listens on, below the range the kernel takes for outgoing connections: those
 * of other tests would take the port of a server that is stopped for a while. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int tries = 0; tries < 1000; tries++) {
        int port = 20000 + (int)(arc4random_uniform(12000));
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        address.sin_port = htons((uint16_t)port);
        int rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
        close(fd);
        if (rc == 0)
            return port;
    }
    kit_fail("no free port found between 20000 and 32000");
}

/* The last line of postmaster.pid says so; asking the port could reach another test's server. */
static bool is_ready(void *arg)
{
    struct kit_pg *pg = arg;
    char path[4096];
    char line[256];
    bool ready = false;

    if (!kit_is_running(pg->server))
        return true; /* nothing more to wait for */
    snprintf(path, sizeof(path), "%s/postmaster.pid", pg->data);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof(line), file))
        ready |= strncmp(line, "ready", 5) == 0;
    fclose(file);
    return ready;
}

static bool start_server(struct kit_pg *pg)
{
    char port[16];
    const char *argv[] = {
        "-D", pg->data,
        "-p", port,
        "-c", "listen_addresses=127.0.0.1",
        "-c", "unix_socket_directories=",
        "-c", "fsync=off",
        "-c", "full_page_writes=off",
        "-c", "max_connections=60",
        "-c", "shared_buffers=16MB",
        "-c", "log_min_messages=fatal",
        NULL,
    };

    snprintf(port, sizeof(port), "%d", pg->port);
    pg->server =
        kit_spawn(pg->kit, &(struct kit_spawn){program(pg, "postgres"), argv, NULL, true, SIGQUIT});
    kit_wait("PostgreSQL is ready", START_LIMIT_MS, is_ready, pg);
    return kit_is_running(pg->server);
}

struct kit_pg *kit_pg_start(struct kit *kit)
{
    struct kit_pg *pg = kit_alloc(kit, sizeof(*pg));

    pg->kit = kit;
    pg->bin = find_programs(kit);
    pg->data = kit_path(kit, "pg%d", free_port());
    make_cluster(pg);
    for (int tries = 0; tries < TRIES; tries++) {
        pg->port = free_port();
        if (start_server(pg))
            return pg;
    }
    kit_fail("PostgreSQL does not start: %s", kit_stderr(pg->server));
}

int kit_pg_port(const struct kit_pg *pg)
{
    return pg->port;
}

const char *kit_pg_conninfo(const struct kit_pg *pg, const char *user, const char *database)
{
    char *text = kit_alloc(pg->kit, CONNINFO_SIZE);

    snprintf(text, CONNINFO_SIZE, "host=127.0.0.1 port=%d user=%s dbname=%s", pg->port, user,
             database);
    return text;
}

void kit_pg_stop(struct kit_pg *pg)
{
    kit_signal(pg->server, SIGQUIT);
    kit_wait_exit(pg->server, START_LIMIT_MS);
}

void kit_pg_restart(struct kit_pg *pg)
{
    if (kit_is_running(pg->server))
        kit_pg_stop(pg);
    for (int tries = 0; tries < TRIES; tries++)
        if (start_server(pg))
            return;
    kit_fail("PostgreSQL does not start again on port %d: %s", pg->port, kit_stderr(pg->server));
}

char *kit_pg_value(struct kit_pg *pg, const char *database, const char *sql)
{
    char conninfo[CONNINFO_SIZE + sizeof(PASSWORD) + 16];

    snprintf(conninfo, sizeof(conninfo), "%s password=" PASSWORD,
             kit_pg_conninfo(pg, "postgres", database));
    PGconn *connection = PQconnectdb(conninfo);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        kit_fail("%s: %s", sql, PQerrorMessage(connection));
    char *value = strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(connection);
    return value;
}
