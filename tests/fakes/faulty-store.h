/* A store in front of another one, which loses what it is told to lose. In a simulated cluster each
 * node has its own, in front of the one that all share: cutting it off is a partition. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct StoreFaults {
    /* Of each way: a request, its answer, a batch of events. By chance between the two. */
    usec_t latency_min_usec, latency_max_usec;
    usec_t timeout_usec;            /* until -ETIMEDOUT, where something is lost */
    unsigned lost_request_permille; /* never arrives, and has no effect */
    unsigned lost_answer_permille;  /* took effect, but nobody hears of it */
    unsigned broken_watch_permille; /* per batch of events: -ECONNRESET instead of it */
    usec_t watch_lag_usec;          /* by up to so much more what a watch tells is late */
} StoreFaults;

#define STORE_FAULTS_TIMEOUT_USEC (5 * USEC_PER_SEC)

/* Borrows the inner store. At first it loses nothing and its timeout is the above. */
int faulty_store_new(Loop *loop, Store *inner, Store **ret);

void faulty_store_set_faults(Store *store, const StoreFaults *faults);

/* Cuts it off. -ETIMEDOUT: silence; what is under way fails after its timeout, watches after being
 * cut off for so long; if it ends earlier, they tell what they held back. Any other errno: requests
 * and watches fail with it at once. 0: the way is free again. */
void faulty_store_cut(Store *store, int r);

/* Ends all watches with that errno, as a restart of the server does. */
void faulty_store_break_watches(Store *store, int r);

/* Puts another store behind it, as one that lost its data. Watches end with -ECONNRESET; no request
 * may be at the old one. */
void faulty_store_set_inner(Store *store, Store *inner);
