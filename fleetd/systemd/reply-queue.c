#include "fleetd/systemd/reply-queue.h"

#include <errno.h>

struct ReplyQueue {
    sd_event_source *source; /* on while something waits */
    Reply *first, **end;
};

static int on_turn(sd_event_source *source, void *userdata) {
    ReplyQueue *queue = userdata;
    Reply *reply = queue->first;
    queue->first = reply->next;
    if (!queue->first) {
        queue->end = &queue->first;
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
    }
    reply->run(reply); /* the queue may be gone now */
    reply->free(reply);
    return 0;
}

int reply_queue_new(sd_event *event, ReplyQueue **ret) {
    _cleanup_(reply_queue_freep) ReplyQueue *queue = calloc(1, sizeof(ReplyQueue));
    if (!queue)
        return -ENOMEM;
    queue->end = &queue->first;
    int r = sd_event_add_defer(event, &queue->source, on_turn, queue);
    if (r >= 0)
        r = sd_event_source_set_enabled(queue->source, SD_EVENT_OFF);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(queue);
    return 0;
}

void reply_queue_free(ReplyQueue *queue) {
    if (!queue)
        return;
    sd_event_source_disable_unref(queue->source);
    while (queue->first) {
        Reply *reply = queue->first;
        queue->first = reply->next;
        reply->free(reply);
    }
    free(queue);
}

void reply_queue_push_take(ReplyQueue *queue, Reply *reply) {
    reply->next = NULL;
    *queue->end = reply;
    queue->end = &reply->next;
    sd_event_source_set_enabled(queue->source, SD_EVENT_ON);
}
