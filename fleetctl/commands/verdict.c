/* Whether the cluster is as it should be, in a sentence. */
#include "fleetctl/commands/cluster-status.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static int64_t count_no_leader(json_object *status) {
    return status_field(status, "leader") ? 0 : 1;
}

static int64_t count_held(json_object *status) {
    return (int64_t) status_length(status_field(status, "failover"), "machines");
}

static int64_t count_missing(json_object *status) {
    return (int64_t) status_length(status_field(status, "machines"), "missing");
}

static int64_t count_failed(json_object *status) {
    return status_number(status_field(status, "units"), "failed");
}

static int64_t count_unhealthy(json_object *status) {
    return status_number(status_field(status, "units"), "unhealthy");
}

static int64_t count_waiting(json_object *status) {
    return status_number(status_field(status, "units"), "waiting");
}

static int64_t count_starting(json_object *status) {
    return status_number(status_field(status, "units"), "starting");
}

static int64_t count_stopping(json_object *status) {
    return status_number(status_field(status, "units"), "stopping");
}

static int64_t count_reboots(json_object *status, bool is_failed) {
    int64_t n = 0;
    for (size_t i = 0; i < status_length(status, "reboots"); i++) {
        const char *phase = status_text(status_item(status, "reboots", i), "phase");
        n += streq_ptr(phase, "failed") == is_failed;
    }
    return n;
}

static int64_t count_failed_reboots(json_object *status) {
    return count_reboots(status, true);
}

static int64_t count_going_reboots(json_object *status) {
    return count_reboots(status, false);
}

static int64_t count_draining(json_object *status) {
    int64_t n = 0;
    for (size_t i = 0; i < status_length(status, "maintenance"); i++)
        n += status_number(status_item(status, "maintenance", i), "remaining") > 0;
    return n;
}

static int64_t count_rollouts(json_object *status) {
    return (int64_t) status_length(status, "rollouts");
}

static int64_t count_rebalances(json_object *status) {
    return status_field(status, "rebalance") ? 1 : 0;
}

static int64_t count_orphans(json_object *status) {
    return status_number(status, "orphans");
}

static int64_t count_unreadable(json_object *status) {
    return status_number(status_field(status, "unreadable"), "count");
}

/* What there is to be said, the worst first. */
static const struct {
    int64_t (*count)(json_object *status);
    const char *of_one, *of_many; /* with the number before it */
    Tone tone;
    bool is_wrong;
} concerns[] = {
    {count_no_leader, "nobody leads", "", TONE_BAD, true},
    {count_held, "1 vanished machine is not given up yet", "vanished machines are not given up yet",
     TONE_BAD, true},
    {count_missing, "1 machine is missing", "machines are missing", TONE_BAD, true},
    {count_failed, "1 unit has failed", "units have failed", TONE_BAD, true},
    {count_unhealthy, "1 unit is unhealthy", "units are unhealthy", TONE_BAD, true},
    {count_failed_reboots, "1 reboot has failed", "reboots have failed", TONE_BAD, true},
    {count_unreadable, "1 value of the store cannot be read", "values of the store cannot be read",
     TONE_BAD, true},
    {count_waiting, "1 unit waits for a place", "units wait for a place", TONE_BUSY, true},
    {count_orphans, "1 unit is there for another cluster", "units are there for another cluster",
     TONE_BUSY, true},
    {count_starting, "1 unit is starting", "units are starting", TONE_BUSY, false},
    {count_stopping, "1 unit is stopping", "units are stopping", TONE_BUSY, false},
    {count_rollouts, "1 deployment is under way", "deployments are under way", TONE_BUSY, false},
    {count_rebalances, "a rebalance is under way", "", TONE_BUSY, false},
    {count_draining, "1 machine is being drained", "machines are being drained", TONE_BUSY, false},
    {count_going_reboots, "1 machine is to be rebooted", "machines are to be rebooted", TONE_BUSY,
     false},
};

static int verdict_add_take(Verdict *verdict, char *concern) {
    char *longer =
        concern && verdict->text ? str_printf("%s, %s", verdict->text, concern) : concern;
    if (longer != concern)
        free(concern);
    if (!longer)
        return -ENOMEM;
    free(verdict->text);
    verdict->text = longer;
    return 0;
}

#define CONCERNS_MAX 4 /* that are told: the screen has the rest */

int verdict_find(json_object *status, Verdict *ret) {
    Verdict verdict = {.tone = TONE_GOOD};
    size_t n_told = 0;
    for (size_t i = 0; i < ELEMENTSOF(concerns); i++) {
        int64_t n = concerns[i].count(status);
        if (n == 0)
            continue;
        verdict.tone = MAX(verdict.tone, concerns[i].tone);
        verdict.is_wrong |= concerns[i].is_wrong;
        if (n_told++ > CONCERNS_MAX)
            continue;
        char *concern = n_told > CONCERNS_MAX ? strdup("and more")
                        : n == 1              ? strdup(concerns[i].of_one)
                                 : str_printf("%lld %s", (long long) n, concerns[i].of_many);
        if (verdict_add_take(&verdict, concern) < 0) {
            free(verdict.text);
            return -ENOMEM;
        }
    }
    if (!verdict.text && !(verdict.text = strdup("all is as it should be")))
        return -ENOMEM;
    *ret = verdict;
    return 0;
}
