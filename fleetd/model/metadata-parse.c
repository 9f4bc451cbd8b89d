/* metadata as fleet.conf has it. */
#include "fleetd/base/strv.h"
#include "fleetd/model/metadata.h"

#include <errno.h>

#define WHITESPACE " \t\r\n"

/* Cuts white space off both ends, in place. */
static char *strip(char *text) {
    text += strspn(text, WHITESPACE);
    size_t n = strlen(text);
    while (n > 0 && strchr(WHITESPACE, text[n - 1]))
        n--;
    text[n] = 0;
    return text;
}

/* `"..."` and '...' lose their quotes, in place, if these enclose the whole. */
static char *unquote(char *text) {
    size_t n = strlen(text);
    if (n < 2 || (*text != '"' && *text != '\'') || strchr(text + 1, *text) != text + n - 1)
        return text;
    text[n - 1] = 0;
    return text + 1;
}

/* Ends the piece at the next comma that is not quoted, in place; *text moves behind it. */
static char *piece_take(char **text) {
    char *piece = *text, *p = piece, quote = 0;
    for (; *p && (quote || *p != ','); p++)
        if (quote ? *p == quote : *p == '"' || *p == '\'')
            quote = quote ? 0 : *p;
    *text = *p ? p + 1 : p;
    *p = 0;
    return strip(piece);
}

static int piece_parse(char *piece, Metadata *metadata, Error *reterr) {
    char *equals = strchr(piece, '=');
    if (!equals)
        return error_set(reterr, -EINVAL, "metadata '%s' is not of the form key=value", piece);
    *equals = 0;
    const char *key = strip(piece), *value = unquote(strip(equals + 1));
    if (!*key)
        return error_set(reterr, -EINVAL, "metadata '=%s' has no key", value);
    int r = metadata_check_pair(key, value, reterr);
    if (r < 0)
        return r;
    r = metadata_set(metadata, key, value);
    return r == -E2BIG
               ? error_set(reterr, -EINVAL, "more than %d pairs of metadata", METADATA_PAIRS_MAX)
               : r;
}

int metadata_parse(const char *text, Metadata *ret, Error *reterr) {
    _cleanup_metadata_ Metadata metadata = {};
    _cleanup_free_ char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    for (char *rest = unquote(strip(copy)); *rest;) {
        char *piece = piece_take(&rest);
        if (!*piece)
            continue;
        int r = piece_parse(piece, &metadata, reterr);
        if (r < 0)
            return r;
    }
    *ret = metadata;
    metadata = (Metadata){};
    return 0;
}
