/* The stream of an etcd watch. The first line of the input says how: its first byte whether the
 * watch begins in the past, logs in, and finds its beginning compacted; each further byte is the
 * size of a piece. The rest is the stream. What is told does not depend on the pieces that it came
 * in, a watch ends once, and after that nothing is told. */
#include "fleetd/base/log.h"
#include "fleetd/store/etcd-store.h"
#include "fleetd/store/grpc.h"
#include "tests/fakes/etcd-messages.h"
#include "tests/fakes/fed-h2-client.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    HOW_IN_THE_PAST = 1,
    HOW_WITH_LOGIN = 2,
    HOW_COMPACTED = 4,
};

typedef struct World {
    int how;
    Loop *loop;
    Store *store;
    StoreOp *watch; /* NULL: it has ended */
    bool is_created;
    FILE *told;
} World;

static void on_created(int64_t revision, void *userdata) {
    World *world = userdata;
    HOLDS(world->watch && !world->is_created && revision > 0);
    world->is_created = true;
    fprintf(world->told, "created %" PRId64 "\n", revision);
}

static void on_events(const StoreEvent *events, size_t n, int64_t revision, void *userdata) {
    World *world = userdata;
    HOLDS(world->watch && world->is_created);
    HOLDS(n > 0 && events[n - 1].entry.mod_revision == revision);
    for (size_t i = 0; i < n; i++) {
        const StoreEntry *entry = &events[i].entry;
        fprintf(world->told, "%d %s=%.*s@%" PRId64 "/%" PRId64 "\n", events[i].kind, entry->key,
                (int) entry->value_size, entry->value ? entry->value : "", entry->mod_revision,
                entry->lease);
    }
}

static void on_closed(int r, void *userdata) {
    World *world = userdata;
    HOLDS(world->watch && r < 0);
    world->watch = NULL;
    fprintf(world->told, "closed %d\n", r);
}

static void world_open(World *world, int how, FILE *told) {
    static const StoreWatchCallbacks callbacks = {on_created, on_events, on_closed};
    EtcdOptions options = {.endpoints = (char *[]){(char *) "http://a:1", NULL},
                           .key_prefix = "/fleet/",
                           .request_timeout_usec = USEC_PER_SEC,
                           .username = how & HOW_WITH_LOGIN ? "root" : NULL,
                           .password = how & HOW_WITH_LOGIN ? "secret" : NULL};
    *world = (World){.how = how, .loop = virtual_loop_new(1), .told = told};
    HOLDS(etcd_store_new(NULL, world->loop, &options, &world->store, NULL) == 0);
    StoreWatch watch = {
        .key = "", .is_prefix = true, .start_revision = how & HOW_IN_THE_PAST ? 1 : 0};
    HOLDS(store_watch(world->store, &watch, &callbacks, world, &world->watch) == 0);
}

static void world_close(World *world) {
    store_op_cancel(world->watch);
    store_free(world->store);
    virtual_loop_free(world->loop);
}

/* etcd answers what else it is asked. */
static void call_answer(H2Request *request, ProtobufWriter *message) {
    _cleanup_(byte_buffer_done) ByteBuffer body = {};
    HOLDS(grpc_message_close(message, &body) >= 0);
    fed_call_end(request, body.data, body.size, "0", "");
}

static void logins_answer(void) {
    H2Request *login;
    while ((login = fed_call_find("Authenticate"))) {
        ProtobufWriter message = {};
        grpc_message_open(&message);
        etcd_add_text(&message, ETCD_TOKEN, "x");
        call_answer(login, &message);
    }
}

static void check_answer(H2Request *check, bool is_compacted) {
    ProtobufWriter message = {};
    if (is_compacted) {
        fed_call_end(check, "", 0, "11", "etcdserver: mvcc: required revision has been compacted");
        return;
    }
    grpc_message_open(&message);
    etcd_add_header(&message, 1, 9);
    call_answer(check, &message);
}

static void checks_answer(World *world) {
    H2Request *check;
    while ((check = fed_call_find("Range")))
        check_answer(check, world->how & HOW_COMPACTED);
}

static void stream_feed(FuzzInput stream, FuzzInput sizes) {
    H2Request *request = fed_call_find("Watch");
    if (request)
        fed_call_feed(request, stream.data, stream.size, (const uint8_t *) sizes.data, sizes.size);
}

/* The member hangs up; what is not over then is so in a while. */
static void stream_end(World *world) {
    H2Request *request;
    for (int i = 0; world->watch && i < 10; i++) {
        logins_answer();
        if ((request = fed_call_find("Watch")))
            fed_call_end(request, "", 0, "0", "");
        virtual_loop_advance(world->loop, USEC_PER_SEC);
    }
    HOLDS(!world->watch);
}

static char *stream_run(int how, FuzzInput stream, FuzzInput sizes) {
    World world;
    char *text = NULL;
    size_t size;
    FILE *told = open_memstream(&text, &size);
    world_open(&world, how, told);
    logins_answer();
    virtual_loop_advance(world.loop, 0);
    stream_feed(stream, sizes);
    checks_answer(&world);
    stream_end(&world);
    world_close(&world);
    fclose(told);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    log_setup(LOG_EMERG);
    _cleanup_free_ char *line = fuzz_take_line(&input);
    int how = *line & (HOW_IN_THE_PAST | HOW_WITH_LOGIN | HOW_COMPACTED);
    FuzzInput sizes = {line + 1, *line ? strlen(line + 1) : 0}, bytes = {"\1", 1};
    _cleanup_free_ char *whole = stream_run(how, input, (FuzzInput){}),
                        *pieces = stream_run(how, input, sizes),
                        *single = stream_run(how, input, bytes);
    HOLDS(streq(whole, pieces) && streq(whole, single));
    return 0;
}
