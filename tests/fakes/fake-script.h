/* What a test told a FakeSystemd to do, and the record of what it did. */
#pragma once

#include "fleetd/base/time-units.h"
#include "fleetd/model/unit.h"

typedef struct FakeScript FakeScript;

typedef enum FakeAction {
    FAKE_ACTION_LIST,
    FAKE_ACTION_WRITE, /* one per file that differed from what was there */
    FAKE_ACTION_REMOVE,
    FAKE_ACTION_START, /* a start job was queued; not: already active or starting */
    FAKE_ACTION_STOP,  /* likewise */
    FAKE_ACTION_CLAIM, /* can fail, and is not recorded: no unit is touched */
    FAKE_ACTION_RELOAD,
    FAKE_ACTION_RESTART, /* as START */
    FAKE_ACTION_REBOOT,  /* of the machine */
    _FAKE_ACTION_MAX,
} FakeAction;

/* What a unit does. All zero: a simple service that starts and stops at once and runs for ever. */
typedef struct FakeBehaviour {
    usec_t start_usec; /* how long its start job takes; USEC_INFINITY: it hangs */
    usec_t stop_usec;
    JobResult start_result; /* NONE is done. ERROR: systemd refuses the request */
    const char *message;    /* why the start fails; NULL: a text made from start_result */
    const char *log;        /* lines, separated by newlines; NULL: none */
    bool is_oneshot;        /* inactive again once its start job is done */
    bool comes_back;        /* active again once its stop job is done, as by its socket */
    usec_t life_usec;       /* ends by itself so long after its start; 0: never */
    const char *end_result; /* how: NULL is "exit-code" and leaves it failed; "success": inactive */
} FakeBehaviour;

int fake_script_new(FakeScript **ret);
void fake_script_free(FakeScript *script);
DEFINE_POINTER_CLEANUP(FakeScript, fake_script_free)

/* For jobs that begin from now on; a copy is kept. name NULL: all units without one of their own.
 */
int fake_script_set_behaviour(FakeScript *script, const char *name, const FakeBehaviour *behaviour);
const FakeBehaviour *fake_script_behaviour(const FakeScript *script, const char *name);

/* Asked before each action of a handle (name NULL for LIST); a negative answer is its failure. */
typedef int (*FakeFault)(FakeAction action, const char *name, void *userdata);
void fake_script_set_fault(FakeScript *script, FakeFault fault, void *userdata);
/* The next n actions of that kind fail with r. */
void fake_script_fail_next(FakeScript *script, FakeAction action, size_t n, int r);
/* 0, or the scripted failure of this action. */
int fake_script_check(FakeScript *script, FakeAction action, const char *name);

/* "start web.service", "reload", ... in the order of execution, failed ones left out. The array is
 * borrowed until the next change; NULL while there is none. */
char *const *fake_script_actions(const FakeScript *script);
size_t fake_script_count(const FakeScript *script, FakeAction action);
void fake_script_clear_actions(FakeScript *script); /* the counts too */
void fake_script_note(FakeScript *script, FakeAction action, const char *name);
