#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

size_t strv_length(char *const *strv) {
    size_t n = 0;
    while (strv && strv[n])
        n++;
    return n;
}

void strv_free(char **strv) {
    STRV_FOREACH (s, strv)
        free(*s);
    free(strv);
}

bool strv_contains(char *const *strv, const char *s) {
    STRV_FOREACH (p, strv)
        if (streq(*p, s))
            return true;
    return false;
}

int strv_push_n(char ***strv, const char *s, size_t n) {
    size_t length = strv_length(*strv);
    char *copy = strndup(s, n);
    char **grown = copy ? realloc(*strv, (length + 2) * sizeof(char *)) : NULL;
    if (!grown) {
        free(copy);
        return -ENOMEM;
    }
    grown[length] = copy;
    grown[length + 1] = NULL;
    *strv = grown;
    return 0;
}

int strv_push(char ***strv, const char *s) {
    return strv_push_n(strv, s, strlen(s));
}

int strv_copy(char *const *strv, char ***ret) {
    _cleanup_(strv_freep) char **copy = calloc(1, sizeof(char *));
    if (!copy)
        return -ENOMEM;
    STRV_FOREACH (s, strv) {
        int r = strv_push(&copy, *s);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(copy);
    return 0;
}

static size_t pieces_count(const char *text, const char *separators) {
    size_t n = 0;
    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        text += strcspn(text, separators);
        n++;
    }
    return n;
}

int strv_split(const char *text, const char *separators, char ***ret) {
    _cleanup_(strv_freep) char **pieces =
        calloc(pieces_count(text, separators) + 1, sizeof(char *));
    if (!pieces)
        return -ENOMEM;
    size_t i = 0;
    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t n = strcspn(text, separators);
        pieces[i] = strndup(text, n);
        if (!pieces[i++])
            return -ENOMEM;
        text += n;
    }
    *ret = TAKE_PTR(pieces);
    return 0;
}

char *strv_join(char *const *strv, const char *separator) {
    size_t size = 1;
    STRV_FOREACH (s, strv)
        size += strlen(*s) + strlen(separator);
    char *joined = malloc(size);
    if (!joined)
        return NULL;
    char *end = joined;
    *end = 0;
    STRV_FOREACH (s, strv) {
        if (s != strv)
            end = stpcpy(end, separator);
        end = stpcpy(end, *s);
    }
    return joined;
}

/* After a failure of vasprintf() nothing is said of the pointer: it must not be freed. */
char *str_vprintf(const char *format, va_list ap) {
    char *s;
    return vasprintf(&s, format, ap) < 0 ? NULL : s;
}

char *str_printf(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    char *s = str_vprintf(format, ap);
    va_end(ap);
    return s;
}

int str_replace(char **s, const char *value) {
    char *copy = NULL;
    if (value && !(copy = strdup(value)))
        return -ENOMEM;
    free(*s);
    *s = copy;
    return 0;
}

#define SUGGEST_LENGTH_MAX 63 /* options and commands are short; longer words get no suggestion */

static bool letter_is(char a, char b) {
    return strncasecmp(&a, &b, 1) == 0;
}

/* Letters left out, added or changed count as one each, and so do two that changed places. */
static size_t edit_distance(const char *a, const char *b) {
    size_t n = strlen(b), rows[3][SUGGEST_LENGTH_MAX + 1];
    size_t *before = rows[0], *previous = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t *oldest = before;
        before = previous;
        previous = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = MIN(MIN(previous[j], row[j - 1]) + 1,
                         previous[j - 1] + (letter_is(a[i - 1], b[j - 1]) ? 0 : 1));
            if (i > 1 && j > 1 && letter_is(a[i - 1], b[j - 2]) && letter_is(a[i - 2], b[j - 1]))
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
    }
    return row[n];
}

const char *str_suggest(const char *word, const char *const *candidates) {
    const char *found = NULL;
    size_t best = MAX((size_t) 1, strlen(word) / 3) + 1;
    if (strlen(word) > SUGGEST_LENGTH_MAX)
        return NULL;
    for (; *candidates; candidates++) {
        if (strlen(*candidates) > SUGGEST_LENGTH_MAX)
            continue;
        size_t distance = edit_distance(word, *candidates);
        if (distance < best) {
            best = distance;
            found = *candidates;
        }
    }
    return found;
}
