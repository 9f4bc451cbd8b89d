#include "fleetd/systemd/bus-job-result.h"

#include "fleetd/base/strv.h"

#include <signal.h>

static const struct {
    const char *word;
    JobResult result;
    const char *meaning;
} results[] = {
    {"done", JOB_RESULT_DONE, NULL},
    {"canceled", JOB_RESULT_CANCELED, "the job was canceled by another"},
    {"timeout", JOB_RESULT_TIMEOUT, "its start timed out"},
    {"failed", JOB_RESULT_FAILED, "its start failed"},
    {"dependency", JOB_RESULT_DEPENDENCY, "a unit that it depends on failed to start"},
    {"skipped", JOB_RESULT_SKIPPED, "the job does not apply to the unit's present state"},
    {"invalid", JOB_RESULT_FAILED, "the unit's type can not be started"},
    {"assert", JOB_RESULT_FAILED, "an assertion of the unit does not hold"},
    {"unsupported", JOB_RESULT_FAILED, "this machine does not support the unit's type"},
    {"collected", JOB_RESULT_CANCELED, "systemd dropped the job"},
    {"once", JOB_RESULT_FAILED, "the unit was started before and may be only once"},
};

JobResult bus_job_result_from_word(const char *word, const char **ret_meaning) {
    for (size_t i = 0; i < ELEMENTSOF(results); i++)
        if (streq(results[i].word, word)) {
            *ret_meaning = results[i].meaning;
            return results[i].result;
        }
    *ret_meaning = word;
    return JOB_RESULT_FAILED;
}

static char *process_end(const BusUnit *unit) {
    if (unit->main_code == CLD_EXITED && unit->main_status != 0)
        return str_printf(" (its main process exited with status %d)", unit->main_status);
    if (unit->main_code == CLD_KILLED || unit->main_code == CLD_DUMPED)
        return str_printf(" (its main process was killed by SIG%s)",
                          str_or(sigabbrev_np(unit->main_status), "?"));
    return strdup("");
}

char *bus_job_describe_failure(const BusUnit *unit, const char *meaning) {
    if (!unit || str_is_empty(unit->status.result) || streq(unit->status.result, "success"))
        return strdup(meaning);
    _cleanup_free_ char *end = process_end(unit);
    return str_printf("%s: %s%s", meaning, unit->status.result, str_or(end, ""));
}
