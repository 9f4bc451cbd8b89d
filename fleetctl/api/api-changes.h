/* Requests that change units, many at a time. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetd/model/launch-state.h"

typedef enum ApiOutcome {
    API_OUTCOME_DONE,
    API_OUTCOME_CREATED, /* the unit is new to the cluster */
    API_OUTCOME_GONE,    /* of a removal: the cluster does not know the unit any more */
    API_OUTCOME_REFUSED,
    API_OUTCOME_OPEN, /* there was no answer: perhaps it was carried out */
    API_OUTCOME_NOT_SENT,
    _API_OUTCOME_MAX,
} ApiOutcome;

/* A request for one unit, and what became of it. */
typedef struct ApiChange {
    const char *name;
    bool is_removal;
    bool is_creation; /* refused where the unit is known */
    LaunchState desired;
    const char *text; /* the whole unit file when it is to be created or replaced; NULL: as it is */
    size_t text_size;
    ApiOutcome outcome;
    int64_t revision; /* names the request in the events */
    char *refusal;    /* the API's words, of API_OUTCOME_REFUSED */
} ApiChange;

/* Sends them all and fills in what became of each. Negative: some were perhaps not sent; of several
 * the message says what became of each. */
int api_send_changes(ApiClient *client, ApiChange *changes, size_t n, Error *reterr);
/* Frees what that filled in. */
void api_changes_done(ApiChange *changes, size_t n);
