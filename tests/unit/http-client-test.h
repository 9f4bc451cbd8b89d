/* What the tests of the HTTP client share: a client, a peer that answers as it is told, and what
 * the client's callbacks saw of it. */
#pragma once

#include "fleetd/base/strv.h"
#include "fleetd/net/byte-buffer.h"
#include "fleetd/net/http-client.h"
#include "tests/fakes/scripted-peer.h"
#include "tests/unit/cmocka-test.h"

typedef struct Fixture Fixture;

/* What a request's callbacks saw. */
typedef struct Outcome {
    Fixture *fixture;
    HttpRequest *request;
    unsigned n_done, n_data;
    int r;
    unsigned status;
    char *body, *content_type, *message;
    char *revision; /* of a header */
    ByteBuffer data;
    void (*in_data)(struct Outcome *); /* done from inside on_data, on_done */
    void (*in_done)(struct Outcome *);
    int data_result;
} Outcome;

struct Fixture {
    sd_event *event;
    ScriptedPeer *peer;
    HttpClient *client;
    char *url;
    PeerConnection *connection; /* of the last request */
    char *request;              /* its text */
    void (*answer)(Fixture *);
    Outcome a, b;
};

int client_test_setup(void **state);
int client_test_teardown(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, client_test_setup, client_test_teardown)

void client_test_on_request(PeerConnection *connection, const char *text, void *userdata);

/* Without a method it is a GET, without a URL it goes to the fixture's peer. */
void client_test_start(Outcome *outcome, HttpCall call, HttpData data);
void client_test_on_done(int r, const HttpAnswer *answer, const char *message, void *userdata);
int client_test_on_data(const char *data, size_t size, void *userdata);

/* Runs the loop until the condition holds; fails after 10 s. */
#define RUN_UNTIL(f, condition) \
    do { \
        usec_t _deadline = client_test_now() + 10 * USEC_PER_SEC; \
        while (!(condition) && client_test_now() < _deadline) \
            assert_true(sd_event_run((f)->event, 100 * USEC_PER_MSEC) >= 0); \
        assert_true(condition); \
    } while (false)

usec_t client_test_now(void);
void client_test_run_out(Fixture *f); /* whatever is still to come, comes */

unsigned client_test_unused_port(void);

/* For Fixture.answer. */
void answer_hello(Fixture *f);
void answer_not_found(Fixture *f);
void answer_stream_head(Fixture *f);
