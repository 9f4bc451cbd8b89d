#include "fleetd/api/subscriptions.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

static void on_each(void *owner, void *userdata) {
    char **told = userdata;
    char *longer = str_printf("%s%s", *told, (const char *) owner);
    free(*told);
    *told = longer;
}

static void assert_told(Subscriptions *all, const char *unit_name, const char *expected) {
    _cleanup_free_ char *told = strdup("");
    subscriptions_each(all, unit_name, on_each, &told);
    assert_string_equal(told, expected);
}

static Subscription *add(Subscriptions *all, const char *patterns, const char *owner) {
    _cleanup_(strv_freep) char **list = NULL;
    Subscription *subscription = NULL;
    assert_int_equal(strv_split(patterns, " ", &list), 0);
    assert_int_equal(subscriptions_add(all, list, (void *) owner, &subscription), 0);
    return subscription;
}

static void each_is_told_of_what_it_asked_for_once(void **state) {
    Subscriptions *all = subscriptions_new();
    Subscription *a = add(all, "", "A");
    Subscription *n = add(all, "a.service b.service a.service", "N");
    Subscription *g = add(all, "web@*.service a.service", "G");
    assert_told(all, "a.service", "GNA");
    assert_told(all, "b.service", "NA");
    assert_told(all, "web@1.service", "GA");
    assert_told(all, "c.service", "A");
    assert_true(subscription_wants_all(a));
    assert_false(subscription_wants_all(n));
    assert_false(subscription_wants_all(g));
    assert_false(subscription_matches(n, "a.service"));
    assert_false(subscription_is_wide(n));
    assert_true(subscription_is_wide(g));
    assert_int_equal(strv_length(subscription_names(n)), 2);

    subscription_remove(g);
    assert_told(all, "a.service", "NA");
    assert_told(all, "web@1.service", "A");
    subscription_remove(n);
    subscription_remove(a);
    assert_told(all, "a.service", "");
    subscriptions_free(all);
}

static void backslash_is_an_ordinary_character(void **state) {
    Subscriptions *all = subscriptions_new();
    Subscription *name = add(all, "dev-\\x2d.mount", "N");
    Subscription *glob = add(all, "dev-\\x2d*", "G");
    assert_told(all, "dev-\\x2d.mount", "NG");
    subscription_remove(name);
    subscription_remove(glob);
    subscriptions_free(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_told_of_what_it_asked_for_once),
        cmocka_unit_test(backslash_is_an_ordinary_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
