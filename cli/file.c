/* Reading and replacing files. A replacement is written beside its target, flushed, then renamed
 * over it. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The sentence for errno, under the code that fits it. */
static int fail(struct err *err, const char *what, const char *path)
{
    enum err_code code = errno == ENOENT                     ? ERR_NOT_FOUND
                         : errno == EACCES || errno == EPERM ? ERR_PERMISSION_DENIED
                                                             : ERR_UNKNOWN;

    return err_errno(err, code, "%s \"%s\"", what, path);
}

int file_read_stream(FILE *file, const char *name, char **ret_text, size_t *ret_size,
                     struct err *err)
{
    char *text = NULL;
    size_t size = 0;
    size_t got;

    do {
        if (size > FILE_BYTES_MAX) {
            free(text);
            return err_set(err, ERR_INVALID_ARGUMENT, "%s is larger than 16 MiB", name);
        }
        char *more = realloc(text, size + BUFSIZ + 1);
        if (!more) {
            free(text);
            return err_nomem(err);
        }
        text = more;
        got = fread(text + size, 1, BUFSIZ, file);
        size += got;
    } while (got > 0);
    if (ferror(file)) {
        free(text);
        return err_errno(err, ERR_UNKNOWN, "read %s", name);
    }
    text[size] = '\0';
    *ret_text = text;
    *ret_size = size;
    return 0;
}

int file_read(const char *path, char **ret_text, size_t *ret_size, struct err *err)
{
    FILE *file = fopen(path, "re");
    char name[ERR_TEXT_MAX / 2];

    if (!file)
        return fail(err, "open", path);
    snprintf(name, sizeof(name), "\"%s\"", path);
    int rc = file_read_stream(file, name, ret_text, ret_size, err);
    fclose(file);
    return rc;
}

/* True while `fd` is still what `path` names: another holder may have renamed a new file there. */
static int is_same_file(int fd, const char *path)
{
    struct stat held, named;

    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

int file_lock(const char *path, int *ret_fd, struct err *err)
{
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0)
            return fail(err, "open for writing", path);
        bool locked = flock(fd, LOCK_EX) == 0;
        if (!locked && errno != EINTR) {
            int rc = err_errno(err, ERR_UNKNOWN, "lock \"%s\"", path);
            close(fd);
            return rc;
        }
        if (locked && is_same_file(fd, path)) {
            *ret_fd = fd;
            return 0;
        }
        close(fd);
    }
}

static int write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t put = write(fd, text, left);
        if (put < 0 && errno != EINTR)
            return -1;
        if (put > 0) {
            text += put;
            left -= (size_t)put;
        }
    }
    return fsync(fd);
}

/* The owner can be kept by root only; for others the file is their own anyway. */
static int keep_owner_and_mode(int fd, const char *path)
{
    struct stat old;

    if (stat(path, &old) < 0)
        return -1;
    if (fchown(fd, old.st_uid, old.st_gid) < 0 && geteuid() == 0)
        return -1;
    return fchmod(fd, old.st_mode & 07777);
}

int file_replace(const char *path, const char *text, struct err *err)
{
    char real[PATH_MAX];
    char fresh[PATH_MAX + 8];

    if (!realpath(path, real))
        return fail(err, "find", path);
    snprintf(fresh, sizeof(fresh), "%s.XXXXXX", real);
    int fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0)
        return fail(err, "create a file beside", path);
    bool bad = keep_owner_and_mode(fd, real) < 0 || write_all(fd, text) < 0;
    if (bad || rename(fresh, real) < 0) {
        int rc = err_errno(err, ERR_UNKNOWN, "write \"%s\"", path);
        close(fd);
        unlink(fresh);
        return rc;
    }
    close(fd);
    return 0;
}

const char *file_next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end && end[1] ? end + 1 : NULL;
}

const char *file_line(const char *text, const char *start)
{
    while (text && strncmp(text, start, strlen(start)) != 0)
        text = file_next_line(text);
    return text;
}

char *file_beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    char *beside;

    if (name[0] == '/' || !slash)
        return strdup(name);
    if (asprintf(&beside, "%.*s/%s", (int)(slash - path), path, name) < 0)
        return NULL;
    return beside;
}

int file_make_folders(const char *path, struct err *err)
{
    char folder[PATH_MAX];

    if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
        return err_set(err, ERR_INVALID_ARGUMENT, "the path is too long: \"%.100s...\"", path);
    for (char *slash = strchr(folder, '/'); slash; slash = strchr(slash + 1, '/')) {
        if (slash == folder)
            continue; /* the root */
        *slash = '\0';
        if (mkdir(folder, 0700) < 0 && errno != EEXIST)
            return fail(err, "make the folder", folder);
        *slash = '/';
    }
    return 0;
}
