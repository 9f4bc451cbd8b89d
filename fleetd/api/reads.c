#include "fleetd/api/reads.h"

#include "fleetd/model/keys.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>

/* How long the view may take to show what the store answered by. Revisions that other users of an
 * etcd write never show, so that this is a limit and not a condition. */
#define CATCH_UP_USEC (100 * USEC_PER_MSEC)

#define STORE_IS_AWAY \
    "the store cannot be reached: %s; fleetd's log says more (journalctl -u fleet)"

typedef TAILQ_HEAD(ReadQueue, Read) ReadQueue;

typedef struct Read {
    Reads *reads;
    ReadQueue *queue; /* that it is in */
    ApiExchange *exchange;
    const char *name; /* borrowed from the exchange */
    ReadHandler handler;
    int64_t wanted;            /* that the client names; 0: none */
    int64_t revision;          /* that the view must have reached */
    bool is_asked;             /* the store was asked since it came */
    bool is_confirmed;         /* and has answered, */
    int64_t answered_revision; /* as of that, which the view should have reached */
    usec_t catch_up_until_usec;
    uint64_t progress; /* of the view, when the timeout was started */
    Timer *timeout;
    TAILQ_ENTRY(Read) siblings;
} Read;

struct Reads {
    Api *api;
    ViewCallbacks view_callbacks;
    void *view_userdata;
    View *view;
    size_t n_holds; /* streams */
    Timer *view_idle;
    usec_t asked_usec, latency_usec; /* when it was asked, and how long the last answer took */
    StoreOp *barrier; /* the question to the store, shared by all who came before it was asked */
    int64_t barrier_acknowledged; /* what had been acknowledged then */
    uint64_t history;             /* of its last answer; 0: none yet */
    Timer *catch_up;
    ReadQueue waiting;
};

static void read_free(Read *read) {
    if (!read)
        return;
    timer_free(read->timeout);
    free(read);
}
DEFINE_POINTER_CLEANUP(Read, read_free)

static void read_move(Read *read, ReadQueue *queue) {
    if (read->queue)
        TAILQ_REMOVE(read->queue, read, siblings);
    read->queue = queue;
    TAILQ_INSERT_TAIL(queue, read, siblings);
}

/* Takes it out and gives its exchange back, to be answered. */
static ApiExchange *read_end(Read *read) {
    ApiExchange *exchange = read->exchange;
    TAILQ_REMOVE(read->queue, read, siblings);
    read_free(read);
    return exchange;
}

static void on_abort(void *userdata) {
    read_end(userdata);
}

static void read_start_timeout(Read *read) {
    read->progress = view_progress(read->reads->view);
    timer_start(read->timeout, read->reads->api->options.store_timeout_usec);
}

/* A large cluster takes longer to load than the store may take for one answer. */
static bool read_comes_closer(const Read *read) {
    const View *view = read->reads->view;
    return read->is_confirmed && !view_is_synced(view) && view_progress(view) != read->progress;
}

static void on_timeout(void *userdata) {
    Read *read = userdata;
    Reads *reads = read->reads;
    if (read_comes_closer(read)) {
        read_start_timeout(read);
        return;
    }
    bool is_confirmed = read->is_confirmed, is_synced = view_is_synced(reads->view);
    int64_t revision = read->revision;
    ApiExchange *exchange = read_end(read);
    if (is_confirmed && is_synced)
        answer_error(exchange, 503, "revision %" PRId64 " of the store has not been seen here yet",
                     revision);
    else
        answer_error(exchange, 503, STORE_IS_AWAY,
                     is_confirmed ? "it does not tell what changes" : "it does not answer");
}

static bool read_is_ready(const Read *read) {
    const View *view = read->reads->view;
    if (!read->is_confirmed || !view_is_synced(view) || view_revision(view) < read->revision)
        return false;
    return view_revision(view) >= read->answered_revision ||
           loop_now(read->reads->api->options.loop) >= read->catch_up_until_usec;
}

/* Apart from those who wait, so that who joins or leaves them meanwhile disturbs nothing. */
static void reads_move(Reads *reads, bool (*filter)(const Read *read), ReadQueue *queue) {
    TAILQ_INIT(queue);
    for (Read *next, *read = TAILQ_FIRST(&reads->waiting); read; read = next) {
        next = TAILQ_NEXT(read, siblings);
        if (filter(read))
            read_move(read, queue);
    }
}

void reads_continue(Reads *reads) {
    ReadQueue ready;
    reads_move(reads, read_is_ready, &ready);
    while (!TAILQ_EMPTY(&ready)) {
        Read *read = TAILQ_FIRST(&ready);
        ReadHandler handler = read->handler;
        const char *name = read->name;
        ApiExchange *exchange = read_end(read);
        exchange->vtable->on_abort(exchange, NULL, NULL);
        handler(reads->api, exchange, name, reads->view);
    }
}

static void on_catch_up(void *userdata) {
    Reads *reads = userdata;
    reads_continue(reads);
    if (!TAILQ_EMPTY(&reads->waiting))
        timer_start_if_idle(reads->catch_up, CATCH_UP_USEC);
}

static bool read_is_being_asked(const Read *read) {
    return read->is_asked && !read->is_confirmed;
}

static void read_confirm(Read *read, const StoreRangeResult *result) {
    Reads *reads = read->reads;
    read->is_confirmed = true;
    read->answered_revision = result->revision;
    read->catch_up_until_usec = loop_now(reads->api->options.loop) + CATCH_UP_USEC;
    read_move(read, &reads->waiting);
    timer_start_if_idle(reads->catch_up, CATCH_UP_USEC);
}

/* What was acknowledged of another history, or of a later time than the store's, has not happened
 * there: nobody can wait for it. */
static void reads_check_history(Reads *reads, const StoreRangeResult *result) {
    bool is_other = reads->history != 0 && result->history != reads->history;
    reads->history = result->history;
    if (!is_other && result->revision >= reads->barrier_acknowledged)
        return;
    if (reads->api->acknowledged == reads->barrier_acknowledged)
        reads->api->acknowledged = 0; /* what came since may be of the store as it is now */
    Read *read;
    TAILQ_FOREACH(read, &reads->waiting, siblings)
    if (read->revision <= reads->barrier_acknowledged)
        read->revision = read->wanted;
}

static void barrier_start(Reads *reads);

/* Who came while the store was being asked needs an answer of his own: this one may be older than
 * he is. */
static void on_barrier(int r, const StoreRangeResult *result, void *userdata) {
    Reads *reads = userdata;
    reads->barrier = NULL;
    ReadQueue asked;
    reads->latency_usec = loop_now(reads->api->options.loop) - reads->asked_usec;
    if (r >= 0)
        reads_check_history(reads, result);
    reads_move(reads, read_is_being_asked, &asked);
    while (!TAILQ_EMPTY(&asked)) {
        Read *read = TAILQ_FIRST(&asked);
        if (r < 0)
            answer_error(read_end(read), 503, STORE_IS_AWAY, strerror(-r));
        else
            read_confirm(read, result);
    }
    barrier_start(reads);
    reads_continue(reads);
}

/* A question that cannot be asked is a store that does not answer: the reads' own timeouts tell. */
static void barrier_start(Reads *reads) {
    static const StoreRange range = {.key = KEY_LEADER_TEXT, .limit = 1};
    bool is_needed = false;
    Read *read;
    if (reads->barrier)
        return;
    TAILQ_FOREACH(read, &reads->waiting, siblings) {
        is_needed |= !read->is_confirmed;
        read->is_asked = true;
    }
    reads->barrier_acknowledged = reads->api->acknowledged;
    reads->asked_usec = loop_now(reads->api->options.loop);
    if (is_needed)
        (void) store_range(reads->api->options.store, &range, on_barrier, reads, &reads->barrier);
}

static int view_load(Reads *reads) {
    timer_start(reads->view_idle, VIEW_IDLE_USEC);
    if (reads->view)
        return 0;
    return view_new(reads->api->options.store, reads->api->options.loop, &reads->view_callbacks,
                    reads->view_userdata, &reads->view);
}

/* A view is made of small pieces, and malloc keeps those that do not happen to lie at the end: a
 * fleetd that was once asked for 20,000 units would stay at 11 MiB instead of 2. */
static void on_view_idle(void *userdata) {
    Reads *reads = userdata;
    if (reads->n_holds > 0 || !TAILQ_EMPTY(&reads->waiting)) {
        timer_start(reads->view_idle, VIEW_IDLE_USEC);
        return;
    }
    view_free(TAKE_PTR(reads->view));
    malloc_trim(0);
}

void reads_hold_view(Reads *reads) {
    reads->n_holds++;
}

void reads_release_view(Reads *reads) {
    reads->n_holds--;
    timer_start(reads->view_idle, VIEW_IDLE_USEC);
}

void reads_start_over(Reads *reads) {
    if (reads->view)
        view_start_over(reads->view);
}

usec_t reads_store_latency(const Reads *reads) {
    return reads->latency_usec;
}

View *reads_view(const Reads *reads) {
    return reads->view;
}

/* ?revision=N: 0 when it is not given. */
static int revision_wanted(ApiExchange *exchange, int64_t *ret) {
    _cleanup_free_ char *text = NULL;
    int r = query_get(exchange, "revision", &text);
    if (r < 0)
        return r;
    *ret = 0;
    if (!text)
        return 0;
    char *end;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return errno != 0 || end == text || *end || *ret < 0 ? -EINVAL : 0;
}

static int read_add(Reads *reads, ApiExchange *exchange, const char *name, ReadHandler handler,
                    int64_t revision) {
    _cleanup_(read_freep) Read *read = calloc(1, sizeof(Read));
    if (!read)
        return -ENOMEM;
    *read = (Read){
        .reads = reads,
        .exchange = exchange,
        .name = name,
        .handler = handler,
        .wanted = revision,
        .revision = MAX(revision, reads->api->acknowledged),
    };
    int r = timer_new(reads->api->options.loop, on_timeout, read, &read->timeout);
    if (r < 0)
        return r;
    r = view_load(reads);
    if (r < 0)
        return r;
    read_start_timeout(read);
    exchange->vtable->on_abort(exchange, on_abort, read);
    read_move(TAKE_PTR(read), &reads->waiting);
    barrier_start(reads);
    return 0;
}

void reads_start(Reads *reads, ApiExchange *exchange, const char *name, ReadHandler handler) {
    int64_t revision;
    int r = revision_wanted(exchange, &revision);
    if (r == -EINVAL) {
        answer_error(exchange, 400, "the revision asked for is not a number");
        return;
    }
    if (r >= 0)
        r = read_add(reads, exchange, name, handler, revision);
    if (r < 0)
        answer_error(exchange, 503, "the store cannot be asked: %s", strerror(-r));
}

int reads_new(Api *api, const ViewCallbacks *callbacks, void *userdata, Reads **ret) {
    Reads *reads = calloc(1, sizeof(Reads));
    if (!reads)
        return -ENOMEM;
    *reads = (Reads){.api = api, .view_callbacks = *callbacks, .view_userdata = userdata};
    TAILQ_INIT(&reads->waiting);
    int r = timer_new(api->options.loop, on_view_idle, reads, &reads->view_idle);
    if (r >= 0)
        r = timer_new(api->options.loop, on_catch_up, reads, &reads->catch_up);
    if (r < 0) {
        timer_free(reads->view_idle);
        free(reads);
        return r;
    }
    *ret = reads;
    return 0;
}

void reads_free(Reads *reads) {
    if (!reads)
        return;
    while (!TAILQ_EMPTY(&reads->waiting))
        answer_error(read_end(TAILQ_FIRST(&reads->waiting)), 503, "fleetd is being stopped");
    store_op_cancel(reads->barrier);
    view_free(reads->view);
    timer_free(reads->view_idle);
    timer_free(reads->catch_up);
    free(reads);
}
