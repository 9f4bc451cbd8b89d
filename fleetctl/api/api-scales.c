#include "fleetctl/api/api-scales.h"

#include "fleetctl/api/api-requests.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static char *path_of(const char *template) {
    _cleanup_free_ char *escaped = api_escape(template);
    return escaped ? str_printf("/scales/%s", escaped) : NULL;
}

static int run(ApiClient *client, ApiCall *call, int64_t *ret_revision, Error *reterr) {
    int r = api_client_run(client, call, 1, reterr);
    if (r >= 0 && call->status != 204)
        r = api_answer_error(call->status, call->answer, call->answer_size, reterr);
    if (r >= 0)
        *ret_revision = call->revision;
    return r;
}

static ApiCall *call_new(const char *method, const char *template) {
    ApiCall *call = calloc(1, sizeof(ApiCall));
    if (!call)
        return NULL;
    *call = (ApiCall){.method = method, .path = path_of(template)};
    if (call->path)
        return call;
    api_calls_free(call, 1);
    return NULL;
}

int api_put_scale(ApiClient *client, const char *template, uint64_t count, int64_t *ret_revision,
                  Error *reterr) {
    ApiCall *call = call_new("PUT", template);
    if (!call)
        return -ENOMEM;
    call->body = str_printf("{\"count\":%llu}", (unsigned long long) count);
    int r = call->body ? run(client, call, ret_revision, reterr) : -ENOMEM;
    api_calls_free(call, 1);
    return r;
}

int api_delete_scale(ApiClient *client, const char *template, Error *reterr) {
    int64_t revision;
    ApiCall *call = call_new("DELETE", template);
    if (!call)
        return -ENOMEM;
    int r = run(client, call, &revision, reterr);
    api_calls_free(call, 1);
    return r;
}
