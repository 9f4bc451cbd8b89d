/* fleetctl: reads the command line, finds the command, gives it what it works with. */
#include "fleetctl/api/endpoint.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/commands/help.h"
#include "fleetctl/print/message.h"
#include "fleetctl/remote/tunnel.h"
#include "fleetd/base/log.h"
#include "fleetd/base/memory.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

static size_t words_count(const char *const *words) {
    size_t n = 0;
    while (words[n])
        n++;
    return n;
}

static int usage_check(const Options *options, const Command *command, const char *const *operands,
                       Error *reterr) {
    size_t n = words_count(operands);
    int r = options_check_allowed(options, command->name, command->flags, reterr);
    if (r < 0)
        return r;
    if (n < command->operands_min)
        return error_set(reterr, -EINVAL, "%s", command->too_few);
    if (n > command->operands_max)
        return error_set(reterr, -EINVAL, "%s takes no '%s'", command->name,
                         operands[command->operands_max]);
    return 0;
}

static int connection_check(const Options *options, Error *reterr) {
    if (strcasecmp(options->driver, "API") != 0)
        return error_set(
            reterr, -EINVAL,
            "--driver: '%s' is not there any more; fleetctl speaks to fleetd's API only",
            options->driver);
    if (!options->cert_file != !options->key_file)
        return error_set(reterr, -EINVAL, "--cert-file and --key-file need each other");
    return 0;
}

/* What a command needs to reach others. */
typedef struct Connection {
    sd_event *event;
    Tunnel *tunnel; /* NULL: none */
    ApiClient *api;
    MachineNames *machines;
} Connection;

static void connection_close(Connection *connection) {
    machine_names_free(connection->machines);
    api_client_free(connection->api);
    tunnel_close(connection->tunnel);
    sd_event_unref(connection->event);
}

static int tunnel_dig(Connection *connection, const Options *options, const Endpoint *endpoint,
                      Error *reterr) {
    TunnelGoal goal = {.unix_socket = endpoint->unix_socket, .base_url = endpoint->base_url};
    return str_is_empty(options->tunnel) ? 0
                                         : tunnel_open(options, &goal, &connection->tunnel, reterr);
}

static int api_open(Connection *connection, const Options *options, const Endpoint *endpoint) {
    const Tunnel *tunnel = connection->tunnel;
    _cleanup_free_ char *name = str_printf("%s%s%s", options->endpoint, tunnel ? " through " : "",
                                           tunnel ? options->tunnel : "");
    ApiClientOptions client_options = {
        .name = name,
        .base_url = endpoint->base_url,
        .unix_socket = tunnel ? tunnel_socket(tunnel) : endpoint->unix_socket,
        .max_connections = tunnel ? TUNNEL_CONNECTIONS_MAX : 0,
        .tls = {.ca_file = options->ca_file,
                .cert_file = options->cert_file,
                .key_file = options->key_file},
        .timeout_usec = options->request_timeout_usec,
    };
    return name ? api_client_new(connection->event, &client_options, &connection->api) : -ENOMEM;
}

static int connection_open(Connection *connection, const Options *options, Error *reterr) {
    _cleanup_endpoint_ Endpoint endpoint = {};
    int r = connection_check(options, reterr);
    if (r < 0)
        return r;
    r = endpoint_parse(options->endpoint, &endpoint, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "--endpoint");
    r = sd_event_new(&connection->event);
    if (r >= 0)
        r = tunnel_dig(connection, options, &endpoint, reterr);
    if (r >= 0)
        r = api_open(connection, options, &endpoint);
    return r < 0 ? r : machine_names_new(connection->api, &connection->machines);
}

static const char *machine_id_get(char *buffer) {
    sd_id128_t id;
    return sd_id128_get_machine(&id) < 0 ? "" : sd_id128_to_string(id, buffer);
}

static int command_run(const Command *command, const Options *options, const char *const *operands,
                       Error *reterr) {
    _cleanup_(connection_close) Connection connection = {};
    char machine_id[SD_ID128_STRING_MAX];
    Context context = {
        .options = options,
        .machine_id = machine_id_get(machine_id),
        .look = look_find(stdout, options->color == COLOR_ALWAYS, options->color == COLOR_NEVER),
    };
    if (command->is_local)
        return command->run(&context, operands, reterr);

    int r = connection_open(&connection, options, reterr);
    if (r < 0)
        return r;
    context.api = connection.api;
    context.machines = connection.machines;
    if (connection.tunnel)
        context.proxy_command = tunnel_proxy_command(connection.tunnel);
    return command->run(&context, operands, reterr);
}

static bool flags_end_with_operand(const char *word) {
    const Command *command = NULL;
    return command_find(word, &command, NULL) >= 0 && command->passes_flags;
}

/* Everything between the command line and the exit status. */
static int fleetctl_run(const char *const *arguments, Error *reterr) {
    Options options;
    _cleanup_free_ const char **words = NULL;
    const Command *command = NULL;

    int r = options_parse(arguments, (const char *const *) environ, flags_end_with_operand,
                          &options, &words, reterr);
    if (r < 0)
        return r;
    log_setup(options.debug ? LOG_DEBUG : LOG_WARNING);
    if (options.version)
        return command_version(NULL, words, reterr);
    if (!words[0]) {
        help_print();
        return 0;
    }
    r = command_find(words[0], &command, reterr);
    if (r < 0)
        return r;
    if (options.help) {
        help_print_command(command);
        return 0;
    }
    r = usage_check(&options, command, words + 1, reterr);
    return r < 0 ? r : command_run(command, &options, words + 1, reterr);
}

/* What we open must not become the standard output that a caller has closed: the results would go
 * there. And a caller that ignores the end of its children must not keep us from seeing that of
 * ours. */
static void inheritance_mend(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    signal(SIGCHLD, SIG_DFL);
}

int main(int argc, char **argv) {
    _cleanup_error_ Error error = {};
    memory_setup_brief();
    inheritance_mend();
    setlocale(LC_CTYPE, "");
    int status = fleetctl_run((const char *const *) argv + 1, &error);
    if (status < 0)
        complain("%s", error_text(&error, status));
    int r = say_flush();
    if (r < 0)
        complain("Failed to write the output: %s", strerror(-r));
    return status < 0 || (status == 0 && r < 0) ? EXIT_FAILURE : status;
}
