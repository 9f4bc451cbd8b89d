/* Callbacks that are due to a caller, made one per turn of the event loop, in order. So no callback
 * comes from inside the call that asked for it, and each may free everything: nothing of the
 * backend is on the stack then. */
#pragma once

#include "fleetd/base/macros.h"

#include <systemd/sd-event.h>

/* Embedded by what was asked for, so that queueing can not fail. */
typedef struct Reply Reply;
struct Reply {
    void (*run)(Reply *reply);
    void (*free)(Reply *reply); /* after run, or instead of it; must not touch the queue's owner */
    Reply *next;
};

typedef struct ReplyQueue ReplyQueue;

int reply_queue_new(sd_event *event, ReplyQueue **ret);
/* Frees what waits without running it; also from inside a run. */
void reply_queue_free(ReplyQueue *queue);
DEFINE_POINTER_CLEANUP(ReplyQueue, reply_queue_free)

void reply_queue_push_take(ReplyQueue *queue, Reply *reply);
