#include "fleetd/store/version-log.h"

#include <errno.h>

/* How much of the past is kept, for watches that were broken and lists in pages: both are back
 * within seconds. Without a bound it would grow for ever. */
#define VERSIONS_MAX 10000
#define BYTES_MAX ((size_t) 64 * 1024 * 1024)

int version_log_reserve(VersionLog *log, size_t n) {
    if (log->end + n <= log->room)
        return 0;
    size_t n_used = log->end - log->first;
    if (log->first > n_used + n) { /* most of the room lies behind: move back, no need to grow */
        memmove(log->versions, log->versions + log->first, n_used * sizeof(*log->versions));
    } else {
        size_t room = MAX((size_t) 64, 2 * (n_used + n));
        Version **versions = malloc(room * sizeof(*versions));
        if (!versions)
            return -ENOMEM;
        if (n_used > 0)
            memcpy(versions, log->versions + log->first, n_used * sizeof(*versions));
        free(log->versions);
        log->versions = versions;
        log->room = room;
    }
    log->first = 0;
    log->end = n_used;
    return 0;
}

void version_log_push(VersionLog *log, Version *version) {
    log->versions[log->end++] = version;
    log->n_bytes += version->entry.value_size;
}

Version *version_log_oldest(const VersionLog *log) {
    return log->first < log->end ? log->versions[log->first] : NULL;
}

Version *version_log_pop(VersionLog *log) {
    Version *version = log->versions[log->first++];
    log->n_bytes -= version->entry.value_size;
    return version;
}

bool version_log_is_over_full(const VersionLog *log) {
    return log->end - log->first > VERSIONS_MAX || log->n_bytes > BYTES_MAX;
}

size_t version_log_find(const VersionLog *log, int64_t revision) {
    size_t low = log->first, high = log->end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->versions[middle]->entry.mod_revision < revision)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void version_log_done(VersionLog *log) {
    free(log->versions);
    *log = (VersionLog){};
}
