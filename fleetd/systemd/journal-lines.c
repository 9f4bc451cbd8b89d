#include "fleetd/systemd/journal-lines.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"

#include <ctype.h>
#include <errno.h>

char *journal_line_clean(const char *text, size_t size) {
    size_t n = 0;
    char *line = malloc(MIN(size, (size_t) JOURNAL_LINE_MAX) + 1);
    if (!line)
        return NULL;
    for (size_t i = 0; i < size;) {
        size_t length = text[i] == '\t' ? 0 : text_character_length(text + i, size - i);
        size_t step = MAX(length, (size_t) 1);
        if (n + step > JOURNAL_LINE_MAX)
            break;
        if (length > 0)
            memcpy(line + n, text + i, length);
        else
            line[n] = iscntrl((unsigned char) text[i]) ? ' ' : '?';
        n += step;
        i += step;
    }
    line[n] = 0;
    return line;
}

static int match_add(sd_journal *journal, const char *field, const char *value) {
    _cleanup_free_ char *match = str_printf("%s=%s", field, value);
    return match ? sd_journal_add_match(journal, match, 0) : -ENOMEM;
}

/* What its processes wrote, or systemd about it. The process id keeps others from speaking for
 * systemd. */
static int matches_set(sd_journal *journal, const char *unit) {
    sd_journal_flush_matches(journal);
    int r = match_add(journal, "_SYSTEMD_UNIT", unit);
    if (r >= 0)
        r = sd_journal_add_disjunction(journal);
    if (r >= 0)
        r = match_add(journal, "UNIT", unit);
    if (r >= 0)
        r = match_add(journal, "_PID", "1");
    return r;
}

static int entry_line(sd_journal *journal, char **ret) {
    static const char field[] = "MESSAGE=";
    const void *data;
    size_t size;
    int r = sd_journal_get_data(journal, "MESSAGE", &data, &size);
    if (r < 0)
        return r;
    size_t skip = MIN(size, sizeof(field) - 1);
    *ret = journal_line_clean((const char *) data + skip, size - skip);
    return *ret ? 0 : -ENOMEM;
}

/* 1: go on; 0: the entry is too old, and all before it. An entry may lack a message. */
static int line_add(sd_journal *journal, usec_t since_usec, char ***lines) {
    _cleanup_free_ char *line = NULL;
    uint64_t usec;
    int r = sd_journal_get_monotonic_usec(journal, &usec, NULL);
    if (r == -ESTALE || (r >= 0 && usec < since_usec))
        return 0;
    if (r >= 0)
        r = entry_line(journal, &line);
    if (r == -ENOENT)
        return 1;
    if (r >= 0)
        r = strv_push(lines, line);
    return r < 0 ? r : 1;
}

static void lines_reverse(char **lines) {
    for (size_t i = 0, k = strv_length(lines); i + 1 < k; i++) {
        char *line = lines[--k];
        lines[k] = lines[i];
        lines[i] = line;
    }
}

int journal_lines_get(sd_journal *journal, const char *unit, usec_t since_usec, size_t max_lines,
                      char ***ret_lines) {
    _cleanup_(strv_freep) char **lines = NULL;
    int r = matches_set(journal, unit);
    if (r >= 0)
        r = sd_journal_set_data_threshold(journal, JOURNAL_LINE_MAX + sizeof("MESSAGE="));
    if (r >= 0)
        r = sd_journal_seek_tail(journal);
    while (r >= 0 && strv_length(lines) < max_lines) {
        r = sd_journal_previous(journal);
        if (r > 0)
            r = line_add(journal, since_usec, &lines);
        if (r == 0)
            break;
    }
    if (r < 0)
        return r;
    lines_reverse(lines);
    *ret_lines = TAKE_PTR(lines);
    return 0;
}
