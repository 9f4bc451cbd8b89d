#include "fleetd/model/failures.h"

#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define M1 "00000000000000000000000000000001"
#define M2 "00000000000000000000000000000002"
#define TEXT \
    "{\"unitRevision\":3,\"machines\":[{\"machineID\":\"" M1 \
    "\",\"count\":2,\"failedUsec\":10,\"nextUsec\":20,\"why\":\"failed\"},{\"machineID\":\"" M2 \
    "\",\"wellSinceUsec\":30}]}"

static Failures *parse(const char *text) {
    Failures *failures;
    assert_int_equal(failures_parse("a.service", text, strlen(text), &failures, NULL), 0);
    return failures;
}

static void failures_come_back_from_their_json(void **state) {
    _cleanup_(failures_freep) Failures *failures = parse(TEXT), *copy = NULL;
    assert_int_equal(failures->n_places, 2);
    assert_int_equal(failures_count(failures), 2);
    assert_string_equal(failures_next(failures)->machine_id, M1);
    assert_null(failures_find(failures, "other"));
    assert_int_equal(failures_copy(failures, &copy), 0);
    assert_true(failures_equal(failures, copy));
    _cleanup_free_ char *text = failures_format(copy);
    assert_string_equal(text, TEXT);
    copy->places[1].well_since_usec++;
    assert_false(failures_equal(failures, copy));
}

static void machines_that_are_not_in_order_are_garbage(void **state) {
    static const char *const values[] = {
        "{\"unitRevision\":3,\"machines\":[{\"machineID\":\"" M2 "\"},{\"machineID\":\"" M1 "\"}]}",
        "{\"unitRevision\":3,\"machines\":[{\"machineID\":\"" M1 "\"},{\"machineID\":\"" M1 "\"}]}",
        "{\"unitRevision\":3,\"machines\":[{\"machineID\":\"m1\"}]}",
        "{\"unitRevision\":3,\"machines\":[{\"count\":1}]}",
        "{\"machines\":[]}",
    };
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        Failures *failures = NULL;
        assert_true(failures_parse("a.service", values[i], strlen(values[i]), &failures, NULL) < 0);
        assert_null(failures);
    }
}

static void places_are_kept_in_order_and_the_oldest_is_forgotten(void **state) {
    _cleanup_(failures_freep) Failures *failures = parse("{\"unitRevision\":3}");
    for (unsigned i = FAILURE_PLACES_MAX + 1; i > 0; i--) {
        FailurePlace *place;
        _cleanup_free_ char *id = str_printf("%032x", i);
        assert_int_equal(failures_need(failures, id, &place), 0);
        assert_string_equal(place->machine_id, id);
        place->failed_usec = i == 7 ? 1 : 100 + i;
    }
    assert_int_equal(failures->n_places, FAILURE_PLACES_MAX);
    assert_null(failures_find(failures, "00000000000000000000000000000007"));
    for (size_t i = 1; i < failures->n_places; i++)
        assert_true(strcmp(failures->places[i - 1].machine_id, failures->places[i].machine_id) < 0);
}

static void where_something_is_to_be_tried_is_not_forgotten(void **state) {
    _cleanup_(failures_freep) Failures *failures = parse("{\"unitRevision\":3}");
    FailurePlace *place;
    for (unsigned i = 1; i <= FAILURE_PLACES_MAX; i++) {
        _cleanup_free_ char *id = str_printf("%032x", i);
        assert_int_equal(failures_need(failures, id, &place), 0);
        place->failed_usec = 100 + i;
        place->next_usec = i == 9 ? 0 : 1000;
    }
    assert_int_equal(failures_need(failures, "11111111111111111111111111111111", &place), 0);
    assert_null(failures_find(failures, "00000000000000000000000000000009"));
    place->next_usec = 1000;
    assert_int_equal(failures_need(failures, "22222222222222222222222222222222", &place), -ENOSPC);
    assert_int_equal(failures->n_places, FAILURE_PLACES_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_come_back_from_their_json),
        cmocka_unit_test(machines_that_are_not_in_order_are_garbage),
        cmocka_unit_test(places_are_kept_in_order_and_the_oldest_is_forgotten),
        cmocka_unit_test(where_something_is_to_be_tried_is_not_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
