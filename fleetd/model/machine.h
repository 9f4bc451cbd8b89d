/* A machine's presence: what stands under `machine/<id>`, written by that machine's agent. Pure. */
#pragma once

#include "fleetd/model/metadata.h"

#include <errno.h>

#define MACHINE_OVERBOOK_MAX 10000 /* percent */
#define MACHINE_ID_LENGTH 32       /* /etc/machine-id: lower-case hexadecimal */

typedef enum MachineStatus {
    MACHINE_STATUS_RUNNING,
    MACHINE_STATUS_RESTARTING, /* fleetd stopped cleanly and is expected back; its units run on */
    MACHINE_STATUS_LEFT, /* the machine went down by itself: its units need not wait for its lease
                            to run out */
    _MACHINE_STATUS_MAX,
    _MACHINE_STATUS_INVALID = -EINVAL,
} MachineStatus;

typedef struct Machine {
    char *id;
    char *boot_id; /* tells a restarted fleetd from another machine with the same id */
    char *address; /* public_ip */
    char *version; /* of fleetd */
    MachineStatus status;
    Metadata metadata;
    uint64_t cores;
    uint64_t memory_bytes;
    uint64_t reserved_memory_bytes,
        reserved_cpu_thousandths; /* kept for what is no unit of fleet */
    uint64_t overbook_percent;    /* of the rest that units may reserve; 0: it does not say, 100 */
} Machine;

int machine_id_check(const char *id, Error *reterr);
const char *machine_status_to_string(MachineStatus status);
MachineStatus machine_status_from_string(const char *text);

/* JSON value of the key; machine_parse() reads what machine_format() of this or an older version
 * wrote, ignores fields that it does not know, and is -EBADMSG with the field's name for anything
 * else. id comes from the key. */
char *machine_format(const Machine *machine);
int machine_parse(const char *id, const char *text, size_t size, Machine **ret, Error *reterr);
int machine_copy(const Machine *machine, Machine **ret);
void machine_free(Machine *machine);
DEFINE_POINTER_CLEANUP(Machine, machine_free)
