#include "tests/torture/torture-cases.h"

#include "fleetd/base/byte-size.h"
#include "fleetd/base/json.h"
#include "fleetd/base/map.h"
#include "fleetd/base/metrics.h"
#include "fleetd/base/strv.h"
#include "fleetd/base/text-stream.h"

#include <errno.h>

static int json_case(Torture *t) {
    static const char text[] =
        "{\"a\":[1,true,null,\"a long text that is more than thirty-two bytes\"],"
        "\"b\":{\"c\":18446744073709551615}}";
    json_object *object = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = json_parse(text, strlen(text), &object, &error);
    torture_disarm(t);
    if (!torture_has(t, r, object))
        return r;
    torture_note_take(t, json_format(object));
    json_object_put(object);
    return 0;
}

static int json_refused_case(Torture *t) {
    json_object *object = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = json_parse(TEXT("{\"a\": [1, 2"), &object, &error);
    torture_disarm(t);
    torture_has(t, r, object);
    return r;
}

static int json_format_case(Torture *t) {
    torture_arm(t);
    _cleanup_json_ json_object *object = json_object_new_object();
    int r = object ? 0 : -ENOMEM;
    if (r >= 0)
        r = json_add_string(object, "text", "hello");
    if (r >= 0)
        r = json_add_int(object, "number", INT64_MAX);
    if (r >= 0)
        r = json_add_bool(object, "flag", true);
    if (r >= 0)
        r = json_add_take(object, "list", json_object_new_array());
    char *text = r < 0 ? NULL : json_format(object);
    torture_disarm(t);
    return torture_text_take(t, text);
}

static int error_case(Torture *t) {
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = error_set(&error, -EINVAL, "line %d", 4);
    r = error_prefix(&error, r, "unit '%s'", "a.service");
    torture_disarm(t);
    torture_note_take(t, strdup(error_text(&error, r)));
    return r;
}

static int map_case(Torture *t) {
    static const char *const names[] = {"c", "a", "b", "a", "d", "e", "f", "g", "h", "i", "j", "k"};
    const char **keys = UNTOUCHED;
    torture_arm(t);
    _cleanup_(map_freep) Map *map = map_new(free);
    int r = map ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++) {
        char *value = strdup(names[i]);
        size_t before = map_size(map);
        r = value ? map_put(map, names[i], value) : -ENOMEM;
        if (r < 0 && value) {
            torture_expect(t, map_size(map) == before, "a failed put changed the map");
            free(value);
        }
    }
    if (r >= 0)
        r = map_sorted_keys(map, &keys);
    torture_disarm(t);
    if (!torture_has(t, r, keys))
        return r;
    torture_note_take(t, strv_join((char *const *) keys, " "));
    free(keys);
    return 0;
}

static int strv_case(Torture *t) {
    char **pieces = UNTOUCHED, **copy = UNTOUCHED;
    torture_arm(t);
    int r = strv_split("one two,three", " ,", &pieces), pushed = r;
    if (r >= 0)
        r = pushed = strv_push(&pieces, "four");
    if (r >= 0)
        r = strv_copy(pieces, &copy);
    char *joined = r < 0 ? NULL : strv_join(copy, "/");
    torture_disarm(t);
    if (pieces != UNTOUCHED) {
        torture_expect(t, strv_length(pieces) == (pushed < 0 ? 3 : 4), "a failed push was seen");
        strv_free(pieces);
    }
    if (torture_has(t, r, copy))
        strv_free(copy);
    return r < 0 ? r : torture_text_take(t, joined);
}

/* So long that it has to grow, within stdio's calls as well. */
static int text_stream_case(Torture *t) {
    _cleanup_text_stream_ TextStream stream = {};
    char *text = UNTOUCHED;
    torture_arm(t);
    int r = text_stream_open(&stream);
    for (int i = 0; r >= 0 && i < 5000; i++)
        fprintf(stream.file, "%d ", i);
    if (r >= 0)
        r = text_stream_close(&stream, &text, NULL);
    torture_disarm(t);
    return torture_has(t, r, text) ? torture_text_take(t, text) : r;
}

static int str_replace_case(Torture *t) {
    _cleanup_free_ char *s = strdup("old");
    torture_arm(t);
    int r = str_replace(&s, "new");
    torture_disarm(t);
    torture_expect(t, streq(s, r < 0 ? "old" : "new"), "a failed replacement changed the text");
    return r;
}

static int timespan_case(Torture *t) {
    usec_t usec = 7;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = timespan_parse("1 parsec", &usec, &error);
    torture_disarm(t);
    torture_expect(t, usec == 7, "the output was touched");
    return r;
}

static int timespan_format_case(Torture *t) {
    torture_arm(t);
    char *text = timespan_format(90 * USEC_PER_SEC);
    torture_disarm(t);
    return torture_text_take(t, text);
}

static int byte_size_case(Torture *t) {
    uint64_t size = 7;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = byte_size_parse("1 elephant", &size, &error);
    torture_disarm(t);
    torture_expect(t, size == 7, "the output was touched");
    return r;
}

static int byte_size_format_case(Torture *t) {
    torture_arm(t);
    char *text = byte_size_format(3 << 20);
    torture_disarm(t);
    return torture_text_take(t, text);
}

static int thousandths_format_case(Torture *t) {
    torture_arm(t);
    char *text = thousandths_format(1250);
    torture_disarm(t);
    return torture_text_take(t, text);
}

static void collect(Metrics *metrics, void *userdata) {
    metrics_set(metrics, userdata, NULL, 3);
}

/* Numbers may be lost, but a text that is answered is whole. */
static int metrics_case(Torture *t) {
    static const MetricFamily plain = {"plain", METRIC_GAUGE, "Things.", {}};
    static const MetricFamily kinds = {"kinds_total", METRIC_COUNTER, "Kinds.", {"kind"}};
    static const MetricFamily took = {"took_seconds", METRIC_HISTOGRAM, "Time.", {"what"}};
    const char *label[] = {"a"};
    torture_arm(t);
    _cleanup_(metrics_freep) Metrics *metrics = metrics_new();
    metrics_declare(metrics, &kinds);
    metrics_add(metrics, &kinds, label, 1);
    metrics_observe(metrics, &took, label, USEC_PER_SEC);
    MetricSource *source = metrics_add_source(metrics, collect, (void *) &plain);
    char *text = metrics ? metrics_format(metrics) : NULL;
    torture_disarm(t);
    metric_source_free(source);
    torture_expect(t, !text || (*text == '#' && text[strlen(text) - 1] == '\n'), "a text was cut");
    return torture_text_take(t, text);
}

const TortureCase torture_base[] = {
    {"json", json_case},
    {"json-refused", json_refused_case},
    {"json-format", json_format_case},
    {"error", error_case, .may_lose = true},
    {"map", map_case},
    {"strv", strv_case},
    {"text-stream", text_stream_case},
    {"str-replace", str_replace_case},
    {"timespan", timespan_case},
    {"timespan-format", timespan_format_case},
    {"byte-size", byte_size_case},
    {"byte-size-format", byte_size_format_case},
    {"thousandths-format", thousandths_format_case},
    {"metrics", metrics_case, .may_lose = true},
    {},
};
