/* The discovery document: whole, and true to what requests get. */
#include "fleetd/api/routes.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "tests/unit/api-fixture.h"

#define TEXT "[Service]\nExecStart=/bin/true\n"

static json_object *ask(ApiFixture *fixture, const char *target) {
    _cleanup_exchange_ RecordedExchange *answer = api_call(fixture, "GET", target, NULL);
    json_object *object = NULL;
    assert_int_equal(answer->status, 200);
    assert_int_equal(json_parse(answer->text, strlen(answer->text), &object, NULL), 0);
    return object;
}

/* At a path of fields; fails without. */
static json_object *at(json_object *object, const char *path) {
    _cleanup_(strv_freep) char **names = NULL;
    assert_int_equal(strv_split(path, "/", &names), 0);
    STRV_FOREACH (name, names)
        if (!json_object_object_get_ex(object, *name, &object))
            fail_msg("no '%s' in '%s'", *name, path);
    return object;
}

static void assert_text(json_object *object, const char *path, const char *expected) {
    assert_string_equal(json_object_get_string(at(object, path)), expected);
}

static void document_has_what_generators_of_clients_need(void **state) {
    _cleanup_json_ json_object *document = ask(*state, "/discovery");
    assert_text(document, "kind", "discovery#restDescription");
    assert_text(document, "id", "fleet:v1");
    assert_text(document, "basePath", "/fleet/v1/");
    assert_text(document, "resources/Units/methods/Set/id", "fleet.Unit.Set");
    assert_text(document, "resources/Units/methods/Set/httpMethod", "PUT");
    assert_text(document, "resources/Units/methods/Set/path", "units/{unitName}");
    assert_text(document, "resources/Units/methods/Set/parameterOrder", "[ \"unitName\" ]");
    assert_text(document, "resources/Units/methods/Set/parameters/unitName/location", "path");
    assert_text(document, "resources/Units/methods/Set/parameters/unitName/required", "true");
    assert_text(document, "resources/Units/methods/Set/request/$ref", "Unit");
    assert_text(document, "resources/Units/methods/List/parameters/nextPageToken/location",
                "query");
    assert_text(document, "resources/Units/methods/List/response/$ref", "UnitPage");
    assert_text(document, "resources/UnitState/methods/List/parameters/machineID/type", "string");
    assert_text(document, "resources/Events/methods/Stream/parameters/unit/repeated", "true");
    assert_text(document, "schemas/Unit/properties/desiredState/enum",
                "[ \"inactive\", \"loaded\", \"launched\" ]");
    assert_text(document, "schemas/Machine/properties/metadata/additionalProperties/type",
                "string");
    assert_text(document, "schemas/UnitPage/properties/units/items/$ref", "Unit");
}

static void old_prefix_leads_to_the_same(void **state) {
    ApiFixture *fixture = *state;
    static const char *const paths[] = {"/fleet/v1/discovery", "/v1-alpha/discovery"};
    _cleanup_free_ char *first = NULL;
    for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
        _cleanup_exchange_ RecordedExchange *answer =
            recorded_exchange_new("GET", paths[i], NULL, NULL);
        api_serve(fixture->api, &answer->exchange);
        assert_int_equal(answer->status, 200);
        if (first)
            assert_string_equal(answer->text, first);
        else
            first = strdup(answer->text);
    }
}

static void every_route_is_in_it_but_for_it_and_the_metrics(void **state) {
    _cleanup_json_ json_object *document = ask(*state, "/discovery");
    size_t n_left_out = 0;
    for (size_t i = 0; i < api_n_routes; i++) {
        const Route *route = &api_routes[i];
        n_left_out += !route->resource;
        if (!route->resource)
            continue;
        _cleanup_free_ char *path =
            str_printf("resources/%s/methods/%s/httpMethod", route->resource, route->verb);
        assert_text(document, path, route->method);
    }
    assert_int_equal(n_left_out, 2);
}

static void refs_check(json_object *schemas, json_object *object) {
    if (json_object_is_type(object, json_type_array))
        for (size_t i = 0; i < json_object_array_length(object); i++)
            refs_check(schemas, json_object_array_get_idx(object, i));
    if (!json_object_is_type(object, json_type_object))
        return;
    json_object_object_foreach(object, name, value) {
        if (streq(name, "$ref"))
            (void) at(schemas, json_object_get_string(value));
        refs_check(schemas, value);
    }
}

static void every_reference_leads_to_a_schema(void **state) {
    _cleanup_json_ json_object *document = ask(*state, "/discovery");
    refs_check(at(document, "schemas"), document);
}

/* Each field of an object stands in the schema, and each that is required in the object. */
static void assert_described(json_object *document, const char *schema, json_object *object) {
    _cleanup_free_ char *path = str_printf("schemas/%s/properties", schema);
    json_object *properties = at(document, path), *required;
    json_object_object_foreach(object, name, value) {
        (void) value;
        if (!json_object_object_get_ex(properties, name, NULL))
            fail_msg("%s has no '%s' in the document", schema, name);
    }
    json_object_object_foreach(properties, property, description) {
        if (json_object_object_get_ex(description, "required", &required) &&
            !json_object_object_get_ex(object, property, NULL))
            fail_msg("%s has no '%s' in an answer", schema, property);
    }
}

static void answers_are_as_described(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "region=eu");
    int64_t revision = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, revision);
    seed_state(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, revision);
    _cleanup_json_ json_object *document = ask(fixture, "/discovery");
    _cleanup_json_ json_object *unit = ask(fixture, "/units/a.service");
    _cleanup_json_ json_object *unit_state = ask(fixture, "/state/a.service");
    _cleanup_json_ json_object *machines = ask(fixture, "/machines");
    assert_described(document, "Unit", unit);
    assert_described(document, "UnitState", unit_state);
    assert_described(document, "MachinePage", machines);
    assert_described(document, "Machine", json_object_array_get_idx(at(machines, "machines"), 0));
}

static void lines_of_the_stream_are_as_described(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "region=eu");
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_json_ json_object *document = ask(fixture, "/discovery");
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    settle(fixture);
    _cleanup_(strv_freep) char **lines = NULL;
    _cleanup_free_ char *text = recorded_exchange_take(stream);
    assert_int_equal(strv_split(text, "\n", &lines), 0);
    assert_int_equal(strv_length(lines), 3);
    STRV_FOREACH (line, lines) {
        _cleanup_json_ json_object *event = NULL;
        assert_int_equal(json_parse(*line, strlen(*line), &event, NULL), 0);
        assert_described(document, "Event", event);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(document_has_what_generators_of_clients_need),
        API_TEST(old_prefix_leads_to_the_same),
        API_TEST(every_route_is_in_it_but_for_it_and_the_metrics),
        API_TEST(every_reference_leads_to_a_schema),
        API_TEST(answers_are_as_described),
        API_TEST(lines_of_the_stream_are_as_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
