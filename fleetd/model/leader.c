#include "fleetd/model/leader.h"

#include "fleetd/model/record.h"

typedef struct Leader {
    char *machine_id;
} Leader;

static const RecordField fields[] = {
    {"machineID", &field_string, offsetof(Leader, machine_id), true},
};

char *leader_format(const char *machine_id) {
    return record_format(fields, ELEMENTSOF(fields), &(Leader){(char *) machine_id});
}

int leader_parse(const char *text, size_t size, char **ret_machine_id, Error *reterr) {
    Leader leader = {};
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, &leader, reterr);
    if (r < 0)
        free(leader.machine_id);
    else
        *ret_machine_id = leader.machine_id;
    return r;
}
