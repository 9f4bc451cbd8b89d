#include "fleetd/base/strv.h"
#include "fleetd/sched/failure-step.h"
#include "fleetd/sched/rollout-step.h"
#include "tests/unit/cmocka-test.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"
#define D "dddddddddddddddddddddddddddddddddddddddd"
#define NOW (1000 * USEC_PER_SEC)
#define T(text) ((char *) (text))
#define HEALTHY (10 * USEC_PER_SEC)
#define DEADLINE (60 * USEC_PER_SEC)

static bool has_file(const char *hash, _unused_ void *userdata) {
    return !streq(hash, C); /* that one is lost */
}

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
    const char *expected; /* as told by tell() */
} Case;

#define ON_FAILURE(what) .policy.on_failure = (what)

static const Case cases[] = {
    {"nothing to do",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, UP}, {"a@.service", B}},
     false,
     "done; a@1.service done, a@.service done"},
    {"the first has its turn",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@2.service", A, UP}, {"a@10.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@2.service updating, a@10.service waiting, a@.service waiting; a@2.service=b"},
    {"one that is down goes first",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, UP}, {"a@2.service", A, DOWN}, {"a@.service", A}},
     false,
     "updating; a@1.service waiting, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"no further one within the budget",
     {.policy.parallel = 2},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, DOWN}, {"a@2.service", A, STUCK}, {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable), or what there is "
     "cannot be read; a@1.service updating, a@2.service waiting, a@.service waiting"},
    {"what stays up costs no budget",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK, .may_stay = true}, {"a@.service", A}},
     false,
     "updating; a@1.service updating beside, a@.service waiting; a@1.service=b"},
    {"what is up with another file than was wanted of it does, if it is stopped first",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", D, .is_wanted = true, .may_stay = true, .waits = "no machine"},
      {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable), or what there is "
     "cannot be read; a@1.service waiting, a@.service waiting"},
    {"what waits beside one that is up has a place",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .is_beside = true, .since_usec = NOW,
       .had_no_place = true}},
     {{"a.service", B, NOWHERE, .may_stay = true}},
     false,
     "updating; a.service updating beside"},
    {"what cannot stay up does",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK}, {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable), or what there is "
     "cannot be read; a@1.service waiting, a@.service waiting"},
    {"the former one has done its duty",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .is_beside = true,
       .since_usec = NOW - HEALTHY, .up_since_usec = NOW - HEALTHY}},
     {{"a.service", B, UP}},
     false,
     "done; a.service done"},
    {"the next one has failed, and the former one stays",
     {.policy.order = UPDATE_START_FIRST, ON_FAILURE(UPDATE_PAUSE)},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .is_beside = true, .since_usec = NOW,
       FAILED_LONG}},
     {{"a.service", B, BROKEN}},
     false,
     "paused: a.service: it has failed; a.service failed beside"},
    {"the next one has failed, and somebody has given the unit its former file: one place is "
     "enough",
     {.policy.order = UPDATE_START_FIRST, ON_FAILURE(UPDATE_PAUSE)},
     ROLLOUT_PAUSED,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_FAILED, .is_beside = true, .since_usec = NOW,
       .why = (char *) "it has failed"}},
     {{"a.service", A, UP}},
     false,
     "paused: a.service: it has failed; a.service failed"},
    {"back, beside the one that failed",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .is_beside = true, .since_usec = NOW,
       FAILED_LONG}},
     {{"a.service", B, BROKEN}},
     false,
     "rolling-back: a.service: it has failed; a.service restoring beside; a.service=a"},
    {"back, and that one may go",
     {.policy.order = UPDATE_START_FIRST},
     ROLLOUT_ROLLING_BACK,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_RESTORING, .is_beside = true,
       .since_usec = NOW}},
     {{"a.service", A, UP}},
     false,
     "rolled-back; a.service restored"},
    {"as many as may be under way",
     {.policy.parallel = 2},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, DOWN}, {"a@2.service", A, UP}, {"a@3.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@2.service updating, a@3.service waiting, a@.service "
     "waiting; a@2.service=b"},
    {"no more than may be under way",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, DOWN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@2.service waiting, a@.service waiting"},
    {"the brake holds",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, UP}, {"a@.service", A}},
     true,
     "updating: too many machines have vanished at once, and nothing is changed until that is "
     "settled; a@1.service waiting, a@.service waiting"},
    {"its file is lost",
     {.hash = T(C)},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, UP}, {"a@.service", A}},
     false,
     "updating: its file is not in the store any more: deploy it again; a@1.service waiting, "
     "a@.service waiting"},
    {"back from the file of a deployment that this one has replaced",
     {},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_WAITING, .found = T(D)}},
     {{"a@1.service", D, UP}},
     false,
     "rolling-back; a@1.service restoring; a@1.service=a"},
    {"back to a file that is lost",
     {},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(C), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, UP}},
     false,
     "rolling-back; a@1.service left"},
    {"its former file was lost",
     {},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(C), .phase = ROLLOUT_UNIT_LEFT}},
     {{"a@1.service", B, UP}},
     false,
     "failed; a@1.service left"},
    {"healthy for long enough",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW - HEALTHY,
       .up_since_usec = NOW - HEALTHY}},
     {{"a@1.service", B, UP}, {"a@.service", B}},
     false,
     "done; a@1.service done, a@.service done"},
    {"not yet for long enough",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW - HEALTHY,
       .up_since_usec = NOW - HEALTHY + 1}},
     {{"a@1.service", B, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@.service waiting"},
    {"too late",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW - DEADLINE}},
     {{"a@1.service", B, DOWN, .waits = "no machine"}, {"a@.service", A}},
     false,
     "rolling-back: a@1.service: it was not up and healthy in time: no machine; a@1.service "
     "restoring, a@.service waiting; a@1.service=a"},
    {"without a place, as before",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .had_no_place = true,
       .since_usec = NOW}},
     {{"a.service", B, DOWN, .waits = "no machine"}},
     false,
     "done; a.service done"},
    {"failed for good",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW, FAILED_LONG}},
     {{"a@1.service", B, BROKEN}, {"a@.service", A}},
     false,
     "rolling-back: a@1.service: it has failed; a@1.service restoring, a@.service waiting; "
     "a@1.service=a"},
    {"failed, perhaps only for a moment",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, BROKEN}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@.service waiting"},
    {"its file is of no use to it",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, UNUSABLE, .waits = "its file is bad, so"}, {"a@.service", A}},
     false,
     "rolling-back: a@1.service: its file is bad; a@1.service restoring, a@.service waiting; "
     "a@1.service=a"},
    {"nor would it have a place",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .had_no_place = true,
       .since_usec = NOW}},
     {{"a.service", B, UNUSABLE, .waits = "its file is bad, so"}},
     false,
     "rolling-back: a.service: its file is bad; a.service restoring; a.service=a"},
    {"nor is it to run",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a.service", B, .may_go_down = true, .unusable = "its file is bad"}},
     false,
     "failed: a.service: its file is bad; a.service failed"},
    {"what it had is of no use to it",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK}, {"a@2.service", A, UNUSABLE}, {"a@.service", A}},
     false,
     "updating; a@1.service waiting, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"what it had is of no use to it, and it may still be up",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, .is_wanted = true, .unusable = "its file is lost"}, {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable), or what there is "
     "cannot be read; a@1.service waiting, a@.service waiting"},
    {"without a place, and it has the file already",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a.service", B, NOWHERE}},
     false,
     "done; a.service done"},
    {"without a place, and somebody else gave it the file",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_WAITING, .had_no_place = true}},
     {{"a.service", B, NOWHERE}},
     false,
     "done; a.service done"},
    {"it had a place when somebody else gave it the file",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_WAITING}},
     {{"a.service", B, NOWHERE}},
     false,
     "updating; a.service updating"},
    {"failed, and there is nothing to go back to",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(B), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW, FAILED_LONG}},
     {{"a.service", B, BROKEN}},
     false,
     "failed: a.service: it has failed; a.service failed"},
    {"failed, and the former file is lost",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(C), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW, FAILED_LONG}},
     {{"a.service", B, BROKEN}},
     false,
     "rolling-back: a.service: it has failed; a.service left"},
    {"failed while users have paused it",
     {.is_paused = true},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW, FAILED_LONG}},
     {{"a.service", B, BROKEN}},
     false,
     "paused: paused by a user; a.service updating"},
    {"a failure pauses it",
     {ON_FAILURE(UPDATE_PAUSE)},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_FAILED, .why = T("it has failed")}},
     {{"a@1.service", B, BROKEN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "paused: a@1.service: it has failed; a@1.service failed, a@2.service waiting, a@.service "
     "waiting"},
    {"a failure is passed over",
     {ON_FAILURE(UPDATE_CONTINUE)},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_FAILED, .why = T("it has failed")}},
     {{"a@1.service", B, BROKEN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service failed, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"and told at the end",
     {ON_FAILURE(UPDATE_CONTINUE)},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_FAILED, .why = T("it has failed")},
      {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, BROKEN}, {"a@2.service", B, UP}, {"a@.service", A}},
     false,
     "failed: a@1.service: it has failed; a@1.service failed, a@2.service done, a@.service done; "
     "a@.service=b"},
    {"one that has failed comes to be well after all",
     {ON_FAILURE(UPDATE_PAUSE)},
     ROLLOUT_PAUSED,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_FAILED, .up_since_usec = NOW - HEALTHY,
       .why = T("late")}},
     {{"a.service", B, UP}},
     false,
     "done; a.service done"},
    {"canaries are well",
     {.policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "waiting: its first units are well, and it waits to be promoted; a@1.service done, "
     "a@2.service waiting, a@.service waiting"},
    {"canaries are not well yet",
     {.policy.canaries = 1, .policy.parallel = 2},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@1.service", B, DOWN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service updating, a@2.service waiting, a@.service waiting"},
    {"what is not to run is no canary",
     {.policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, .may_go_down = true}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service done, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"what has no place is no canary",
     {.policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE, .had_no_place = true}},
     {{"a@1.service", B, NOWHERE}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service done, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"what somebody else has changed is no canary",
     {.policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_LEFT}},
     {{"a@1.service", D, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service left, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"a canary has failed",
     {ON_FAILURE(UPDATE_CONTINUE), .policy.canaries = 1},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_FAILED, .why = T("it has failed")}},
     {{"a@1.service", B, BROKEN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "waiting: 1 of its first units is not well, and it waits to be promoted or undone; "
     "a@1.service failed, a@2.service waiting, a@.service waiting"},
    {"canaries have gone down since",
     {.policy.canaries = 2},
     ROLLOUT_WAITING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE},
      {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, DOWN},
      {"a@2.service", B, DOWN},
      {"a@3.service", A, UP},
      {"a@.service", A}},
     false,
     "waiting: 2 of its first units are not well, and it waits to be promoted or undone; "
     "a@1.service done, a@2.service done, a@3.service waiting, a@.service waiting"},
    {"canaries are promoted",
     {.policy.canaries = 1, .is_promoted = true},
     ROLLOUT_WAITING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service done, a@2.service updating, a@.service waiting; a@2.service=b"},
    {"somebody has changed one that waits",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_WAITING},
      {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", C, UP}, {"a@2.service", B, UP}, {"a@.service", A}},
     false,
     "done; a@1.service left, a@2.service done, a@.service done; a@.service=b"},
    {"somebody has changed the only one",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a.service", C, UP}},
     false,
     "superseded: somebody has given its units another file; a.service left"},
    {"one is destroyed",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@2.service updating, a@.service waiting; a@2.service=b"},
    {"one cannot be read",
     {},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_WAITING}},
     {{"a@1.service", NULL, .is_held = true}, {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable), or what there is "
     "cannot be read; a@1.service waiting, a@.service waiting"},
    {"one was never to be read",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", NULL, .is_held = true}, {"a@2.service", B, UP}, {"a@.service", B}},
     false,
     "updating: unit 'a@1.service' cannot be read; a@2.service done, a@.service done"},
    {"the only one was never to be read",
     {},
     ROLLOUT_UPDATING,
     {},
     {{"a.service", NULL, .is_held = true}},
     false,
     "updating: unit 'a.service' cannot be read;"},
    {"one that is not to run",
     {},
     ROLLOUT_UPDATING,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_UPDATING, .since_usec = NOW}},
     {{"a.service", B, .may_go_down = true}},
     false,
     "done; a.service done"},
    {"going back, one at a time",
     {.is_undone = true},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_RESTORING, .since_usec = NOW},
      {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", A, DOWN}, {"a@2.service", B, UP}, {"a@.service", A}},
     false,
     "rolling-back; a@1.service restoring, a@2.service done, a@.service waiting"},
    {"going back, the next",
     {.is_undone = true},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_RESTORING, .since_usec = NOW},
      {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", A, UP}, {"a@2.service", B, UP}, {"a@.service", A}},
     false,
     "rolling-back; a@1.service restored, a@2.service restoring, a@.service waiting; "
     "a@2.service=a"},
    {"back, the template as well",
     {.is_undone = true},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_RESTORED},
      {T("a@.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", A, UP}, {"a@.service", B}},
     false,
     "rolling-back; a@1.service restored, a@.service restored; a@.service=a"},
    {"back",
     {.is_undone = true},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_RESTORED}},
     {{"a@1.service", A, UP}, {"a@.service", A}},
     false,
     "rolled-back; a@1.service restored, a@.service waiting"},
    {"going back, and one cannot be read",
     {.is_undone = true},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_DONE},
      {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_WAITING}},
     {{"a@1.service", NULL, .is_held = true},
      {"a@2.service", NULL, .is_held = true},
      {"a@.service", A}},
     false,
     "rolling-back; a@1.service done, a@2.service waiting, a@.service waiting"},
    {"one that was never touched does not matter for that",
     {.is_undone = true},
     ROLLOUT_ROLLING_BACK,
     {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_WAITING}},
     {{"a@1.service", NULL, .is_held = true}, {"a@.service", A}},
     false,
     "rolled-back; a@1.service waiting, a@.service waiting"},
    {"a pause does not hold the way back",
     {.is_undone = true, .is_paused = true},
     ROLLOUT_ROLLING_BACK,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_RESTORING, .since_usec = NOW - DEADLINE}},
     {{"a.service", A, DOWN}},
     false,
     "failed; a.service failed"},
    {"one does not come up with its former file either",
     {.is_undone = true},
     ROLLOUT_ROLLING_BACK,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_RESTORING, .since_usec = NOW - DEADLINE}},
     {{"a.service", A, DOWN}},
     false,
     "failed; a.service failed"},
    {"what is over is over",
     {},
     ROLLOUT_DONE,
     {{T("a.service"), T(A), .phase = ROLLOUT_UNIT_DONE}},
     {{"a.service", C, BROKEN}},
     false,
     "done; a.service done"},
    {"restart: each keeps its file, and the template has no turn",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, UP}, {"a@2.service", B, UP}, {"a@.service", C}},
     false,
     "updating; a@1.service updating, a@2.service waiting; a@1.service=a restart 1000000000"},
    {"restart: its number is higher than any before",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {},
     {{"a.service", A, .restart = NOW + 7, UP}},
     false,
     "updating; a.service updating; a.service=a restart 1000000008"},
    {"restart: one that is down goes first",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK}, {"a@2.service", A, DOWN}, {"a@.service", A}},
     false,
     "updating; a@1.service waiting, a@2.service updating; a@2.service=a restart 1000000000"},
    {"restart: no further one within the budget",
     {.is_restart = true, .policy.parallel = 2},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), .found = T(A), .restart = 1, .phase = ROLLOUT_UNIT_UPDATING,
       .since_usec = NOW},
      {T("a@2.service"), .found = T(A)}},
     {{"a@1.service", A, .restart = 1, DOWN}, {"a@2.service", A, STUCK}, {"a@.service", A}},
     false,
     "updating: no more of the group may be down at a time (MaxUnavailable), or what there is "
     "cannot be read; a@1.service updating, a@2.service waiting"},
    {"restart: beside what runs",
     {.is_restart = true, .policy.order = UPDATE_START_FIRST},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A, STUCK, .may_stay = true}, {"a@.service", A}},
     false,
     "updating; a@1.service updating beside; a@1.service=a restart 1000000000"},
    {"restart: up for long enough, and the next",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), .found = T(A), .restart = 5, .phase = ROLLOUT_UNIT_UPDATING,
       .since_usec = NOW - HEALTHY, .up_since_usec = NOW - HEALTHY},
      {T("a@2.service"), .found = T(A)}},
     {{"a@1.service", A, .restart = 5, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service done, a@2.service updating; a@2.service=a restart 1000000000"},
    {"restart: a later one does as well",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {{T("a.service"), .found = T(A), .restart = 5, .phase = ROLLOUT_UNIT_UPDATING,
       .since_usec = NOW - HEALTHY, .up_since_usec = NOW - HEALTHY}},
     {{"a.service", A, .restart = 6, UP}},
     false,
     "done; a.service done"},
    {"restart: what is not to run is left as it is",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {},
     {{"a@1.service", A}, {"a@.service", A}},
     false,
     "done; a@1.service done"},
    {"restart: who was given another file was started anew by that",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), .found = T(A)}, {T("a@2.service"), .found = T(A)}},
     {{"a@1.service", B, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service left, a@2.service updating; a@2.service=a restart 1000000000"},
    {"restart: what came back is so whatever comes after that",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), .found = T(A), .restart = 5, .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", B, BROKEN}, {"a@.service", A}},
     false,
     "done; a@1.service done"},
    {"restart: a failure pauses it, as there is nothing to go back to",
     {.is_restart = true, ON_FAILURE(UPDATE_ROLLBACK)},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), .found = T(A), .restart = 5, .phase = ROLLOUT_UNIT_UPDATING,
       .since_usec = NOW, FAILED_LONG},
      {T("a@2.service"), .found = T(A)}},
     {{"a@1.service", A, .restart = 5, BROKEN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "paused: a@1.service: it has failed; a@1.service failed, a@2.service waiting"},
    {"restart: a failure does not matter",
     {.is_restart = true, ON_FAILURE(UPDATE_CONTINUE)},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), .found = T(A), .restart = 5, .phase = ROLLOUT_UNIT_UPDATING,
       .since_usec = NOW, FAILED_LONG},
      {T("a@2.service"), .found = T(A)}},
     {{"a@1.service", A, .restart = 5, BROKEN}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service failed, a@2.service updating; a@2.service=a restart 1000000000"},
    {"restart: it is not undone, whoever says so",
     {.is_restart = true, .is_undone = true},
     ROLLOUT_DONE,
     {{T("a.service"), .found = T(A), .restart = 5, .phase = ROLLOUT_UNIT_DONE}},
     {{"a.service", A, .restart = 5, UP}},
     false,
     "done; a.service done"},
    {"restart: an instance that has just come has its turn, too",
     {.is_restart = true},
     ROLLOUT_UPDATING,
     {{T("a@1.service"), .found = T(A), .restart = 5, .phase = ROLLOUT_UNIT_DONE}},
     {{"a@1.service", A, .restart = 5, UP}, {"a@2.service", A, UP}, {"a@.service", A}},
     false,
     "updating; a@1.service done, a@2.service updating; a@2.service=a restart 1000000000"},
};

static Deployment deployment_of(const Case *it) {
    Deployment deployment = it->deployment;
    deployment.name = (char *) (streq(it->facts[0].name, "a.service") ? "a.service" : "a@.service");
    deployment.hash = deployment.is_restart ? NULL : T(str_or(deployment.hash, B));
    deployment.since_usec = 1;
    deployment.policy.healthy_usec = HEALTHY;
    deployment.policy.deadline_usec = DEADLINE;
    deployment.policy.parallel = MAX(deployment.policy.parallel, (uint64_t) 1);
    return deployment;
}

static Rollout *rollout_of(const Case *it, const Deployment *deployment) {
    Rollout *rollout = calloc(1, sizeof(Rollout));
    assert_non_null(rollout);
    *rollout = (Rollout){.name = strdup(deployment->name),
                         .deployment_usec = deployment->since_usec,
                         .phase = it->phase,
                         .is_undone = it->phase == ROLLOUT_ROLLING_BACK};
    for (size_t i = 0; i < UNITS_MAX && it->units[i].name; i++)
        assert_int_equal(rollout_add_unit(rollout, &it->units[i]), 0);
    return rollout;
}

static RolloutFacts facts_of(const Case *it) {
    RolloutFacts facts = {
        .now_usec = NOW, .units = it->facts, .is_held = it->is_held, .has_file = has_file};
    while (facts.n_units < UNITS_MAX && it->facts[facts.n_units].name)
        facts.n_units++;
    return facts;
}

/* "phase: why; unit phase, ...; unit=first letter of its new file restart number" */
static char *tell(const Rollout *rollout, const RolloutStep *step) {
    char *text = str_printf("%s%s%s;", rollout_phase_to_string(rollout->phase),
                            rollout->why ? ": " : "", str_or(rollout->why, ""));
    for (size_t i = 0; i < rollout->n_units; i++) {
        const RolloutUnit *unit = &rollout->units[i];
        char *longer =
            str_printf("%s%s %s %s%s", text, i > 0 ? "," : "", unit->name,
                       rollout_unit_phase_to_string(unit->phase), unit->is_beside ? " beside" : "");
        free(text);
        text = longer;
    }
    if (!step->unit)
        return text;
    char *longer = step->restart == 0 ? str_printf("%s; %s=%c", text, step->unit, step->hash[0])
                                      : str_printf("%s; %s=%c restart %lld", text, step->unit,
                                                   step->hash[0], (long long) step->restart);
    free(text);
    return longer;
}

static void each_case_has_its_step(_unused_ void **state) {
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Deployment deployment = deployment_of(&cases[i]);
        RolloutFacts facts = facts_of(&cases[i]);
        _cleanup_(rollout_freep) Rollout *known = rollout_of(&cases[i], &deployment);
        _cleanup_rollout_step_ RolloutStep step = {};
        assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
        _cleanup_free_ char *told = tell(step.next ? step.next : known, &step);
        if (!streq(told, cases[i].expected))
            fail_msg("%s: %s", cases[i].what, told);
    }
}

/* The record that was written, and facts that have not changed, lead to nothing new. */
static void the_same_once_more_changes_nothing(_unused_ void **state) {
    const RolloutFact units[] = {
        {"a@1.service", B, UP}, {"a@2.service", A, STUCK}, {"a@.service", A}};
    const RolloutFacts facts = {
        .now_usec = NOW, .units = units, .n_units = ELEMENTSOF(units), .has_file = has_file};
    const Case it = {.facts = {{"a@1.service"}}};
    Deployment deployment = deployment_of(&it);
    _cleanup_rollout_step_ RolloutStep step = {}, again = {};
    assert_int_equal(rollout_step(&deployment, NULL, &facts, &step), 0);
    assert_non_null(step.next);
    assert_null(step.unit);
    assert_int_equal(rollout_step(&deployment, step.next, &facts, &again), 0);
    assert_null(again.next);
}

static void it_says_when_to_look_again(_unused_ void **state) {
    const RolloutUnit unit = {(char *) "a.service", T(A), .phase = ROLLOUT_UNIT_UPDATING,
                              .since_usec = NOW - HEALTHY, .up_since_usec = NOW - USEC_PER_SEC};
    const RolloutFact up = {"a.service", B, UP}, down = {"a.service", B, DOWN},
                      failed = {"a.service", B, BROKEN};
    RolloutFacts facts = {.now_usec = NOW, .units = &up, .n_units = 1, .has_file = has_file};
    const Case it = {.facts = {{"a.service"}}, .units = {unit}};
    Deployment deployment = deployment_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it, &deployment);
    _cleanup_rollout_step_ RolloutStep step = {}, late = {}, broken = {};
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    assert_int_equal(step.look_at, NOW - USEC_PER_SEC + HEALTHY);
    facts.units = &down;
    assert_int_equal(rollout_step(&deployment, known, &facts, &late), 0);
    assert_int_equal(late.look_at, NOW - HEALTHY + DEADLINE);
    facts.units = &failed;
    assert_int_equal(rollout_step(&deployment, known, &facts, &broken), 0);
    assert_int_equal(broken.look_at, NOW + FAILURE_QUIET_USEC);
}

static void replaced_one_hands_on_what_was_before(_unused_ void **state) {
    const Case it = {
        .units = {{T("a@1.service"), T(A), .phase = ROLLOUT_UNIT_FAILED},
                  {T("a@2.service"), T(A), .phase = ROLLOUT_UNIT_WAITING}},
        .facts = {{"a@1.service", C, BROKEN}, {"a@2.service", A, UP}, {"a@.service", A}}};
    Deployment former = deployment_of(&it), deployment = former;
    RolloutFacts facts = facts_of(&it);
    _cleanup_(rollout_freep) Rollout *known = rollout_of(&it, &former);
    deployment.since_usec = 2;
    _cleanup_rollout_step_ RolloutStep step = {};
    assert_int_equal(rollout_step(&deployment, known, &facts, &step), 0);
    assert_string_equal(rollout_find_unit(step.next, "a@1.service")->before, A);
    assert_string_equal(rollout_find_unit(step.next, "a@1.service")->found, C);
    assert_string_equal(rollout_find_unit(step.next, "a@2.service")->before, A);
    assert_string_equal(step.unit, "a@1.service");
    assert_int_equal(step.next->deployment_usec, 2);
}

static void of_a_unit_that_is_gone_nothing_remains(_unused_ void **state) {
    const Case it = {.facts = {{"a.service"}}};
    Deployment deployment = deployment_of(&it);
    const RolloutFacts facts = {.now_usec = NOW, .has_file = has_file};
    _cleanup_rollout_step_ RolloutStep step = {};
    assert_int_equal(rollout_step(&deployment, NULL, &facts, &step), 0);
    assert_true(step.is_void);
    assert_null(step.next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_has_its_step),
        cmocka_unit_test(the_same_once_more_changes_nothing),
        cmocka_unit_test(it_says_when_to_look_again),
        cmocka_unit_test(replaced_one_hands_on_what_was_before),
        cmocka_unit_test(of_a_unit_that_is_gone_nothing_remains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
