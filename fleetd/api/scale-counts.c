#include "fleetd/api/scale-counts.h"

#include "fleetd/api/census.h"
#include "fleetd/api/page.h"

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
    return 0;
}

const char *scale_why(const View *view, const UnitView *template, const ScaleCounts *counts) {
    if (counts->n_there >= template->scale->count)
        return NULL;
    if (!template->unit)
        return "the template is not in the store, or cannot be read";
    return view_find_file(view, template->unit->hash) ? NULL
                                                      : "the template's file is not in the store";
}

bool scale_is_reached(const UnitView *template, const ScaleCounts *counts) {
    return counts->n_there == template->scale->count && counts->n_running == counts->n_there;
}
