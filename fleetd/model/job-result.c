#include "fleetd/model/enum-names.h"
#include "fleetd/model/unit.h"

static const char *const names[_JOB_RESULT_MAX] = {
    [JOB_RESULT_NONE] = "none",
    [JOB_RESULT_RUNNING] = "running",
    [JOB_RESULT_DONE] = "done",
    [JOB_RESULT_CANCELED] = "canceled",
    [JOB_RESULT_TIMEOUT] = "timeout",
    [JOB_RESULT_FAILED] = "failed",
    [JOB_RESULT_DEPENDENCY] = "dependency",
    [JOB_RESULT_SKIPPED] = "skipped",
    [JOB_RESULT_ERROR] = "error",
};

const EnumNames job_result_names = ENUM_NAMES(names);

const char *job_result_to_string(JobResult result) {
    return enum_to_string(&job_result_names, (int) result);
}

JobResult job_result_from_string(const char *text) {
    return (JobResult) enum_from_string(&job_result_names, text);
}

bool job_result_is_final(JobResult result) {
    return result > JOB_RESULT_RUNNING && result < _JOB_RESULT_MAX;
}
