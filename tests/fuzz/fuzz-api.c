/* Requests to the API, with "--" in a line between them: method and target in the first line, the
 * Content-Type in the second, the rest is the body. Each is answered once, as docs/api.md says,
 * nothing gets into the store that could not be read there, and the next request is served as well.
 */
#include "fleetd/base/json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stored-check.h"
#include "tests/unit/api-fixture.h"

#define REQUESTS_MAX 8
#define GOOD_UNIT "[Service]\nExecStart=/bin/true\n"

static void error_check(const RecordedExchange *recorded) {
    _cleanup_json_ json_object *object = NULL;
    json_object *error = NULL;
    const char *message = NULL;
    int64_t code = 0;
    HOLDS(json_parse(recorded->text, strlen(recorded->text), &object, NULL) == 0);
    HOLDS(json_get_object(object, "error", &error, NULL) == 1);
    HOLDS(json_get_int(error, "code", &code, NULL) == 1 && code == recorded->status);
    HOLDS(json_need_string(error, "message", &message, NULL) == 0);
    fuzz_check_message(message);
}

static void answer_check(const RecordedExchange *recorded) {
    static const unsigned statuses[] = {200, 201, 204, 400, 404, 405, 409, 413, 415, 503};
    size_t i = 0;
    while (i < ELEMENTSOF(statuses) && statuses[i] != recorded->status)
        i++;
    HOLDS(i < ELEMENTSOF(statuses));
    /* The store answers: only a revision that it has not reached can be waited for in vain. */
    HOLDS(recorded->status != 503 || strstr(recorded->query, "revision"));
    if (recorded->status >= 400)
        error_check(recorded);
    HOLDS(recorded->status != 204 || str_is_empty(recorded->text));
}

static bool has_answered(void *userdata) {
    RecordedExchange *recorded = userdata;
    return recorded->is_ended || recorded->is_streaming;
}

static void request_run(ApiFixture *fixture, FuzzInput request) {
    _cleanup_free_ char *line = fuzz_take_line(&request), *type = fuzz_take_line(&request),
                        *body = fuzz_take_rest(&request, NULL);
    char *blank = strchr(line, ' ');
    if (!blank)
        return;
    *blank = 0;
    _cleanup_exchange_ RecordedExchange *recorded =
        recorded_exchange_new(line, blank + 1, *type ? type : NULL, body);
    HOLDS(recorded);
    api_serve(fixture->api, &recorded->exchange);
    HOLDS(virtual_loop_run_until(fixture->loop, has_answered, recorded, PATIENCE_USEC));
    if (recorded->is_ended)
        answer_check(recorded);
    settle(fixture);
    /* A stream's client goes away when this ends. */
}

static void good_request_check(ApiFixture *fixture) {
    _cleanup_exchange_ RecordedExchange *recorded = api_call(fixture, "GET", "/units", NULL);
    HOLDS(recorded->status == 200 && strstr(recorded->text, "\"units\":["));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    ApiFixture *fixture;
    HOLDS(api_setup((void **) &fixture) == 0);
    seed_machine(fixture, M1, "region=eu");
    seed_unit(fixture, "a.service", GOOD_UNIT, LAUNCH_STATE_LAUNCHED);
    seed_unit(fixture, "web@.service", GOOD_UNIT, LAUNCH_STATE_INACTIVE);
    seed_state(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, 3);
    for (int i = 0; i < REQUESTS_MAX && input.size > 0; i++)
        request_run(fixture, fuzz_take_part(&input));
    stored_check(&fixture->sync);
    good_request_check(fixture);
    api_teardown((void **) &fixture);
    return 0;
}
