#include "fleetctl/print/message.h"

#include "fleetctl/print/disarm.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* A line was too long for the memory that there is. Kept as long as the streams themselves. */
static bool is_cut;
/* Why a full buffer of results could not be written; 0: it could. */
static int lost_errno;

_printf_(2, 0) static void line_write(FILE *file, const char *format, va_list ap) {
    char brief[1024];
    va_list again;
    va_copy(again, ap);
    size_t n = (size_t) vsnprintf(brief, sizeof(brief), format, ap);
    _cleanup_free_ char *whole = n >= sizeof(brief) ? str_vprintf(format, again) : NULL;
    va_end(again);
    is_cut = is_cut || (n >= sizeof(brief) && !whole);
    char *line = whole ? whole : brief;
    text_disarm(line, '?', "\n\t");
    if (fprintf(file, "%s\n", line) < 0 && file == stdout && lost_errno == 0)
        lost_errno = errno;
}

void say(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    line_write(stdout, format, ap);
    va_end(ap);
}

void say_marked(const Look *look, Tone tone, const char *format, ...) {
    if (look->is_for_people)
        printf("%s%s%s ", look_color(look, tone), look_mark(look, tone),
               look_color_end(look, tone));
    va_list ap;
    va_start(ap, format);
    line_write(stdout, format, ap);
    va_end(ap);
}

void say_blank_line(void) {
    putchar('\n');
}

void complain(const char *format, ...) {
    fflush(stdout); /* what was said before comes before */
    va_list ap;
    va_start(ap, format);
    line_write(stderr, format, ap);
    va_end(ap);
}

int say_flush(void) {
    if (lost_errno != 0)
        return -lost_errno;
    if (fflush(stdout) != 0)
        return -errno;
    return ferror(stdout) ? -EIO : is_cut ? -ENOMEM : 0;
}
