/* Units: how many are how, and those of which something has to be said. */
#include "fleetctl/commands/status-screen.h"

#include "fleetd/base/strv.h"

#include <errno.h>

int section_units(const Screen *screen) {
    static const struct {
        const char *name, *words;
    } conditions[] = {
        {"up", "up"},
        {"starting", "starting"},
        {"stopping", "stopping"},
        {"waiting", "waiting"},
        {"vanished", "on machines that vanished"},
        {"failed", "failed"},
        {"unhealthy", "unhealthy"},
        {"loaded", "loaded"},
        {"inactive", "inactive"},
    };
    json_object *units = status_field(screen->status, "units");
    int64_t n = status_number(units, "known");
    _cleanup_free_ char *text = NULL;
    int r = 0;
    for (size_t i = 0; i < ELEMENTSOF(conditions) && r >= 0; i++)
        r = counts_add(&text, status_number(units, conditions[i].name), conditions[i].words);
    if (r < 0)
        return r;
    return line_say_take(screen, "Units",
                         text ? str_printf("%lld: %s", (long long) n, text) : strdup("none"));
}

static char *rollout_line(const Screen *screen, json_object *rollout) {
    _cleanup_free_ char *since = since_format(screen, status_number(rollout, "since"));
    const char *why = status_text(rollout, "why"), *message = status_text(rollout, "message");
    if (!since)
        return NULL;
    return str_printf("%s: %s%s, %lld of %lld done, since %s%s%s%s%s%s",
                      str_or(status_text(rollout, "name"), "?"),
                      status_flag(rollout, "restart") ? "restart, " : "",
                      str_or(status_text(rollout, "phase"), "?"),
                      (long long) status_number(rollout, "done"),
                      (long long) status_number(rollout, "units"), since, why ? " (" : "",
                      str_or(why, ""), why ? ")" : "", message ? ": " : "", str_or(message, ""));
}

int section_rollouts(const Screen *screen) {
    int r = 0;
    for (size_t i = 0; i < status_length(screen->status, "rollouts") && r >= 0; i++)
        r = line_say_take(screen, i == 0 ? "Rollouts" : "",
                          rollout_line(screen, status_item(screen->status, "rollouts", i)));
    return r;
}

static char *scale_line(json_object *scale) {
    const char *why = status_text(scale, "why");
    return str_printf(
        "%s: %lld wanted, %lld there, %lld running%s%s%s", str_or(status_text(scale, "name"), "?"),
        (long long) status_number(scale, "count"), (long long) status_number(scale, "there"),
        (long long) status_number(scale, "running"), why ? " (" : "", str_or(why, ""),
        why ? ")" : "");
}

int section_scales(const Screen *screen) {
    int r = 0;
    for (size_t i = 0; i < status_length(screen->status, "scales") && r >= 0; i++)
        r = line_say_take(screen, i == 0 ? "Scales" : "",
                          scale_line(status_item(screen->status, "scales", i)));
    return r;
}

static char *waiting_format(json_object *group) {
    int64_t n = status_number(group, "count");
    int64_t n_more = n - (int64_t) status_length(group, "units");
    _cleanup_free_ char *names = names_join(group, "units");
    _cleanup_free_ char *more =
        n_more > 0 ? str_printf(" and %lld more", (long long) n_more) : strdup("");
    const char *reason = str_or(status_text(group, "reason"), "");
    return names && more ? str_printf("%s%s: %s", names, more, reason) : NULL;
}

int section_waiting(const Screen *screen) {
    int r = 0;
    for (size_t i = 0; i < status_length(screen->status, "waiting") && r >= 0; i++)
        r = line_say_take(screen, i == 0 ? "Waiting" : "",
                          waiting_format(status_item(screen->status, "waiting", i)));
    return r;
}

static char *trouble_format(const Screen *screen, json_object *trouble) {
    _cleanup_free_ char *machine = machine_label(screen, trouble);
    const char *why = status_text(trouble, "why");
    return machine ? str_printf("%s on %s%s%s", str_or(status_text(trouble, "unit"), "?"), machine,
                                why ? ": " : "", str_or(why, ""))
                   : NULL;
}

static int troubles_say(const Screen *screen, const char *condition, const char *label) {
    int r = 0;
    for (size_t i = 0; i < status_length(screen->status, "troubles") && r >= 0; i++) {
        json_object *trouble = status_item(screen->status, "troubles", i);
        if (!streq_ptr(status_text(trouble, "condition"), condition))
            continue;
        r = line_say_take(screen, label, trouble_format(screen, trouble));
        label = "";
    }
    return r;
}

int section_failed(const Screen *screen) {
    return troubles_say(screen, "failed", "Failed");
}

int section_unhealthy(const Screen *screen) {
    int64_t n_more = status_number(screen->status, "moreTroubles");
    int r = troubles_say(screen, "unhealthy", "Unhealthy");
    if (r < 0 || n_more == 0)
        return r;
    return line_say_take(
        screen, "",
        str_printf("and %lld more that failed or are unhealthy; see 'fleetctl list-units'",
                   (long long) n_more));
}

int section_orphans(const Screen *screen) {
    int64_t n = status_number(screen->status, "orphans");
    if (n == 0)
        return 0;
    return line_say_take(
        screen, "Orphans",
        str_printf("%lld, of another cluster; see 'fleetctl list-orphans'", (long long) n));
}
