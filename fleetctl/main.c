/* fleetctl: reads the command line, finds the command, gives it what it works with. */
#include "fleetctl/api/endpoint.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/commands/help.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/log.h"

#include <locale.h>
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

static int api_open(const Options *options, sd_event *event, ApiClient **ret, Error *reterr) {
    _cleanup_endpoint_ Endpoint endpoint = {};
    int r = connection_check(options, reterr);
    if (r < 0)
        return r;
    r = endpoint_parse(options->endpoint, &endpoint, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "--endpoint");
    ApiClientOptions client_options = {
        .name = options->endpoint,
        .base_url = endpoint.base_url,
        .unix_socket = endpoint.unix_socket,
        .tls = {.ca_file = options->ca_file,
                .cert_file = options->cert_file,
                .key_file = options->key_file},
        .timeout_usec = options->request_timeout_usec,
    };
    return api_client_new(event, &client_options, ret);
}

static const char *machine_id_get(char *buffer) {
    sd_id128_t id;
    return sd_id128_get_machine(&id) < 0 ? "" : sd_id128_to_string(id, buffer);
}

static int command_run(const Command *command, const Options *options, const char *const *operands,
                       Error *reterr) {
    _cleanup_(sd_event_unrefp) sd_event *event = NULL;
    _cleanup_(api_client_freep) ApiClient *api = NULL;
    _cleanup_(machine_names_freep) MachineNames *machines = NULL;
    char machine_id[SD_ID128_STRING_MAX];
    Context context = {
        .options = options,
        .machine_id = machine_id_get(machine_id),
        .look = look_find(stdout, options->color == COLOR_ALWAYS, options->color == COLOR_NEVER),
    };
    if (command->is_local)
        return command->run(&context, operands, reterr);

    int r = sd_event_new(&event);
    if (r >= 0)
        r = api_open(options, event, &api, reterr);
    if (r >= 0)
        r = machine_names_new(api, &machines);
    if (r < 0)
        return r;
    context.api = api;
    context.machines = machines;
    return command->run(&context, operands, reterr);
}

/* Everything between the command line and the exit status. */
static int fleetctl_run(const char *const *arguments, Error *reterr) {
    Options options;
    _cleanup_free_ const char **words = NULL;
    const Command *command = NULL;

    int r = options_parse(arguments, (const char *const *) environ, &options, &words, reterr);
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

int main(int argc, char **argv) {
    _cleanup_error_ Error error = {};
    setlocale(LC_CTYPE, "");
    int status = fleetctl_run((const char *const *) argv + 1, &error);
    if (status < 0)
        complain("%s", error_text(&error, status));
    int r = say_flush();
    if (r < 0)
        complain("Failed to write the output: %s", strerror(-r));
    return status < 0 || (status == 0 && r < 0) ? EXIT_FAILURE : status;
}
