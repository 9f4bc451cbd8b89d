#include "fleetd/store/lease.h"

#include "fleetd/net/backoff.h"

#include <errno.h>

#define RETRY_USEC (200 * USEC_PER_MSEC)

struct Lease {
    Store *store;
    Loop *loop;
    LeaseCallbacks callbacks;
    void *userdata;
    usec_t ttl_usec;
    usec_t interval_usec;
    int64_t id;
    Timer *timer;
    StoreOp *op;
    usec_t sent_usec; /* when the operation under way was sent */
    usec_t sure_until_usec;
    usec_t first_success_usec;
    usec_t last_success_usec;
    usec_t last_gap_usec;
    bool is_in_contact;
    bool was_asked;      /* contact is known at all */
    unsigned n_failures; /* in a row */
};

static void on_timer(void *userdata);

/* An outage shows as a gap between two answers that is at least as long. It can cost a lease only
 * if it lasts for two intervals, less the time of a retry that it caught on the way. */
static usec_t lease_gap_limit(const Lease *lease) {
    return lease->interval_usec + lease->interval_usec / 2;
}

static bool lease_is_in_gap(const Lease *lease) {
    return lease->last_success_usec == 0 ||
           loop_now(lease->loop) - lease->last_success_usec > lease_gap_limit(lease);
}

/* So that thousands of machines do not keep a store busy that is too slow for them; but never so
 * long that lease_gap_limit() would no longer hold. */
static void lease_retry(Lease *lease) {
    usec_t most = MAX(lease->interval_usec / 16, RETRY_USEC);
    timer_start(lease->timer, backoff_delay(lease->loop, lease->n_failures++, RETRY_USEC, most));
}

static void lease_note_contact(Lease *lease, int r) {
    usec_t now = loop_now(lease->loop);
    bool is_in_contact = r == 0 || r == -ENOKEY;
    if (is_in_contact) {
        if (lease->first_success_usec == 0)
            lease->first_success_usec = now;
        else if (lease_is_in_gap(lease))
            lease->last_gap_usec = now;
        lease->last_success_usec = now;
    }
    bool is_news = !lease->was_asked || is_in_contact != lease->is_in_contact;
    lease->was_asked = true;
    lease->is_in_contact = is_in_contact;
    if (is_news && lease->callbacks.on_contact)
        lease->callbacks.on_contact(is_in_contact ? 0 : r, lease->userdata);
}

/* All spans begin when it was asked for, so that a store whose answers take long has as many. */
static void lease_note_alive(Lease *lease, usec_t ttl_usec) {
    usec_t due_usec = lease->sent_usec + lease->interval_usec, now = loop_now(lease->loop);
    lease->sure_until_usec = lease->sent_usec + ttl_usec;
    lease->n_failures = 0;
    timer_start(lease->timer, due_usec > now ? due_usec - now : 0);
}

/* The owner's callbacks may free the lease, so each of these handlers calls the owner last. */
static void on_granted(int r, int64_t id, usec_t ttl_usec, void *userdata) {
    Lease *lease = userdata;
    lease->op = NULL;
    if (r < 0) {
        lease_retry(lease);
        lease_note_contact(lease, r);
        return;
    }
    lease->id = id;
    lease_note_alive(lease, ttl_usec);
    lease_note_contact(lease, 0);
    lease->callbacks.on_granted(id, lease->userdata);
}

static void on_renewed(int r, int64_t id, usec_t ttl_usec, void *userdata) {
    Lease *lease = userdata;
    lease->op = NULL;
    if (r == -ENOKEY) {
        bool was_sure = lease->sent_usec < lease->sure_until_usec;
        lease->id = 0;
        timer_start(lease->timer, 0);
        lease_note_contact(lease, 0);
        if (was_sure)
            lease->last_gap_usec = loop_now(lease->loop);
        lease->callbacks.on_lost(lease->userdata);
    } else if (r < 0) {
        lease_retry(lease);
        lease_note_contact(lease, r);
    } else {
        lease_note_alive(lease, ttl_usec);
        lease_note_contact(lease, 0);
    }
}

static void on_timer(void *userdata) {
    Lease *lease = userdata;
    lease->sent_usec = loop_now(lease->loop);
    int r = lease->id
                ? store_lease_renew(lease->store, lease->id, on_renewed, lease, &lease->op)
                : store_lease_grant(lease->store, lease->ttl_usec, on_granted, lease, &lease->op);
    if (r < 0)
        lease_retry(lease);
}

int lease_new(Store *store, Loop *loop, usec_t ttl_usec, const LeaseCallbacks *callbacks,
              void *userdata, Lease **ret) {
    _cleanup_(lease_freep) Lease *lease = calloc(1, sizeof(Lease));
    if (!lease)
        return -ENOMEM;
    *lease = (Lease){
        .store = store,
        .loop = loop,
        .callbacks = *callbacks,
        .userdata = userdata,
        .ttl_usec = ttl_usec,
        .interval_usec = ttl_usec / 3,
    };
    int r = timer_new(loop, on_timer, lease, &lease->timer);
    if (r < 0)
        return r;
    timer_start(lease->timer, 0);
    *ret = TAKE_PTR(lease);
    return 0;
}

void lease_free(Lease *lease) {
    if (!lease)
        return;
    store_op_cancel(lease->op);
    timer_free(lease->timer);
    free(lease);
}

void lease_check(Lease *lease) {
    if (lease->id != 0 && !lease->op)
        timer_start(lease->timer, 0);
}

int64_t lease_id(const Lease *lease) {
    return lease->id;
}

bool lease_is_sure(const Lease *lease) {
    return lease->id != 0 && loop_now(lease->loop) < lease->sure_until_usec;
}

usec_t lease_steady_since(const Lease *lease) {
    return lease_is_in_gap(lease) ? USEC_INFINITY
                                  : MAX(lease->first_success_usec, lease->last_gap_usec);
}

usec_t lease_last_gap(const Lease *lease) {
    return lease_is_in_gap(lease) ? USEC_INFINITY : lease->last_gap_usec;
}
