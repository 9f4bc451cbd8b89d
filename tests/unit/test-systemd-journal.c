#include "fleetd/base/strv.h"
#include "fleetd/systemd/journal-lines.h"
#include "fleetd/systemd/journal-reader.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void assert_clean(const char *text, size_t size, const char *expected) {
    _cleanup_free_ char *line = journal_line_clean(text, size);
    assert_string_equal(line, expected);
}

static void line_is_valid_text_without_control_characters(void **state) {
    assert_clean("plain", 5, "plain");
    assert_clean("", 0, "");
    assert_clean("a\tb\nc\0d\x7f", 8, "a b c d ");
    assert_clean("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 15,
                 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
    assert_clean("\xc2\x9b"
                 "31m\xc2\x85x",
                 8, "??31m??x");                      /* controls of the upper half */
    assert_clean("\xff\xc3", 2, "??");                /* no lead byte, cut off */
    assert_clean("\xc0\xaf\xe0\x80\xaf", 5, "?????"); /* overlong */
    assert_clean("\xed\xa0\x80", 3, "???");           /* a surrogate */
    assert_clean("\xf4\x90\x80\x80", 4, "????");      /* beyond Unicode */
    assert_clean("\xc2\x9b\x33\x31m", 5, "??31m");    /* begins a command to a terminal */
}

static void long_line_is_cut_between_characters(void **state) {
    char text[JOURNAL_LINE_MAX + 100];
    memset(text, 'x', sizeof(text));
    memcpy(text + JOURNAL_LINE_MAX - 1, "\xc3\xbc", 2);
    _cleanup_free_ char *line = journal_line_clean(text, sizeof(text));
    assert_int_equal(strlen(line), JOURNAL_LINE_MAX - 1);
}

/* journald's socket: takes requests and answers, or hangs up, or stays silent. */
typedef struct Journald {
    sd_event *event;
    char *directory, *socket;
    int listen_fd, fd;
    const char *answer; /* NULL: silence; "": hangs up */
    size_t size;
    size_t requests;
    size_t reads_done;
    sd_event_source *listen_source, *source;
} Journald;

static int on_request(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    static const char expected[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";
    Journald *j = userdata;
    char buffer[256];
    assert_int_equal(read(fd, buffer, sizeof(buffer)), sizeof(expected));
    assert_memory_equal(buffer, expected, sizeof(expected));
    j->requests++;
    if (j->answer && *j->answer)
        assert_int_equal(write(fd, j->answer, j->size), j->size);
    else if (j->answer)
        shutdown(fd, SHUT_RDWR);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    Journald *j = userdata;
    if (j->fd >= 0)
        close(j->fd);
    j->source = sd_event_source_disable_unref(j->source);
    j->fd = accept(fd, NULL, NULL);
    assert_true(j->fd >= 0);
    return sd_event_add_io(j->event, &j->source, j->fd, EPOLLIN, on_request, j);
}

static int setup(void **state) {
    Journald *j = calloc(1, sizeof(Journald));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    j->directory = temporary_directory_new();
    j->socket = str_printf("%s/journald", j->directory);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", j->socket);
    j->fd = -1;
    j->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(j->listen_fd, (struct sockaddr *) &address, sizeof(address)), 0);
    assert_int_equal(listen(j->listen_fd, 8), 0);
    assert_true(sd_event_new(&j->event) >= 0);
    sd_event_add_io(j->event, &j->listen_source, j->listen_fd, EPOLLIN, on_connect, j);
    *state = j;
    return 0;
}

static int teardown(void **state) {
    Journald *j = *state;
    sd_event_source_disable_unref(j->source);
    sd_event_source_disable_unref(j->listen_source);
    sd_event_unref(j->event);
    close(j->listen_fd);
    if (j->fd >= 0)
        close(j->fd);
    temporary_directory_free(j->directory);
    free(j->socket);
    free(j);
    return 0;
}

static void on_read(char **lines, void *userdata) {
    ((Journald *) userdata)->reads_done++;
    strv_free(lines);
}

static void read_some(Journald *j, JournalReader *reader, size_t n) {
    for (size_t i = 0; i < n; i++)
        assert_int_equal(journal_reader_read(reader, "no-such-unit.service", 0, 10, on_read, j), 0);
}

static void await_reads(Journald *j, size_t n) {
    for (int i = 0; i < 1000 && j->reads_done < n; i++)
        assert_true(sd_event_run(j->event, 10 * USEC_PER_MSEC) >= 0);
    assert_int_equal(j->reads_done, n);
}

static void reads_share_a_sync_and_come_after_it(void **state) {
    Journald *j = *state;
    _cleanup_(journal_reader_freep) JournalReader *reader = NULL;
    assert_int_equal(journal_reader_new(j->event, j->socket, &reader), 0);
    j->answer = "{}";
    j->size = 3;
    read_some(j, reader, 1);
    assert_int_equal(j->reads_done, 0);
    read_some(j, reader, 4);
    await_reads(j, 5);
    assert_int_equal(j->requests, 2); /* what came during the first needs a second */
}

static void reads_go_on_without_an_answer(void **state) {
    static const char *const answers[] = {NULL, ""};
    Journald *j = *state;
    for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
        _cleanup_(journal_reader_freep) JournalReader *reader = NULL;
        assert_int_equal(journal_reader_new(j->event, j->socket, &reader), 0);
        j->answer = answers[i];
        j->reads_done = 0;
        read_some(j, reader, 2);
        await_reads(j, 2);
    }
}

static void reads_go_on_without_journald(void **state) {
    Journald *j = *state;
    _cleanup_(journal_reader_freep) JournalReader *reader = NULL;
    assert_int_equal(journal_reader_new(j->event, "/nowhere", &reader), 0);
    read_some(j, reader, 2);
    assert_int_equal(j->reads_done, 0);
    await_reads(j, 2);
}

static void freeing_drops_reads(void **state) {
    Journald *j = *state;
    JournalReader *reader;
    assert_int_equal(journal_reader_new(j->event, j->socket, &reader), 0);
    read_some(j, reader, 3);
    journal_reader_free(reader);
    sd_event_run(j->event, 0);
    assert_int_equal(j->reads_done, 0);
}

#define journal_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_is_valid_text_without_control_characters),
        cmocka_unit_test(long_line_is_cut_between_characters),
        journal_test(reads_share_a_sync_and_come_after_it),
        journal_test(reads_go_on_without_an_answer),
        journal_test(reads_go_on_without_journald),
        journal_test(freeing_drops_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
