#include "fleetd/base/strv.h"
#include "fleetd/net/http-server.h"
#include "fleetd/sockets.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void on_request(HttpExchange *exchange, void *userdata) {
    http_exchange_reply(exchange, 204, NULL, NULL, 0);
}

static int listen_at(const char *path, Error *reterr) {
    sd_event *event = NULL;
    HttpServer *server = NULL;
    HttpServerOptions options = {.body_max = 1, .header_max = 1024, .connections_max = 1};
    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(http_server_new(event, &options, on_request, NULL, &server), 0);
    int r = sockets_listen(server, path, reterr);
    http_server_free(server);
    sd_event_unref(event);
    return r;
}

static void socket_is_for_root_and_its_group_and_takes_the_place_of_a_dead_one(void **state) {
    char *folder = temporary_directory_new();
    _cleanup_free_ char *path = str_printf("%s/fleet.sock", folder);
    struct stat st;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(listen_at(path, NULL), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode, S_IFSOCK | 0660);
    }
    temporary_directory_free(folder);
}

static void file_that_is_no_socket_is_left_alone(void **state) {
    char *folder = temporary_directory_new();
    _cleanup_free_ char *path = str_printf("%s/fleet.conf", folder);
    _cleanup_error_ Error error = {};
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(listen_at(path, &error), -EEXIST);
    assert_non_null(strstr(error.message, path));
    assert_int_equal(access(path, F_OK), 0);
    temporary_directory_free(folder);
}

/* A link may lead to what is another's, were it a socket or nothing yet. */
static void link_in_the_place_of_the_socket_is_left_alone(void **state) {
    char *folder = temporary_directory_new();
    _cleanup_free_ char *path = str_printf("%s/fleet.sock", folder);
    _cleanup_free_ char *elsewhere = str_printf("%s/elsewhere", folder);
    struct stat st;
    assert_int_equal(symlink(elsewhere, path), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(listen_at(path, NULL), -EEXIST);
        assert_int_equal(lstat(path, &st), 0);
        assert_true(S_ISLNK(st.st_mode));
        assert_int_equal(lstat(elsewhere, &st), i - 1);
        if (i == 0)
            assert_int_equal(listen_at(elsewhere, NULL), 0);
    }
    assert_true(S_ISSOCK(st.st_mode));
    temporary_directory_free(folder);
}

static int socket_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_true(strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    return fd;
}

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    strcpy(address.sun_path, path);
    if (connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Also when it is too busy to take another connection, which must not be waited for. */
static void socket_of_another_process_is_left_alone(void **state) {
    char *folder = temporary_directory_new();
    _cleanup_free_ char *path = str_printf("%s/fleet.sock", folder);
    _cleanup_error_ Error error = {};
    int clients[8], n = 0;
    int fd = socket_at(path);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(listen_at(path, &error), -EADDRINUSE);
    assert_non_null(strstr(error.message, "is fleetd running already?"));
    while ((clients[n] = connect_to(path)) >= 0)
        assert_true(++n < (int) ELEMENTSOF(clients));
    assert_int_equal(listen_at(path, NULL), -EADDRINUSE);
    while (n > 0)
        close(clients[--n]);
    close(fd);
    temporary_directory_free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(socket_is_for_root_and_its_group_and_takes_the_place_of_a_dead_one),
        cmocka_unit_test(file_that_is_no_socket_is_left_alone),
        cmocka_unit_test(link_in_the_place_of_the_socket_is_left_alone),
        cmocka_unit_test(socket_of_another_process_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
