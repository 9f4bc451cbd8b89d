#include "tests/fakes/fake-queue.h"

#include "fleetd/base/strv.h"

struct FakeQueue {
    FakeSystemd *systemd;
    void *owner;
    Timer *timer;
    FakeCall *first, **end;
};

int fake_call_new(FakeCallRun run, const char *name, void *userdata, FakeCall **ret) {
    _cleanup_(fake_call_freep) FakeCall *call = calloc(1, sizeof(FakeCall));
    if (!call || str_replace(&call->name, name) < 0)
        return -ENOMEM;
    call->run = run;
    call->userdata = userdata;
    *ret = TAKE_PTR(call);
    return 0;
}

void fake_call_free(FakeCall *call) {
    if (!call)
        return;
    for (size_t i = 0; i < call->n_files; i++) {
        free((char *) call->files[i].name);
        free((char *) call->files[i].text);
    }
    free(call->files);
    free(call->name);
    free(call->message);
    strv_free(call->log);
    free(call);
}

void fake_calls_free(FakeCall **list) {
    while (*list) {
        FakeCall *call = *list;
        *list = call->next;
        fake_call_free(call);
    }
}

static void timer_arm(FakeQueue *queue) {
    usec_t now = loop_now(fake_systemd_loop(queue->systemd));
    if (queue->first)
        timer_start_if_idle(queue->timer,
                            queue->first->due_usec > now ? queue->first->due_usec - now : 0);
}

/* One per turn, and its callback last of all: it may free the owner, and so the queue. */
static void on_timer(void *userdata) {
    FakeQueue *queue = userdata;
    _cleanup_(fake_call_freep) FakeCall *call = queue->first;
    queue->first = call->next;
    if (!queue->first)
        queue->end = &queue->first;
    call->next = NULL;
    timer_arm(queue);
    call->run(queue->owner, &call);
}

int fake_queue_new(FakeSystemd *systemd, void *owner, FakeQueue **ret) {
    _cleanup_free_ FakeQueue *queue = calloc(1, sizeof(FakeQueue));
    if (!queue)
        return -ENOMEM;
    queue->systemd = systemd;
    queue->owner = owner;
    queue->end = &queue->first;
    int r = timer_new(fake_systemd_loop(systemd), on_timer, queue, &queue->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(queue);
    return 0;
}

void fake_queue_clear(FakeQueue *queue) {
    fake_calls_free(&queue->first);
    queue->end = &queue->first;
    timer_stop(queue->timer);
}

void fake_queue_free(FakeQueue *queue) {
    fake_calls_free(&queue->first);
    timer_free(queue->timer);
    free(queue);
}

void fake_queue_push_later_take(FakeQueue *queue, FakeCall *call, usec_t usec) {
    Loop *loop = fake_systemd_loop(queue->systemd);
    *queue->end = call;
    queue->end = &call->next;
    call->next = NULL;
    call->due_usec = loop_now(loop) + fake_systemd_latency(queue->systemd) + usec;
    timer_arm(queue);
}

void fake_queue_push_take(FakeQueue *queue, FakeCall *call) {
    fake_queue_push_later_take(queue, call, 0);
}

static bool call_is(const FakeCall *call, FakeCallRun run, const char *name) {
    return call->run == run && (!name || streq_ptr(call->name, name));
}

FakeCall *fake_queue_find(const FakeQueue *queue, FakeCallRun run, const char *name) {
    FakeCall *call = queue->first;
    while (call && !call_is(call, run, name))
        call = call->next;
    return call;
}

FakeCall *fake_queue_take_found(FakeQueue *queue, FakeCallRun run, const char *name) {
    FakeCall **p = &queue->first;
    while (*p && !call_is(*p, run, name))
        p = &(*p)->next;
    FakeCall *call = *p;
    if (!call)
        return NULL;
    *p = call->next;
    if (!*p)
        queue->end = p;
    if (!queue->first)
        timer_stop(queue->timer);
    return call;
}
