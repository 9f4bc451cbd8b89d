#include "fleetd/net/byte-queue.h"
#include "tests/unit/cmocka-test.h"

static void bytes_come_out_as_they_went_in(void **state) {
    _cleanup_(byte_queue_done) ByteQueue queue = {};
    char expected = 0, next = 0;
    for (size_t round = 1; round < 300; round++) {
        char block[300];
        for (size_t i = 0; i < round; i++)
            block[i] = next++;
        assert_int_equal(byte_queue_append(&queue, block, round), 0);
        size_t n = byte_queue_take(&queue, block, round / 2 + 1);
        assert_int_equal(n, round / 2 + 1);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(block[i], expected++);
    }
}

static void text_is_terminated_and_an_empty_queue_keeps_nothing(void **state) {
    _cleanup_(byte_queue_done) ByteQueue queue = {};
    char out[8];
    assert_int_equal(byte_queue_append(&queue, "", 0), 0);
    assert_null(queue.data);
    byte_queue_append(&queue, "ab", 2);
    byte_queue_append(&queue, "cd", 2);
    assert_string_equal(queue.data, "abcd");
    assert_int_equal(byte_queue_take(&queue, out, sizeof(out)), 4);
    assert_null(queue.data);
    assert_int_equal(byte_queue_take(&queue, out, sizeof(out)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_out_as_they_went_in),
        cmocka_unit_test(text_is_terminated_and_an_empty_queue_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
