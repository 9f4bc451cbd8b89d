#include "fleetd/base/log.h"

#include "fleetd/base/strv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#define FIELD "MESSAGE=" /* what the journal has before the text */

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

/* message begins with "MESSAGE=". */
static void journal_write(int level, LogFields fields, const char *message) {
    struct iovec iov[5];
    char priority[16], unit[300], machine[80], revision_text[24], revision[40], number[8];
    size_t n = 0;

    snprintf(number, sizeof(number), "%d", level);
    snprintf(revision_text, sizeof(revision_text), "%" PRId64, fields.revision);
    n = field_add(iov, n, priority, sizeof(priority), "PRIORITY", number);
    n = field_add(iov, n, unit, sizeof(unit), "UNIT", fields.unit);
    n = field_add(iov, n, machine, sizeof(machine), "MACHINE", fields.machine);
    n = field_add(iov, n, revision, sizeof(revision), "REVISION",
                  fields.revision ? revision_text : NULL);
    iov[n++] = (struct iovec){.iov_base = (char *) message, .iov_len = strlen(message)};
    sd_journal_sendv(iov, (int) n);
}

static void message_write(int level, LogFields fields, const char *message) {
    if (log_state.to_journal)
        journal_write(level, fields, message);
    else
        fprintf(stderr, "%s\n", message + strlen(FIELD));
}

_printf_(1, 0) static char *message_format(const char *format, va_list ap) {
    _cleanup_free_ char *text = str_vprintf(format, ap);
    return text ? str_printf(FIELD "%s", text) : NULL;
}

void log_write(int level, LogFields fields, const char *format, ...) {
    if (!log_is_enabled(level))
        return;
    char brief[1024] = FIELD;
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(brief + strlen(FIELD), sizeof(brief) - strlen(FIELD), format, ap);
    va_end(ap);
    /* Without memory what fits is better than nothing. */
    _cleanup_free_ char *whole =
        (size_t) n >= sizeof(brief) - strlen(FIELD) ? message_format(format, again) : NULL;
    va_end(again);
    message_write(level, fields, whole ? whole : brief);
}
