/* Single requests, and what their answers mean. None of it may be called from inside a callback of
 * the loop. Negative results have a message in reterr; -EREMOTEIO: the answer says why not. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetd/base/json.h"

/* "/rollouts/web%401.service"; name NULL: the resource itself. NULL when out of memory. */
char *api_path(const char *resource, const char *name);

/* What a call was answered with. The caller puts it. */
int api_call_document(const ApiCall *call, json_object **ret, Error *reterr);
/* 1: it was done; 0: the status is otherwise (0: there is no such), which changed nothing and is no
 * error. ret_revision: names the request in the events. */
int api_call_judge(const ApiCall *call, unsigned otherwise, int64_t *ret_revision, Error *reterr);

/* One request each. Taken over are path and body, where NULL is -ENOMEM. */
int api_get_take(ApiClient *client, char *path_take, json_object **ret, Error *reterr);
/* Answered as api_call_judge(). */
int api_send_take(ApiClient *client, const char *method, char *path_take, char *body_take,
                  unsigned otherwise, int64_t *ret_revision, Error *reterr);
/* Without a body. */
int api_do_take(ApiClient *client, const char *method, char *path_take, unsigned otherwise,
                Error *reterr);
/* A question that has a body. */
int api_ask_take(ApiClient *client, const char *method, char *path_take, char *body_take,
                 json_object **ret, Error *reterr);
