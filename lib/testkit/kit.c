/* Folders, processes and waiting. A process that is started dies with the test program, however
 * that ends; files and folders stay only when the test program is killed. */
#include "kit.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define END_LIMIT_MS 10000 /* for a process to end after its signal, before SIGKILL */
#define PAUSE_MS     2     /* between two looks at a condition */

struct block {
    struct block *next;
    max_align_t bytes[];
};

struct kit_process {
    struct kit_process *next;
    const char *name;
    const char *out, *err; /* paths of the files */
    pid_t pid;
    int stop_signal;
    bool ended;
    int status; /* of waitpid, when ended */
};

struct kit {
    struct kit *next;
    char dir[64];
    struct block *blocks;
    struct kit_process *processes; /* the latest first */
    unsigned started;
};

/* Begun and not ended. A test that fails leaves its kit behind; what is left at exit is ended then.
 */
static struct kit *kits;

void kit_fail(const char *format, ...)
{
    char text[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    print_error("%s\n", text);
    fail();
    abort(); /* fail() does not return inside a test or fixture */
}

/* ---- the folder ---- */

static void end_left(void);

struct kit *kit_begin(void)
{
    static bool registered;
    struct kit *kit = calloc(1, sizeof(*kit));

    if (!registered && atexit(end_left) == 0)
        registered = true;
    if (!kit)
        kit_fail("out of memory");
    strcpy(kit->dir, "/tmp/ucap-XXXXXX");
    if (!mkdtemp(kit->dir) || chmod(kit->dir, 0755) != 0)
        kit_fail("cannot make a temporary folder: %s", strerror(errno));
    kit->next = kits;
    kits = kit;
    return kit;
}

void *kit_alloc(struct kit *kit, size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);

    if (!block)
        kit_fail("out of memory");
    block->next = kit->blocks;
    kit->blocks = block;
    return block->bytes;
}

const char *kit_dir(const struct kit *kit)
{
    return kit->dir;
}

static const char *join(struct kit *kit, const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = kit_alloc(kit, size);

    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

const char *kit_path(struct kit *kit, const char *format, ...)
{
    char name[PATH_MAX / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    return join(kit, kit->dir, name);
}

void kit_write_file(const char *path, const char *text, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    if (fd < 0 || fchmod(fd, mode) != 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        kit_fail("cannot write %s: %s", path, strerror(errno));
    close(fd);
}

/* NULL when it cannot be read. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;

    if (!file)
        return NULL;
    if (getdelim(&text, &size, EOF, file) < 0) {
        free(text);
        text = calloc(1, 1);
    }
    fclose(file);
    return text;
}

char *kit_read_file(const char *path)
{
    char *text = read_file(path);

    if (!text)
        kit_fail("cannot read %s: %s", path, strerror(errno));
    return text;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    remove(path);
    return 0;
}

/* ---- waiting ---- */

bool kit_wait_maybe(int64_t limit_ms, bool (*condition)(void *arg), void *arg)
{
    int64_t until_us = clock_mono_us(clock_system()) + limit_ms * 1000;

    while (!condition(arg)) {
        if (clock_mono_us(clock_system()) > until_us)
            return condition(arg);
        poll(NULL, 0, PAUSE_MS);
    }
    return true;
}

void kit_wait(const char *what, int64_t limit_ms, bool (*condition)(void *arg), void *arg)
{
    if (!kit_wait_maybe(limit_ms, condition, arg))
        kit_fail("waited %lld ms in vain for: %s", (long long)limit_ms, what);
}

/* ---- processes ---- */

bool kit_server_user(uid_t *ret_uid, gid_t *ret_gid)
{
    const struct passwd *user = getpwnam("postgres");

    if (geteuid() != 0)
        return false;
    if (!user)
        user = getpwnam("nobody");
    if (!user)
        kit_fail("there is neither a user postgres nor nobody to run servers as");
    *ret_uid = user->pw_uid;
    *ret_gid = user->pw_gid;
    return true;
}

/* Where ctest says the programs are, else beside the folder of the test program. */
static const char *program_path(struct kit *kit, const char *program)
{
    const char *bin = getenv("UCAP_TEST_BIN");
    char self[PATH_MAX];

    if (strchr(program, '/'))
        return program;
    if (!bin) {
        ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (length < 0)
            kit_fail("cannot read /proc/self/exe: %s", strerror(errno));
        self[length] = '\0';
        bin = join(kit, dirname(self), "../bin");
    }
    return join(kit, bin, program);
}

static size_t list_length(const char *const *list)
{
    size_t count = 0;

    while (list && list[count])
        count++;
    return count;
}

static bool same_variable(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");

    return strncmp(a, b, length + 1) == 0;
}

static bool is_replaced(const char *variable, const char *const *env)
{
    for (; env && *env; env++)
        if (same_variable(*env, variable))
            return true;
    return false;
}

/* Our environment without what would make a test depend on who runs it (settings, libpq's
 * defaults), then `env`. */
static char **make_environment(struct kit *kit, const char *const *env)
{
    size_t count = list_length((const char *const *)environ) + list_length(env);
    char **list = kit_alloc(kit, (count + 1) * sizeof(*list));
    char **at = list;

    for (char **old = environ; *old; old++)
        if (strncmp(*old, "UCAP_", 5) != 0 && strncmp(*old, "PG", 2) != 0 &&
            !is_replaced(*old, env))
            *at++ = *old;
    for (; env && *env; env++)
        *at++ = (char *)*env;
    return list;
}

static char **make_arguments(struct kit *kit, const char *path, const char *const *argv)
{
    size_t count = list_length(argv);
    char **list = kit_alloc(kit, (count + 2) * sizeof(*list));

    list[0] = (char *)path;
    for (size_t i = 0; i < count; i++)
        list[i + 1] = (char *)argv[i];
    return list;
}

static int open_output(const char *path, int to)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);

    return fd < 0 ? -1 : dup2(fd, to);
}

/* In the child. The signal at the parent's death is asked for last: a change of user clears it. */
__attribute__((noreturn)) static void become(const struct kit_process *process,
                                             const struct kit_spawn *spawn, pid_t parent,
                                             char **argv, char **env)
{
    uid_t uid;
    gid_t gid;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (open_output(process->out, STDOUT_FILENO) < 0 ||
        open_output(process->err, STDERR_FILENO) < 0)
        _exit(126);
    if (spawn->as_server_user && kit_server_user(&uid, &gid) &&
        (setgid(gid) != 0 || setgroups(0, NULL) != 0 || setuid(uid) != 0)) {
        perror("cannot change the user");
        _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, spawn->stop_signal == SIGTERM ? SIGKILL : spawn->stop_signal);
    if (getppid() != parent)
        _exit(126);
    execve(argv[0], argv, env);
    fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

struct kit_process *kit_spawn(struct kit *kit, const struct kit_spawn *spawn)
{
    struct kit_process *process = kit_alloc(kit, sizeof(*process));
    char **argv = make_arguments(kit, program_path(kit, spawn->program), spawn->argv);
    char **env = make_environment(kit, spawn->env);
    const char *slash = strrchr(argv[0], '/');
    pid_t parent = getpid();

    kit->started++;
    process->name = slash + 1;
    process->out = kit_path(kit, "%s.%u.out", process->name, kit->started);
    process->err = kit_path(kit, "%s.%u.err", process->name, kit->started);
    process->stop_signal = spawn->stop_signal;
    kit_write_file(process->out, "", 0644);
    kit_write_file(process->err, "", 0644);
    process->pid = fork();
    if (process->pid < 0)
        kit_fail("cannot fork: %s", strerror(errno));
    if (process->pid == 0)
        become(process, spawn, parent, argv, env);
    process->next = kit->processes;
    kit->processes = process;
    return process;
}

struct kit_process *kit_start(struct kit *kit, const char *program, const char *const *argv,
                              const char *const *env)
{
    return kit_spawn(kit, &(struct kit_spawn){program, argv, env, false, SIGTERM});
}

pid_t kit_pid(const struct kit_process *process)
{
    return process->pid;
}

bool kit_is_running(struct kit_process *process)
{
    if (!process->ended && waitpid(process->pid, &process->status, WNOHANG) == process->pid)
        process->ended = true;
    return !process->ended;
}

void kit_signal(struct kit_process *process, int signal)
{
    if (kit_is_running(process))
        kill(process->pid, signal);
}

static bool has_ended(void *process)
{
    return !kit_is_running(process);
}

static int exit_code(const struct kit_process *process)
{
    return WIFSIGNALED(process->status) ? 128 + WTERMSIG(process->status)
                                        : WEXITSTATUS(process->status);
}

int kit_wait_exit(struct kit_process *process, int64_t limit_ms)
{
    char *said;

    if (kit_wait_maybe(limit_ms, has_ended, process))
        return exit_code(process);
    said = kit_stderr(process);
    print_error("%s wrote:\n%s", process->name, said);
    free(said);
    kit_fail("%s has not ended within %lld ms", process->name, (long long)limit_ms);
}

char *kit_stdout(const struct kit_process *process)
{
    return kit_read_file(process->out);
}

char *kit_stderr(const struct kit_process *process)
{
    return kit_read_file(process->err);
}

/* ---- the end ---- */

static void end_process(struct kit_process *process)
{
    kit_signal(process, process->stop_signal);
    if (kit_wait_maybe(END_LIMIT_MS, has_ended, process))
        return;
    fprintf(stderr, "%s did not end on signal %d and was killed\n", process->name,
            process->stop_signal);
    kit_signal(process, SIGKILL);
    kit_wait_maybe(END_LIMIT_MS, has_ended, process);
}

/* The exit code of the sanitizers, and the signal of an assertion, are the test's failure whoever
 * looks. */
static bool looks_broken(const struct kit_process *process)
{
    int code = exit_code(process);
    char *said = read_file(process->err);
    bool broken = code == 128 + SIGABRT || code == 128 + SIGSEGV ||
                  (said && (strstr(said, "Sanitizer") || strstr(said, "runtime error:")));

    if (broken)
        fprintf(stderr, "%s ended with %d and wrote:\n%s", process->name, code, said ? said : "");
    free(said);
    return broken;
}

static void destroy(struct kit *kit)
{
    struct kit **at = &kits;

    while (*at && *at != kit)
        at = &(*at)->next;
    if (*at)
        *at = kit->next;
    nftw(kit->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    for (struct block *block = kit->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(kit);
}

static void end_left(void)
{
    while (kits) {
        for (struct kit_process *process = kits->processes; process; process = process->next) {
            kit_signal(process, process->stop_signal == SIGTERM ? SIGKILL : process->stop_signal);
            kit_wait_maybe(END_LIMIT_MS, has_ended, process);
        }
        destroy(kits);
    }
}

void kit_end(struct kit *kit)
{
    bool broken = false;

    if (!kit)
        return;
    for (struct kit_process *process = kit->processes; process; process = process->next) {
        if (kit_is_running(process))
            end_process(process);
        broken |= looks_broken(process);
    }
    destroy(kit);
    if (broken)
        kit_fail("a process of the test broke, see above");
}
