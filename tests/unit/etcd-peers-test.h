/* What the tests of the etcd store against members that the test plays share: the members, which
 * answer as they are told, a store that asks them, and what its callbacks saw. */
#pragma once

#include "fleetd/base/strv.h"
#include "fleetd/store/etcd-store.h"
#include "tests/fakes/etcd-messages.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/grpc-peer.h"
#include "tests/unit/cmocka-test.h"

/* Far more than an answer takes, however busy the machine is; and for tests that wait for its end.
 */
#define TIMEOUT (3 * USEC_PER_SEC)
#define SHORT_TIMEOUT (300 * USEC_PER_MSEC)
#define N_PEERS 2

typedef struct Member {
    GrpcPeer *peer;
    PeerCall *call;                 /* the last one */
    void (*answer)(PeerCall *call); /* NULL: never answers */
} Member;

typedef struct Fixture {
    sd_event *event;
    Loop *loop;
    Member members[N_PEERS];
    Store *store;

    /* Of requests. */
    unsigned n_done;
    int r;
    char *value; /* of the first entry of a range */
    bool succeeded;
    void (*in_done)(struct Fixture *); /* done from inside the callback of a range */

    /* Of a watch. */
    StoreOp *watch;
    unsigned n_created, n_closed, n_events;
    int closed_r;
    char order[64];                      /* keys of the events, one after the other */
    void (*in_events)(struct Fixture *); /* done from inside on_events */
} Fixture;

int peers_test_setup(void **state);
int peers_test_setup_single(void **state); /* the store knows the first member only */
int peers_test_teardown(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, peers_test_setup, peers_test_teardown)
#define TEST_SINGLE(f) \
    cmocka_unit_test_setup_teardown(f, peers_test_setup_single, peers_test_teardown)

/* In the place of the fixture's store, one that knows the first n_endpoints members. */
void peers_test_store_open(Fixture *f, size_t n_endpoints, usec_t timeout_usec);
void peers_test_store_free(Fixture *f); /* also for in_done and in_events */

void peers_test_on_range(int r, const StoreRangeResult *result, void *userdata);
void peers_test_range_start(Fixture *f);

unsigned peers_test_n_requests(const Fixture *f, size_t member); /* that it got */

/* For Member.answer. */
void say_range(PeerCall *call);
void say_no_leader(PeerCall *call);
void say_nothing_and_hang_up(PeerCall *call);
