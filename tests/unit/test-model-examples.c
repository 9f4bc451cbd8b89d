/* The unit files that are installed as examples. */
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-name.h"
#include "tests/unit/cmocka-test.h"

#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

static char *read_file(const char *path) {
    char text[8192];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    assert_true(n > 0 && n < sizeof(text) - 1);
    fclose(file);
    text[n] = 0;
    char *copy = strdup(text);
    assert_non_null(copy);
    return copy;
}

static void check_example(const char *path) {
    _cleanup_free_ char *text = read_file(path), *copy = strdup(path);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    _cleanup_error_ Error error = {};
    const char *name = basename(copy);
    int r = unit_file_parse(text, strlen(text), &file, &error);
    if (r >= 0)
        r = requirements_parse(file, name, &requirements, &error);
    if (r < 0)
        fail_msg("%s: %s", name, error_text(&error, r));
    if (*text != '#')
        fail_msg("%s does not say what it is for", name);
}

static void every_example_says_what_it_is_for_and_is_accepted(_unused_ void **state) {
    const char *top = getenv("top_srcdir");
    _cleanup_free_ char *pattern = str_printf("%s/units/examples/*.*", top ? top : ".");
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    size_t n = 0;
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (!strstr(found.gl_pathv[i], ".service.d")) {
            check_example(found.gl_pathv[i]);
            n++;
        }
    globfree(&found);
    assert_true(n > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_says_what_it_is_for_and_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
