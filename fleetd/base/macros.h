/* What the language lacks: cleanup attributes, ownership hand-over, sizes and string shorthands. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))
#define _noreturn_ __attribute__((noreturn))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))
/* These evaluate an argument twice: give them no calls that do something. */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Hands a pointer over: the expression's value is the old pointer, the variable becomes NULL. */
#define TAKE_PTR(ptr) \
    ({ \
        typeof(ptr) *_take_from = &(ptr); \
        typeof(ptr) _taken = *_take_from; \
        *_take_from = NULL; \
        _taken; \
    })

/* Defines `func##p()`, the form that _cleanup_ needs, for a free function that accepts NULL. */
#define DEFINE_POINTER_CLEANUP(type, func) \
    static inline void func##p(type **p) { \
        if (*p) \
            func(*p); \
    }

static inline void freep(void *p) {
    free(*(void **) p);
}
#define _cleanup_free_ _cleanup_(freep)

static inline bool streq(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

/* NULL is equal to NULL only. */
static inline bool streq_ptr(const char *a, const char *b) {
    return a && b ? streq(a, b) : a == b;
}

static inline bool str_is_empty(const char *s) {
    return !s || !*s;
}

static inline const char *str_or(const char *s, const char *otherwise) {
    return s ? s : otherwise;
}
