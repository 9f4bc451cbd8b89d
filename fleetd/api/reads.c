#include "fleetd/api/reads.h"

#include "fleetd/model/keys.h"

#include <errno.h>
#include <inttypes.h>

typedef TAILQ_HEAD(ReadQueue, Read) ReadQueue;

typedef struct Read {
    Reads *reads;
    ReadQueue *queue; /* that it is in */
    ApiExchange *exchange;
    const char *name; /* borrowed from the exchange */
    ReadHandler handler;
    int64_t revision;  /* that the view must have reached */
    bool is_confirmed; /* the store has answered since it came */
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
    StoreOp *barrier; /* the question to the store, shared by all who come meanwhile */
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

static void on_timeout(void *userdata) {
    Read *read = userdata;
    Reads *reads = read->reads;
    bool is_confirmed = read->is_confirmed, is_synced = view_is_synced(reads->view);
    int64_t revision = read->revision;
    ApiExchange *exchange = read_end(read);
    if (is_confirmed && is_synced)
        answer_error(exchange, 503, "revision %" PRId64 " of the store has not been seen here yet",
                     revision);
    else
        answer_error(exchange, 503, "the store cannot be reached: %s",
                     is_confirmed ? "it does not tell what changes" : "it does not answer");
}

static bool read_is_ready(const Read *read) {
    const View *view = read->reads->view;
    return read->is_confirmed && view_is_synced(view) && view_revision(view) >= read->revision;
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

static bool read_is_unconfirmed(const Read *read) {
    return !read->is_confirmed;
}

static void on_barrier(int r, const StoreRangeResult *result, void *userdata) {
    Reads *reads = userdata;
    reads->barrier = NULL;
    ReadQueue asked;
    reads_move(reads, read_is_unconfirmed, &asked);
    while (!TAILQ_EMPTY(&asked)) {
        Read *read = TAILQ_FIRST(&asked);
        if (r < 0) {
            answer_error(read_end(read), 503, "the store cannot be reached: %s", strerror(-r));
            continue;
        }
        read->is_confirmed = true;
        read_move(read, &reads->waiting);
    }
    reads_continue(reads);
}

static int barrier_start(Reads *reads) {
    static const StoreRange range = {.key = KEY_LEADER_TEXT, .limit = 1};
    if (reads->barrier)
        return 0;
    return store_range(reads->api->options.store, &range, on_barrier, reads, &reads->barrier);
}

static int view_load(Reads *reads) {
    timer_start(reads->view_idle, VIEW_IDLE_USEC);
    if (reads->view)
        return 0;
    return view_new(reads->api->options.store, reads->api->options.loop, &reads->view_callbacks,
                    reads->view_userdata, &reads->view);
}

static void on_view_idle(void *userdata) {
    Reads *reads = userdata;
    if (reads->n_holds > 0 || !TAILQ_EMPTY(&reads->waiting))
        timer_start(reads->view_idle, VIEW_IDLE_USEC);
    else
        view_free(TAKE_PTR(reads->view));
}

void reads_hold_view(Reads *reads) {
    reads->n_holds++;
}

void reads_release_view(Reads *reads) {
    reads->n_holds--;
    timer_start(reads->view_idle, VIEW_IDLE_USEC);
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
        .revision = MAX(revision, reads->api->acknowledged),
    };
    int r = timer_new(reads->api->options.loop, on_timeout, read, &read->timeout);
    if (r < 0)
        return r;
    r = view_load(reads);
    if (r < 0)
        return r;
    r = barrier_start(reads);
    if (r < 0)
        return r;
    timer_start(read->timeout, reads->api->options.store_timeout_usec);
    exchange->vtable->on_abort(exchange, on_abort, read);
    read_move(TAKE_PTR(read), &reads->waiting);
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
    if (r < 0) {
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
    free(reads);
}
