/* Old clients and today's fleetd: over the same store its answers say at least what they said then.
 */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "tests/unit/api-fixture.h"
#include "tests/upgrade/stored.h"

#include <glob.h>

static ApiFixture *fixture; /* of the test that runs */

/* Of a pending record: what it says counts for that revision of the unit only, which is another one
 * in this store. */
static char *pending_renew(const char *key, const char *value) {
    _cleanup_json_ json_object *pending = NULL;
    _cleanup_range_ StoreRangeResult unit = {};
    _cleanup_free_ char *unit_key = key_unit(key + strlen("pending/"));
    assert_int_equal(json_parse(value, strlen(value), &pending, NULL), 0);
    store_sync_range(&fixture->sync, &(StoreRange){.key = unit_key, .limit = 1}, &unit);
    if (unit.n_entries > 0)
        json_add_int(pending, "unitRevision", unit.entries[0].mod_revision);
    return json_format(pending);
}

static void store_fill_line(json_object *line, bool is_pending) {
    const char *key = NULL, *value = NULL;
    assert_int_equal(json_need_string(line, "key", &key, NULL), 0);
    assert_int_equal(json_need_string(line, "value", &value, NULL), 0);
    if (is_pending != (strncmp(key, "pending/", strlen("pending/")) == 0))
        return;
    _cleanup_free_ char *renewed = is_pending ? pending_renew(key, value) : NULL;
    seed(fixture, key, renewed ? renewed : value);
}

static void store_fill(const char *folder) {
    _cleanup_json_ json_object *lines = stored_read_json_lines(folder, "store.jsonl");
    for (size_t i = 0; i < 2 * json_object_array_length(lines); i++)
        store_fill_line(json_object_array_get_idx(lines, i % json_object_array_length(lines)),
                        i >= json_object_array_length(lines));
}

/* units_a.service.json was GET /units/a.service. */
static char *target_of(const char *path) {
    const char *name = strrchr(path, '/') + 1;
    char *target = str_printf("/%.*s", (int) (strlen(name) - strlen(".json")), name);
    for (char *p = target; p && *p; p++)
        *p = *p == '_' ? '/' : *p;
    return target;
}

static json_object *get(const char *target) {
    json_object *answer = NULL;
    _cleanup_exchange_ RecordedExchange *exchange = api_call(fixture, "GET", target, NULL);
    assert_int_equal(exchange->status, 200);
    assert_int_equal(json_parse(exchange->text, strlen(exchange->text), &answer, NULL), 0);
    return answer;
}

static void list_append(json_object *answer, json_object *page) {
    json_object_object_foreach(page, name, items) {
        json_object *list = NULL;
        if (!json_object_is_type(items, json_type_array))
            continue;
        assert_true(json_object_object_get_ex(answer, name, &list));
        for (size_t i = 0; i < json_object_array_length(items); i++)
            json_object_array_add(list, json_object_get(json_object_array_get_idx(items, i)));
    }
}

/* With all pages of a list. */
static json_object *get_whole(const char *target) {
    json_object *answer = get(target), *page = json_object_get(answer);
    const char *token = NULL;
    while (json_get_string(page, "nextPageToken", &token, NULL) > 0) {
        _cleanup_free_ char *rest = str_printf("%s?nextPageToken=%s", target, token);
        json_object_put(page);
        page = get(rest);
        list_append(answer, page);
    }
    json_object_put(page);
    return answer;
}

static void answer_says_as_much(const char *folder, const char *path) {
    _cleanup_free_ char *target = target_of(path);
    _cleanup_json_ json_object *expected = stored_read_json(folder, path + strlen(folder) + 1);
    _cleanup_json_ json_object *actual = get_whole(target);
    assert_json_says(actual, expected);
}

static void answers_say_as_much(const char *folder) {
    void *state = NULL;
    _cleanup_free_ char *pattern = stored_path(folder, "api/*.json");
    glob_t files;
    assert_int_equal(api_setup(&state), 0);
    fixture = state;
    store_fill(folder);
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 4);
    for (size_t i = 0; i < files.gl_pathc; i++)
        answer_says_as_much(folder, files.gl_pathv[i]);
    globfree(&files);
    api_teardown(&state);
}

static void old_clients_find_what_they_know(void **state) {
    stored_for_each_version(answers_say_as_much);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(old_clients_find_what_they_know)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
