#include "fleetctl/remote/shell-words.h"

#include "fleetd/base/strv.h"

#include <ctype.h>

static bool word_is_plain(const char *word) {
    for (const char *p = word; *p; p++)
        if (!isalnum((unsigned char) *p) && !strchr("-_./:=@,+%", *p))
            return false;
    return *word != '\0';
}

/* text with `with` in the place of each character c. */
static char *character_replace(const char *text, char c, const char *with) {
    size_t length = 1;
    for (const char *p = text; *p; p++)
        length += *p == c ? strlen(with) : 1;
    char *result = malloc(length), *end = result;
    if (!result)
        return NULL;
    for (; *text; text++)
        if (*text == c)
            end = stpcpy(end, with);
        else
            *end++ = *text;
    *end = '\0';
    return result;
}

static char *word_quote(const char *word) {
    if (word_is_plain(word))
        return strdup(word);
    _cleanup_free_ char *escaped = character_replace(word, '\'', "'\\''");
    return escaped ? str_printf("'%s'", escaped) : NULL;
}

char *shell_words_join(char *const *words) {
    _cleanup_(strv_freep) char **quoted = NULL;
    STRV_FOREACH (word, words) {
        _cleanup_free_ char *one = word_quote(*word);
        if (!one || strv_push(&quoted, one) < 0)
            return NULL;
    }
    return strv_join(quoted, " ");
}

char *ssh_value_escape(const char *value) {
    return character_replace(value, '%', "%%");
}

char *ssh_file_option(const char *name, const char *path) {
    _cleanup_free_ char *escaped = ssh_value_escape(path);
    if (!escaped)
        return NULL;
    if (!strpbrk(path, " \t'\"\\"))
        return str_printf("%s=%s", name, escaped);
    _cleanup_free_ char *backslashed = character_replace(escaped, '\\', "\\\\");
    _cleanup_free_ char *quoted = backslashed ? character_replace(backslashed, '"', "\\\"") : NULL;
    return quoted ? str_printf("%s=\"%s\"", name, quoted) : NULL;
}
