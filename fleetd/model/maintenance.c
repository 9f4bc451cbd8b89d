#include "fleetd/model/maintenance.h"

#include "fleetd/model/record.h"

#include <errno.h>

static const RecordField fields[] = {
    {"drain", &field_flag, offsetof(Maintenance, is_draining)},
    {"ignoreGlobal", &field_flag, offsetof(Maintenance, ignore_global)},
    {"deadlineUsec", &field_count, offsetof(Maintenance, deadline_usec)},
    {"sinceUsec", &field_count, offsetof(Maintenance, since_usec)},
    {"message", &field_string, offsetof(Maintenance, message)},
};

int maintenance_message_check(const char *message, Error *reterr) {
    size_t n = strlen(message);
    if (n > MAINTENANCE_MESSAGE_MAX)
        return error_set(reterr, -EINVAL, "a message has at most %d bytes",
                         MAINTENANCE_MESSAGE_MAX);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char) message[i] < ' ' || message[i] == 0x7f)
            return error_set(reterr, -EINVAL, "a message is one line of text");
    return 0;
}

char *maintenance_format(const Maintenance *maintenance) {
    return record_format(fields, ELEMENTSOF(fields), maintenance);
}

int maintenance_parse(const char *machine_id, const char *text, size_t size, Maintenance **ret,
                      Error *reterr) {
    _cleanup_(maintenance_freep) Maintenance *maintenance = calloc(1, sizeof(Maintenance));
    if (!maintenance || !(maintenance->machine_id = strdup(machine_id)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, maintenance, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(maintenance);
    return 0;
}

void maintenance_free(Maintenance *maintenance) {
    if (!maintenance)
        return;
    free(maintenance->machine_id);
    free(maintenance->message);
    free(maintenance);
}
