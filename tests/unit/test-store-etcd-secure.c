/* The etcd store on a real etcd that wants a login, and on one that wants a certificate. */
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "tests/fakes/etcd-process.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/shell-command.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A login takes etcd a good part of a second on a busy machine, on purpose. */
#define TIMEOUT (8 * USEC_PER_SEC)

typedef struct Fixture {
    EtcdProcess *etcd;
    sd_event *event;
    StoreSync sync;
    char *directory;                 /* of keys and certificates */
    const char *username, *password; /* beside a certificate */
} Fixture;

static void store_open(Fixture *f, const EtcdOptions *options) {
    EtcdOptions all = *options;
    all.key_prefix = str_or(options->key_prefix, "/f/");
    all.request_timeout_usec = TIMEOUT;
    store_free(TAKE_PTR(f->sync.store));
    assert_int_equal(etcd_store_new(f->event, f->sync.loop, &all, &f->sync.store, NULL), 0);
}

static void login_open(Fixture *f, const char *username, const char *password, const char *prefix) {
    store_open(f, &(EtcdOptions){.endpoints = etcd_process_urls(f->etcd),
                                 .key_prefix = prefix,
                                 .username = username,
                                 .password = password});
}

static Fixture *fixture_new(void) {
    Fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    assert_true(sd_event_default(&f->event) >= 0);
    f->sync.run_until = event_run_until;
    assert_int_equal(event_loop_new(f->event, &f->sync.loop), 0);
    f->directory = temporary_directory_new();
    return f;
}

static int teardown(void **state) {
    Fixture *f = *state;
    store_free(f->sync.store);
    event_loop_free(f->sync.loop);
    sd_event_unref(f->event);
    etcd_process_free(f->etcd);
    temporary_directory_free(f->directory);
    free(f);
    return 0;
}

/* --- what is logged, for a while --- */

typedef struct Capture {
    FILE *file;
    int stderr_fd;
} Capture;

static Capture capture_begin(void) {
    Capture capture = {.file = tmpfile(), .stderr_fd = dup(STDERR_FILENO)};
    assert_non_null(capture.file);
    assert_true(capture.stderr_fd >= 0);
    assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
    return capture;
}

static char *capture_end(Capture *capture) {
    char *text = calloc(1, 8192);
    assert_non_null(text);
    assert_true(dup2(capture->stderr_fd, STDERR_FILENO) >= 0);
    close(capture->stderr_fd);
    rewind(capture->file);
    text[fread(text, 1, 8191, capture->file)] = '\0';
    fclose(capture->file);
    return text;
}

/* --- logins --- */

static void post(Fixture *f, const char *path, const char *body) {
    assert_int_equal(etcd_process_post(f->etcd, 0, path, body), 200);
}

/* User fleet may do what it likes under /f/ ("L2Yv" to "L2Yw"), and nothing else. */
static void enable_logins(Fixture *f) {
    post(f, "/v3/auth/user/add", "{\"name\":\"root\",\"password\":\"master\"}");
    post(f, "/v3/auth/role/add", "{\"name\":\"root\"}");
    post(f, "/v3/auth/user/grant", "{\"user\":\"root\",\"role\":\"root\"}");
    post(f, "/v3/auth/user/add", "{\"name\":\"fleet\",\"password\":\"first\"}");
    post(f, "/v3/auth/role/add", "{\"name\":\"fleet\"}");
    post(f, "/v3/auth/role/grant",
         "{\"name\":\"fleet\",\"perm\":{\"permType\":\"READWRITE\",\"key\":\"L2Yv\","
         "\"range_end\":\"L2Yw\"}}");
    post(f, "/v3/auth/user/grant", "{\"user\":\"fleet\",\"role\":\"fleet\"}");
    post(f, "/v3/auth/enable", "{}");
}

static int setup_login(void **state) {
    Fixture *f = *state = fixture_new();
    f->etcd = etcd_process_start(1);
    assert_non_null(f->etcd);
    enable_logins(f);
    login_open(f, "fleet", "first", NULL);
    return 0;
}

static int setup_jwt(void **state) {
    static char token[512];
    static const char *const arguments[] = {"--auth-token", token, NULL};
    Fixture *f = *state = fixture_new();
    int r = shell_command_run("cd %s && openssl genrsa -out key 2048 2>/dev/null && "
                              "openssl rsa -in key -pubout -out pub 2>/dev/null",
                              f->directory);
    assert_int_equal(r, 0);
    snprintf(token, sizeof(token), "jwt,pub-key=%s/pub,priv-key=%s/key,sign-method=RS256,ttl=1s",
             f->directory, f->directory);
    f->etcd = etcd_process_start_with(1, &(EtcdProcessOptions){.arguments = arguments});
    assert_non_null(f->etcd);
    enable_logins(f);
    login_open(f, "fleet", "first", NULL);
    return 0;
}

static void change_password(Fixture *f, const char *password) {
    int r = shell_command_run(
        "echo %s | ETCDCTL_API=3 etcdctl --endpoints=%s --user=root:master --interactive=false "
        "user passwd fleet >/dev/null",
        password, etcd_process_url(f->etcd, 0));
    assert_int_equal(r, 0);
}

static int get(Fixture *f) {
    return store_sync_range(&f->sync, &(StoreRange){.key = "a"}, NULL);
}

static void store_does_everything_with_a_login(void **state) {
    Fixture *f = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    StoreWatch watch = {.key = "", .is_prefix = true};
    int64_t lease;
    assert_int_equal(watch_recorder_start(&recorder, &f->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(&recorder));
    assert_int_equal(store_sync_grant(&f->sync, 10 * USEC_PER_SEC, &lease, NULL), 0);
    assert_int_equal(store_sync_put(&f->sync, "a", "1", lease), 0);
    assert_int_equal(store_sync_renew(&f->sync, lease), 0);
    _cleanup_free_ char *value = store_sync_get(&f->sync, "a");
    assert_string_equal(value, "1");
    assert_int_equal(store_sync_revoke(&f->sync, lease), 0);
    assert_true(watch_recorder_wait_events(&recorder, 2));
    assert_string_equal(recorder.log, "+a=1 -a");
}

/* etcd's simple tokens do not outlive it. */
static void lost_token_is_replaced_under_requests_and_watches(void **state) {
    Fixture *f = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    StoreWatch watch = {.key = "", .is_prefix = true};
    assert_int_equal(store_sync_put(&f->sync, "a", "1", 0), 0);
    etcd_process_kill(f->etcd, 0);
    assert_int_equal(etcd_process_restart(f->etcd, 0), 0);
    assert_int_equal(watch_recorder_start(&recorder, &f->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(&recorder));
    assert_int_equal(recorder.n_closed, 0);

    etcd_process_kill(f->etcd, 0);
    assert_int_equal(etcd_process_restart(f->etcd, 0), 0);
    (void) get(f); /* shows that the kept connection is broken */
    assert_int_equal(store_sync_put(&f->sync, "a", "2", 0), 0);
    _cleanup_free_ char *value = store_sync_get(&f->sync, "a");
    assert_string_equal(value, "2");
}

static void changed_password_is_refused_and_told_without_it(void **state) {
    Fixture *f = *state;
    assert_int_equal(get(f), 0);
    Capture capture = capture_begin();
    change_password(f, "second");
    assert_int_equal(get(f), -EACCES);
    assert_int_equal(store_sync_put(&f->sync, "a", "1", 0), -EACCES);
    _cleanup_free_ char *text = capture_end(&capture);
    assert_non_null(strstr(text, "etcd refuses user 'fleet'"));
    assert_null(strstr(text, "first"));
    assert_null(strstr(strstr(text, "etcd refuses user") + 1, "etcd refuses"));

    login_open(f, "fleet", "second", NULL);
    assert_int_equal(get(f), 0);
    login_open(f, "fleet", "first", NULL);
    assert_int_equal(get(f), -EACCES);
    change_password(f, "first"); /* set right on the other side */
    usec_t deadline = loop_now(f->sync.loop) + STORE_SYNC_MAX_USEC;
    while (get(f) < 0)
        assert_true(loop_now(f->sync.loop) < deadline);
}

static void permission_and_login_are_asked_for_in_words(void **state) {
    Fixture *f = *state;
    Capture capture = capture_begin();
    login_open(f, "fleet", "first", "/g/");
    assert_int_equal(get(f), -EACCES);
    login_open(f, NULL, NULL, NULL);
    assert_int_equal(get(f), -EACCES);
    _cleanup_free_ char *text = capture_end(&capture);
    assert_non_null(strstr(text, "its user needs a role with permission to read and write"));
    assert_non_null(strstr(text, "user name is empty (set etcd_username and etcd_password)"));
}

/* Of one second each: over several of their ends no request may fail. */
static void requests_go_on_over_the_end_of_signed_tokens(void **state) {
    Fixture *f = *state;
    usec_t end = loop_now(f->sync.loop) + 3500 * USEC_PER_MSEC;
    for (int64_t i = 0; loop_now(f->sync.loop) < end; i++) {
        assert_int_equal(store_sync_put(&f->sync, "a", i % 2 ? "x" : "y", 0), 0);
        event_run_for(f->sync.loop, 200 * USEC_PER_MSEC);
    }
    assert_int_equal(get(f), 0);
}

/* --- certificates --- */

static void make_authority(Fixture *f, const char *name) {
    int r = shell_command_run(
        "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-keyout %s.key -out %s.pem -subj /CN=%s 2>/dev/null",
        f->directory, name, name, name);
    assert_int_equal(r, 0);
}

static void make_certificate(Fixture *f, const char *authority, const char *name, int days) {
    int r = shell_command_run(
        "cd %s && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key "
        "-out %s.csr -subj /CN=%s 2>/dev/null && "
        "printf 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=serverAuth,clientAuth\\n' >ext && "
        "openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days %d "
        "-extfile ext -out %s.pem 2>/dev/null",
        f->directory, name, name, name, name, authority, authority, days, name);
    assert_int_equal(r, 0);
}

static int setup_tls(void **state) {
    static char cert[64], key[64], ca[64];
    static const char *const arguments[] = {"--cert-file",       cert, "--key-file",         key,
                                            "--trusted-ca-file", ca,   "--client-cert-auth", NULL};
    Fixture *f = *state = fixture_new();
    make_authority(f, "ca");
    make_authority(f, "other");
    make_certificate(f, "ca", "server", 2);
    make_certificate(f, "ca", "client", 2);
    make_certificate(f, "ca", "expired", -1);
    make_certificate(f, "other", "foreign", 2);
    snprintf(cert, sizeof(cert), "%s/server.pem", f->directory);
    snprintf(key, sizeof(key), "%s/server.key", f->directory);
    snprintf(ca, sizeof(ca), "%s/ca.pem", f->directory);
    f->etcd =
        etcd_process_start_with(1, &(EtcdProcessOptions){.is_tls = true, .arguments = arguments});
    assert_non_null(f->etcd);
    return 0;
}

/* NULL: none. */
static void tls_open(Fixture *f, const char *scheme, const char *host, const char *ca,
                     const char *name) {
    const char *port = strrchr(etcd_process_url(f->etcd, 0), ':');
    char url[64], ca_file[64], cert_file[64], key_file[64];
    snprintf(url, sizeof(url), "%s://%s%s", scheme, host, port);
    snprintf(ca_file, sizeof(ca_file), "%s/%s.pem", f->directory, str_or(ca, ""));
    snprintf(cert_file, sizeof(cert_file), "%s/%s.pem", f->directory, str_or(name, ""));
    snprintf(key_file, sizeof(key_file), "%s/%s.key", f->directory, str_or(name, ""));
    store_open(f, &(EtcdOptions){.endpoints = (char *const[]){url, NULL},
                                 .username = f->username,
                                 .password = f->password,
                                 .tls = {.ca_file = ca ? ca_file : NULL,
                                         .cert_file = name ? cert_file : NULL,
                                         .key_file = name ? key_file : NULL}});
}

static void certificate_opens_etcd(void **state) {
    Fixture *f = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    StoreWatch watch = {.key = "", .is_prefix = true};
    tls_open(f, "https", "127.0.0.1", "ca", "client");
    assert_int_equal(watch_recorder_start(&recorder, &f->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(&recorder));
    assert_int_equal(store_sync_put(&f->sync, "a", "1", 0), 0);
    assert_true(watch_recorder_wait_events(&recorder, 1));
}

static void etcdctl(Fixture *f, const char *arguments) {
    int r = shell_command_run("cd %s && ETCDCTL_API=3 etcdctl --endpoints=%s --cacert=ca.pem "
                              "--cert=client.pem --key=client.key %s >/dev/null",
                              f->directory, etcd_process_url(f->etcd, 0), arguments);
    assert_int_equal(r, 0);
}

/* The names in the certificates are "client" and "named"; only one is a user. */
static void name_in_a_certificate_is_a_user_where_no_login_is(void **state) {
    Fixture *f = *state;
    make_certificate(f, "ca", "named", 2);
    etcdctl(f, "user add root:master");
    etcdctl(f, "user grant-role root root");
    etcdctl(f, "user add client:other");
    etcdctl(f, "user grant-role client root");
    etcdctl(f, "auth enable");
    tls_open(f, "https", "127.0.0.1", "ca", "client");
    assert_int_equal(store_sync_put(&f->sync, "a", "1", 0), 0);
    tls_open(f, "https", "127.0.0.1", "ca", "named");
    assert_int_equal(store_sync_put(&f->sync, "a", "2", 0), -EACCES);
    f->username = "client";
    f->password = "other";
    tls_open(f, "https", "127.0.0.1", "ca", "named");
    assert_int_equal(store_sync_put(&f->sync, "a", "3", 0), 0);
}

static void wrong_certificates_are_told_with_file_and_reason(void **state) {
    static const struct {
        const char *scheme, *host, *ca, *name, *words, *file;
    } cases[] = {
        {"https", "127.0.0.1", "other", "client", "is not from an authority in etcd_cafile",
         "other.pem"},
        {"https", "127.0.0.1", NULL, "client", "set etcd_cafile", ""},
        {"https", "127.0.0.1", "ca", NULL, "set etcd_certfile and etcd_keyfile", ""},
        {"https", "127.0.0.1", "ca", "foreign", "etcd refuses the certificate in etcd_certfile",
         "foreign.pem"},
        {"https", "127.0.0.1", "ca", "expired", "etcd refuses the certificate in etcd_certfile",
         "expired.pem"},
        {"https", "localhost", "ca", "client", "etcd's certificate is for other names", ""},
        {"http", "127.0.0.1", NULL, NULL, "perhaps it is an https:// URL", ""},
    };
    Fixture *f = *state;
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        tls_open(f, cases[i].scheme, cases[i].host, cases[i].ca, cases[i].name);
        Capture capture = capture_begin();
        int r = get(f);
        _cleanup_free_ char *text = capture_end(&capture);
        assert_true(r < 0);
        if (!strstr(text, cases[i].words) || !strstr(text, cases[i].file))
            fail_msg("case %zu: %s", i, text);
    }
}

#define LOGIN_TEST(f) cmocka_unit_test_setup_teardown(f, setup_login, teardown)
#define TLS_TEST(f) cmocka_unit_test_setup_teardown(f, setup_tls, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        LOGIN_TEST(store_does_everything_with_a_login),
        LOGIN_TEST(lost_token_is_replaced_under_requests_and_watches),
        LOGIN_TEST(changed_password_is_refused_and_told_without_it),
        LOGIN_TEST(permission_and_login_are_asked_for_in_words),
        cmocka_unit_test_setup_teardown(requests_go_on_over_the_end_of_signed_tokens, setup_jwt,
                                        teardown),
        TLS_TEST(certificate_opens_etcd),
        TLS_TEST(name_in_a_certificate_is_a_user_where_no_login_is),
        TLS_TEST(wrong_certificates_are_told_with_file_and_reason),
    };
    if (!etcd_process_is_available() || system("command -v etcdctl openssl >/dev/null") != 0) {
        puts("1..0 # SKIP there is no etcd, etcdctl or openssl to run");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
