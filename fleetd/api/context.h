/* What the parts of the API share. */
#pragma once

#include "fleetd/api/answer.h"
#include "fleetd/api/api.h"
#include "fleetd/api/view.h"

typedef struct Reads Reads;
typedef struct Events Events;
typedef struct ApiWrite ApiWrite;

struct Api {
    ApiOptions options; /* with the defaults filled in */
    Reads *reads;
    Events *events;
    Store *gathering; /* for the transactions on units */
    LIST_HEAD(, ApiWrite) writes;
    char *discovery;      /* the document, once somebody has asked for it */
    int64_t acknowledged; /* the latest revision that a request was told: reads show it */
};

/* A handler that answers from the view; it runs once the store has shown that it answers and the
 * view has caught up. name is the last piece of the path, "" for a collection. */
typedef void (*ReadHandler)(Api *api, ApiExchange *exchange, const char *name, View *view);
/* A handler that goes to the store itself. */
typedef void (*WriteHandler)(Api *api, ApiExchange *exchange, const char *name);

void units_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void units_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void units_put(Api *api, ApiExchange *exchange, const char *name);
void units_post(Api *api, ApiExchange *exchange, const char *name);
void units_delete(Api *api, ApiExchange *exchange, const char *name);
void versions_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void placements_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void states_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void states_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void orphans_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void unreadable_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void machines_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void metadata_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void machines_patch(Api *api, ApiExchange *exchange, const char *name);
void maintenance_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void maintenance_put(Api *api, ApiExchange *exchange, const char *name);
void maintenance_delete(Api *api, ApiExchange *exchange, const char *name);
void status_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void failover_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void failover_release(Api *api, ApiExchange *exchange, const char *name);
void rebalance_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void rebalance_put(Api *api, ApiExchange *exchange, const char *name);
void rebalance_delete(Api *api, ApiExchange *exchange, const char *name);
void reboots_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void reboots_put(Api *api, ApiExchange *exchange, const char *name);
void reboots_delete(Api *api, ApiExchange *exchange, const char *name);
void rollouts_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void rollouts_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void rollouts_put(Api *api, ApiExchange *exchange, const char *name);
void rollouts_put_restart(Api *api, ApiExchange *exchange, const char *name);
void rollouts_patch(Api *api, ApiExchange *exchange, const char *name);
void plan_post(Api *api, ApiExchange *exchange, const char *name);
void scales_list(Api *api, ApiExchange *exchange, const char *name, View *view);
void scales_get(Api *api, ApiExchange *exchange, const char *name, View *view);
void scales_put(Api *api, ApiExchange *exchange, const char *name);
void scales_delete(Api *api, ApiExchange *exchange, const char *name);
void discovery_get(Api *api, ApiExchange *exchange, const char *name);
void metrics_get(Api *api, ApiExchange *exchange, const char *name);
void events_stream(Api *api, ApiExchange *exchange, const char *name, View *view);

/* Answers what is under way: nothing more is waited for. */
void api_writes_end(Api *api);
