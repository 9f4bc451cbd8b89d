#include "tests/bench/scale-users.h"

#include "fleetd/base/strv.h"
#include "tests/bench/benchmark.h"
#include "tests/bench/scale-watch.h"

#define CONNECTIONS 256
#define TIMEOUT_USEC (30 * USEC_PER_SEC)
#define EVENTS_URL "http://fleet/fleet/v1/events?unit=other.service"

struct ScaleUsers {
    HttpClient *client;
    void (*on_asking)(size_t unit, uint8_t version, void *userdata);
    void *userdata;
    ScaleWish wish;
    size_t n_begun, n_open;
    size_t n_retries;
};

typedef struct Asked {
    ScaleUsers *users;
    size_t unit;
} Asked;

static void users_go_on(ScaleUsers *users);
static void send_asked(Asked *asked);

/* 503: the store was too slow for it, which costs the user another try. */
static void on_answer(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    Asked *asked = userdata;
    ScaleUsers *users = asked->users;
    bench_must(r == 0, "the API does not answer: %s", message);
    if (answer->status == 503) {
        users->n_retries++;
        send_asked(asked);
        return;
    }
    bench_must(answer->status == 201 || answer->status == 204, "unit %zu is refused: %u %s",
               asked->unit, answer->status, answer->body);
    free(asked);
    users->n_open--;
    users_go_on(users);
}

static char *format_body(const ScaleWish *wish) {
    _cleanup_json_ json_object *body = bench_row();
    bench_ok(json_add_string(body, "desiredState", "launched"));
    bench_ok(json_add_string(body, "text", wish->text));
    char *text = json_format(body);
    bench_must(text, "out of memory");
    return text;
}

static void send_asked(Asked *asked) {
    char name[64];
    scale_unit_name(asked->unit, name, sizeof(name));
    _cleanup_free_ char *url = str_printf("http://fleet/fleet/v1/units/%s", name);
    _cleanup_free_ char *body = format_body(&asked->users->wish);
    bench_must(url, "out of memory");
    const HttpCall call = {
        .method = "PUT",
        .url = url,
        .body = body,
        .body_size = strlen(body),
        .timeout_usec = TIMEOUT_USEC,
    };
    bench_ok(http_client_start(asked->users->client, &call, NULL, on_answer, asked, NULL));
}

static void users_go_on(ScaleUsers *users) {
    const ScaleWish *wish = &users->wish;
    for (; users->n_begun < wish->n && users->n_open < CONNECTIONS; users->n_begun++) {
        Asked *asked = malloc(sizeof(Asked));
        bench_must(asked, "out of memory");
        *asked = (Asked){users, wish->first + users->n_begun * wish->step};
        users->n_open++;
        users->on_asking(asked->unit, wish->version, users->userdata);
        send_asked(asked);
    }
}

void scale_users_ask(ScaleUsers *users, const ScaleWish *wish) {
    bench_must(scale_users_are_content(users), "one wish at a time");
    users->wish = *wish;
    users->n_begun = 0;
    users_go_on(users);
}

bool scale_users_are_content(void *userdata) {
    const ScaleUsers *users = userdata;
    return users->n_begun == users->wish.n && users->n_open == 0;
}

size_t scale_users_count_retries(const ScaleUsers *users) {
    return users->n_retries;
}

static int on_event(_unused_ const char *data, _unused_ size_t size, _unused_ void *userdata) {
    return 0;
}

static void on_events_end(_unused_ int r, _unused_ const HttpAnswer *answer,
                          _unused_ const char *message, _unused_ void *userdata) {
}

/* Somebody waits for something, so that fleetd looks at the cluster all the time, as it does for
 * fleetctl. */
static void watch_events(ScaleUsers *users) {
    const HttpCall call = {.method = "GET", .url = EVENTS_URL, .timeout_usec = TIMEOUT_USEC};
    bench_ok(http_client_start(users->client, &call, on_event, on_events_end, users, NULL));
}

ScaleUsers *scale_users_new(sd_event *event, const char *socket,
                            void (*on_asking)(size_t unit, uint8_t version, void *userdata),
                            void *userdata) {
    ScaleUsers *users = calloc(1, sizeof(ScaleUsers));
    const HttpClientOptions options = {.unix_socket = socket, .max_connections = CONNECTIONS + 1};
    bench_must(users, "out of memory");
    bench_ok(http_client_new(event, &options, &users->client));
    users->on_asking = on_asking;
    users->userdata = userdata;
    watch_events(users);
    return users;
}

void scale_users_free(ScaleUsers *users) {
    if (!users)
        return;
    http_client_free(users->client);
    free(users);
}
