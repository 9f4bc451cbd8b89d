/* Messages for the journal (structured) or for standard error. Levels are syslog's; what each means
 * in fleet is in docs/HACKING.md. */
#pragma once

#include "fleetd/base/macros.h"

#include <syslog.h>

/* Journal fields beside the text; unset ones are left out. */
typedef struct LogFields {
    const char *unit;
    const char *machine;
    int64_t revision;
} LogFields;

/* To the journal when standard error is the journal's stream ($JOURNAL_STREAM), else to standard
 * error. Messages above max_level (LOG_INFO, LOG_DEBUG) are dropped. Process-wide, the only global
 * state in fleet. */
void log_setup(int max_level);
bool log_is_enabled(int level);

void log_write(int level, LogFields fields, const char *format, ...) _printf_(3, 4);

#define log_error(...) log_write(LOG_ERR, (LogFields){}, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, (LogFields){}, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, (LogFields){}, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, (LogFields){}, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, (LogFields){}, __VA_ARGS__)
#define log_unit(level, name, ...) log_write((level), (LogFields){.unit = (name)}, __VA_ARGS__)
