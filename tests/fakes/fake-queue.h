/* What waits for its turn in a FakeUnitManager: calls, signals, results of jobs. Private to the
 * fake.
 */
#pragma once

#include "tests/fakes/fake-systemd.h"

typedef struct FakeCall FakeCall;
/* May take the call over, to be answered later. Its last act may free the owner. */
typedef void (*FakeCallRun)(void *owner, FakeCall **call);

struct FakeCall {
    FakeCallRun run;
    char *name;
    UnitFileWrite *files;
    size_t n_files;
    union {
        UnitManagerListDone list;
        UnitManagerDone done;
        UnitManagerJobDone job;
        void (*stopping)(bool is_stopping, void *userdata);
    } reply;
    void *userdata;
    usec_t due_usec;

    int64_t job; /* that it waits for */
    JobResult result;
    char *message;
    char **log;
    FakeCall *next;
};

int fake_call_new(FakeCallRun run, const char *name, void *userdata, FakeCall **ret);
void fake_call_free(FakeCall *call);
DEFINE_POINTER_CLEANUP(FakeCall, fake_call_free)
void fake_calls_free(FakeCall **list);

typedef struct FakeQueue FakeQueue;

int fake_queue_new(FakeSystemd *systemd, void *owner, FakeQueue **ret);
void fake_queue_free(FakeQueue *queue); /* with what is in it; also from inside a run */
void fake_queue_clear(FakeQueue *queue);
/* It runs after the latency of the fake systemd, or so much later. */
void fake_queue_push_take(FakeQueue *queue, FakeCall *call);
void fake_queue_push_later_take(FakeQueue *queue, FakeCall *call, usec_t usec);
/* The first call with that name that runs so, name NULL: with any; NULL: there is
 * none. Borrowed, or the caller's. */
FakeCall *fake_queue_find(const FakeQueue *queue, FakeCallRun run, const char *name);
FakeCall *fake_queue_take_found(FakeQueue *queue, FakeCallRun run, const char *name);
