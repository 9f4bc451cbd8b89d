#include "fleetctl/print/status-line.h"
#include "tests/unit/cmocka-test.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A terminal, and what its user sees. */
typedef struct Screen {
    int user;
    FILE *terminal;
} Screen;

static int setup(void **state) {
    Screen *screen = calloc(1, sizeof(Screen));
    struct winsize size = {.ws_row = 24, .ws_col = 20};
    int terminal;
    if (!screen || openpty(&screen->user, &terminal, NULL, NULL, &size) < 0)
        return -1;
    screen->terminal = fdopen(terminal, "w");
    *state = screen;
    return screen->terminal && fcntl(screen->user, F_SETFL, O_NONBLOCK) >= 0 ? 0 : -1;
}

static int teardown(void **state) {
    Screen *screen = *state;
    fclose(screen->terminal);
    close(screen->user);
    free(screen);
    return 0;
}

static void assert_sent(Screen *screen, const char *expected) {
    char text[256] = "";
    ssize_t size = read(screen->user, text, sizeof(text) - 1);
    assert_string_equal(size < 0 ? "" : text, expected);
}

static void line_is_rewritten_in_place_and_taken_away(void **state) {
    Screen *screen = *state;
    _cleanup_(status_line_freep) StatusLine *line = NULL;
    assert_int_equal(status_line_new(screen->terminal, "xterm", &line), 0);
    status_line_show(line, "1 of 3");
    assert_sent(screen, "\r\033[K1 of 3");
    status_line_show(line, "2 of 3");
    assert_sent(screen, "\r\033[K2 of 3");
    status_line_hide(line);
    assert_sent(screen, "\r\033[K");
    status_line_hide(line);
    assert_sent(screen, "");
}

static void line_is_cut_so_that_it_never_wraps(void **state) {
    Screen *screen = *state;
    _cleanup_(status_line_freep) StatusLine *line = NULL;
    assert_int_equal(status_line_new(screen->terminal, "xterm", &line), 0);
    status_line_show(line, "0123456789 123456789 123456789");
    assert_sent(screen, "\r\033[K0123456789 12345678");
}

static void freeing_takes_the_line_away(void **state) {
    Screen *screen = *state;
    StatusLine *line = NULL;
    assert_int_equal(status_line_new(screen->terminal, "xterm", &line), 0);
    status_line_show(line, "x");
    assert_sent(screen, "\r\033[Kx");
    status_line_free(line);
    assert_sent(screen, "\r\033[K");
}

static void there_is_none_where_lines_cannot_be_rewritten(void **state) {
    Screen *screen = *state;
    StatusLine *line = NULL;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(status_line_new(screen->terminal, "dumb", &line), 0);
    assert_null(line);
    assert_int_equal(status_line_new(screen->terminal, NULL, &line), 0);
    assert_null(line);
    assert_int_equal(status_line_new(file, "xterm", &line), 0);
    assert_null(line);
    status_line_show(line, "x");
    status_line_hide(line);
    status_line_free(line);
    assert_int_equal(ftell(file), 0);
    fclose(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(line_is_rewritten_in_place_and_taken_away, setup, teardown),
        cmocka_unit_test_setup_teardown(line_is_cut_so_that_it_never_wraps, setup, teardown),
        cmocka_unit_test_setup_teardown(freeing_takes_the_line_away, setup, teardown),
        cmocka_unit_test_setup_teardown(there_is_none_where_lines_cannot_be_rewritten, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
