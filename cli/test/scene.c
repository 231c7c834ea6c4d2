/* The program in a folder of its own, without network. */
#include "scene.h"

#include "command.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int scene_begin(void **state)
{
    static const char *const variables[] = {
        "UCAP_GATEWAYS", "UCAP_GATEWAY_KEY",  "UCAP_GATEWAY_KEY_FILE",
        "UCAP_KEY_FILE", "UCAP_CONTEXT_FILE", "XDG_CONFIG_HOME",
        "UCAP_LANG"};
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    strcpy(scene->dir, "/tmp/ucap-cli-XXXXXX");
    assert_non_null(mkdtemp(scene->dir));
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    setenv("HOME", scene->dir, 1);
    *state = scene;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

int scene_end(void **state)
{
    struct scene *scene = *state;

    nftw(scene->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(scene->out);
    free(scene->err);
    free(scene);
    return 0;
}

const char *scene_path(const struct scene *scene, const char *name)
{
    static char paths[2][256];
    static unsigned turn;
    char *path = paths[turn++ % 2];

    snprintf(path, sizeof(paths[0]), "%s/%s", scene->dir, name);
    return path;
}

void scene_write(const struct scene *scene, const char *name, const char *text)
{
    FILE *file = fopen(scene_path(scene, name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

char *scene_read(const struct scene *scene, const char *name)
{
    FILE *file = fopen(scene_path(scene, name), "r");
    char *text = calloc(1, 65536);

    if (!file)
        fail_msg("there is no %s", name);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) < 65535);
    fclose(file);
    return text;
}

void scene_run_input(struct scene *scene, const char *input, const char *const *words)
{
    char *argv[SCENE_ARGS_MAX] = {(char *)"ucap"};
    int argc = 1;
    size_t out_size, err_size;

    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    free(scene->out);
    free(scene->err);
    FILE *in = tmpfile();
    FILE *out = open_memstream(&scene->out, &out_size);
    FILE *err = open_memstream(&scene->err, &err_size);
    assert_true(in && out && err);
    fputs(input, in);
    rewind(in);
    scene->code = cli_main(argc, argv, in, out, err);
    fclose(in);
    fclose(out);
    fclose(err);
}

void scene_err_has(const struct scene *scene, const char *text)
{
    if (!strstr(scene->err, text))
        fail_msg("stderr has no \"%s\":\n%s", text, scene->err);
}

void scene_out_has(const struct scene *scene, const char *text)
{
    if (!strstr(scene->out, text))
        fail_msg("stdout has no \"%s\":\n%s", text, scene->out);
}
