/* What requests about a machine have in common: its id in the path, a JSON object as the body, with
 * a message for people in it. */
#pragma once

#include "fleetd/api/answer.h"

#include <json-c/json.h>

/* Answers 400 if it is no machine id. */
bool machine_id_is_refused(ApiExchange *exchange, const char *id);
/* The caller puts it. */
int request_parse_object(const ApiExchange *exchange, json_object **ret, Error *reterr);
/* In place of what there is in ret, if there is any in the request. */
int request_read_message(json_object *body, char **ret, Error *reterr);
