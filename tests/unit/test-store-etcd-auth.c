/* Logging in to an etcd that the test plays: who waits, what is sent again, and what is not. */
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/scripted-peer.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define TIMEOUT (3 * USEC_PER_SEC)
#define SHORT_TIMEOUT (300 * USEC_PER_MSEC)
#define PASSWORD "se\\\"cret"

/* An etcd that counts what it did, and whose tokens the test can make run out. */
typedef struct Fixture {
    sd_event *event;
    Loop *loop;
    ScriptedPeer *peer;
    Store *store;

    const char *login_error; /* answered to logins; NULL: they are good */
    unsigned login_status;
    const char *token_error; /* of requests with another token than the last */
    bool is_login_mute, wants_no_token, refuses_all, refuses_created, is_old;
    unsigned n_logins, n_refused, n_txns, n_ranges, n_watches;
    char token[32]; /* the last one */
    char login[256];
    PeerConnection *stream;

    unsigned n_done, n_failed, n_created, n_events, n_closed;
    int r, closed_r;
    StoreOp *watch;
} Fixture;

#define HEADER "\"header\":{\"revision\":\"9\"}"
#define UNAUTHENTICATED "{\"error\":\"etcdserver: invalid auth token\",\"code\":16}"
#define OLD_REVISION "{\"error\":\"etcdserver: revision of auth store is old\",\"code\":3}"
#define NO_USER "{\"error\":\"etcdserver: user name is empty\",\"code\":3}"
#define WRONG_PASSWORD \
    "{\"error\":\"etcdserver: authentication failed, invalid user ID or password\",\"code\":3}"
#define NOT_ENABLED "{\"error\":\"etcdserver: authentication is not enabled\",\"code\":9}"

static void play_login(Fixture *f, PeerConnection *connection, const char *text) {
    char answer[128];
    f->n_logins++;
    assert_null(strstr(text, "Authorization:"));
    snprintf(f->login, sizeof(f->login), "%s", strstr(text, "\r\n\r\n") + 4);
    if (f->is_login_mute)
        return;
    if (f->login_error) {
        peer_connection_answer(connection, f->login_status ? f->login_status : 400, f->login_error);
        return;
    }
    snprintf(f->token, sizeof(f->token), "token.%u", f->n_logins);
    snprintf(answer, sizeof(answer), "{" HEADER ",\"token\":\"%s\"}", f->token);
    peer_connection_answer(connection, 200, answer);
}

static bool is_authorized(const Fixture *f, const char *text) {
    char line[64];
    snprintf(line, sizeof(line), "\r\nAuthorization: %s\r\n", f->token);
    if (f->wants_no_token)
        return !strstr(text, "Authorization:");
    return !f->refuses_all && f->token[0] != '\0' && strstr(text, line);
}

#define CREATED "{\"result\":{" HEADER ",\"created\":true}}\n"
#define WATCH_REFUSED \
    "{\"result\":{" HEADER ",\"watch_id\":\"-1\",\"created\":true,\"canceled\":true," \
    "\"cancel_reason\":\"rpc error: code = Unauthenticated desc = " \
    "etcdserver: invalid auth token\"}}\n"
#define WATCH_DENIED \
    "{\"result\":{" HEADER ",\"watch_id\":\"-1\",\"created\":true,\"canceled\":true," \
    "\"cancel_reason\":\"rpc error: code = PermissionDenied desc = " \
    "etcdserver: permission denied\"}}\n"

static void say_line(PeerConnection *connection, const char *line) {
    peer_connection_send(connection, PEER_CHUNKED_HEADERS, strlen(PEER_CHUNKED_HEADERS));
    peer_connection_send_chunk(connection, line, strlen(line));
}

static void play_request(Fixture *f, PeerConnection *connection, const char *text) {
    if (strstr(text, "/v3/watch")) {
        f->n_watches++;
        f->stream = connection;
        if (!f->refuses_created)
            say_line(connection, CREATED);
        else if (f->n_watches == 1)
            say_line(connection, CREATED WATCH_REFUSED);
    } else if (strstr(text, "/v3/kv/txn")) {
        f->n_txns++;
        peer_connection_answer(connection, 200, "{" HEADER ",\"succeeded\":true}");
    } else {
        f->n_ranges++;
        peer_connection_answer(connection, 200, "{" HEADER "}");
    }
}

static void on_request(PeerConnection *connection, const char *text, void *userdata) {
    Fixture *f = userdata;
    if (strstr(text, "/v3/auth/authenticate")) {
        play_login(f, connection, text);
        return;
    }
    assert_null(strstr(text, "se\\\\")); /* the password goes nowhere else */
    if (is_authorized(f, text)) {
        play_request(f, connection, text);
        return;
    }
    f->n_refused++;
    if (strstr(text, "/v3/watch"))
        say_line(connection, f->is_old ? WATCH_DENIED : WATCH_REFUSED);
    else
        peer_connection_answer(connection, 401, str_or(f->token_error, UNAUTHENTICATED));
}

static void store_open(Fixture *f, usec_t timeout_usec) {
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u", scripted_peer_port(f->peer));
    char *const urls[] = {url, NULL};
    EtcdOptions options = {.endpoints = urls,
                           .key_prefix = "/f/",
                           .request_timeout_usec = timeout_usec,
                           .username = "fleet",
                           .password = PASSWORD};
    store_free(TAKE_PTR(f->store));
    assert_int_equal(etcd_store_new(f->event, f->loop, &options, &f->store, NULL), 0);
}

static int setup(void **state) {
    Fixture *f = *state = calloc(1, sizeof(*f));
    assert_true(sd_event_default(&f->event) >= 0);
    assert_int_equal(event_loop_new(f->event, &f->loop), 0);
    f->peer = scripted_peer_new(f->event, NULL, on_request, f);
    assert_non_null(f->peer);
    store_open(f, TIMEOUT);
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    store_free(f->store);
    scripted_peer_free(f->peer);
    event_loop_free(f->loop);
    sd_event_unref(f->event);
    free(f);
    return 0;
}

static void done(Fixture *f, int r) {
    f->n_done++;
    f->n_failed += r < 0;
    f->r = r;
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    done(userdata, r);
}

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    assert_true(r < 0 || result->succeeded);
    done(userdata, r);
}

static void range_start(Fixture *f) {
    assert_int_equal(store_range(f->store, &(StoreRange){.key = "a"}, on_range, f, NULL), 0);
}

static void txn_start(Fixture *f) {
    StoreWrite write = {.kind = STORE_PUT, .key = "a", .value = "b"};
    StoreTxn txn = {.writes = &write, .n_writes = 1};
    assert_int_equal(store_txn(f->store, &txn, on_txn, f, NULL), 0);
}

static int range(Fixture *f) {
    f->n_done = 0;
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 1);
    return f->r;
}

/* As when it has run out, or etcd was restarted. */
static void forget_token(Fixture *f) {
    f->token[0] = '\0';
}

static void many_requests_wait_for_one_login(void **state) {
    Fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        range_start(f);
        txn_start(f);
    }
    EVENT_RUN_UNTIL(f->loop, f->n_done == 200);
    assert_int_equal(f->n_failed, 0);
    assert_int_equal(f->n_logins, 1);
    assert_int_equal(f->n_refused, 0);
    assert_string_equal(f->login, "{\"name\":\"fleet\",\"password\":\"se\\\\\\\"cret\"}");
}

static void token_that_ran_out_is_renewed_and_nothing_lost_or_doubled(void **state) {
    Fixture *f = *state;
    static const char *const errors[] = {UNAUTHENTICATED, OLD_REVISION, NO_USER};
    assert_int_equal(range(f), 0);
    for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
        f->token_error = errors[i];
        forget_token(f);
        f->n_done = f->n_txns = f->n_refused = 0;
        for (int n = 0; n < 50; n++)
            txn_start(f);
        EVENT_RUN_UNTIL(f->loop, f->n_done == 50);
        assert_int_equal(f->n_failed, 0);
        assert_int_equal(f->n_txns, 50);
        assert_int_equal(f->n_logins, i + 2);
        assert_true(f->n_refused > 0);
    }
}

static void wrong_password_is_refused_and_etcd_left_alone(void **state) {
    Fixture *f = *state;
    f->login_error = WRONG_PASSWORD;
    for (int i = 0; i < 50; i++)
        assert_int_equal(range(f), -EACCES);
    assert_int_equal(f->n_logins, 1);
    assert_int_equal(scripted_peer_n_requests(f->peer), 1);
}

static void password_that_is_right_again_is_found_out(void **state) {
    Fixture *f = *state;
    f->login_error = WRONG_PASSWORD;
    assert_int_equal(range(f), -EACCES);
    f->login_error = NULL;
    usec_t begin = loop_now(f->loop);
    while (range(f) < 0)
        assert_true(loop_now(f->loop) - begin < 10 * USEC_PER_SEC);
    assert_true(loop_now(f->loop) - begin > 500 * USEC_PER_MSEC);
    assert_int_equal(f->n_logins, 2);
}

static void etcd_without_logins_is_used_without_a_token(void **state) {
    Fixture *f = *state;
    f->login_error = NOT_ENABLED;
    f->wants_no_token = true;
    assert_int_equal(range(f), 0);
    assert_int_equal(range(f), 0);
    assert_int_equal(f->n_logins, 1);
    /* Logins are enabled later. */
    f->login_error = NULL;
    f->wants_no_token = false;
    f->token_error = NO_USER;
    assert_int_equal(range(f), 0);
    assert_int_equal(f->n_logins, 2);
}

static void tokens_that_are_never_taken_end_a_request(void **state) {
    Fixture *f = *state;
    f->refuses_all = true;
    assert_int_equal(range(f), -EACCES);
    assert_int_equal(f->n_refused, 3);
}

static void login_without_an_answer_ends_in_time(void **state) {
    Fixture *f = *state;
    store_open(f, SHORT_TIMEOUT);
    f->is_login_mute = true;
    usec_t begin = loop_now(f->loop);
    assert_int_equal(range(f), -ETIMEDOUT);
    assert_true(loop_now(f->loop) - begin < 3 * SHORT_TIMEOUT);
    assert_int_equal(f->n_ranges, 0);
}

static void answer_without_a_token_is_no_login(void **state) {
    static const char *const answers[] = {
        "{" HEADER "}",
        "{" HEADER ",\"token\":\"\"}",
        "{" HEADER ",\"token\":\"a\\r\\nX: y\"}",
        "{" HEADER ",\"token\":17}",
        "nonsense",
    };
    Fixture *f = *state;
    for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
        store_open(f, TIMEOUT);
        f->login_status = 200;
        f->login_error = answers[i];
        assert_true(range(f) < 0);
        assert_int_equal(f->n_ranges, 0);
    }
}

static void cancelled_request_is_silent_while_it_waits(void **state) {
    Fixture *f = *state;
    StoreOp *op;
    store_open(f, SHORT_TIMEOUT);
    f->is_login_mute = true;
    assert_int_equal(store_range(f->store, &(StoreRange){.key = "a"}, on_range, f, &op), 0);
    EVENT_RUN_UNTIL(f->loop, f->n_logins == 1);
    store_op_cancel(op);
    event_run_for(f->loop, 3 * SHORT_TIMEOUT);
    assert_int_equal(f->n_done, 0);
}

static void on_range_free_store(int r, const StoreRangeResult *result, void *userdata) {
    Fixture *f = userdata;
    f->n_done++;
    store_free(TAKE_PTR(f->store));
}

static void store_may_be_freed_when_a_login_is_refused(void **state) {
    Fixture *f = *state;
    f->login_error = WRONG_PASSWORD;
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            store_range(f->store, &(StoreRange){.key = "a"}, on_range_free_store, f, NULL), 0);
    txn_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_int_equal(f->n_done, 1);
}

static void on_created(int64_t revision, void *userdata) {
    ((Fixture *) userdata)->n_created++;
}

static void on_events(const StoreEvent *events, size_t n, int64_t revision, void *userdata) {
    ((Fixture *) userdata)->n_events++;
}

static void on_closed(int r, void *userdata) {
    Fixture *f = userdata;
    f->n_closed++;
    f->closed_r = r;
    f->watch = NULL;
}

static void watch_start_from(Fixture *f, int64_t revision) {
    static const StoreWatchCallbacks callbacks = {on_created, on_events, on_closed};
    StoreWatch watch = {.key = "", .is_prefix = true, .start_revision = revision};
    assert_int_equal(store_watch(f->store, &watch, &callbacks, f, &f->watch), 0);
}

static void watch_start(Fixture *f) {
    watch_start_from(f, 10);
}

static void watch_is_created_with_a_token(void **state) {
    Fixture *f = *state;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_created == 1);
    assert_int_equal(f->n_logins, 1);
    assert_int_equal(f->n_refused, 0);
}

static void watch_whose_token_ran_out_is_created_with_a_new_one(void **state) {
    Fixture *f = *state;
    assert_int_equal(range(f), 0);
    forget_token(f);
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_created == 1);
    assert_int_equal(f->n_closed, 0);
    assert_int_equal(f->n_refused, 1);
    assert_int_equal(f->n_logins, 2);
    peer_connection_send_chunk(f->stream, WATCH_REFUSED, strlen(WATCH_REFUSED));
    EVENT_RUN_UNTIL(f->loop, f->n_closed == 1);
    assert_int_equal(f->closed_r, -ECONNRESET); /* to be watched anew, with the next token */
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_created == 2);
    assert_int_equal(f->n_logins, 3);
}

/* Created, and refused while it is found out whether its start is still known. */
static void watch_that_is_sent_again_stands_when_the_second_one_does(void **state) {
    Fixture *f = *state;
    store_open(f, SHORT_TIMEOUT);
    assert_int_equal(range(f), 0);
    f->refuses_created = true;
    watch_start_from(f, 5);
    EVENT_RUN_UNTIL(f->loop, f->n_closed == 1);
    assert_int_equal(f->n_watches, 2); /* the second one has no answer */
    assert_int_equal(f->n_created, 0);
    assert_int_equal(f->closed_r, -ETIMEDOUT);
}

static void watch_that_may_not_be_is_closed(void **state) {
    Fixture *f = *state;
    f->login_error = WRONG_PASSWORD;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed == 1);
    assert_int_equal(f->closed_r, -EACCES);

    store_open(f, TIMEOUT);
    f->login_error = NULL;
    f->refuses_all = true;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed == 2);
    assert_int_equal(f->closed_r, -EACCES);
    assert_int_equal(f->n_refused, 3);
    assert_int_equal(f->n_created, 0);
}

static void watch_without_permission_is_closed(void **state) {
    Fixture *f = *state;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_created == 1);
    peer_connection_send_chunk(f->stream, WATCH_DENIED, strlen(WATCH_DENIED));
    EVENT_RUN_UNTIL(f->loop, f->n_closed == 1);
    assert_int_equal(f->closed_r, -EACCES);
}

/* It denies a watch whatever is wrong with its token. */
static void watch_that_an_old_etcd_denies_is_tried_with_a_new_token(void **state) {
    Fixture *f = *state;
    assert_int_equal(range(f), 0);
    forget_token(f);
    f->is_old = true;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_created == 1 || f->n_closed == 1);
    assert_int_equal(f->n_created, 1);
    assert_int_equal(f->n_logins, 2);
}

static void watch_that_is_denied_for_good_logs_in_once_in_a_while(void **state) {
    Fixture *f = *state;
    f->is_old = f->refuses_all = true;
    for (unsigned i = 1; i <= 5; i++) {
        watch_start(f);
        EVENT_RUN_UNTIL(f->loop, f->n_closed == i);
        assert_int_equal(f->closed_r, -EACCES);
    }
    assert_int_equal(f->n_logins, 2);
}

static void watch_may_be_cancelled_while_it_waits(void **state) {
    Fixture *f = *state;
    store_open(f, SHORT_TIMEOUT);
    f->is_login_mute = true;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_logins == 1);
    store_op_cancel(TAKE_PTR(f->watch));
    event_run_for(f->loop, 3 * SHORT_TIMEOUT);
    assert_int_equal(f->n_closed, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(many_requests_wait_for_one_login),
        TEST(token_that_ran_out_is_renewed_and_nothing_lost_or_doubled),
        TEST(wrong_password_is_refused_and_etcd_left_alone),
        TEST(password_that_is_right_again_is_found_out),
        TEST(etcd_without_logins_is_used_without_a_token),
        TEST(tokens_that_are_never_taken_end_a_request),
        TEST(login_without_an_answer_ends_in_time),
        TEST(answer_without_a_token_is_no_login),
        TEST(cancelled_request_is_silent_while_it_waits),
        TEST(store_may_be_freed_when_a_login_is_refused),
        TEST(watch_is_created_with_a_token),
        TEST(watch_whose_token_ran_out_is_created_with_a_new_one),
        TEST(watch_that_is_sent_again_stands_when_the_second_one_does),
        TEST(watch_that_may_not_be_is_closed),
        TEST(watch_without_permission_is_closed),
        TEST(watch_that_an_old_etcd_denies_is_tried_with_a_new_token),
        TEST(watch_that_is_denied_for_good_logs_in_once_in_a_while),
        TEST(watch_may_be_cancelled_while_it_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
