#include "fleetd/api/scale-counts.h"

#include "fleetd/api/census.h"
#include "fleetd/api/page.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"

#include <errno.h>

static bool is_instance(const char *template, const char *name) {
    size_t n_prefix = strcspn(template, "@") + 1, n = strlen(name);
    const char *type = template + n_prefix;
    size_t n_type = strlen(type);
    return n > n_prefix + n_type && strcmp(name + n - n_type, type) == 0;
}

static void count_unit(const View *view, const char *template, const UnitView *unit,
                       ScaleCounts *ret) {
    if (!unit->unit || !is_instance(template, unit->name))
        return;
    if (template_instance_number(template, unit->name) == 0) {
        ret->n_others++;
        return;
    }
    bool is_wanted = unit->unit->desired == LAUNCH_STATE_LAUNCHED;
    ret->n_there++;
    ret->n_running += is_wanted && unit_view_condition(view, unit) == UNIT_CONDITION_UP;
}

int scale_unreadable_names(const View *view, const char *template, char ***ret) {
    static const size_t n_prefix = sizeof(KEY_UNIT_PREFIX) - 1;
    _cleanup_free_ const char **keys = NULL;
    _cleanup_(strv_freep) char **names = NULL;
    size_t n = 0;
    int r = view_unreadable_keys(view, &keys, &n);
    for (size_t i = 0; r >= 0 && i < n; i++)
        if (strncmp(keys[i], KEY_UNIT_PREFIX, n_prefix) == 0 &&
            template_instance_number(template, keys[i] + n_prefix) > 0)
            r = strv_push(&names, keys[i] + n_prefix);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(names);
    return 0;
}

static int count_unreadable(const View *view, const char *template, ScaleCounts *ret) {
    _cleanup_(strv_freep) char **names = NULL;
    int r = scale_unreadable_names(view, template, &names);
    ret->n_unreadable = strv_length(names);
    ret->n_there += ret->n_unreadable;
    return r;
}

/* Sorted, all of a template's instances stand together. */
int scale_counts_take(View *view, const char *template, ScaleCounts *ret) {
    size_t n_prefix = strcspn(template, "@") + 1, n;
    _cleanup_free_ char *prefix = strndup(template, n_prefix);
    const char *const *names;
    *ret = (ScaleCounts){};
    if (!prefix || view_unit_names(view, &names, &n) < 0)
        return -ENOMEM;
    for (size_t i = names_after(names, n, prefix);
         i < n && strncmp(names[i], prefix, n_prefix) == 0; i++)
        count_unit(view, template, view_find_unit(view, names[i]), ret);
    return count_unreadable(view, template, ret);
}

static const char *why_no_more(const View *view, const UnitView *template) {
    if (!template->unit)
        return "the template is not in the store, or cannot be read";
    return view_find_file(view, template->unit->hash) ? NULL
                                                      : "the template's file is not in the store";
}

const char *scale_why(const View *view, const UnitView *template, const ScaleCounts *counts) {
    const char *why = counts->n_there < template->scale->count ? why_no_more(view, template) : NULL;
    if (!why && counts->n_unreadable > 0)
        why = "there are instances that cannot be read in the store: they count";
    return why;
}

bool scale_is_reached(const UnitView *template, const ScaleCounts *counts) {
    return counts->n_there == template->scale->count && counts->n_running == counts->n_there;
}
