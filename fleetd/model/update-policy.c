#include "fleetd/model/update-policy.h"

#include "fleetd/model/enum-names.h"
#include "fleetd/model/text.h"

static const char *const on_failure_words[_UPDATE_ON_FAILURE_MAX] = {
    [UPDATE_ROLLBACK] = "rollback",
    [UPDATE_PAUSE] = "pause",
    [UPDATE_CONTINUE] = "continue",
};

static const char *const order_words[_UPDATE_ORDER_MAX] = {
    [UPDATE_STOP_FIRST] = "stop-first",
    [UPDATE_START_FIRST] = "start-first",
};

const EnumNames update_on_failure_names = ENUM_NAMES(on_failure_words);
const EnumNames update_order_names = ENUM_NAMES(order_words);

const char *update_on_failure_to_string(UpdateOnFailure on_failure) {
    return enum_to_string(&update_on_failure_names, (int) on_failure);
}

const char *update_order_to_string(UpdateOrder order) {
    return enum_to_string(&update_order_names, (int) order);
}

int update_policy_set_on_failure(UpdatePolicy *policy, const char *word, Error *reterr) {
    int value = enum_from_string(&update_on_failure_names, word);
    if (value < 0)
        return error_set(reterr, -EINVAL, "'%.*s' is none of rollback, pause and continue",
                         TEXT_SHORT(word));
    policy->on_failure = (UpdateOnFailure) value;
    return 0;
}

int update_policy_set_order(UpdatePolicy *policy, const char *word, Error *reterr) {
    int value = enum_from_string(&update_order_names, word);
    if (value < 0)
        return error_set(reterr, -EINVAL, "'%.*s' is neither stop-first nor start-first",
                         TEXT_SHORT(word));
    policy->order = (UpdateOrder) value;
    return 0;
}

int update_policy_check(const UpdatePolicy *policy, Error *reterr) {
    if (policy->parallel == 0)
        return error_set(reterr, -EINVAL, "at least one unit has to be updated at a time");
    if (policy->healthy_usec >= policy->deadline_usec)
        return error_set(reterr, -EINVAL,
                         "the time to be healthy is not shorter than the time to become so");
    return 0;
}
