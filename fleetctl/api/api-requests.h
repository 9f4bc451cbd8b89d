/* What fleetctl asks of the API: lists with all their pages, single units, and changes, many at a
 * time. None of it may be called from inside a callback of the loop. Negative results have a
 * message in reterr. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/api-objects.h"

typedef enum ApiResource {
    API_UNITS,
    API_STATES,
    API_MACHINES,
    API_UNIT_FILES, /* units with the texts of their files */
    API_ORPHANS,
    API_REBOOTS,
    API_MAINTENANCE, /* machines that are cordoned or drained, here or away */
    API_ROLLOUTS,
    API_SCALES,
    API_METADATA,   /* that were set, by machine */
    API_UNREADABLE, /* keys of the store */
    _API_RESOURCE_MAX,
} ApiResource;

/* What a call was answered with. The caller puts it. */
int api_call_document(const ApiCall *call, json_object **ret, Error *reterr);

/* Runs one GET; -EREMOTEIO: the answer says why not. The caller puts it. */
int api_get_document_take(ApiClient *client, char *path_take, json_object **ret, Error *reterr);

/* Gives a handler the items of one page after another, while the next page is on its way; names
 * that begin a page come after those of the page before. The handler borrows them, and ends the
 * listing by a negative result. */
typedef int (*ApiPageHandler)(json_object *items, void *userdata, Error *reterr);
int api_list_pages(ApiClient *client, ApiResource resource, ApiPageHandler handler, void *userdata,
                   Error *reterr);

/* All items of all pages, in one array. The caller puts it. */
int api_list(ApiClient *client, ApiResource resource, json_object **ret_array, Error *reterr);

typedef struct ApiUnits {
    json_object *array; /* what the items borrow from */
    ApiUnit *items;
    size_t n;
} ApiUnits;

int api_list_units(ApiClient *client, ApiUnits *ret, Error *reterr);

/* One item per name, in their order, with the text of its unit file; an item without a name is
 * unknown to the cluster. */
int api_get_units(ApiClient *client, char *const *names, ApiUnits *ret, Error *reterr);
void api_units_done(ApiUnits *units);
#define _cleanup_api_units_ _cleanup_(api_units_done)

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

/* Changes metadata of machines: a JSON Patch, of no more operations than the API takes. */
int api_patch_machines(ApiClient *client, json_object *operations, Error *reterr);
#define API_PATCH_MAX 128

/* Sends them all and fills in what became of each. Negative: some were perhaps not sent; of several
 * the message says what became of each. */
int api_send_changes(ApiClient *client, ApiChange *changes, size_t n, Error *reterr);
/* Frees what that filled in. */
void api_changes_done(ApiChange *changes, size_t n);
