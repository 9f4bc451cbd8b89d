#include "fleetctl/api/api-list.h"

#include "fleetctl/api/api-call.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static const struct {
    const char *path, *field;
} resources[_API_RESOURCE_MAX] = {
    [API_UNITS] = {"/units", "units"},
    [API_STATES] = {"/state", "states"},
    [API_MACHINES] = {"/machines", "machines"},
    [API_UNIT_FILES] = {"/units?text=true", "units"},
    [API_ORPHANS] = {"/orphans", "orphans"},
    [API_REBOOTS] = {"/reboots", "reboots"},
    [API_ROLLOUTS] = {"/rollouts", "rollouts"},
    [API_SCALES] = {"/scales", "scales"},
    [API_MAINTENANCE] = {"/maintenance", "maintenance"},
    [API_METADATA] = {"/metadata", "metadata"},
    [API_UNREADABLE] = {"/unreadable", "unreadable"},
};

/* A list under way: a page, the next one of which is asked for before it is read. */
typedef struct Listing {
    ApiClient *client;
    ApiResource resource;
    ApiPageHandler handler;
    void *userdata;
    ApiCall *call; /* for the page that is to come; NULL: there is none */
    ApiRun *run;
} Listing;

static void listing_done(Listing *listing) {
    api_run_cancel(listing->run);
    api_call_free(listing->call);
}

/* token NULL: the first page. */
static char *page_path(ApiResource resource, const char *token) {
    const char *path = resources[resource].path;
    _cleanup_free_ char *escaped = api_escape(str_or(token, ""));
    if (!escaped)
        return NULL;
    return token ? str_printf("%s%snextPageToken=%s", path, strchr(path, '?') ? "&" : "?", escaped)
                 : strdup(path);
}

static int page_begin(Listing *listing, const char *token, Error *reterr) {
    listing->call = calloc(1, sizeof(ApiCall));
    if (!listing->call)
        return -ENOMEM;
    *listing->call = (ApiCall){.method = "GET", .path = page_path(listing->resource, token)};
    return listing->call->path
               ? api_run_begin(listing->client, listing->call, 1, &listing->run, reterr)
               : -ENOMEM;
}

static int page_begin_after(Listing *listing, const ApiCall *call, const char *token,
                            Error *reterr) {
    _cleanup_free_ char *path = page_path(listing->resource, token);
    if (path && streq(path, call->path))
        return error_set(reterr, -EBADMSG, "page '%s' names itself as the next one", token);
    return page_begin(listing, token, reterr);
}

/* A fleetd of an earlier version says what comes next in the page alone. */
static int page_begin_after_text(Listing *listing, const ApiCall *call, json_object *page,
                                 Error *reterr) {
    const char *token = NULL;
    int r = json_get_string(page, "nextPageToken", &token, reterr);
    if (r < 0)
        return r;
    return str_is_empty(token) ? 0 : page_begin_after(listing, call, token, reterr);
}

static int page_read(Listing *listing, const ApiCall *call, json_object **ret,
                     json_object **ret_items, Error *reterr) {
    const char *field = resources[listing->resource].field;
    int r = api_call_document(call, ret, reterr);
    if (r >= 0)
        r = json_get_array(*ret, field, ret_items, reterr);
    if (r == -EREMOTEIO || r == -EBADMSG)
        return error_prefix(reterr, r, "Failed to list %s", field);
    return r;
}

static int page_take(Listing *listing, Error *reterr) {
    _cleanup_api_call_ ApiCall *call = TAKE_PTR(listing->call);
    _cleanup_json_ json_object *page = NULL;
    json_object *items = NULL;
    int r = call->next_page ? page_begin_after(listing, call, call->next_page, reterr) : 0;
    if (r >= 0)
        r = page_read(listing, call, &page, &items, reterr);
    if (r >= 0 && items)
        r = listing->handler(items, listing->userdata, reterr);
    if (r < 0 || listing->call)
        return r;
    return page_begin_after_text(listing, call, page, reterr);
}

int api_list_pages(ApiClient *client, ApiResource resource, ApiPageHandler handler, void *userdata,
                   Error *reterr) {
    _cleanup_(listing_done) Listing listing = {
        .client = client, .resource = resource, .handler = handler, .userdata = userdata};
    int r = page_begin(&listing, NULL, reterr);
    while (r >= 0 && listing.call) {
        r = api_run_end(TAKE_PTR(listing.run));
        if (r >= 0)
            r = page_take(&listing, reterr);
    }
    return r < 0 ? r : 0;
}

static int page_append(json_object *items, void *userdata, Error *reterr) {
    json_object *array = userdata;
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        json_object *item = json_object_get(json_object_array_get_idx(items, i)); /* or null */
        if (json_object_array_add(array, item) < 0) {
            json_object_put(item);
            return -ENOMEM;
        }
    }
    return 0;
}

int api_list(ApiClient *client, ApiResource resource, json_object **ret_array, Error *reterr) {
    _cleanup_json_ json_object *array = json_object_new_array();
    int r = array ? api_list_pages(client, resource, page_append, array, reterr) : -ENOMEM;
    if (r < 0)
        return r;
    *ret_array = TAKE_PTR(array);
    return 0;
}
