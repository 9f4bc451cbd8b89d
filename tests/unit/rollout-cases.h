/* Steps of a deployment as rows of a table: what is known and found, and what comes of it. */
#pragma once

#include "tests/unit/rollout-values.h"

/* What a unit is, and what is known of it. */
#define UP .is_wanted = true, .is_available = true, .may_go_down = true
#define STUCK .is_wanted = true, .is_available = true
#define DOWN .is_wanted = true, .may_go_down = true
#define BROKEN .is_wanted = true, .may_go_down = true, .has_failed = true

/* Its file is of no use to it. */
#define UNUSABLE .is_wanted = true, .may_go_down = true, .unusable = "its file is bad"
#define NOWHERE DOWN, .waits = "no machine"
#define FAILED_LONG .failed_since_usec = NOW - FAILURE_QUIET_USEC

#define UNITS_MAX 4

typedef struct Case {
    const char *what;
    Deployment deployment;
    RolloutPhase phase;
    RolloutUnit units[UNITS_MAX]; /* as known */
    RolloutFact facts[UNITS_MAX]; /* in order */
    bool is_held;
    const char *expected; /* as told by tell(), rollout-cases.c */
    const char *bar;
} Case;

#define ON_FAILURE(what) .policy.on_failure = (what)

/* Of all files only C is lost, and only with D a unit must not be in two places. */
bool has_file(const char *hash, void *userdata);

/* What the row leaves out is as most often: file B, one at a time, HEALTHY, DEADLINE. */
Deployment deployment_of(const Case *it);
/* The caller frees it. */
Rollout *rollout_of(const Case *it, const Deployment *deployment);
/* Borrows from the row. */
RolloutFacts facts_of(const Case *it);

/* Each has its expected step; the first that has not ends the test. */
void check_cases(const Case *cases, size_t n);
