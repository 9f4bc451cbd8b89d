#include "config.h"
#include "fleetd/base/log.h"
#include "fleetd/base/memory.h"
#include "fleetd/base/strv.h"
#include "fleetd/daemon.h"
#include "fleetd/machine-info.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

typedef struct Arguments {
    const char *config_file;
    bool is_check;
    bool is_done; /* --help, --version: nothing to run */
} Arguments;

static void help_print(void) {
    puts("Usage: fleetd [--config FILE] [--check-config]\n"
         "\n"
         "The fleet daemon: runs the cluster's units on this machine, through systemd.\n"
         "\n"
         "  --config FILE   configuration, instead of " CONFIG_FILE "\n"
         "  --check-config  say what is wrong with the configuration, or what it means; start "
         "nothing\n"
         "  --version       print the version\n"
         "  --help, -h      print this\n"
         "\n"
         "Every option of the configuration is also read from the environment as FLEET_<OPTION>.\n"
         "SIGHUP has it read again. See fleetd(8) and fleet.conf(5).");
}

/* 0, or -EINVAL: said why on standard error. */
static int arguments_parse(int argc, char *argv[], Arguments *ret) {
    enum { OPTION_CONFIG = 256, OPTION_CHECK, OPTION_VERSION };
    static const struct option options[] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"check-config", no_argument, NULL, OPTION_CHECK},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, 'h'},
        {},
    };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) >= 0;) {
        switch (c) {
        case OPTION_CONFIG:
            ret->config_file = optarg;
            break;
        case OPTION_CHECK:
            ret->is_check = true;
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

/* On standard output what counts, on standard error what is wrong with it. */
static int check(const Arguments *arguments) {
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_(strv_freep) char **problems = NULL;
    int r = config_load(arguments->config_file, environ, &config, &problems);
    STRV_FOREACH (problem, problems)
        fprintf(stderr, "fleetd: %s\n", *problem);
    if (r < 0 && !problems)
        fprintf(stderr, "fleetd: %s\n", strerror(-r));
    if (r < 0)
        return r;
    STRV_FOREACH (warning, config->warnings)
        fprintf(stderr, "fleetd: warning: %s\n", *warning);
    _cleanup_free_ char *text = config_describe(config);
    if (!text)
        return -ENOMEM;
    printf("OK\n%s\n", text);
    _cleanup_free_ char *address = config->public_ip ? NULL : machine_address(config);
    if (address)
        printf("; public_ip is guessed: %s\n", address);
    return fflush(stdout) == 0 ? 0 : -EIO;
}

static int run(const Arguments *arguments, Error *reterr) {
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_(daemon_freep) Daemon *daemon = NULL;
    _cleanup_(strv_freep) char **problems = NULL;
    int r = config_load(arguments->config_file, environ, &config, &problems);
    STRV_FOREACH (problem, problems)
        log_error("%s", *problem);
    if (r < 0)
        return problems ? error_set(reterr, r, "the configuration is wrong, as told above") : r;
    log_setup(config->verbosity > 0 ? LOG_DEBUG : LOG_INFO);
    STRV_FOREACH (warning, config->warnings)
        log_warning("%s", *warning);
    DaemonOptions options = {
        .config = config,
        .config_file = arguments->config_file,
        .environment = environ,
    };
    r = daemon_new(&options, &daemon, reterr);
    return r < 0 ? r : daemon_run(daemon);
}

int main(int argc, char *argv[]) {
    _cleanup_error_ Error error = {};
    Arguments arguments = {};
    memory_setup();
    log_setup(LOG_INFO);
    if (arguments_parse(argc, argv, &arguments) < 0) {
        fputs("fleetd --help explains.\n", stderr);
        return EXIT_FAILURE;
    }
    if (arguments.is_done)
        return EXIT_SUCCESS;
    if (arguments.is_check)
        return check(&arguments) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    int r = run(&arguments, &error);
    if (r < 0)
        log_error("fleetd cannot run: %s", error_text(&error, r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
