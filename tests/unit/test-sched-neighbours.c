#include "fleetd/sched/neighbours.h"

#include "tests/unit/cmocka-test.h"

static uint64_t sieve_of(const char *glob) {
    const char *globs[] = {glob, NULL};
    const Requirements requirements = {.conflicts = (char **) globs};
    const Requirements others = {.replaces = (char **) globs};
    assert_true(sieve_of_globs(&requirements) == sieve_of_globs(&others));
    return sieve_of_globs(&requirements);
}

static bool may_match(const char *glob, const char *name) {
    return (sieve_of(glob) & sieve_of_name(name)) != 0;
}

static void another_stem_is_sifted_out(void **state) {
    assert_false(may_match("app@*.service", "db@1.service"));
    assert_false(may_match("app.service", "db.service"));
    assert_true(may_match("app@*.service", "app@1.service"));
    assert_true(may_match("app.*", "app.service"));
    assert_true(may_match("app.service", "app.service"));
}

static void a_glob_without_a_stem_may_match_all(void **state) {
    static const char *const globs[] = {"*", "ap*@1.service", "?pp.service", "[ab]pp@1.service"};
    for (size_t i = 0; i < ELEMENTSOF(globs); i++)
        assert_true(sieve_of(globs[i]) == UINT64_MAX);
}

static void a_list_has_the_bits_of_each(void **state) {
    const char *conflicts[] = {"app@*", NULL}, *replaces[] = {"db.service", "old@*", NULL};
    const Requirements all = {.conflicts = (char **) conflicts, .replaces = (char **) replaces};
    assert_true(sieve_of_globs(&all) ==
                (sieve_of("app@*") | sieve_of("db.service") | sieve_of("old@*")));
    assert_true(sieve_of_globs(&(Requirements){}) == 0);
    assert_true(sieve_of_globs(NULL) == 0);
}

/* The number in base n, each digit a character. */
static void spell(size_t number, const char *characters, size_t length, char *ret) {
    size_t n = strlen(characters);
    for (size_t i = 0; i < length; i++, number /= n)
        ret[i] = characters[number % n];
    ret[length] = 0;
}

/* All globs of so many characters against all names of as many, and of one less. */
static void what_matches_passes_the_sieve(void **state) {
    size_t n_matches = 0;
    for (size_t g = 0; g < 6 * 6 * 6 * 6; g++)
        for (size_t n = 0; n < 4 * 4 * 4 * 4 * 2; n++) {
            char glob[8], name[8];
            const char *globs[] = {glob, NULL};
            spell(g, "ab@.*?", 4, glob);
            spell(n, "ab@.", 4 - n % 2, name);
            if (!requirements_glob_matches((char **) globs, name))
                continue;
            n_matches++;
            assert_true(may_match(glob, name));
        }
    assert_true(n_matches > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_stem_is_sifted_out),
        cmocka_unit_test(a_glob_without_a_stem_may_match_all),
        cmocka_unit_test(a_list_has_the_bits_of_each),
        cmocka_unit_test(what_matches_passes_the_sieve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
