/* Deployments, and how far they have come. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/api-objects.h"

/* What is not given, the file or fleetd decides. */
typedef struct DeployRequest {
    const char *text; /* NULL: units are restarted as they are */
    size_t text_size;
    int64_t parallel;                   /* 0: not given */
    int64_t canaries;                   /* negative: not given */
    usec_t healthy_usec, deadline_usec; /* USEC_INFINITY: not given */
    const char *on_failure, *order;     /* NULL: not given */
    const char *message;                /* NULL: none */
    int64_t check_revision;             /* 0: whatever has changed */
} DeployRequest;

/* 0; 1: all have that file already, and nothing was asked for; -EREMOTEIO: refused, in the API's
 * words. ret_revision: names the request in the events. */
int api_put_rollout(ApiClient *client, const char *unit, const DeployRequest *request,
                    int64_t *ret_revision, Error *reterr);
int api_patch_rollout(ApiClient *client, const char *unit, const char *action,
                      int64_t *ret_revision, Error *reterr);
/* All of them; none of a fleetd that does not know of any. The caller puts it. */
int api_list_rollouts(ApiClient *client, json_object **ret_array, Error *reterr);
/* How many there are of its units, or machines, and how many of them are done. A template is none
 * of them, as it does not run. */
void api_rollout_count(const ApiRollout *rollout, size_t *ret_n, size_t *ret_n_done);
bool api_rollout_has_failed(const ApiRollout *rollout); /* one of its units */
bool api_rollout_find_unit(const ApiRollout *rollout, const char *name, ApiRolloutUnit *ret);
/* Read by api_rollout_read(). The caller puts it. */
int api_get_rollout(ApiClient *client, const char *unit, json_object **ret, Error *reterr);
