/* A folder and an environment of its own for each test, and the whole program run in it. */
#ifndef UCAP_CLI_SCENE_H
#define UCAP_CLI_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SCENE_ARGS_MAX 32

struct scene {
    char dir[64];
    char *out, *err; /* of the last run */
    int code;
};

/* Setup and teardown of cmocka: *state is a struct scene; HOME is its folder, no UCAP_* is set. */
int scene_begin(void **state);
int scene_end(void **state);

/* A path in the folder; valid until the second next call. */
const char *scene_path(const struct scene *scene, const char *name);
void scene_write(const struct scene *scene, const char *name, const char *text);
char *scene_read(const struct scene *scene, const char *name); /* malloc'ed */

/* Runs `ucap` with the words (ends with NULL) and `input` on stdin. */
void scene_run_input(struct scene *scene, const char *input, const char *const *words);
#define scene_run(scene, ...) scene_run_input(scene, "", (const char *const[]){__VA_ARGS__, NULL})

/* The last run's stderr or stdout has the text; the test fails with what it has when not. */
void scene_err_has(const struct scene *scene, const char *text);
void scene_out_has(const struct scene *scene, const char *text);

#endif
