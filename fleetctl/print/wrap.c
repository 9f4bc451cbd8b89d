#include "fleetctl/print/wrap.h"

#include "fleetctl/print/message.h"
#include "fleetd/base/strv.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40 /* a word a line is worse than lines that the terminal breaks */

size_t wrap_width(const Look *look) {
    struct winsize size;
    if (!look->is_for_people)
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return MAX((size_t) size.ws_col, (size_t) WIDTH_MIN);
}

/* Cells, if each character takes one: what begins none does not count. */
static size_t text_width(const char *text, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += ((unsigned char) text[i] & 0xC0) != 0x80;
    return n;
}

/* Bytes of text that fit into width cells without breaking a word, but for one that is longer. */
static size_t piece_length(const char *text, size_t width) {
    size_t best = 0;
    for (size_t end = strcspn(text, " ");; end += strcspn(text + end, " ")) {
        if (best > 0 && text_width(text, end) > width)
            return best;
        best = end;
        if (!text[end])
            return best;
        end += strspn(text + end, " ");
    }
}

void say_wrapped(size_t width, size_t hang, const char *text) {
    size_t room = width > hang ? width - hang : 0;
    hang = MIN(hang, strlen(text));
    if (room == 0) {
        say("%s", text);
        return;
    }
    const char *rest = text + hang;
    size_t n = piece_length(rest, room);
    say("%.*s%.*s", (int) hang, text, (int) n, rest);
    for (rest += n; *(rest += strspn(rest, " ")); rest += n) {
        n = piece_length(rest, room);
        say("%*s%.*s", (int) hang, "", (int) n, rest);
    }
}
