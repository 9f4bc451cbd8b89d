/* Unit files. The text comes back byte for byte under its hash, options keep to what the syntax can
 * say, and a file that is written from them has the same ones. */
#include "fleetd/model/unit-file.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

static bool options_equal(const UnitFile *a, const UnitFile *b) {
    size_t n, n_b;
    const UnitOption *x = unit_file_options(a, &n), *y = unit_file_options(b, &n_b);
    for (size_t i = 0; n == n_b && i < n; i++)
        if (!streq(x[i].section, y[i].section) || !streq(x[i].name, y[i].name) ||
            !streq(x[i].value, y[i].value))
            return false;
    return n == n_b;
}

static UnitFile *parse_again(const UnitFile *file) {
    size_t size;
    const char *text = unit_file_text(file, &size);
    UnitFile *again = NULL;
    HOLDS(unit_file_parse(text, size, &again, NULL) == 0);
    return again;
}

static void text_check(const UnitFile *file, const char *text, size_t size) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    size_t n;
    HOLDS(memcmp(unit_file_text(file, &n), text, size) == 0 && n == size);
    HOLDS(fuzz_is_clean(text));
    HOLDS(unit_file_hash_text(text, size, hash) == 0);
    HOLDS(streq(unit_file_hash(file), hash) && unit_file_hash_check(hash, NULL) == 0);
    _cleanup_(unit_file_unrefp) UnitFile *again = parse_again(file);
    HOLDS(streq(unit_file_hash(again), hash) && options_equal(file, again));
}

static void options_check(const UnitFile *file) {
    size_t n;
    const UnitOption *options = unit_file_options(file, &n);
    for (size_t i = 0; i < n; i++) {
        const UnitOption *option = &options[i];
        HOLDS(*option->section && *option->name && !strchr(option->name, '='));
        HOLDS(!strchr(option->value, '\n') && fuzz_is_clean(option->value));
        HOLDS(option->line > (i > 0 ? options[i - 1].line : 0));
        HOLDS(unit_file_has_section(file, option->section));
        HOLDS(unit_file_find(file, option->section, option->name));
    }
}

/* Not all can be written: what came of continued lines may be longer than a file that says it anew.
 */
static void written_check(const UnitFile *file) {
    size_t n;
    const UnitOption *options = unit_file_options(file, &n);
    _cleanup_(unit_file_unrefp) UnitFile *written = NULL;
    _cleanup_error_ Error error = {};
    int r = unit_file_from_options(options, n, &written, &error);
    if (r < 0) {
        fuzz_check_message(error.message);
        return;
    }
    HOLDS(options_equal(file, written));
    _cleanup_(unit_file_unrefp) UnitFile *again = parse_again(written);
    HOLDS(options_equal(file, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    _cleanup_free_ char *text = fuzz_take_rest(&input, NULL);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_error_ Error error = {};
    int r = unit_file_parse(text, size, &file, &error);
    if (r < 0) {
        HOLDS(r == -EINVAL && !file);
        fuzz_check_message(error.message);
        return 0;
    }
    HOLDS(!error.message);
    text_check(file, text, size);
    options_check(file);
    written_check(file);
    return 0;
}
