/* CURVE keys by libzmq's own functions, so that no second crypto library is needed. */
#include "bus/curve.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define KEY_FILE_MAX 4096

bool curve_is_key(const char *text)
{
    uint8_t binary[32];

    return text && strlen(text) == CURVE_KEY_SIZE - 1 && zmq_z85_decode(binary, text) != NULL;
}

int curve_key_generate(struct curve_key *ret_key, struct err *err)
{
    struct curve_key key;

    if (zmq_curve_keypair(key.public_key, key.secret_key) < 0)
        return err_errno(err, ERR_UNIMPLEMENTED, "make a key pair (is libzmq built with CURVE?)");
    *ret_key = key;
    return 0;
}

/* ---- reading ---- */

/* A file of root may be readable by a group: so keys reach a container or a service user. */
static int check_mode(const char *path, const struct stat *status, struct err *err)
{
    unsigned mode = (unsigned)status->st_mode & 07777;
    unsigned forbidden = status->st_uid == 0 ? 0037 : 0077;

    if (!S_ISREG(status->st_mode))
        return err_set(err, ERR_INVALID_ARGUMENT, "key file \"%s\" is not a regular file", path);
    if (mode & forbidden)
        return err_set(err, ERR_FAILED_PRECONDITION,
                       "key file \"%s\" is open to others (mode %04o): run chmod 600 on it", path,
                       mode);
    return 0;
}

static int read_bytes(int fd, const char *path, char text[KEY_FILE_MAX + 1], struct err *err)
{
    size_t length = 0;
    ssize_t got;

    do {
        got = read(fd, text + length, KEY_FILE_MAX - length);
        if (got > 0)
            length += (size_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0)
        return err_errno(err, ERR_UNAVAILABLE, "read key file \"%s\"", path);
    if (length == KEY_FILE_MAX || memchr(text, '\0', length))
        return err_set(err, ERR_INVALID_ARGUMENT, "\"%s\" is not a key file", path);
    text[length] = '\0';
    return 0;
}

static int read_text(const char *path, char text[KEY_FILE_MAX + 1], struct err *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int rc;

    if (fd < 0 && errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no key file \"%s\": `ucap key generate --out FILE` makes one",
                       path);
    if (fd < 0)
        return err_errno(err, ERR_PERMISSION_DENIED, "open key file \"%s\"", path);
    if (fstat(fd, &status) < 0)
        rc = err_errno(err, ERR_UNAVAILABLE, "look at key file \"%s\"", path);
    else
        rc = check_mode(path, &status, err);
    if (rc == 0)
        rc = read_bytes(fd, path, text, err);
    close(fd);
    return rc;
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (isspace((unsigned char)*text))
        text++;
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return text;
}

/* One `name = value`. The value may hold '=' and '#': both are digits of Z85. */
static int read_line(char *line, struct curve_key *key, const char *path, int number,
                     struct err *err)
{
    char *value = strchr(line, '=');
    char *target = NULL;

    if (value)
        *value++ = '\0';
    const char *name = trim(line);
    if (strcmp(name, "public-key") == 0)
        target = key->public_key;
    else if (strcmp(name, "secret-key") == 0)
        target = key->secret_key;
    /* The line is not quoted: it may be a secret with a slip in it. */
    if (!target || !value || target[0] || !curve_is_key(value = trim(value)))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "key file \"%s\", line %d: expected `public-key = KEY` or `secret-key = "
                       "KEY`, once each, a key having 40 characters of Z85",
                       path, number);
    memcpy(target, value, CURVE_KEY_SIZE);
    return 0;
}

static int read_lines(char *text, struct curve_key *key, const char *path, struct err *err)
{
    int number = 0;

    while (text) {
        char *line = strsep(&text, "\n");
        number++;
        line = trim(line);
        if (*line == '\0' || *line == '#')
            continue;
        int rc = read_line(line, key, path, number, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check_pair(const struct curve_key *key, const char *path, struct err *err)
{
    char public_key[CURVE_KEY_SIZE];

    if (!key->public_key[0] || !key->secret_key[0])
        return err_set(err, ERR_INVALID_ARGUMENT, "key file \"%s\" has no %s key", path,
                       key->public_key[0] ? "secret" : "public");
    if (zmq_curve_public(public_key, key->secret_key) < 0 ||
        strcmp(public_key, key->public_key) != 0)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "key file \"%s\": the public key does not belong to the secret key", path);
    return 0;
}

int curve_key_read(const char *path, struct curve_key *ret_key, struct err *err)
{
    char text[KEY_FILE_MAX + 1];
    struct curve_key key = {"", ""};
    int rc = read_text(path, text, err);

    if (rc == 0)
        rc = read_lines(text, &key, path, err);
    if (rc == 0)
        rc = check_pair(&key, path, err);
    if (rc == 0)
        *ret_key = key;
    explicit_bzero(text, sizeof(text));
    explicit_bzero(&key, sizeof(key));
    return rc;
}

/* ---- writing ---- */

static void put_comment(FILE *file, const char *comment)
{
    while (comment && *comment) {
        size_t length = strcspn(comment, "\n");
        fprintf(file, "# %.*s\n", (int)length, comment);
        comment += length + (comment[length] == '\n');
    }
}

/* Closes fd in any case. */
static int write_text(int fd, const struct curve_key *key, const char *comment)
{
    FILE *file = fdopen(fd, "w");

    if (!file) {
        close(fd);
        return -1;
    }
    put_comment(file, comment);
    fprintf(file, "public-key = %s\nsecret-key = %s\n", key->public_key, key->secret_key);
    bool bad = fflush(file) != 0 || ferror(file) || fsync(fd) < 0;
    return fclose(file) != 0 || bad ? -1 : 0;
}

/* link(2), not rename(2): it refuses to replace a file. */
static int give_name(const char *fresh, const char *path, struct err *err)
{
    if (link(fresh, path) == 0)
        return 0;
    if (errno == EEXIST)
        return err_set(err, ERR_ALREADY_EXISTS,
                       "key file \"%s\" exists and is never overwritten: move it away or name "
                       "another file",
                       path);
    return err_errno(err, ERR_UNAVAILABLE, "create key file \"%s\"", path);
}

int curve_key_write(const char *path, const struct curve_key *key, const char *comment,
                    struct err *err)
{
    char fresh[PATH_MAX];
    int rc;

    if (snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path) >= (int)sizeof(fresh))
        return err_set(err, ERR_INVALID_ARGUMENT, "path of the key file is too long");
    int fd = mkostemp(fresh, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return err_errno(err, ERR_PERMISSION_DENIED, "create a file beside \"%s\"", path);
    if (write_text(fd, key, comment) < 0)
        rc = err_errno(err, ERR_UNAVAILABLE, "write key file \"%s\"", path);
    else
        rc = give_name(fresh, path, err);
    unlink(fresh);
    return rc;
}

/* ---- sockets ---- */

static int set_text(void *socket, int option, const char *text, struct err *err)
{
    if (zmq_setsockopt(socket, option, text, strlen(text)) < 0)
        return err_set(err, ERR_INVALID_ARGUMENT, "cannot put the key on the socket: %s",
                       zmq_strerror(errno));
    return 0;
}

int curve_client(void *socket, const struct curve_key *own, const char *server_key, struct err *err)
{
    int rc = set_text(socket, ZMQ_CURVE_SERVERKEY, server_key, err);

    if (rc == 0)
        rc = set_text(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, err);
    if (rc == 0)
        rc = set_text(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, err);
    return rc;
}

int curve_server(void *socket, const struct curve_key *own, const char *zap_domain, struct err *err)
{
    int on = 1;

    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof(on)) < 0)
        return err_set(err, ERR_UNIMPLEMENTED, "cannot make the socket a CURVE server: %s",
                       zmq_strerror(errno));
    int rc = set_text(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, err);
    if (rc == 0)
        rc = set_text(socket, ZMQ_ZAP_DOMAIN, zap_domain, err);
    return rc;
}
