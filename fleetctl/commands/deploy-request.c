#include "fleetctl/commands/deploy-request.h"

#include "fleetd/model/update-policy.h"

#include <errno.h>

static int options_check(const Options *options, Error *reterr) {
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    int r = 0;
    if (options->on_failure &&
        (r = update_policy_set_on_failure(&policy, options->on_failure, reterr)) < 0)
        return error_prefix(reterr, r, "--on-failure");
    if (options->order && (r = update_policy_set_order(&policy, options->order, reterr)) < 0)
        return error_prefix(reterr, r, "--order");
    return 0;
}

int deploy_request_fill(const Options *options, DeployRequest *ret, Error *reterr) {
    bool has_canaries = options->given & FLAG_BIT(FLAG_CANARIES),
         has_time = options->given & FLAG_BIT(FLAG_HEALTHY_TIME),
         has_deadline = options->given & FLAG_BIT(FLAG_HEALTHY_DEADLINE);
    int r = options_check(options, reterr);
    if (r < 0)
        return r;
    *ret = (DeployRequest){
        .parallel = options->parallel,
        .canaries = has_canaries ? options->canaries : -1,
        .healthy_usec = has_time ? options->healthy_usec : USEC_INFINITY,
        .deadline_usec = has_deadline ? options->healthy_deadline_usec : USEC_INFINITY,
        .on_failure = options->on_failure,
        .order = options->order,
        .message = options->message,
        .check_revision = options->check_revision,
    };
    return 0;
}
