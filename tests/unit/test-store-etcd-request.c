#include "fleetd/store/etcd-request.h"
#include "tests/unit/cmocka-test.h"

/* In these messages: \012 is the field 1 with bytes, \022 the field 2; then their length. The first
 * five bytes are the prefix of a gRPC message. */

static void check_body(int r, ByteBuffer body, const char *expected, size_t size) {
    static const char prefix[] = {0, 0, 0, 0};
    assert_int_equal(r, 0);
    assert_int_equal(body.size, 5 + size);
    assert_memory_equal(body.data, prefix, sizeof(prefix));
    assert_int_equal((unsigned char) body.data[4], size);
    assert_memory_equal(body.data + 5, expected, size);
    byte_buffer_done(&body);
}
#define CHECK(body, r, expected) check_body((r), (body), (expected), sizeof(expected) - 1)

#define CHECK_RANGE(prefix, expected, ...) \
    do { \
        ByteBuffer _body = {}; \
        int _r = etcd_range_format((prefix), &(StoreRange){__VA_ARGS__}, &_body); \
        CHECK(_body, _r, expected); \
    } while (false)

static void single_key_is_asked_for_under_the_prefix(void **state) {
    CHECK_RANGE("/f/", "\012\011/f/unit/a", .key = "unit/a");
}

static void prefix_ends_at_the_first_key_behind_it(void **state) {
    CHECK_RANGE("/f/", "\012\010/f/unit/\022\010/f/unit0", .key = "unit/", .is_prefix = true);
}

static void page_begins_behind_the_last_key(void **state) {
    CHECK_RANGE("/f/",
                "\012\012/f/unit/a\0\022\010/f/unit0"
                "\030\012"                                          /* the limit */
                "\040\377\377\377\377\377\377\377\377\177\100\001", /* the revision; keys only */
                .key = "unit/", .is_prefix = true, .after = "unit/a", .limit = 10,
                .revision = INT64_MAX, .is_keys_only = true);
}

static void page_never_begins_before_the_prefix(void **state) {
    CHECK_RANGE("/f/", "\012\010/f/unit/\022\010/f/unit0", .key = "unit/", .is_prefix = true,
                .after = "a");
}

static void all_keys_are_a_prefix_too(void **state) {
    CHECK_RANGE("/f/", "\012\003/f/\022\003/f0", .key = "", .is_prefix = true);
    CHECK_RANGE("", "\012\001\0\022\001\0", .key = "", .is_prefix = true);
}

static void end_of_a_prefix_skips_bytes_that_cannot_grow(void **state) {
    CHECK_RANGE("", "\012\003a\377\377\022\001b", .key = "a\xff\xff", .is_prefix = true);
    CHECK_RANGE("", "\012\002\377\377\022\001\0", .key = "\xff\xff", .is_prefix = true);
}

static void transaction_has_its_comparisons_and_writes_in_order(void **state) {
    ByteBuffer body = {};
    const StoreCompare compares[] = {
        {"a", STORE_COMPARE_CREATE_REVISION, 0},
        {"a", STORE_COMPARE_MOD_REVISION, 7},
        {"a", STORE_COMPARE_LEASE, -3},
    };
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "a", .value = "text", .lease = 5},
        {.kind = STORE_PUT, .key = "a", .value = "a\0b", .value_size = 3},
        {.kind = STORE_DELETE, .key = "a"},
        {.kind = STORE_DELETE_PREFIX, .key = "u/"},
    };
    StoreTxn txn = {compares, ELEMENTSOF(compares), writes, ELEMENTSOF(writes)};
    int r = etcd_txn_format("/", &txn, &body);
    CHECK(body, r,
          "\012\010\020\001\032\002/a\050\000" /* the target, the key, its number */
          "\012\010\020\002\032\002/a\060\007"
          "\012\021\020\004\032\002/a\100\375\377\377\377\377\377\377\377\377\001"
          "\022\016\022\014\012\002/a\022\004text\030\005"
          "\022\013\022\011\012\002/a\022\003a\0b"
          "\022\006\032\004\012\002/a"
          "\022\014\032\012\012\003/u/\022\003/u0");
}

static void write_that_depends_on_a_key_is_a_transaction_inside(void **state) {
    ByteBuffer body = {};
    const StoreWrite write = {.kind = STORE_PUT, .key = "a", .value = "v", .only_with = "b"};
    int r = etcd_txn_format("/", &(StoreTxn){.writes = &write, .n_writes = 1}, &body);
    CHECK(body, r,
          "\022\031\042\027"                           /* an operation: a transaction */
          "\012\012\010\001\020\001\032\002/b\050\000" /* b was created after 0 */
          "\022\011\022\007\012\002/a\022\001v");
}

static void empty_transaction_and_value_are_valid(void **state) {
    ByteBuffer empty = {}, put = {};
    StoreWrite write = {.kind = STORE_PUT, .key = "a"};
    int r = etcd_txn_format("", &(StoreTxn){}, &empty);
    CHECK(empty, r, "");
    r = etcd_txn_format("", &(StoreTxn){.writes = &write, .n_writes = 1}, &put);
    CHECK(put, r, "\022\007\022\005\012\001a\022\000");
}

/* The lengths around it take more than a byte. */
static void long_value_is_written_whole(void **state) {
    ByteBuffer body = {};
    char value[3001];
    memset(value, 'v', sizeof(value));
    StoreWrite write = {.kind = STORE_PUT, .key = "a", .value = value, .value_size = sizeof(value)};
    assert_int_equal(etcd_txn_format("", &(StoreTxn){.writes = &write, .n_writes = 1}, &body), 0);
    static const char head[] = "\0\0\0\013\305\022\302\027\022\277\027\012\001a\022\271\027";
    assert_int_equal(body.size, sizeof(head) - 1 + sizeof(value));
    assert_memory_equal(body.data, head, sizeof(head) - 1);
    assert_memory_equal(body.data + sizeof(head) - 1, value, sizeof(value));
    byte_buffer_done(&body);
}

static void watch_begins_at_its_revision_or_now(void **state) {
    ByteBuffer now = {}, later = {};
    int r = etcd_watch_format("/f/", &(StoreWatch){.key = "unit/a"}, &now);
    CHECK(now, r, "\012\013\012\011/f/unit/a");
    StoreWatch watch = {.key = "unit/", .is_prefix = true, .start_revision = 8};
    r = etcd_watch_format("/f/", &watch, &later);
    CHECK(later, r, "\012\026\012\010/f/unit/\022\010/f/unit0\030\010");
}

static void lease_time_is_rounded_up_to_seconds(void **state) {
    static const struct {
        usec_t usec;
        char seconds;
    } cases[] = {
        {0, 1}, {1, 1}, {USEC_PER_SEC, 1}, {USEC_PER_SEC + 1, 2}, {30 * USEC_PER_SEC, 30},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        ByteBuffer body = {};
        const char expected[] = {'\010', cases[i].seconds};
        int r = etcd_grant_format(cases[i].usec, &body);
        check_body(r, body, expected, sizeof(expected));
    }
}

static void lease_is_named_by_its_number(void **state) {
    ByteBuffer body = {};
    int r = etcd_lease_format(1418812006971993103, &body);
    CHECK(body, r, "\010\217\330\377\364\214\300\250\330\023");
}

static void login_has_name_and_password_as_they_are(void **state) {
    ByteBuffer body = {};
    int r = etcd_login_format("fleet", "se\\\"cret", &body);
    CHECK(body, r, "\012\005fleet\022\010se\\\"cret");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_key_is_asked_for_under_the_prefix),
        cmocka_unit_test(prefix_ends_at_the_first_key_behind_it),
        cmocka_unit_test(page_begins_behind_the_last_key),
        cmocka_unit_test(page_never_begins_before_the_prefix),
        cmocka_unit_test(all_keys_are_a_prefix_too),
        cmocka_unit_test(end_of_a_prefix_skips_bytes_that_cannot_grow),
        cmocka_unit_test(transaction_has_its_comparisons_and_writes_in_order),
        cmocka_unit_test(write_that_depends_on_a_key_is_a_transaction_inside),
        cmocka_unit_test(empty_transaction_and_value_are_valid),
        cmocka_unit_test(long_value_is_written_whole),
        cmocka_unit_test(watch_begins_at_its_revision_or_now),
        cmocka_unit_test(lease_time_is_rounded_up_to_seconds),
        cmocka_unit_test(lease_is_named_by_its_number),
        cmocka_unit_test(login_has_name_and_password_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
