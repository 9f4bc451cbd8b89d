/* What of a list is read straight from its text, and what is left to json-c. */
#include "fleetd/store/etcd-entries.h"

#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define HEAD "{\"header\":{\"cluster_id\":\"7\",\"revision\":\"9\"},\"kvs\":"
#define TAIL ",\"count\":\"2\"}"
#define ENTRY \
    "{\"key\":\"L2E=\",\"create_revision\":\"4\",\"mod_revision\":\"7\",\"version\":\"2\"," \
    "\"value\":\"aGVs+/8=\",\"lease\":\"1418812006971993103\"}"

static void assert_text(const EtcdText *text, const char *expected) {
    assert_int_equal(text->size, strlen(expected));
    assert_memory_equal(text->begin, expected, text->size);
}

static void entries_come_one_after_another(void **state) {
    static const char text[] = HEAD "[" ENTRY ",{\"key\":\"L2I=\"}]" TAIL;
    EtcdEntries entries;
    EtcdEntry entry;
    assert_true(etcd_entries_find(text, strlen(text), &entries));
    assert_int_equal(entries.n, 2);
    assert_text(&entries.array, "[" ENTRY ",{\"key\":\"L2I=\"}]");
    assert_true(etcd_entries_next(&entries, &entry));
    assert_text(&entry.key, "L2E=");
    assert_text(&entry.value, "aGVs+/8=");
    assert_int_equal(entry.create_revision, 4);
    assert_int_equal(entry.mod_revision, 7);
    assert_int_equal(entry.lease, 1418812006971993103);
    assert_true(etcd_entries_next(&entries, &entry));
    assert_text(&entry.key, "L2I=");
    assert_text(&entry.value, "");
    assert_int_equal(entry.mod_revision, 0);
    assert_false(etcd_entries_next(&entries, &entry));
}

static void what_etcd_writes_in_another_way_is_not_read_here(void **state) {
    static const char *const texts[] = {
        "",
        "{}",
        HEAD,
        HEAD "[",
        HEAD "[]" TAIL,
        HEAD "null" TAIL,
        " " HEAD "[" ENTRY "]" TAIL,
        HEAD "[" ENTRY ",]" TAIL,
        HEAD "[" ENTRY " ]" TAIL,
        HEAD "[" ENTRY "," ENTRY,
        HEAD "[{}]" TAIL,
        HEAD "[{\"key\":\"L2E=\"]" TAIL,
        HEAD "[{\"key\":\"L2E=\",}]" TAIL,
        HEAD "[{\"key\":5}]" TAIL,
        HEAD "[{\"key\":\"L\\u0032E=\"}]" TAIL,
        HEAD "[{\"key\":{\"key\":\"L2E=\"}}]" TAIL,
        HEAD "[{\"lease\":\"\"}]" TAIL,
        HEAD "[{\"lease\":\"1a\"}]" TAIL,
        HEAD "[{\"lease\":\"9223372036854775808\"}]" TAIL,
        HEAD "[{\"lease\":\"10000000000000000000\"}]" TAIL,
        "{\"header\":{\"x\":{}},\"kvs\":[" ENTRY "]" TAIL,
        "{\"kvs\":[" ENTRY "]" TAIL,
    };
    EtcdEntries entries;
    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        assert_false(etcd_entries_find(texts[i], strlen(texts[i]), &entries));
}

/* Nothing behind the text is looked at, wherever it breaks off. */
static void text_that_breaks_off_is_not_read(void **state) {
    static const char text[] = HEAD "[" ENTRY "," ENTRY "]";
    EtcdEntries entries;
    for (size_t size = 0; size < strlen(text); size++) {
        _cleanup_free_ char *part = strndup(text, size);
        assert_false(etcd_entries_find(part, size, &entries));
        assert_false(etcd_entries_find(text, size, &entries));
    }
    assert_true(etcd_entries_find(text, strlen(text), &entries));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_one_after_another),
        cmocka_unit_test(what_etcd_writes_in_another_way_is_not_read_here),
        cmocka_unit_test(text_that_breaks_off_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
