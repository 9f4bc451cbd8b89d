#include "fleetctl/api/api-call.h"

#include "fleetd/base/strv.h"

#include <errno.h>

char *api_path(const char *resource, const char *name) {
    _cleanup_free_ char *escaped = api_escape(str_or(name, ""));
    return escaped ? str_printf("/%s%s%s", resource, name ? "/" : "", escaped) : NULL;
}

int api_call_document(const ApiCall *call, json_object **ret, Error *reterr) {
    if (call->status != 200)
        return api_answer_error(call->status, call->answer, call->answer_size, reterr);
    return json_parse(call->answer, call->answer_size, ret, reterr);
}

int api_call_judge(const ApiCall *call, unsigned otherwise, int64_t *ret_revision, Error *reterr) {
    if (call->status != 204 && call->status != otherwise)
        return api_answer_error(call->status, call->answer, call->answer_size, reterr);
    if (call->status == 204)
        *ret_revision = call->revision;
    return call->status == 204;
}

static int call_run_take(ApiClient *client, const char *method, char *path_take, char *body_take,
                         ApiCall **ret, Error *reterr) {
    _cleanup_free_ char *path = path_take, *body = body_take;
    _cleanup_api_call_ ApiCall *call = calloc(1, sizeof(ApiCall));
    if (!call || !path)
        return -ENOMEM;
    *call = (ApiCall){.method = method, .path = TAKE_PTR(path), .body = TAKE_PTR(body)};
    int r = api_client_run(client, call, 1, reterr);
    if (r >= 0)
        *ret = TAKE_PTR(call);
    return r;
}

int api_get_take(ApiClient *client, char *path_take, json_object **ret, Error *reterr) {
    _cleanup_api_call_ ApiCall *call = NULL;
    int r = call_run_take(client, "GET", path_take, NULL, &call, reterr);
    return r < 0 ? r : api_call_document(call, ret, reterr);
}

static int body_run_take(ApiClient *client, const char *method, char *path_take, char *body_take,
                         ApiCall **ret, Error *reterr) {
    if (body_take)
        return call_run_take(client, method, path_take, body_take, ret, reterr);
    free(path_take);
    return -ENOMEM;
}

int api_ask_take(ApiClient *client, const char *method, char *path_take, char *body_take,
                 json_object **ret, Error *reterr) {
    _cleanup_api_call_ ApiCall *call = NULL;
    int r = body_run_take(client, method, path_take, body_take, &call, reterr);
    return r < 0 ? r : api_call_document(call, ret, reterr);
}

int api_send_take(ApiClient *client, const char *method, char *path_take, char *body_take,
                  unsigned otherwise, int64_t *ret_revision, Error *reterr) {
    _cleanup_api_call_ ApiCall *call = NULL;
    int r = body_run_take(client, method, path_take, body_take, &call, reterr);
    return r < 0 ? r : api_call_judge(call, otherwise, ret_revision, reterr);
}

int api_do_take(ApiClient *client, const char *method, char *path_take, unsigned otherwise,
                Error *reterr) {
    _cleanup_api_call_ ApiCall *call = NULL;
    int64_t revision;
    int r = call_run_take(client, method, path_take, NULL, &call, reterr);
    return r < 0 ? r : api_call_judge(call, otherwise, &revision, reterr);
}
