/* Logging in to an etcd that the test plays: who waits, what is sent again, and what is not. */
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "tests/fakes/etcd-messages.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/grpc-peer.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define TIMEOUT (3 * USEC_PER_SEC)
#define SHORT_TIMEOUT (300 * USEC_PER_MSEC)
#define PASSWORD "se\\\"cret"

typedef struct Refusal {
    unsigned code;
    const char *words;
} Refusal;

/* An etcd that counts what it did, and whose tokens the test can make run out. */
typedef struct Fixture {
    sd_event *event;
    Loop *loop;
    GrpcPeer *peer;
    Store *store;

    const Refusal *login_refusal; /* answered to logins; NULL: they are good */
    const char *login_message;    /* answered to them as a message; NULL: a token */
    size_t login_message_size;
    const Refusal *token_refusal; /* of requests with another token than the last */
    bool is_login_mute, wants_no_token, refuses_all, refuses_created, is_old;
    unsigned n_logins, n_refused, n_txns, n_ranges, n_watches;
    char token[32];  /* the last one */
    char login[256]; /* the message */
    PeerCall *stream;

    unsigned n_done, n_failed, n_created, n_events, n_closed;
    int r, closed_r;
    StoreOp *watch;
} Fixture;

static const Refusal unauthenticated = {16, "etcdserver: invalid auth token"};
static const Refusal old_revision = {3, "etcdserver: revision of auth store is old"};
static const Refusal no_user = {3, "etcdserver: user name is empty"};
static const Refusal wrong_password = {
    3, "etcdserver: authentication failed, invalid user ID or password"};
static const Refusal not_enabled = {9, "etcdserver: authentication is not enabled"};

static void say_token(Fixture *f, PeerCall *call) {
    ProtobufWriter message = {};
    snprintf(f->token, sizeof(f->token), "token.%u", f->n_logins);
    etcd_add_header(&message, 1, 9);
    etcd_add_text(&message, ETCD_TOKEN, f->token);
    peer_call_answer(call, &message);
}

static void play_login(Fixture *f, PeerCall *call) {
    size_t size;
    const char *login = peer_call_body(call, &size);
    f->n_logins++;
    assert_null(peer_call_field(call, "token"));
    assert_in_range(size, 6, sizeof(f->login) - 1);
    memcpy(f->login, login + 5, size - 5);
    f->login[size - 5] = '\0';
    if (f->is_login_mute)
        return;
    if (f->login_refusal) {
        peer_call_end(call, f->login_refusal->code, f->login_refusal->words);
    } else if (f->login_message) {
        ProtobufWriter message = {};
        protobuf_add_raw(&message, f->login_message, f->login_message_size);
        peer_call_answer(call, &message);
    } else
        say_token(f, call);
}

static bool is_authorized(const Fixture *f, PeerCall *call) {
    const char *token = peer_call_field(call, "token");
    if (f->wants_no_token)
        return !token;
    return !f->refuses_all && f->token[0] != '\0' && token && streq(token, f->token);
}

static void say_created(PeerCall *call) {
    ProtobufWriter message = {};
    etcd_add_header(&message, 1, 9);
    protobuf_add_integer(&message, ETCD_WATCH_CREATED, 1);
    peer_call_send_message(call, &message);
}

/* "created" stands beside it. */
static void say_watch_refused(PeerCall *call, const char *reason) {
    ProtobufWriter message = {};
    etcd_add_header(&message, 1, 9);
    protobuf_add_integer(&message, ETCD_WATCH_CREATED, 1);
    protobuf_add_integer(&message, ETCD_WATCH_CANCELED, 1);
    etcd_add_text(&message, ETCD_WATCH_CANCEL_REASON, reason);
    peer_call_send_message(call, &message);
}

#define WATCH_REFUSED "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token"
#define WATCH_DENIED "rpc error: code = PermissionDenied desc = etcdserver: permission denied"

static void play_watch(Fixture *f, PeerCall *call) {
    f->n_watches++;
    f->stream = call;
    if (!f->refuses_created || f->n_watches == 1)
        say_created(call);
    if (f->refuses_created && f->n_watches == 1)
        say_watch_refused(call, WATCH_REFUSED);
}

static void play_request(Fixture *f, PeerCall *call) {
    ProtobufWriter message = {};
    if (peer_call_is(call, "Watch")) {
        play_watch(f, call);
        return;
    }
    etcd_add_header(&message, 1, 9);
    if (peer_call_is(call, "Txn")) {
        f->n_txns++;
        protobuf_add_integer(&message, ETCD_TXN_SUCCEEDED, 1);
    } else
        f->n_ranges++;
    peer_call_answer(call, &message);
}

/* The password goes nowhere else. */
static void check_no_password(PeerCall *call) {
    size_t size;
    const char *body = peer_call_body(call, &size);
    assert_null(memmem(body, size, PASSWORD, strlen(PASSWORD)));
}

static void on_request(PeerCall *call, void *userdata) {
    Fixture *f = userdata;
    if (peer_call_is(call, "Authenticate")) {
        play_login(f, call);
        return;
    }
    check_no_password(call);
    if (is_authorized(f, call)) {
        play_request(f, call);
        return;
    }
    f->n_refused++;
    if (peer_call_is(call, "Watch")) {
        say_watch_refused(call, f->is_old ? WATCH_DENIED : WATCH_REFUSED);
        return;
    }
    const Refusal *refusal = f->token_refusal ? f->token_refusal : &unauthenticated;
    peer_call_end(call, refusal->code, refusal->words);
}

static void store_open(Fixture *f, usec_t timeout_usec) {
    _cleanup_free_ char *url = str_printf("http://127.0.0.1:%u", grpc_peer_port(f->peer));
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
    f->peer = grpc_peer_new(f->event, on_request, f);
    assert_non_null(f->peer);
    store_open(f, TIMEOUT);
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    store_free(f->store);
    grpc_peer_free(f->peer);
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
    assert_string_equal(f->login, "\012\005fleet\022\010" PASSWORD);
}

static void token_that_ran_out_is_renewed_and_nothing_lost_or_doubled(void **state) {
    Fixture *f = *state;
    static const Refusal *const refusals[] = {&unauthenticated, &old_revision, &no_user};
    assert_int_equal(range(f), 0);
    for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
        f->token_refusal = refusals[i];
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
    f->login_refusal = &wrong_password;
    for (int i = 0; i < 50; i++)
        assert_int_equal(range(f), -EACCES);
    assert_int_equal(f->n_logins, 1);
    assert_int_equal(grpc_peer_n_requests(f->peer), 1);
}

static void password_that_is_right_again_is_found_out(void **state) {
    Fixture *f = *state;
    f->login_refusal = &wrong_password;
    assert_int_equal(range(f), -EACCES);
    f->login_refusal = NULL;
    usec_t begin = loop_now(f->loop);
    while (range(f) < 0)
        assert_true(loop_now(f->loop) - begin < 10 * USEC_PER_SEC);
    assert_true(loop_now(f->loop) - begin > 500 * USEC_PER_MSEC);
    assert_int_equal(f->n_logins, 2);
}

static void etcd_without_logins_is_used_without_a_token(void **state) {
    Fixture *f = *state;
    f->login_refusal = &not_enabled;
    f->wants_no_token = true;
    assert_int_equal(range(f), 0);
    assert_int_equal(range(f), 0);
    assert_int_equal(f->n_logins, 1);
    /* Logins are enabled later. */
    f->login_refusal = NULL;
    f->wants_no_token = false;
    f->token_refusal = &no_user;
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

#define MESSAGE(text) \
    { text, sizeof(text) - 1 }

static void answer_without_a_token_is_no_login(void **state) {
    static const struct {
        const char *data;
        size_t size;
    } messages[] = {
        MESSAGE(""),         MESSAGE("\022\0"), MESSAGE("\022\007a\r\nX: y"),
        MESSAGE("\020\021"), /* a number */
        MESSAGE("nonsense"),
    };
    Fixture *f = *state;
    for (size_t i = 0; i < ELEMENTSOF(messages); i++) {
        store_open(f, TIMEOUT);
        f->login_message = messages[i].data;
        f->login_message_size = messages[i].size;
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
    f->login_refusal = &wrong_password;
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
    say_watch_refused(f->stream, WATCH_REFUSED);
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
    f->login_refusal = &wrong_password;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed == 1);
    assert_int_equal(f->closed_r, -EACCES);

    store_open(f, TIMEOUT);
    f->login_refusal = NULL;
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
    say_watch_refused(f->stream, WATCH_DENIED);
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
