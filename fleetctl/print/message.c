#include "fleetctl/print/message.h"

#include "fleetctl/print/disarm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

_printf_(2, 0) static void line_write(FILE *file, const char *format, va_list ap) {
    _cleanup_free_ char *line = NULL;
    if (vasprintf(&line, format, ap) < 0)
        return;
    text_disarm(line, '?', "\n\t");
    fprintf(file, "%s\n", line);
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
    if (fflush(stdout) != 0)
        return -errno;
    return ferror(stdout) ? -EIO : 0;
}
