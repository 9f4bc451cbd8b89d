#include "fleetd/reload.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

static void log_names(const char *what, char *const *names) {
    _cleanup_free_ char *list = strv_join(names, ", ");
    if (list && names)
        log_notice("%s: %s", what, list);
}

static int reload_from(Config *config, const Config *from) {
    _cleanup_(strv_freep) char **taken = NULL, **kept = NULL;
    int r = config_take_live(config, from, &taken, &kept);
    if (r < 0)
        return r;
    STRV_FOREACH (warning, from->warnings)
        log_warning("%s", *warning);
    log_names("Changed in the configuration, and taken over", taken);
    log_names("Changed in the configuration, and not taken over before fleetd is restarted", kept);
    if (!taken && !kept)
        log_info("The configuration was read again: nothing has changed");
    return 0;
}

int config_reload(Config *config, const char *path, char *const *environment) {
    _cleanup_(config_freep) Config *from = NULL;
    _cleanup_(strv_freep) char **problems = NULL;
    int r = config_load(path, environment, &from, &problems);
    STRV_FOREACH (problem, problems)
        log_error("%s", *problem);
    if (r >= 0)
        r = reload_from(config, from);
    if (r < 0)
        log_error("The configuration was not reloaded (%s): all stays as it was", strerror(-r));
    return r;
}
