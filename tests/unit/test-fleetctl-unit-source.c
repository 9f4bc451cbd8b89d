#include "fleetctl/units/local-file.h"
#include "fleetctl/units/unit-operand.h"
#include "fleetctl/units/unit-source.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-file.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_origin(UnitEvidence evidence, UnitOrigin origin) {
    assert_int_equal(unit_origin_choose(&evidence), origin);
}

static void known_unit_stays_what_it_is(void **state) {
    assert_origin((UnitEvidence){.is_known = true}, UNIT_ORIGIN_CLUSTER);
    assert_origin((UnitEvidence){true, true, true, true, true}, UNIT_ORIGIN_CLUSTER);
}

static void own_file_comes_before_templates(void **state) {
    assert_origin((UnitEvidence){.has_file = true}, UNIT_ORIGIN_FILE);
    assert_origin(
        (UnitEvidence){.has_file = true, .has_known_template = true, .has_template_file = true},
        UNIT_ORIGIN_FILE);
}

static void submitted_template_comes_before_its_file_unless_local_ones_win(void **state) {
    UnitEvidence evidence = {.has_known_template = true, .has_template_file = true};
    assert_origin(evidence, UNIT_ORIGIN_KNOWN_TEMPLATE);
    evidence.prefer_local = true;
    assert_origin(evidence, UNIT_ORIGIN_TEMPLATE_FILE);
    evidence.has_template_file = false;
    assert_origin(evidence, UNIT_ORIGIN_KNOWN_TEMPLATE);
}

static void template_file_comes_last(void **state) {
    assert_origin((UnitEvidence){.has_template_file = true}, UNIT_ORIGIN_TEMPLATE_FILE);
    assert_origin((UnitEvidence){}, UNIT_ORIGIN_NONE);
    assert_origin((UnitEvidence){.prefer_local = true}, UNIT_ORIGIN_NONE);
}

static void globs_match_whole_names_with_and_without_service(void **state) {
    assert_true(operand_glob_matches("web@*", "web@1.service"));
    assert_true(operand_glob_matches("web?", "web1.service"));
    assert_true(operand_glob_matches("*.timer", "daily.timer"));
    assert_true(operand_glob_matches("db-[12].service", "db-2.service"));
    assert_true(operand_glob_matches("a\\x2d*", "a\\x2db.service"));
    assert_false(operand_glob_matches("web", "web1.service"));
    assert_false(operand_glob_matches("eb*", "web.service"));
    assert_false(operand_glob_matches("*.timer", "daily.service"));
}

static void name_means_the_unit_that_it_is_completed_to(void **state) {
    assert_true(operand_means_unit("web", "web.service"));
    assert_true(operand_means_unit("./units/web", "web.service"));
    assert_true(operand_means_unit("a.timer", "a.timer"));
    assert_true(operand_means_unit("v1.2", "v1.2.service"));
    assert_true(operand_means_unit("w*", "web.service"));
    assert_false(operand_means_unit("a.timer", "a.timer.service"));
    assert_false(operand_means_unit("we", "web.service"));
    assert_false(operand_means_unit("web", "web.timer"));
    assert_false(operand_means_unit("", "web.service"));
}

static void only_globs_are_taken_for_globs(void **state) {
    assert_true(operand_is_glob("web@*"));
    assert_true(operand_is_glob("db-[12]"));
    assert_true(operand_is_glob("db-?"));
    assert_false(operand_is_glob("web@1.service"));
    assert_false(operand_is_glob("a\\x2d.service"));
}

static char *folder_new(void) {
    char *folder = str_printf("%s/fleetctl-XXXXXX", str_or(getenv("TMPDIR"), "/tmp"));
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void file_is_read_whole_up_to_the_limit(void **state) {
    _cleanup_free_ char *folder = folder_new(), *path = str_printf("%s/x.service", folder);
    _cleanup_local_file_ LocalFile file = {};
    FILE *stream = fopen(path, "we");
    fprintf(stream, "%0*d", UNIT_FILE_SIZE_MAX, 7);
    fclose(stream);
    assert_int_equal(local_file_load(path, &file, NULL), 0);
    assert_int_equal(file.size, UNIT_FILE_SIZE_MAX);
    assert_int_equal(file.text[UNIT_FILE_SIZE_MAX - 1], '7');

    _cleanup_error_ Error error = {};
    LocalFile none = {};
    stream = fopen(path, "ae");
    fputc('x', stream);
    fclose(stream);
    assert_int_equal(local_file_load(path, &none, &error), -EFBIG);
    assert_non_null(strstr(error.message, path));
    assert_null(none.path);
    unlink(path);
    rmdir(folder);
}

static void what_is_no_regular_file_is_not_there(void **state) {
    _cleanup_free_ char *folder = folder_new(), *pipe = str_printf("%s/pipe", folder),
                        *below = str_printf("%s/pipe/x", folder);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    const char *const paths[] = {folder, pipe, below, "/nonexistent/x.service"};
    for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
        _cleanup_local_file_ LocalFile file = {};
        assert_int_equal(local_file_load(paths[i], &file, NULL), 0);
        assert_null(file.text);
    }
    unlink(pipe);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_unit_stays_what_it_is),
        cmocka_unit_test(own_file_comes_before_templates),
        cmocka_unit_test(submitted_template_comes_before_its_file_unless_local_ones_win),
        cmocka_unit_test(template_file_comes_last),
        cmocka_unit_test(globs_match_whole_names_with_and_without_service),
        cmocka_unit_test(name_means_the_unit_that_it_is_completed_to),
        cmocka_unit_test(only_globs_are_taken_for_globs),
        cmocka_unit_test(file_is_read_whole_up_to_the_limit),
        cmocka_unit_test(what_is_no_regular_file_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
