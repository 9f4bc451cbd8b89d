#include "fleetd/api/forecast-request.h"

#include "fleetd/api/unit-request.h"
#include "fleetd/base/json.h"
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

typedef struct Reading {
    ForecastRequest request;
    Map *seen; /* names */
} Reading;

static void reading_done(Reading *reading) {
    forecast_request_done(&reading->request);
    map_free(reading->seen);
}

/* Of two words on one unit nobody could tell which is meant. */
static int add_take(Reading *reading, ForecastWish *wish, Error *reterr) {
    int r = map_put(reading->seen, wish->name, NULL);
    if (r > 0) {
        reading->request.wishes[reading->request.n_wishes++] = *wish;
        return 0;
    }
    if (r == 0)
        r = error_set(reterr, -EINVAL, "unit '%s' is named twice", wish->name);
    free(wish->name);
    unit_file_unref(wish->file);
    return r;
}

/* As the body of a PUT of that unit. */
static int read_unit(Reading *reading, json_object *object, Error *reterr) {
    const char *name;
    UnitRequest unit;
    if (!object || !json_object_is_type(object, json_type_object))
        return error_set(reterr, -EINVAL, "it is not a JSON object");
    int r = json_need_string(object, "name", &name, reterr);
    if (r < 0)
        return r;
    r = unit_request_read(name, object, &unit, reterr);
    if (r < 0)
        return r;
    ForecastWish wish = {
        .name = TAKE_PTR(unit.name), .desired = unit.desired, .file = TAKE_PTR(unit.file)};
    unit_request_done(&unit);
    return add_take(reading, &wish, reterr);
}

static int read_removal(Reading *reading, json_object *object, Error *reterr) {
    const char *name = object ? json_object_get_string(object) : NULL;
    if (!name || !json_object_is_type(object, json_type_string))
        return error_set(reterr, -EINVAL, "it is not a string");
    int r = unit_name_check(name, reterr);
    if (r < 0)
        return r;
    ForecastWish wish = {
        .name = strdup(name), .is_removal = true, .desired = _LAUNCH_STATE_INVALID};
    return wish.name ? add_take(reading, &wish, reterr) : -ENOMEM;
}

static int read_drain(Reading *reading, json_object *object, Error *reterr) {
    const char *id = object ? json_object_get_string(object) : NULL;
    if (!id || !json_object_is_type(object, json_type_string))
        return error_set(reterr, -EINVAL, "it is not a string");
    int r = machine_id_check(id, reterr);
    return r < 0 ? r : strv_push(&reading->request.drained, id);
}

typedef int (*ReadItem)(Reading *reading, json_object *object, Error *reterr);

static int read_items(Reading *reading, json_object *array, const char *what, ReadItem read,
                      Error *reterr) {
    size_t n = array ? json_object_array_length(array) : 0;
    for (size_t i = 0; i < n; i++) {
        int r = read(reading, json_object_array_get_idx(array, i), reterr);
        if (r < 0)
            return r == -ENOMEM ? r : error_prefix(reterr, -EINVAL, "%s %zu", what, i + 1);
    }
    return 0;
}

static int read_all(Reading *reading, json_object *object, Error *reterr) {
    json_object *units = NULL, *removed = NULL, *drained = NULL;
    int r = json_get_array(object, "units", &units, reterr);
    if (r >= 0)
        r = json_get_array(object, "destroy", &removed, reterr);
    if (r >= 0)
        r = json_get_array(object, "drain", &drained, reterr);
    if (r < 0)
        return r;
    size_t n = (units ? json_object_array_length(units) : 0) +
               (removed ? json_object_array_length(removed) : 0);
    reading->request.wishes = calloc(n + 1, sizeof(ForecastWish));
    reading->seen = map_new(NULL);
    if (!reading->request.wishes || !reading->seen)
        return -ENOMEM;
    r = read_items(reading, units, "unit", read_unit, reterr);
    if (r >= 0)
        r = read_items(reading, removed, "unit to be destroyed", read_removal, reterr);
    if (r >= 0)
        r = read_items(reading, drained, "machine to be drained", read_drain, reterr);
    return r;
}

int forecast_request_parse(const char *body, size_t size, ForecastRequest *ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    _cleanup_(reading_done) Reading reading = {};
    int r = json_parse(body, size, &object, reterr);
    if (r < 0)
        return r == -ENOMEM ? r : error_prefix(reterr, -EINVAL, "the body of the request");
    if (!json_object_is_type(object, json_type_object))
        return error_set(reterr, -EINVAL, "the body of the request is not a JSON object");
    r = read_all(&reading, object, reterr);
    if (r < 0)
        return r == -ENOMEM ? r : error_prefix(reterr, -EINVAL, "the body of the request");
    *ret = reading.request;
    reading.request = (ForecastRequest){};
    return 0;
}
