/* NULL-terminated arrays of strings, and strings built piece by piece. */
#pragma once

#include "fleetd/base/macros.h"

#include <stdarg.h>

#define STRV_FOREACH(s, strv) for (char **s = (char **) (strv); s && *s; s++)

size_t strv_length(char *const *strv); /* NULL is empty */
void strv_free(char **strv);
DEFINE_POINTER_CLEANUP(char *, strv_free)
bool strv_contains(char *const *strv, const char *s);

/* Appends a copy of s, or of n characters of s. -ENOMEM: unchanged. */
int strv_push(char ***strv, const char *s);
int strv_push_n(char ***strv, const char *s, size_t n);
int strv_copy(char *const *strv, char ***ret);

/* Splits at any of the separator characters; empty pieces are left out. */
int strv_split(const char *text, const char *separators, char ***ret);

/* NULL when out of memory; the caller frees. */
char *strv_join(char *const *strv, const char *separator);

/* Like asprintf(), but answers the string, NULL when out of memory. The caller frees. */
char *str_printf(const char *format, ...) _printf_(1, 2);
char *str_vprintf(const char *format, va_list ap) _printf_(1, 0);

/* Replaces *s with a copy of value (NULL allowed). -ENOMEM: unchanged. */
int str_replace(char **s, const char *value);

/* The candidate that a mistyped word most likely meant: the smallest edit distance of at most a
 * third of its length, or NULL. candidates is NULL-terminated. */
const char *str_suggest(const char *word, const char *const *candidates);
