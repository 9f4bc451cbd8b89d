/* What the body of a PUT of a rollout asks for, and that of a PATCH. Pure. */
#pragma once

#include "fleetd/api/unit-request.h"
#include "fleetd/base/json.h"
#include "fleetd/model/deployment.h"

typedef struct RolloutRequest {
    UnitRequest unit; /* its name and its file */
    Deployment *deployment;
    bool is_global;         /* so its file says */
    int64_t check_revision; /* refused if its units have changed since then; 0: not given */
} RolloutRequest;

/* Everything that can be refused without knowing what is there: -EINVAL, with the reason. What the
 * body does not say of how to go about it, the file says, or the default. -ENOMEM. */
int rollout_request_parse(const char *name, const char *body, size_t size, RolloutRequest *ret,
                          Error *reterr);
void rollout_request_done(RolloutRequest *request);

/* What a body says of how to go about it, over what is in policy; and why. -EINVAL, with the
 * reason; -ENOMEM. */
int rollout_policy_read(json_object *body, UpdatePolicy *policy, Error *reterr);
int rollout_message_read(json_object *body, char **ret, Error *reterr);

typedef enum RolloutWord {
    ROLLOUT_PAUSE,
    ROLLOUT_RESUME,
    ROLLOUT_PROMOTE,
    ROLLOUT_UNDO,
    _ROLLOUT_WORD_MAX,
    _ROLLOUT_WORD_INVALID = -EINVAL,
} RolloutWord;

const char *rollout_word_to_string(RolloutWord word);
int rollout_word_parse(const char *body, size_t size, RolloutWord *ret, Error *reterr);
