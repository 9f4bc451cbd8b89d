#include "fleetd/base/byte-size.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define K UINT64_C(1024)

static void written_size_is_understood(void **state) {
    static const struct {
        const char *text;
        uint64_t size;
    } cases[] = {
        {"0", 0},
        {"4096", 4096},
        {"17B", 17},
        {"1K", K},
        {"512M", 512 * K * K},
        {"1.5G", 3 * K * K * K / 2},
        {"0.0625K", 64},
        {"1.50000K", 1536},
        {"1G 512M", 3 * K * K * K / 2},
        {" 2K1 ", 2 * K + 1},
        {"1T", K * K * K * K},
        {"1P", BYTE_SIZE_MAX},
        {"0E", 0},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        uint64_t size = 99;
        assert_int_equal(byte_size_parse(cases[i].text, &size, NULL), 0);
        assert_int_equal(size, cases[i].size);
    }
}

static void any_other_size_is_refused(void **state) {
    static const struct {
        const char *text;
        int r;
    } cases[] = {
        {"", -EINVAL},
        {" ", -EINVAL},
        {"G", -EINVAL},
        {"-1G", -EINVAL},
        {"1g", -EINVAL},
        {"1X", -EINVAL},
        {"1GB", -EINVAL},
        {"1M 1G", -EINVAL},
        {"1M 1M", -EINVAL},
        {"1.G", -EINVAL},
        {"1.00001G", -EINVAL},
        {"1e9", -EINVAL},
        {"0x10", -EINVAL},
        {"1P 1", -ERANGE},
        {"1E", -ERANGE},
        {"2P", -ERANGE},
        {"99999999999999999999", -ERANGE},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        uint64_t size = 99;
        assert_int_equal(byte_size_parse(cases[i].text, &size, NULL), cases[i].r);
        assert_int_equal(size, 99);
    }
    _cleanup_error_ Error error = {};
    uint64_t size;
    assert_int_equal(byte_size_parse("much", &size, &error), -EINVAL);
    assert_string_equal(error.message, "'much' is not a size (like 512M or 1.5G)");
}

static void number_with_a_fraction_is_whole_parts(void **state) {
    const char *end;
    uint64_t n = 0;
    assert_int_equal(decimal_parse("1.5", 3, &n, &end), 0);
    assert_int_equal(n, 1500);
    assert_string_equal(end, "");
    assert_int_equal(decimal_parse("33.3%", 1, &n, &end), 0);
    assert_int_equal(n, 333);
    assert_string_equal(end, "%");
    assert_int_equal(decimal_parse("7", 0, &n, &end), 0);
    assert_int_equal(n, 7);
    assert_int_equal(decimal_parse("2.500", 1, &n, &end), 0);
    assert_int_equal(n, 25);
    assert_int_equal(decimal_parse("2.55", 1, &n, &end), -EINVAL);
    assert_int_equal(decimal_parse(".5", 1, &n, &end), -EINVAL);
    assert_int_equal(decimal_parse("18446744073709551615", 2, &n, &end), -ERANGE);
}

static void size_is_told_with_one_digit_and_never_as_more(void **state) {
    static const struct {
        uint64_t size;
        const char *text;
    } cases[] = {
        {0, "0B"},
        {1023, "1023B"},
        {K, "1.0K"},
        {2 * K * K * K - 1, "1.9G"},
        {2 * K * K * K, "2.0G"},
        {512 * K * K, "512.0M"},
        {UINT64_MAX, "15.9E"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = byte_size_format(cases[i].size);
        assert_string_equal(text, cases[i].text);
    }
}

static void thousandths_have_no_zeros_behind(void **state) {
    static const struct {
        uint64_t n;
        const char *text;
    } cases[] = {{0, "0"}, {1000, "1"}, {1500, "1.5"}, {10000, "10"}, {250, "0.25"}, {7, "0.007"}};
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = thousandths_format(cases[i].n);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_size_is_understood),
        cmocka_unit_test(any_other_size_is_refused),
        cmocka_unit_test(number_with_a_fraction_is_whole_parts),
        cmocka_unit_test(size_is_told_with_one_digit_and_never_as_more),
        cmocka_unit_test(thousandths_have_no_zeros_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
