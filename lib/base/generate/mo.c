/* The file is read whole and searched in place. What does not fit the format ends the build. */
#include "mo.h"

#include "die.h"

#include <byteswap.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC      0x950412deu
#define FILE_BYTES (16 << 20)

/* Of the header, in words of 32 bits; the byte order is that of the machine that wrote it. */
enum { HEAD_MAGIC, HEAD_REVISION, HEAD_COUNT, HEAD_ORIGINALS, HEAD_TRANSLATIONS, HEAD_WORDS };

struct mo {
    char *path;
    char *bytes; /* a 0 stands behind them */
    size_t size;
    bool swapped;
};

static uint32_t word_at(const struct mo *mo, size_t at)
{
    uint32_t word;

    if (at > mo->size || mo->size - at < sizeof(word))
        die("%s ends in the middle", mo->path);
    memcpy(&word, mo->bytes + at, sizeof(word));
    return mo->swapped ? bswap_32(word) : word;
}

static uint32_t head(const struct mo *mo, size_t word)
{
    return word_at(mo, word * sizeof(uint32_t));
}

/* Entry `index` of the table that begins at `table`: pairs of length and offset. */
static const char *text_at(const struct mo *mo, size_t table, size_t index)
{
    size_t entry = table + index * 2 * sizeof(uint32_t);
    size_t length = word_at(mo, entry);
    size_t offset = word_at(mo, entry + sizeof(uint32_t));

    if (offset > mo->size || length > mo->size - offset || mo->bytes[offset + length] != '\0')
        die("%s has a text beyond its end", mo->path);
    return mo->bytes + offset;
}

struct mo *mo_open(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file && (errno == ENOENT || errno == ENOTDIR))
        return NULL;
    if (!file)
        die("cannot read %s: %s", path, strerror(errno));
    struct mo *mo = need(calloc(1, sizeof(*mo)));
    mo->path = need(strdup(path));
    mo->bytes = need(calloc(1, FILE_BYTES + 1));
    mo->size = fread(mo->bytes, 1, FILE_BYTES, file);
    if (ferror(file) || !feof(file))
        die("cannot read %s to its end", path);
    fclose(file);
    mo->swapped = head(mo, HEAD_MAGIC) == bswap_32(MAGIC);
    if (head(mo, HEAD_MAGIC) != MAGIC || head(mo, HEAD_REVISION) >> 16 > 1)
        die("%s is not a message catalog", path);
    return mo;
}

/* Originals are sorted by strcmp. */
const char *mo_find(const struct mo *mo, const char *text)
{
    size_t low = 0, high = head(mo, HEAD_COUNT);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(text_at(mo, head(mo, HEAD_ORIGINALS), middle), text);
        if (order == 0) {
            const char *found = text_at(mo, head(mo, HEAD_TRANSLATIONS), middle);
            return *found ? found : NULL;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void mo_close(struct mo *mo)
{
    if (!mo)
        return;
    free(mo->path);
    free(mo->bytes);
    free(mo);
}
