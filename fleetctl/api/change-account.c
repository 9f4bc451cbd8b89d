#include "fleetctl/api/change-account.h"

#include "fleetd/base/strv.h"

#include <errno.h>

#define NAMES_MAX 5 /* of a kind; more would hide what it is about */

static const struct {
    const char *word;
    bool counts[_API_OUTCOME_MAX];
} kinds[] = {
    {"done", {[API_OUTCOME_DONE] = true, [API_OUTCOME_CREATED] = true, [API_OUTCOME_GONE] = true}},
    {"perhaps done", {[API_OUTCOME_OPEN] = true}},
    {"not done", {[API_OUTCOME_REFUSED] = true, [API_OUTCOME_NOT_SENT] = true}},
};

/* "done: a.service, b.service", or nothing for a kind that there is none of. */
static int kind_add(size_t kind, const ApiChange *changes, size_t n, char ***groups) {
    _cleanup_(strv_freep) char **names = NULL;
    size_t n_names = 0;
    for (size_t i = 0; i < n; i++)
        if (kinds[kind].counts[changes[i].outcome] && n_names++ < NAMES_MAX &&
            strv_push(&names, changes[i].name) < 0)
            return -ENOMEM;
    if (n_names == 0)
        return 0;
    _cleanup_free_ char *joined = strv_join(names, ", ");
    _cleanup_free_ char *more =
        n_names > NAMES_MAX ? str_printf(" and %zu more", n_names - NAMES_MAX) : strdup("");
    _cleanup_free_ char *group =
        joined && more ? str_printf("%s: %s%s", kinds[kind].word, joined, more) : NULL;
    return group ? strv_push(groups, group) : -ENOMEM;
}

static bool was_sent(const ApiChange *change) {
    return change->outcome != API_OUTCOME_NOT_SENT;
}

int changes_account(const ApiChange *changes, size_t n, int r, Error *reterr) {
    _cleanup_(strv_freep) char **groups = NULL;
    size_t n_sent = 0;
    for (size_t i = 0; i < n; i++)
        n_sent += was_sent(&changes[i]);
    if (n < 2 || n_sent == 0)
        return r;
    for (size_t kind = 0; kind < ELEMENTSOF(kinds); kind++)
        if (kind_add(kind, changes, n, &groups) < 0)
            return r;
    _cleanup_free_ char *text = strv_join(groups, "; ");
    return text ? error_prefix(reterr, r, "Not all of %zu requests were answered (%s)", n, text)
                : r;
}

int creations_account(size_t n_created, size_t n, int r, Error *reterr) {
    if (n_created == 0)
        return r;
    return error_prefix(reterr, r, "%zu of %zu units were created; of the others", n_created, n);
}
