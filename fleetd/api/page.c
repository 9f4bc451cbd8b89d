#include "fleetd/api/page.h"

#include <ctype.h>
#include <errno.h>

/* Hexadecimal needs no escaping in a URL, whatever stands in a name. */
char *page_token_format(char kind, const char *last) {
    static const char digits[] = "0123456789abcdef";
    char *token = malloc(2 * strlen(last) + 2);
    if (!token)
        return NULL;
    char *end = token;
    *end++ = kind;
    for (const unsigned char *p = (const unsigned char *) last; *p; p++) {
        *end++ = digits[*p >> 4];
        *end++ = digits[*p & 15];
    }
    *end = 0;
    return token;
}

static int digit_value(char c) {
    return isdigit((unsigned char) c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int page_token_parse(char kind, const char *token, char **ret, Error *reterr) {
    size_t n = strlen(token);
    if (n < 3 || n % 2 == 0 || token[0] != kind)
        goto bad;
    _cleanup_free_ char *name = malloc(n / 2 + 1);
    if (!name)
        return -ENOMEM;
    for (size_t i = 0; i < n / 2; i++) {
        int high = digit_value(token[1 + 2 * i]), low = digit_value(token[2 + 2 * i]);
        if (high < 0 || low < 0 || high + low == 0)
            goto bad;
        name[i] = (char) (high * 16 + low);
    }
    name[n / 2] = 0;
    *ret = TAKE_PTR(name);
    return 0;
bad:
    return error_set(reterr, -EINVAL, "nextPageToken '%.100s' is not one that this list gave",
                     token);
}

size_t names_after(const char *const *names, size_t n_names, const char *after) {
    size_t low = 0, high = after ? n_names : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names[middle], after) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
