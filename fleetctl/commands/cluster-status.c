#include "fleetctl/commands/cluster-status.h"

#include "fleetctl/commands/status-screen.h"
#include "fleetctl/print/age.h"
#include "fleetctl/print/disarm.h"
#include "fleetctl/print/message.h"
#include "fleetctl/print/wrap.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define LABEL_WIDTH 11

/* --- lines --- */

int line_say_take(const Screen *screen, const char *label, char *text) {
    _cleanup_free_ char *taken = text;
    _cleanup_free_ char *shown =
        taken ? machine_ids_shorten(taken, screen->context->options->full) : NULL;
    _cleanup_free_ char *line =
        shown ? str_printf("%*s%s %s", LABEL_WIDTH, label, *label ? ":" : " ", shown) : NULL;
    if (!line)
        return -ENOMEM;
    say_wrapped(screen->width, LABEL_WIDTH + 2, line);
    return 0;
}

int counts_add(char **text, int64_t n, const char *what) {
    if (n == 0)
        return 0;
    char *longer =
        str_printf("%s%s%lld %s", str_or(*text, ""), *text ? ", " : "", (long long) n, what);
    if (!longer)
        return -ENOMEM;
    free(*text);
    *text = longer;
    return 0;
}

char *machine_label(const Screen *screen, json_object *object) {
    return status_machine(object, screen->context->options->full);
}

char *since_format(const Screen *screen, int64_t time) {
    return age_format(screen->now - time);
}

char *names_join(json_object *object, const char *name) {
    _cleanup_(strv_freep) char **names = NULL;
    for (size_t i = 0; i < status_length(object, name); i++)
        if (strv_push(&names, str_or(json_object_get_string(status_item(object, name, i)), "")) < 0)
            return NULL;
    return names ? strv_join(names, ", ") : strdup("");
}

/* --- the whole screen --- */

/* From top to bottom. */
static int (*const sections[])(const Screen *screen) = {
    section_machines,  section_missing,  section_units,   section_leader,
    section_store,     section_brake,    section_reboots, section_maintenance,
    section_rebalance, section_rollouts, section_scales,  section_failed,
    section_unhealthy, section_waiting,  section_orphans, section_unreadable,
};

static int screen_show(const Context *context, json_object *status) {
    Verdict verdict = {};
    Screen screen = {.context = context,
                     .status = status,
                     .width = wrap_width(&context->look),
                     .now = status_number(status, "time")};
    int r = verdict_find(status, &verdict);
    if (r < 0)
        return r;
    say_marked(&context->look, verdict.tone, "The cluster: %s.", verdict.text);
    free(verdict.text);
    for (size_t i = 0; i < ELEMENTSOF(sections) && r >= 0; i++)
        r = sections[i](&screen);
    return r < 0 ? r : verdict.is_wrong ? EXIT_NOT_RUNNING : 0;
}

static int json_show(json_object *status) {
    Verdict verdict = {};
    int r = verdict_find(status, &verdict);
    if (r < 0)
        return r;
    free(verdict.text);
    const char *json = json_object_to_json_string_ext(status, JSON_C_TO_STRING_PRETTY |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    if (!json)
        return -ENOMEM;
    json_print_disarmed(json, stdout);
    say_blank_line();
    return verdict.is_wrong ? EXIT_NOT_RUNNING : 0;
}

int cluster_status_show(const Context *context, Error *reterr) {
    const char *output = str_or(context->options->output, "table");
    _cleanup_json_ json_object *status = NULL;
    if (!streq(output, "table") && !streq(output, "json"))
        return error_set(reterr, -EINVAL, "--output: unknown format '%s'; there are table and json",
                         output);
    int r = api_get_status(context->api, &status, reterr);
    if (r < 0)
        return r;
    return streq(output, "json") ? json_show(status) : screen_show(context, status);
}
