#include "fleetctl/print/status-line.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct StatusLine {
    FILE *file;
    bool is_shown;
};

#define LINE_START_AND_ERASE "\r\033[K"
#define WIDTH_DEFAULT 80

int status_line_new(FILE *file, const char *term, StatusLine **ret) {
    StatusLine *line = NULL;
    if (isatty(fileno(file)) && !str_is_empty(term) && !streq(term, "dumb")) {
        line = calloc(1, sizeof(StatusLine));
        if (!line)
            return -ENOMEM;
        line->file = file;
    }
    *ret = line;
    return 0;
}

void status_line_free(StatusLine *line) {
    status_line_hide(line);
    free(line);
}

/* A line that reaches the last column would wrap, and could not be taken away as a whole. */
static int width_find(const StatusLine *line) {
    struct winsize size;
    bool is_known = ioctl(fileno(line->file), TIOCGWINSZ, &size) >= 0 && size.ws_col > 1;
    return (is_known ? size.ws_col : WIDTH_DEFAULT) - 1;
}

void status_line_show(StatusLine *line, const char *text) {
    if (!line)
        return;
    fprintf(line->file, LINE_START_AND_ERASE "%.*s", width_find(line), text);
    fflush(line->file);
    line->is_shown = true;
}

void status_line_hide(StatusLine *line) {
    if (!line || !line->is_shown)
        return;
    fputs(LINE_START_AND_ERASE, line->file);
    fflush(line->file);
    line->is_shown = false;
}
