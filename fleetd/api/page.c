#include "fleetd/api/page.h"

#include "fleetd/model/text.h"

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

static int name_decode(const char *digits, size_t n, char *ret) {
    for (size_t i = 0; i < n; i++) {
        int high = digit_value(digits[2 * i]), low = digit_value(digits[2 * i + 1]);
        if (high < 0 || low < 0 || high + low == 0)
            return -EINVAL;
        ret[i] = (char) (high * 16 + low);
    }
    ret[n] = 0;
    return 0;
}

int page_token_parse(char kind, const char *token, char **ret, Error *reterr) {
    size_t n = strlen(token);
    _cleanup_free_ char *name = malloc(n / 2 + 1);
    if (!name)
        return -ENOMEM;
    if (n < 3 || n % 2 == 0 || token[0] != kind || name_decode(token + 1, n / 2, name) < 0)
        return error_set(reterr, -EINVAL, "nextPageToken '%.*s' is not one that this list gave",
                         TEXT_SHORT(token));
    *ret = TAKE_PTR(name);
    return 0;
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
