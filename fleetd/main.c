#include "config.h"
#include "fleetd/base/log.h"
#include "fleetd/daemon.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

typedef struct Arguments {
    const char *config_file;
    bool is_done; /* --help, --version: nothing to run */
} Arguments;

static void help_print(void) {
    puts("Usage: fleetd [--config FILE]\n"
         "\n"
         "The fleet daemon: runs the cluster's units on this machine, through systemd.\n"
         "\n"
         "  --config FILE  configuration, instead of " CONFIG_FILE "\n"
         "  --version      print the version\n"
         "  --help, -h     print this\n"
         "\n"
         "Every option of the configuration is also read from the environment as FLEET_<OPTION>.\n"
         "See fleetd(8) and fleet.conf(5).");
}

/* 0, or -EINVAL: said why on standard error. */
static int arguments_parse(int argc, char *argv[], Arguments *ret) {
    enum { OPTION_CONFIG = 256, OPTION_VERSION };
    static const struct option options[] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, 'h'},
        {},
    };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) >= 0;) {
        switch (c) {
        case OPTION_CONFIG:
            ret->config_file = optarg;
            break;
        case OPTION_VERSION:
            puts("fleetd version " PACKAGE_VERSION);
            ret->is_done = true;
            return 0;
        case 'h':
            help_print();
            ret->is_done = true;
            return 0;
        default:
            return -EINVAL; /* getopt has said why */
        }
    }
    if (optind < argc) {
        fprintf(stderr, "fleetd: unexpected argument '%s'\n", argv[optind]);
        return -EINVAL;
    }
    return 0;
}

static int run(const Arguments *arguments, Error *reterr) {
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_(daemon_freep) Daemon *daemon = NULL;
    int r = config_load(arguments->config_file, environ, &config, reterr);
    if (r < 0)
        return r;
    log_setup(config->verbosity > 0 ? LOG_DEBUG : LOG_INFO);
    if (config->warnings)
        log_warning("%.*s", (int) strlen(config->warnings) - 1, config->warnings);
    r = daemon_new(config, &daemon, reterr);
    return r < 0 ? r : daemon_run(daemon);
}

int main(int argc, char *argv[]) {
    _cleanup_error_ Error error = {};
    Arguments arguments = {};
    log_setup(LOG_INFO);
    if (arguments_parse(argc, argv, &arguments) < 0)
        return EXIT_FAILURE;
    if (arguments.is_done)
        return EXIT_SUCCESS;
    int r = run(&arguments, &error);
    if (r < 0)
        log_error("fleetd cannot run: %s", error_text(&error, r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
