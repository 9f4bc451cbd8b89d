#include "fleetd/model/deployment.h"

#include "fleetd/model/record.h"

#include <errno.h>

static const RecordField fields[] = {
    {"hash", &field_string, offsetof(Deployment, hash)},
    {"restart", &field_flag, offsetof(Deployment, is_restart)},
    {"sinceUsec", &field_number, offsetof(Deployment, since_usec), true},
    {"parallel", &field_number, offsetof(Deployment, policy.parallel)},
    {"canaries", &field_count, offsetof(Deployment, policy.canaries)},
    {"healthyUsec", &field_number, offsetof(Deployment, policy.healthy_usec)},
    {"deadlineUsec", &field_number, offsetof(Deployment, policy.deadline_usec)},
    {"onFailure", &field_enum, offsetof(Deployment, policy.on_failure), false,
     &update_on_failure_names},
    {"order", &field_enum, offsetof(Deployment, policy.order), false, &update_order_names},
    {"message", &field_string, offsetof(Deployment, message)},
    {"paused", &field_flag, offsetof(Deployment, is_paused)},
    {"resumed", &field_count, offsetof(Deployment, n_resumed)},
    {"promoted", &field_flag, offsetof(Deployment, is_promoted)},
    {"undone", &field_flag, offsetof(Deployment, is_undone)},
};

char *deployment_format(const Deployment *deployment) {
    return record_format(fields, ELEMENTSOF(fields), deployment);
}

int deployment_parse(const char *name, const char *text, size_t size, Deployment **ret,
                     Error *reterr) {
    _cleanup_(deployment_freep) Deployment *deployment = calloc(1, sizeof(Deployment));
    if (!deployment || !(deployment->name = strdup(name)))
        return -ENOMEM;
    deployment->policy = UPDATE_POLICY_DEFAULT;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, deployment, reterr);
    if (r < 0)
        return r;
    if (deployment->is_restart == (deployment->hash != NULL))
        return error_set(reterr, -EBADMSG, "%s",
                         deployment->hash ? "a restart that brings a file"
                                          : "field 'hash' is missing");
    *ret = TAKE_PTR(deployment);
    return 0;
}

void deployment_free(Deployment *deployment) {
    if (!deployment)
        return;
    free(deployment->name);
    free(deployment->hash);
    free(deployment->message);
    free(deployment);
}
