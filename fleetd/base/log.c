#include "fleetd/base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

static struct {
    int max_level;
    bool to_journal;
} log_state = {.max_level = LOG_INFO};

void log_setup(int max_level) {
    log_state.max_level = max_level;
    log_state.to_journal = getenv("JOURNAL_STREAM") != NULL;
}

bool log_is_enabled(int level) {
    return level <= log_state.max_level;
}

static size_t field_add(struct iovec *iov, size_t n, char *buffer, size_t size, const char *name,
                        const char *value) {
    if (!value)
        return n;
    int length = snprintf(buffer, size, "%s=%s", name, value);
    iov[n].iov_base = buffer;
    iov[n].iov_len = MIN((size_t) length, size - 1);
    return n + 1;
}

static void journal_write(int level, LogFields fields, const char *text) {
    struct iovec iov[5];
    char priority[16], unit[300], machine[80], revision_text[24], revision[40], number[8];
    _cleanup_free_ char *message = NULL;
    size_t n = 0;

    snprintf(number, sizeof(number), "%d", level);
    snprintf(revision_text, sizeof(revision_text), "%" PRId64, fields.revision);
    n = field_add(iov, n, priority, sizeof(priority), "PRIORITY", number);
    n = field_add(iov, n, unit, sizeof(unit), "UNIT", fields.unit);
    n = field_add(iov, n, machine, sizeof(machine), "MACHINE", fields.machine);
    n = field_add(iov, n, revision, sizeof(revision), "REVISION",
                  fields.revision ? revision_text : NULL);
    int length = asprintf(&message, "MESSAGE=%s", text);
    if (length < 0)
        return;
    iov[n++] = (struct iovec){.iov_base = message, .iov_len = (size_t) length};
    sd_journal_sendv(iov, (int) n);
}

void log_write(int level, LogFields fields, const char *format, ...) {
    if (!log_is_enabled(level))
        return;
    _cleanup_free_ char *text = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0)
        return;
    if (log_state.to_journal)
        journal_write(level, fields, text);
    else
        fprintf(stderr, "%s\n", text);
}
