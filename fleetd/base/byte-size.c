#include "fleetd/base/byte-size.h"

#include "fleetd/base/strv.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

static const char suffixes[] = "BKMGTPE";

#define FRACTION_DIGITS 4 /* with a whole part below 1024 it fits with any suffix */
#define FRACTION 10000

static int digit_add(uint64_t *number, char digit) {
    if (*number > (UINT64_MAX - 9) / 10)
        return -ERANGE;
    *number = *number * 10 + (uint64_t) (digit - '0');
    return 0;
}

int decimal_parse(const char *text, unsigned digits, uint64_t *ret, const char **ret_end) {
    uint64_t number = 0;
    const char *p = text;
    int r = isdigit((unsigned char) *p) ? 0 : -EINVAL;
    for (; r >= 0 && isdigit((unsigned char) *p); p++)
        r = digit_add(&number, *p);
    bool has_fraction = r >= 0 && *p == '.' && isdigit((unsigned char) p[1]);
    p += has_fraction;
    for (; r >= 0 && digits > 0; digits--)
        r = digit_add(&number, has_fraction && isdigit((unsigned char) *p) ? *p++ : '0');
    for (; r >= 0 && has_fraction && *p == '0'; p++)
        ;
    if (r >= 0 && has_fraction && isdigit((unsigned char) *p))
        r = -EINVAL;
    if (r < 0)
        return r;
    *ret = number;
    *ret_end = p;
    return 0;
}

/* The power of 1024; -EINVAL: there is no such suffix. */
static int suffix_take(const char **text) {
    const char *found =
        **text && !isdigit((unsigned char) **text) && !isspace((unsigned char) **text)
            ? strchr(suffixes, **text)
            : suffixes;
    if (!found)
        return -EINVAL;
    *text += **text && **text == *found;
    return (int) (found - suffixes);
}

/* number is in parts of FRACTION. */
static int size_add(uint64_t *sum, uint64_t number, int power) {
    uint64_t unit = UINT64_C(1) << 10 * power;
    uint64_t whole = number / FRACTION, part = number % FRACTION;
    if (unit > BYTE_SIZE_MAX || whole > BYTE_SIZE_MAX / unit)
        return number > 0 ? -ERANGE : 0;
    *sum += whole * unit + part * unit / FRACTION;
    return *sum > BYTE_SIZE_MAX ? -ERANGE : 0;
}

static int size_take(const char **text, int *power, uint64_t *sum) {
    uint64_t number;
    int r = decimal_parse(*text, FRACTION_DIGITS, &number, text);
    if (r < 0)
        return r;
    int next = suffix_take(text);
    if (next < 0 || next >= *power) /* as systemd has it, the greater goes first */
        return -EINVAL;
    *power = next;
    return size_add(sum, number, next);
}

int byte_size_parse(const char *text, uint64_t *ret, Error *reterr) {
    const char *p = text + strspn(text, " \t");
    uint64_t sum = 0;
    int power = (int) strlen(suffixes), r = *p ? 0 : -EINVAL;
    while (r >= 0 && *p) {
        r = size_take(&p, &power, &sum);
        p += r >= 0 ? strspn(p, " \t") : 0;
    }
    if (r == -ERANGE)
        return error_set(reterr, r, "'%s' is more than 1P", text);
    if (r < 0)
        return error_set(reterr, r, "'%s' is not a size (like 512M or 1.5G)", text);
    *ret = sum;
    return 0;
}

char *byte_size_format(uint64_t size) {
    size_t power = 0;
    uint64_t unit = 1;
    for (; size / unit >= 1024 && suffixes[power + 1]; power++)
        unit *= 1024;
    if (power == 0)
        return str_printf("%" PRIu64 "B", size);
    return str_printf("%" PRIu64 ".%" PRIu64 "%c", size / unit,
                      size % unit / (unit / 1024) * 10 / 1024, suffixes[power]);
}

char *thousandths_format(uint64_t n) {
    _cleanup_free_ char *text = str_printf("%" PRIu64 ".%03" PRIu64, n / 1000, n % 1000);
    if (!text)
        return NULL;
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        text[--length] = 0;
    if (text[length - 1] == '.')
        text[--length] = 0;
    return TAKE_PTR(text);
}
