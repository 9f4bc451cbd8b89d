/* Moves that even the load out. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetd/base/json.h"
#include "fleetd/model/rebalance.h"

/* Borrows from the JSON that it was read from. */
typedef struct ApiRebalance {
    bool is_under_way;
    int64_t id;           /* 0: none was asked for */
    RebalancePhase phase; /* _REBALANCE_PHASE_INVALID: one that this fleetctl does not know */
    const char *why;      /* NULL: it does not wait */
    json_object *moves;   /* NULL: none */
} ApiRebalance;

typedef struct ApiMove {
    const char *unit, *from, *to;
    MovePhase phase; /* _MOVE_PHASE_INVALID: likewise */
    const char *why; /* NULL: nothing to be said */
} ApiMove;

/* Whether the object, an event or an answer, is well-formed. -EBADMSG. */
int api_rebalance_read(json_object *json, ApiRebalance *ret, Error *reterr);
size_t api_rebalance_count(const ApiRebalance *rebalance);
int api_rebalance_get_move(const ApiRebalance *rebalance, size_t i, ApiMove *ret, Error *reterr);

/* What was asked for last. The caller puts it. */
int api_get_rebalance(ApiClient *client, json_object **ret, Error *reterr);
/* max_moves 0: all that help. 1: asked for; 0: a dry run, and one is under way. ret_revision: names
 * the request in the events. */
int api_put_rebalance(ApiClient *client, int64_t max_moves, bool is_dry_run, int64_t *ret_revision,
                      Error *reterr);
/* 1: it is cancelled; 0: none was under way. */
int api_delete_rebalance(ApiClient *client, Error *reterr);
