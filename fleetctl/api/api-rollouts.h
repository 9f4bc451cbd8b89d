/* Deployments, and how far they have come. As api-requests.h. */
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

/* 0; -EREMOTEIO: refused, in the API's words. ret_revision: names the request in the events. */
int api_put_rollout(ApiClient *client, const char *unit, const DeployRequest *request,
                    int64_t *ret_revision, Error *reterr);
int api_patch_rollout(ApiClient *client, const char *unit, const char *action,
                      int64_t *ret_revision, Error *reterr);
/* Read by api_rollout_read(). The caller puts it. */
int api_get_rollout(ApiClient *client, const char *unit, json_object **ret, Error *reterr);
