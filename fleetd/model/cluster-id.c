#include "fleetd/model/cluster-id.h"

#include "fleetd/model/record.h"

#include <errno.h>

typedef struct ClusterRecord {
    char *id;
} ClusterRecord;

static const RecordField fields[] = {
    {"id", &field_string, offsetof(ClusterRecord, id), true},
};

int cluster_id_check(const char *id, Error *reterr) {
    size_t n = strspn(id, "0123456789abcdef");
    if (n != CLUSTER_ID_LENGTH || id[n])
        return error_set(reterr, -EINVAL, "the id of a cluster is not %d hexadecimal digits",
                         CLUSTER_ID_LENGTH);
    return 0;
}

char *cluster_id_format(const char *id) {
    return record_format(fields, ELEMENTSOF(fields), &(ClusterRecord){(char *) id});
}

int cluster_id_parse(const char *text, size_t size, char **ret, Error *reterr) {
    ClusterRecord record = {};
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, &record, reterr);
    if (r >= 0)
        r = cluster_id_check(record.id, reterr);
    if (r < 0)
        free(record.id);
    else
        *ret = record.id;
    return r;
}
