#include "fleetctl/wait/event-follow.h"

#include "fleetctl/api/event-reader.h"
#include "fleetctl/print/message.h"

#include <errno.h>
#include <signal.h>

typedef struct Following {
    const EventFollower *follower;
    EventReader *reader;
    sd_event_source *interrupt;
    sigset_t old_signals;
    bool is_interrupted;
    int result;
} Following;

static int on_interrupt(sd_event_source *source, const struct signalfd_siginfo *info,
                        void *userdata) {
    ((Following *) userdata)->is_interrupted = true;
    return 0;
}

static void on_begin(void *userdata) {
    const EventFollower *follower = ((Following *) userdata)->follower;
    if (follower->on_begin)
        follower->on_begin(follower->userdata);
}

static int on_line(const char *line, size_t size, void *userdata) {
    const EventFollower *follower = ((Following *) userdata)->follower;
    return follower->on_line(line, size, follower->userdata);
}

static void on_lost(void *userdata) {
    const EventFollower *follower = ((Following *) userdata)->follower;
    if (follower->on_lost)
        follower->on_lost(follower->userdata);
    complain("Lost the connection to fleetd, trying to get it back");
}

static void on_end(int r, void *userdata) {
    ((Following *) userdata)->result = r;
}

/* SIGINT ends the wait, not the program without a word. */
static int interrupt_catch(Following *following, sd_event *event) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    if (sigprocmask(SIG_BLOCK, &signals, &following->old_signals) < 0)
        return -errno;
    return sd_event_add_signal(event, &following->interrupt, SIGINT, on_interrupt, following);
}

static void following_end(Following *following) {
    event_reader_close(following->reader);
    sd_event_source_disable_unref(following->interrupt);
    sigprocmask(SIG_SETMASK, &following->old_signals, NULL);
}

int event_follow(Context *context, const char *path, const EventFollower *follower, Error *reterr) {
    Following following = {.follower = follower};
    EventHandler handler = {on_begin, on_line, on_lost, on_end, &following};
    sd_event *event = api_client_event(context->api);
    int r = interrupt_catch(&following, event);
    if (r >= 0)
        r = event_reader_open(context->api, path, &handler, &following.reader, reterr);
    while (r >= 0 && following.result >= 0 && !following.is_interrupted &&
           !follower->is_over(follower->userdata)) {
        r = sd_event_run(event, UINT64_MAX);
        follower->tell(follower->userdata);
    }
    following_end(&following);
    if (r < 0 || following.result < 0)
        return r < 0 ? r : following.result;
    return following.is_interrupted ? EXIT_INTERRUPTED : 0;
}
