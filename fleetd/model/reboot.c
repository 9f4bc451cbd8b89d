#include "fleetd/model/reboot.h"

#include "fleetd/model/record.h"

static const char *const phase_words[_REBOOT_PHASE_MAX] = {
    [REBOOT_WAITING] = "waiting",     [REBOOT_DRAINING] = "draining",
    [REBOOT_REBOOTING] = "rebooting", [REBOOT_RETURNING] = "returning",
    [REBOOT_FAILED] = "failed",
};

static const EnumNames phase_names = ENUM_NAMES(phase_words);

const char *reboot_phase_to_string(RebootPhase phase) {
    return enum_to_string(&phase_names, (int) phase);
}

RebootPhase reboot_phase_from_string(const char *text) {
    return (RebootPhase) enum_from_string(&phase_names, text);
}

bool reboot_is_under_way(const Reboot *reboot) {
    return reboot->phase != REBOOT_WAITING;
}

/* One that failed before the machine was back may still go down. */
bool reboot_drains(const Reboot *reboot) {
    return reboot->phase == REBOOT_DRAINING || reboot->phase == REBOOT_REBOOTING ||
           (reboot->phase == REBOOT_FAILED && !reboot->has_returned);
}

static const RecordField fields[] = {
    {"bootID", &field_string, offsetof(Reboot, boot_id), true},
    {"phase", &field_enum, offsetof(Reboot, phase), true, &phase_names},
    {"sinceUsec", &field_count, offsetof(Reboot, since_usec)},
    {"phaseSinceUsec", &field_count, offsetof(Reboot, phase_since_usec)},
    {"maxParallel", &field_count, offsetof(Reboot, max_parallel)},
    {"drainUsec", &field_count, offsetof(Reboot, drain_usec)},
    {"timeoutUsec", &field_count, offsetof(Reboot, timeout_usec)},
    {"returned", &field_flag, offsetof(Reboot, has_returned)},
    {"message", &field_string, offsetof(Reboot, message)},
    {"why", &field_string, offsetof(Reboot, why)},
};

char *reboot_format(const Reboot *reboot) {
    return record_format(fields, ELEMENTSOF(fields), reboot);
}

int reboot_parse(const char *machine_id, const char *text, size_t size, Reboot **ret,
                 Error *reterr) {
    _cleanup_(reboot_freep) Reboot *reboot = calloc(1, sizeof(Reboot));
    if (!reboot || !(reboot->machine_id = strdup(machine_id)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, reboot, reterr);
    if (r < 0)
        return r;
    if (reboot->max_parallel == 0)
        reboot->max_parallel = REBOOT_MAX_PARALLEL_DEFAULT;
    if (reboot->timeout_usec == 0)
        reboot->timeout_usec = REBOOT_TIMEOUT_DEFAULT_USEC;
    *ret = TAKE_PTR(reboot);
    return 0;
}

void reboot_free(Reboot *reboot) {
    if (!reboot)
        return;
    free(reboot->machine_id);
    free(reboot->boot_id);
    free(reboot->message);
    free(reboot->why);
    free(reboot);
}
