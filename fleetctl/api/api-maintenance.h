/* What is wanted of machines: metadata, cordons, drains and reboots. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetd/base/json.h"

/* Changes metadata of machines: a JSON Patch, of no more operations than the API takes. */
int api_patch_machines(ApiClient *client, json_object *operations, Error *reterr);
#define API_PATCH_MAX 128

typedef struct MaintenanceRequest {
    bool is_drain, ignores_global;
    usec_t deadline_usec; /* from now; 0: none */
    const char *message;  /* NULL: none */
} MaintenanceRequest;

/* ret_revision: names the request in the events. */
int api_put_maintenance(ApiClient *client, const char *machine_id,
                        const MaintenanceRequest *request, int64_t *ret_revision, Error *reterr);
/* 1: vanished machines are given up now; 0: none were held. */
int api_release_failover(ApiClient *client, Error *reterr);
/* 1: the machine is eligible for units again; 0: it was before. */
int api_delete_maintenance(ApiClient *client, const char *machine_id, Error *reterr);

typedef struct RebootRequest {
    int64_t max_parallel;               /* 0: fleetd's default */
    usec_t deadline_usec, timeout_usec; /* 0: none; fleetd's default */
    const char *message;                /* NULL: none */
} RebootRequest;

/* All at once, or the first to go down might be the one that is asked. A call for each, freed by
 * api_calls_free() even when it fails, unless NULL: what has no answer then has status 0. */
int api_put_reboots(ApiClient *client, char *const *machine_ids, const RebootRequest *request,
                    ApiCall **ret_calls, Error *reterr);
/* Of one that was answered. 1: it will be; 0: it was to be already. */
int api_judge_reboot(const ApiCall *call, int64_t *ret_revision, Error *reterr);
/* 1: it is cancelled; 0: there was none. */
int api_delete_reboot(ApiClient *client, const char *machine_id, Error *reterr);
