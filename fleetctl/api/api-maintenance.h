/* What is wanted of machines: cordons and drains. As api-requests.h. */
#pragma once

#include "fleetctl/api/api-client.h"

typedef struct MaintenanceRequest {
    bool is_drain, ignores_global;
    usec_t deadline_usec; /* from now; 0: none */
    const char *message;  /* NULL: none */
} MaintenanceRequest;

/* ret_revision: names the request in the events. */
int api_put_maintenance(ApiClient *client, const char *machine_id,
                        const MaintenanceRequest *request, int64_t *ret_revision, Error *reterr);
/* 1: the machine is eligible for units again; 0: it was before. */
int api_delete_maintenance(ApiClient *client, const char *machine_id, Error *reterr);
