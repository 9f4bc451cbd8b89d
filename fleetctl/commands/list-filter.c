#include "fleetctl/commands/list-filter.h"

#include "fleetctl/units/machine-select.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static int state_check(const List *list, const char *state, Error *reterr) {
    if (strv_contains((char *const *) list->states, state))
        return 0;
    const char *suggestion = str_suggest(state, list->states);
    if (suggestion)
        return error_set(reterr, -EINVAL, "--state: unknown state '%s' (did you mean '%s'?)", state,
                         suggestion);
    return error_set(reterr, -EINVAL, "--state: unknown state '%s'; %s", state, list->states_hint);
}

static int states_read(const List *list, const char *text, char ***ret, Error *reterr) {
    _cleanup_(strv_freep) char **states = NULL;
    int r = strv_split(text, ", ", &states);
    if (r >= 0 && strv_length(states) == 0)
        r = state_check(list, text, reterr);
    STRV_FOREACH (state, states)
        r = r < 0 ? r : state_check(list, *state, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(states);
    return 0;
}

int list_filter_init(const Context *context, const List *list, const char *const *operands,
                     ListFilter *ret, Error *reterr) {
    _cleanup_list_filter_ ListFilter filter = {.list = list, .operands = operands};
    const Options *options = context->options;
    filter.has_met = calloc(strv_length((char *const *) operands) + 1, sizeof(bool));
    int r = filter.has_met ? 0 : -ENOMEM;
    if (r >= 0 && options->state)
        r = states_read(list, options->state, &filter.states, reterr);
    if (r >= 0 && options->machine) {
        r = machines_select(context->api, options->machine, &filter.machine_ids, reterr);
        r = r < 0 ? error_prefix(reterr, r, "--machine") : r;
    }
    if (r < 0)
        return r;
    *ret = filter;
    filter = (ListFilter){};
    return 0;
}

void list_filter_done(ListFilter *filter) {
    free(filter->has_met);
    strv_free(filter->states);
    strv_free(filter->machine_ids);
    *filter = (ListFilter){};
}

int list_filter_check_operands(const ListFilter *filter, const Context *context, Error *reterr) {
    const List *list = filter->list;
    _cleanup_(strv_freep) char **unmet = NULL;
    for (size_t i = 0; filter->operands[i]; i++)
        if (!filter->has_met[i] && !list->operand_is_choice(filter->operands[i]) &&
            strv_push(&unmet, filter->operands[i]) < 0)
            return -ENOMEM;
    return unmet ? list->complain_unknown(context, unmet, reterr) : 0;
}

static bool operands_match(ListFilter *filter, const void *object) {
    bool is_meant = !filter->operands[0];
    for (size_t i = 0; filter->operands[i]; i++)
        if (filter->list->is_meant(object, filter->operands[i]))
            is_meant = filter->has_met[i] = true;
    return is_meant;
}

static bool states_match(const ListFilter *filter, const void *object) {
    STRV_FOREACH (state, filter->states)
        if (filter->list->has_state(object, *state))
            return true;
    return !filter->states;
}

bool list_filter_matches(ListFilter *filter, const void *object) {
    return operands_match(filter, object) && states_match(filter, object) &&
           (!filter->machine_ids ||
            strv_contains(filter->machine_ids, filter->list->machine_id(object)));
}
