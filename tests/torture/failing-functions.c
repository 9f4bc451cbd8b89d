/* The functions of allocators.syms: each fails when it is its turn, and else does as its namesake.
 * What json-c asks for itself never fails, whatever the scope: as of 0.16 it follows a NULL. */
#include "fleetd/base/macros.h"
#include "tests/torture/failing-internal.h"

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN() failing_turn(__builtin_return_address(0))

/* name(parameters) -> namesake(arguments), which answers `failed` when it fails. */
#define FAILING(type, failed, namesake, parameters, arguments) \
    type torture_##namesake parameters; \
    type torture_##namesake parameters { \
        if (TURN()) \
            return failed; \
        failing_enter(); \
        type result = namesake arguments; \
        failing_leave(); \
        return result; \
    }

FAILING(void *, NULL, malloc, (size_t size), (size))
FAILING(void *, NULL, calloc, (size_t n, size_t size), (n, size))
FAILING(void *, NULL, realloc, (void *old, size_t size), (old, size))
FAILING(void *, NULL, reallocarray, (void *old, size_t n, size_t size), (old, n, size))
FAILING(char *, NULL, strdup, (const char *s), (s))
FAILING(char *, NULL, strndup, (const char *s, size_t n), (s, n))
FAILING(ssize_t, -1, getline, (char **line, size_t *size, FILE *file), (line, size, file))
FAILING(ssize_t, -1, getdelim, (char **line, size_t *size, int end, FILE *file),
        (line, size, end, file))
FAILING(FILE *, NULL, fopencookie,
        (void *cookie, const char *mode, cookie_io_functions_t functions),
        (cookie, mode, functions))
FAILING(FILE *, NULL, fmemopen, (void *text, size_t size, const char *mode), (text, size, mode))
FAILING(FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode))
FAILING(DIR *, NULL, opendir, (const char *path), (path))
FAILING(DIR *, NULL, fdopendir, (int fd), (fd))

FAILING(json_object *, NULL, json_object_new_object, (void), ())
FAILING(json_object *, NULL, json_object_new_array, (void), ())
FAILING(json_object *, NULL, json_object_new_boolean, (json_bool value), (value))
FAILING(json_object *, NULL, json_object_new_int64, (int64_t value), (value))
FAILING(json_object *, NULL, json_object_new_string, (const char *s), (s))
FAILING(json_object *, NULL, json_object_new_string_len, (const char *s, int n), (s, n))
FAILING(int, -1, json_object_object_add,
        (json_object * object, const char *key, json_object *value), (object, key, value))
FAILING(int, -1, json_object_array_add, (json_object * array, json_object *value), (array, value))
FAILING(const char *, NULL, json_object_to_json_string_ext, (json_object * object, int flags),
        (object, flags))
FAILING(struct json_tokener *, NULL, json_tokener_new_ex, (int depth), (depth))
FAILING(json_object *, NULL, json_tokener_parse_ex,
        (struct json_tokener * tokener, const char *text, int size), (tokener, text, size))

/* The formats are the callers', which the compiler has seen there. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* What the text's pointer is after a failure is not said: nobody may rely on it. */
#define UNDEFINED ((char *) 1)

static _printf_(3, 0) int format_text(const void *caller, char **ret, const char *format,
                                      va_list ap) {
    if (failing_turn(caller)) {
        *ret = UNDEFINED;
        return -1;
    }
    failing_enter();
    int n = vasprintf(ret, format, ap);
    failing_leave();
    return n;
}

int torture_vasprintf(char **ret, const char *format, va_list ap) _printf_(2, 0);
int torture_vasprintf(char **ret, const char *format, va_list ap) {
    return format_text(__builtin_return_address(0), ret, format, ap);
}

int torture_vasprintf_chk(char **ret, int flag, const char *format, va_list ap) _printf_(3, 0);
int torture_vasprintf_chk(char **ret, int flag, const char *format, va_list ap) {
    (void) flag;
    return format_text(__builtin_return_address(0), ret, format, ap);
}

int torture_asprintf(char **ret, const char *format, ...) _printf_(2, 3);
int torture_asprintf(char **ret, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    int n = format_text(__builtin_return_address(0), ret, format, ap);
    va_end(ap);
    return n;
}

int torture_asprintf_chk(char **ret, int flag, const char *format, ...) _printf_(3, 4);
int torture_asprintf_chk(char **ret, int flag, const char *format, ...) {
    (void) flag;
    va_list ap;
    va_start(ap, format);
    int n = format_text(__builtin_return_address(0), ret, format, ap);
    va_end(ap);
    return n;
}
