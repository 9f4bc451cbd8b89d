#include "fleetctl/units/version-operand.h"

#include "fleetd/model/unit-name.h"

#include <errno.h>

#define NUMBER_DIGITS_MAX 15

bool version_number_parse(const char *text, int64_t *ret) {
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > NUMBER_DIGITS_MAX || text[n] || *text == '0')
        return false;
    *ret = strtoll(text, NULL, 10);
    return true;
}

int operand_parse_version(const char *operand, char **ret_name, int64_t *ret_number) {
    const char *at = strrchr(operand, '@');
    int64_t number;
    if (!at || !version_number_parse(at + 1, &number))
        return 0;
    _cleanup_free_ char *name = strndup(operand, (size_t) (at - operand));
    if (!name)
        return -ENOMEM;
    if (unit_name_check(name, NULL) < 0)
        return 0;
    *ret_name = TAKE_PTR(name);
    *ret_number = number;
    return 1;
}
