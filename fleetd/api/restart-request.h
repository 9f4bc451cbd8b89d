/* What the body of a PUT of a rollout asks for that brings no file: that units be restarted as they
 * are, in the way in which a file is rolled out. Pure. */
#pragma once

#include "fleetd/base/json.h"
#include "fleetd/model/deployment.h"
#include "fleetd/model/requirements.h"

/* Whether it asks for that; what is no JSON object does not. */
bool restart_request_is(const char *body, size_t size);

/* Everything that can be refused without knowing the units: -EINVAL, with the reason. The caller
 * puts the body. -ENOMEM. */
int restart_request_parse(const char *name, const char *body, size_t size, json_object **ret_body,
                          Error *reterr);

/* How to go about it: what the body does not say, the file of the units says. A new deployment,
 * whose since_usec has yet to be set. -EINVAL, with the reason; -ENOMEM. */
int restart_request_apply(const char *name, json_object *body, const Requirements *requirements,
                          Deployment **ret, Error *reterr);
