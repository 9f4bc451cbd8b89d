#include "fleetctl/commands/list.h"
#include "fleetctl/print/table.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static const ListColumn columns[] = {{"unit", NULL}, {"machine", NULL}, {"hash", NULL}, {}};
static const List list = {.columns = columns, .n_default = 2};

static void default_columns_are_the_first_ones(void **state) {
    _cleanup_free_ const ListColumn **chosen = NULL;
    assert_int_equal(list_choose_columns(&list, NULL, &chosen, NULL), 0);
    assert_ptr_equal(chosen[0], &columns[0]);
    assert_ptr_equal(chosen[1], &columns[1]);
    assert_null(chosen[2]);
}

static void fields_choose_columns_in_their_order(void **state) {
    _cleanup_free_ const ListColumn **chosen = NULL;
    assert_int_equal(list_choose_columns(&list, "hash,unit, hash", &chosen, NULL), 0);
    assert_ptr_equal(chosen[0], &columns[2]);
    assert_ptr_equal(chosen[1], &columns[0]);
    assert_ptr_equal(chosen[2], &columns[2]);
    assert_null(chosen[3]);
}

static void unknown_field_is_refused_with_those_that_there_are(void **state) {
    _cleanup_error_ Error error = {};
    const ListColumn **chosen = NULL;
    assert_int_equal(list_choose_columns(&list, "unit,colour", &chosen, &error), -EINVAL);
    assert_string_equal(error.message,
                        "--fields: unknown field 'colour'; there are unit, machine, hash");
    assert_int_equal(list_choose_columns(&list, ",", &chosen, NULL), -EINVAL);
    assert_null(chosen);
}

static Table *table_example(const Tone *tones) {
    static const TableColumn columns_of_table[] = {{"unit"}, {"sub", .is_toned = true}, {}};
    Table *table = table_new(columns_of_table);
    assert_non_null(table);
    char *rows[][2] = {{strdup("a.service"), strdup("running")},
                       {strdup("a-much-longer-name.service"), strdup("")},
                       {strdup("tab\there"), strdup("line\nbreak")}};
    for (size_t i = 0; i < ELEMENTSOF(rows); i++)
        assert_int_equal(table_add_row_take(table, tones ? tones[i] : TONE_PLAIN, rows[i]), 0);
    return table;
}

static void assert_printed(Look look, const Tone *tones, bool with_headers, const char *expected) {
    _cleanup_(table_freep) Table *table = table_example(tones);
    _cleanup_free_ char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    assert_int_equal(table_print(table, &look, with_headers, file), 0);
    fclose(file);
    assert_string_equal(text, expected);
}

static void scripts_see_cells_between_single_tabs(void **state) {
    assert_printed((Look){}, NULL, true,
                   "UNIT\tSUB\na.service\trunning\na-much-longer-name.service\t-\n"
                   "tab here\tline break\n");
    assert_printed((Look){}, NULL, false,
                   "a.service\trunning\na-much-longer-name.service\t-\ntab here\tline break\n");
}

static void people_see_aligned_columns(void **state) {
    assert_printed((Look){.is_for_people = true}, NULL, true,
                   "UNIT                        SUB\n"
                   "a.service                   running\n"
                   "a-much-longer-name.service  -\n"
                   "tab here                    line break\n");
}

static const Tone tones_of_example[] = {TONE_GOOD, TONE_BAD, TONE_PLAIN};

static void people_see_marks_before_rows_with_a_tone(void **state) {
    assert_printed((Look){.is_for_people = true}, tones_of_example, false,
                   "*  a.service                   running\n"
                   "x  a-much-longer-name.service  -\n"
                   "   tab here                    line break\n");
}

static void colours_are_on_marks_and_toned_columns(void **state) {
    assert_printed((Look){.is_for_people = true, .has_color = true}, tones_of_example, false,
                   "\033[32m*\033[0m  a.service                   \033[32mrunning\033[0m\n"
                   "\033[31mx\033[0m  a-much-longer-name.service  \033[31m-\033[0m\n"
                   "   tab here                    line break\n");
}

static void scripts_see_no_marks(void **state) {
    assert_printed((Look){}, tones_of_example, false,
                   "a.service\trunning\na-much-longer-name.service\t-\ntab here\tline break\n");
}

static void row_with_a_missing_cell_is_refused_and_freed(void **state) {
    static const TableColumn columns_of_table[] = {{"unit"}, {"sub"}, {}};
    _cleanup_(table_freep) Table *table = table_new(columns_of_table);
    char *row[] = {strdup("a"), NULL};
    assert_int_equal(table_add_row_take(table, TONE_PLAIN, row), -ENOMEM);
    assert_null(row[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_columns_are_the_first_ones),
        cmocka_unit_test(fields_choose_columns_in_their_order),
        cmocka_unit_test(unknown_field_is_refused_with_those_that_there_are),
        cmocka_unit_test(scripts_see_cells_between_single_tabs),
        cmocka_unit_test(people_see_aligned_columns),
        cmocka_unit_test(people_see_marks_before_rows_with_a_tone),
        cmocka_unit_test(colours_are_on_marks_and_toned_columns),
        cmocka_unit_test(scripts_see_no_marks),
        cmocka_unit_test(row_with_a_missing_cell_is_refused_and_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
