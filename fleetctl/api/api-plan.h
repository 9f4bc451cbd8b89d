/* What would come of a request: POST of plan. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetd/base/json.h"
#include "fleetd/model/launch-state.h"

/* The question, as the API takes it; NULL when out of memory. The caller puts it. */
json_object *plan_request_new(void);
int plan_request_add_file(json_object *request, const char *unit, const char *text, size_t size);
int plan_request_add_state(json_object *request, const char *unit, LaunchState desired);
int plan_request_add_removal(json_object *request, const char *unit);
int plan_request_add_drain(json_object *request, const char *machine_id);

typedef struct ApiPlanChange {
    const char *unit;
    const char *change;
    const char *from, *to; /* machines; "": none */
    const char *reason;
} ApiPlanChange;

typedef struct ApiPlan {
    int64_t revision;
    bool has_changes;
    json_object *changes; /* read by api_plan_change_read(), borrowed */
} ApiPlan;

/* The answer; the caller puts it. */
int api_post_plan(ApiClient *client, json_object *request, json_object **ret, Error *reterr);
/* Borrow from the answer. */
int api_plan_read(json_object *answer, ApiPlan *ret, Error *reterr);
int api_plan_change_read(json_object *json, ApiPlanChange *ret, Error *reterr);
