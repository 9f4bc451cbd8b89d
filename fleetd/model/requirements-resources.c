/* What a unit has its machine keep for it: ReserveMemory= and ReserveCPU=; where they are not
 * given, the limits that systemd holds it to, as its author has thought about these already. A
 * limit that systemd would not take, and so leave out, is left out here as well. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/byte-size.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#define PERMYRIAD 10000

/* A percentage in parts of 10 to the power of digits. -EINVAL: it is none. */
static int percentage_parse(const char *value, unsigned digits, uint64_t *ret) {
    const char *end;
    uint64_t number;
    int r = decimal_parse(value, digits, &number, &end);
    if (r < 0 || !streq(end, "%"))
        return r < 0 ? r : -EINVAL;
    *ret = number;
    return 0;
}

static int memory_parse(const char *value, Reserve *ret, Error *reterr) {
    uint64_t number;
    int r = percentage_parse(value, 2, &number);
    if (r >= 0 && number > PERMYRIAD)
        return error_set(reterr, -EINVAL, "'%.*s' is more than all memory", TEXT_SHORT(value));
    if (r >= 0)
        ret->memory_permyriad = number;
    else
        r = byte_size_parse(value, &number, reterr);
    if (r < 0)
        return r;
    ret->memory_bytes = ret->memory_permyriad > 0 ? 0 : number;
    return 0;
}

int requirements_read_reserve_memory(RequirementsReader *reader, const char *value) {
    Reserve reserve = {};
    if (memory_parse(value, &reserve, reader->reterr) < 0)
        return -EINVAL;
    reader->requirements->reserve.memory_bytes = reserve.memory_bytes;
    reader->requirements->reserve.memory_permyriad = reserve.memory_permyriad;
    return 0;
}

int requirements_read_reserve_cpu(RequirementsReader *reader, const char *value) {
    const char *end;
    uint64_t number = 0;
    int r = percentage_parse(value, 1, &number);
    if (r < 0) {
        r = decimal_parse(value, 3, &number, &end);
        if (r >= 0 && *end)
            r = -EINVAL;
    }
    if (r < 0 || number > RESERVE_CPU_MAX)
        return error_set(reader->reterr, -EINVAL,
                         "'%.*s' is not a number of cores (like 1.5 or 150%%)", TEXT_SHORT(value));
    reader->requirements->reserve.cpu_thousandths = number;
    return 0;
}

/* The limits of the file; each as its last valid assignment has it. */
typedef struct Limits {
    Reserve max, high, quota;
} Limits;

static void memory_limit_read(const char *value, Reserve *limit) {
    Reserve reserve = {};
    bool is_none = !*value || streq(value, "infinity");
    bool is_valid = !is_none && memory_parse(value, &reserve, NULL) >= 0 &&
                    (reserve.memory_bytes > 0 || reserve.memory_permyriad > 0);
    if (is_none || is_valid)
        *limit = reserve;
}

static void quota_read(const char *value, Reserve *limit) {
    uint64_t number = 0;
    bool is_none = !*value;
    bool is_valid = !is_none && percentage_parse(value, 1, &number) >= 0 && number > 0;
    if (is_none || is_valid)
        limit->cpu_thousandths = MIN(number, (uint64_t) RESERVE_CPU_MAX);
}

static const struct {
    const char *name;
    void (*read)(const char *value, Reserve *limit);
    size_t offset;
} limit_options[] = {
    {"MemoryMax", memory_limit_read, offsetof(Limits, max)},
    {"MemoryHigh", memory_limit_read, offsetof(Limits, high)},
    {"CPUQuota", quota_read, offsetof(Limits, quota)},
};

static void option_read(const UnitOption *option, Limits *limits) {
    for (size_t i = 0; i < ELEMENTSOF(limit_options); i++)
        if (streq(option->name, limit_options[i].name))
            limit_options[i].read(option->value,
                                  (Reserve *) ((char *) limits + limit_options[i].offset));
}

static bool memory_is_limited(const Reserve *limit) {
    return limit->memory_bytes > 0 || limit->memory_permyriad > 0;
}

void requirements_read_limits(RequirementsReader *reader, const UnitFile *file) {
    const char *section = requirements_section_of(reader->unit_name);
    Reserve *reserve = &reader->requirements->reserve;
    Limits limits = {};
    size_t n;
    const UnitOption *options = unit_file_options(file, &n);
    for (size_t i = 0; section && i < n; i++)
        if (streq(options[i].section, section))
            option_read(&options[i], &limits);
    if (!reader->options[OPTION_RESERVE_MEMORY]) {
        const Reserve *memory = memory_is_limited(&limits.max) ? &limits.max : &limits.high;
        reserve->memory_bytes = memory->memory_bytes;
        reserve->memory_permyriad = memory->memory_permyriad;
    }
    if (!reader->options[OPTION_RESERVE_CPU])
        reserve->cpu_thousandths = limits.quota.cpu_thousandths;
}
