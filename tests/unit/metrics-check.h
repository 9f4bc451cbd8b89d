/* What a registry tells. */
#pragma once

#include "fleetd/base/metrics.h"
#include "tests/unit/cmocka-test.h"

/* A whole line of its text: a sample with its value. */
static inline void assert_metric(Metrics *metrics, const char *line) {
    _cleanup_free_ char *text = metrics_format(metrics);
    const char *found = text;
    size_t n = strlen(line);
    while (found && (strncmp(found, line, n) != 0 || found[n] != '\n')) {
        found = strchr(found, '\n');
        found = found ? found + 1 : NULL;
    }
    if (!found)
        fail_msg("'%s' is not in:\n%s", line, text);
}

static inline void assert_no_metric(Metrics *metrics, const char *beginning) {
    _cleanup_free_ char *text = metrics_format(metrics);
    const char *found = strstr(text, beginning);
    if (found && (found == text || found[-1] == '\n'))
        fail_msg("'%s' is in:\n%s", beginning, text);
}
