/* Unit names, and the specifiers that stand for parts of them: the first line is a name as a person
 * types it, the rest a text to be expanded for it. */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/unit-name.h"
#include "tests/fuzz/fuzz.h"

static void refusal_check(const char *name) {
    _cleanup_error_ Error error = {};
    HOLDS(unit_name_check(name, &error) == -EINVAL);
    fuzz_check_message(error.message);
}

/* The parts of a name make the name. */
static void parts_check(const char *name) {
    _cleanup_free_ char *prefix = unit_name_prefix(name), *instance = unit_name_instance(name);
    bool has_at = strchr(name, '@');
    _cleanup_free_ char *whole =
        str_printf("%s%s%s.%s", prefix, has_at ? "@" : "", instance, unit_name_type(name));
    HOLDS(streq(whole, name));
    HOLDS(unit_name_is_template(name) == (has_at && !*instance));
    HOLDS(unit_name_is_instance(name) == (has_at && *instance));
}

static void template_check(const char *name) {
    _cleanup_free_ char *template = NULL;
    int r = unit_name_template(name, &template);
    HOLDS(r == (unit_name_is_instance(name) ? 0 : -EINVAL));
    if (r < 0)
        return;
    HOLDS(unit_name_is_template(template));
    HOLDS(streq(unit_name_type(template), unit_name_type(name)));
    HOLDS(strlen(template) < strlen(name));
}

/* No name leads out of its place, among files and among keys. */
static void places_check(const char *name) {
    _cleanup_key_ Key parsed = {};
    _cleanup_free_ char *key = key_unit(name);
    HOLDS(!strchr(name, '/') && strlen(name) <= UNIT_NAME_MAX && fuzz_is_clean(name));
    HOLDS(key_parse(key, &parsed, NULL) == 0);
    HOLDS(parsed.kind == KEY_UNIT && streq(parsed.name, name) && !parsed.machine_id);
}

static void completion_check(const char *typed) {
    _cleanup_free_ char *once = NULL, *twice = NULL;
    HOLDS(unit_name_complete(typed, &once) == 0 && unit_name_complete(once, &twice) == 0);
    HOLDS(streq(once, twice) && !strchr(once, '/'));
}

/* As the manual has it: what stands for what, and nothing else is touched. */
static void expansion_check(const char *name, const char *text) {
    _cleanup_free_ char *expanded = NULL, *prefix = unit_name_prefix(name),
                        *instance = unit_name_instance(name);
    _cleanup_error_ Error error = {};
    if (unit_name_expand(name, text, &expanded, &error) < 0) {
        HOLDS(!expanded && error.message);
        return;
    }
    const char *at = expanded;
    for (; *text; text++) {
        char letter = *text == '%' ? *++text : 0;
        const char *value = letter == 'n' || letter == 'N' ? name
                            : letter == 'p'                ? prefix
                            : letter == 'i'                ? instance
                                                           : text;
        size_t n = letter == 'N'                     ? (size_t) (strrchr(name, '.') - name)
                   : strchr("npi", letter) && letter ? strlen(value)
                                                     : 1;
        HOLDS(strncmp(at, value, n) == 0);
        at += n;
    }
    HOLDS(!*at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    _cleanup_free_ char *name = fuzz_take_line(&input), *text = fuzz_take_rest(&input, NULL);
    completion_check(name);
    if (unit_name_check(name, NULL) < 0) {
        refusal_check(name);
        return 0;
    }
    parts_check(name);
    template_check(name);
    places_check(name);
    expansion_check(name, text);
    return 0;
}
