#include "fleetctl/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void say(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
}

void complain(const char *format, ...) {
    fflush(stdout); /* what was said before comes before */
    va_list ap;
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
}

int say_flush(void) {
    if (fflush(stdout) != 0)
        return -errno;
    return ferror(stdout) ? -EIO : 0;
}
