#include "fleetd/model/resources.h"

#include "fleetd/base/byte-size.h"

#define PERMYRIAD 10000

/* total 0: not known. */
static uint64_t capacity_of(uint64_t total, uint64_t max, uint64_t kept, uint64_t percent) {
    if (total == 0)
        return RESOURCE_UNLIMITED;
    total = MIN(total, max); /* so that the product fits */
    return kept < total ? (total - kept) * percent / 100 : 0;
}

Resources machine_capacity(const Machine *machine) {
    uint64_t percent = machine->overbook_percent > 0 ? machine->overbook_percent : 100;
    uint64_t cores = MIN(machine->cores, (uint64_t) RESERVE_CPU_MAX / 1000);
    percent = MIN(percent, (uint64_t) MACHINE_OVERBOOK_MAX);
    return (Resources){
        .memory_bytes = capacity_of(machine->memory_bytes, BYTE_SIZE_MAX,
                                    machine->reserved_memory_bytes, percent),
        .cpu_thousandths =
            capacity_of(cores * 1000, RESERVE_CPU_MAX, machine->reserved_cpu_thousandths, percent),
    };
}

bool reserve_is_none(const Reserve *reserve) {
    return reserve->memory_bytes == 0 && reserve->memory_permyriad == 0 &&
           reserve->cpu_thousandths == 0;
}

Resources reserve_resources(const Reserve *reserve, uint64_t machine_memory_bytes) {
    uint64_t memory = MIN(machine_memory_bytes, BYTE_SIZE_MAX);
    return (Resources){
        .memory_bytes = reserve->memory_permyriad > 0
                            ? memory * reserve->memory_permyriad / PERMYRIAD
                            : reserve->memory_bytes,
        .cpu_thousandths = reserve->cpu_thousandths,
    };
}

static uint64_t share_of(uint64_t reserved, uint64_t capacity) {
    if (reserved == 0 || capacity == RESOURCE_UNLIMITED)
        return 0;
    if (capacity == 0)
        return 100;
    return reserved < UINT64_MAX / 100 ? reserved * 100 / capacity
                                       : reserved / (capacity / 100 + 1);
}

uint64_t resources_share(const Resources *reserved, const Resources *capacity) {
    uint64_t memory = share_of(reserved->memory_bytes, capacity->memory_bytes);
    uint64_t cpu = share_of(reserved->cpu_thousandths, capacity->cpu_thousandths);
    return MAX(memory, cpu);
}
