#include "fleetd/sched/failure-step.h"

#include "fleetd/base/strv.h"

#include <errno.h>

void failure_facts_done(FailureFacts *facts) {
    free(facts->places);
    *facts = (FailureFacts){};
}

static const FailureFact *fact_find(const FailureFacts *facts, const char *machine_id) {
    for (size_t i = 0; i < facts->n_places; i++)
        if (streq(facts->places[i].machine_id, machine_id))
            return &facts->places[i];
    return NULL;
}

bool failure_facts_have(const FailureFacts *facts, const char *machine_id) {
    return fact_find(facts, machine_id) != NULL;
}

static usec_t delay_after(uint64_t n_failures) {
    usec_t delay = FAILURE_DELAY_USEC;
    for (uint64_t i = 1; i < n_failures && delay < FAILURE_DELAY_MAX_USEC; i++)
        delay *= 2;
    return MIN(delay, FAILURE_DELAY_MAX_USEC);
}

/* --- one machine --- */

/* Noted once, until it is tried anew. */
static int note_failure(Failures *failures, const FailureFacts *facts, const FailureFact *fact,
                        usec_t now_usec) {
    FailurePlace *place;
    int r = failures_need(failures, fact->machine_id, &place);
    if (r < 0)
        return r == -ENOSPC ? 0 : r; /* it has its turn when another one was tried */
    place->well_since_usec = 0;
    if (place->next_usec > 0)
        return 0;
    char *why = strdup(fact->failure);
    if (!why)
        return -ENOMEM;
    free(place->why);
    place->why = why;
    place->count++;
    place->failed_usec = now_usec;
    uint64_t n = facts->is_global ? place->count : failures_count(failures);
    place->next_usec = now_usec + delay_after(n);
    return 0;
}

/* Since when counts only where there is something to be forgiven. */
static int note_well(Failures *failures, const FailureFacts *facts, const FailureFact *fact,
                     usec_t now_usec) {
    FailurePlace *place;
    bool has_failed = facts->is_global ? failures_find(failures, fact->machine_id) != NULL
                                       : failures_count(failures) > 0;
    int r = has_failed ? failures_need(failures, fact->machine_id, &place) : 0;
    if (r < 0 || !has_failed)
        return r == -ENOSPC ? 0 : r;
    place->next_usec = 0;
    if (place->well_since_usec == 0)
        place->well_since_usec = now_usec;
    return 0;
}

static int note_fact(Failures *failures, const FailureFacts *facts, const FailureFact *fact,
                     usec_t now_usec) {
    if (fact->failure)
        return note_failure(failures, facts, fact, now_usec);
    if (fact->is_up)
        return note_well(failures, facts, fact, now_usec);
    FailurePlace *place = (FailurePlace *) failures_find(failures, fact->machine_id);
    if (place)
        place->well_since_usec = 0;
    return 0;
}

/* Where it is no more, it is being tried anew already. */
static void leave_places(Failures *failures, const FailureFacts *facts) {
    for (size_t i = 0; i < failures->n_places; i++)
        if (!fact_find(facts, failures->places[i].machine_id))
            failures->places[i].next_usec = failures->places[i].well_since_usec = 0;
}

static void drop_empty(Failures *failures) {
    for (size_t i = failures->n_places; i-- > 0;)
        if (failures->places[i].count == 0 && failures->places[i].well_since_usec == 0)
            failures_drop(failures, &failures->places[i]);
}

/* --- all of them --- */

static bool is_forgiven(const FailurePlace *place, usec_t now_usec) {
    return place->well_since_usec > 0 && now_usec >= place->well_since_usec + FAILURE_FORGIVEN_USEC;
}

static void forgive(Failures *failures, bool is_global, usec_t now_usec) {
    bool is_any = false;
    for (size_t i = failures->n_places; i-- > 0;) {
        if (!is_forgiven(&failures->places[i], now_usec))
            continue;
        is_any = true;
        if (is_global)
            failures_drop(failures, &failures->places[i]);
    }
    while (is_any && !is_global && failures->n_places > 0)
        failures_drop(failures, &failures->places[0]);
}

/* Its machine may never come back, or never get the unit again. */
static bool is_forgotten(const FailurePlace *place, usec_t now_usec) {
    return place->next_usec == 0 && place->well_since_usec == 0 &&
           now_usec >= place->failed_usec + FAILURE_FORGOTTEN_USEC;
}

static void forget(Failures *failures, usec_t now_usec) {
    for (size_t i = failures->n_places; i-- > 0;)
        if (is_forgotten(&failures->places[i], now_usec))
            failures_drop(failures, &failures->places[i]);
}

static usec_t place_next_look(const FailurePlace *place, usec_t now_usec) {
    if (place->well_since_usec > 0)
        return place->well_since_usec + FAILURE_FORGIVEN_USEC;
    if (place->next_usec == 0)
        return place->failed_usec + FAILURE_FORGOTTEN_USEC;
    return place->next_usec > now_usec ? place->next_usec : USEC_INFINITY;
}

static usec_t next_look(const Failures *failures, usec_t now_usec) {
    usec_t look_at = USEC_INFINITY;
    for (size_t i = 0; i < failures->n_places; i++)
        look_at = MIN(look_at, place_next_look(&failures->places[i], now_usec));
    return look_at;
}

/* A later request begins anew. */
static int begin(const char *name, const Failures *known, const FailureFacts *facts,
                 Failures **ret) {
    static const Failures none = {};
    Failures fresh = none;
    if (known && known->unit_revision >= facts->unit_revision)
        return failures_copy(known, ret);
    fresh.name = (char *) name;
    fresh.unit_revision = facts->unit_revision;
    return failures_copy(&fresh, ret);
}

static int step(Failures *failures, const FailureFacts *facts, usec_t now_usec) {
    leave_places(failures, facts);
    for (size_t i = 0; i < facts->n_places; i++) {
        int r = note_fact(failures, facts, &facts->places[i], now_usec);
        if (r < 0)
            return r;
    }
    forgive(failures, facts->is_global, now_usec);
    forget(failures, now_usec);
    drop_empty(failures);
    return 0;
}

int failure_step(const char *name, const Failures *known, const FailureFacts *facts,
                 usec_t now_usec, Failures **ret, usec_t *ret_look_at) {
    _cleanup_(failures_freep) Failures *failures = NULL;
    int r = 0;
    if (!facts->is_known)
        r = known ? failures_copy(known, &failures) : 0;
    else if (facts->is_tried_anew && (r = begin(name, known, facts, &failures)) >= 0)
        r = step(failures, facts, now_usec);
    if (r < 0)
        return r;
    *ret_look_at = failures && facts->is_known ? next_look(failures, now_usec) : USEC_INFINITY;
    *ret = failures && failures->n_places > 0 ? TAKE_PTR(failures) : NULL;
    return 0;
}

bool failure_is_due(const FailurePlace *place, const FailureFacts *facts, usec_t now_usec) {
    const FailureFact *fact = fact_find(facts, place->machine_id);
    return place->next_usec > 0 && place->next_usec <= now_usec && fact && fact->failure;
}
