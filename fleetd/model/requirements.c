#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#define SECTION "X-Fleet"

int requirements_refuse(Error *reterr, const UnitOption *option, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    _cleanup_free_ char *text = str_vprintf(format, ap);
    va_end(ap);
    if (!text)
        return -ENOMEM;
    return option->line > 0
               ? error_set(reterr, -EINVAL, "line %u: [%s] %s", option->line, option->section, text)
               : error_set(reterr, -EINVAL, "[%s] %s", option->section, text);
}

const char *requirements_section_of(const char *unit_name) {
    static const struct {
        const char *type, *section;
    } sections[] = {{"service", "Service"},
                    {"socket", "Socket"},
                    {"mount", "Mount"},
                    {"swap", "Swap"},
                    {"slice", "Slice"}};
    for (size_t i = 0; i < ELEMENTSOF(sections); i++)
        if (streq(unit_name_type(unit_name), sections[i].type))
            return sections[i].section;
    return NULL;
}

static int option_refuse_unknown(const UnitOption *option, Error *reterr) {
    const char *names[_OPTION_MAX + 1] = {};
    for (size_t i = 0; i < _OPTION_MAX; i++)
        names[i] = requirements_option(i)->name;
    const char *suggestion = str_suggest(option->name, names);
    if (suggestion)
        return requirements_refuse(reterr, option, "unknown option '%.*s' (did you mean '%s'?)",
                                   TEXT_SHORT(option->name), suggestion);
    return requirements_refuse(reterr, option, "unknown option '%.*s'", TEXT_SHORT(option->name));
}

static int option_read(RequirementsReader *reader, const UnitOption *option, Error *reterr) {
    OptionId id = option_find(option->name);
    if (id == _OPTION_INVALID)
        return option_refuse_unknown(option, reterr);
    if (!*option->value)
        return requirements_refuse(reterr, option, "%s has no value", option->name);

    _cleanup_error_ Error reason = {};
    reader->options[id] = option;
    reader->reterr = &reason;
    int r = option_reader(id)(reader, option->value);
    reader->reterr = NULL;
    if (r == -EINVAL)
        return requirements_refuse(reterr, option, "%s: %s", option->name, error_text(&reason, r));
    return r;
}

static int options_read(RequirementsReader *reader, const UnitFile *file, Error *reterr) {
    size_t n;
    const UnitOption *options = unit_file_options(file, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(options[i].section, SECTION) != 0)
            continue;
        /* systemd skips any section X-..., so that nobody else would notice. */
        if (!streq(options[i].section, SECTION))
            return requirements_refuse(reterr, &options[i],
                                       "unknown section (did you mean '[" SECTION "]'?)");
        int r = option_read(reader, &options[i], reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

int requirements_parse(const UnitFile *file, const char *unit_name, Requirements **ret,
                       Error *reterr) {
    _cleanup_(requirements_freep) Requirements *requirements = calloc(1, sizeof(Requirements));
    if (!requirements)
        return -ENOMEM;
    requirements->ranking.priority = PRIORITY_DEFAULT;
    requirements->budget.max_unavailable = MAX_UNAVAILABLE_DEFAULT;
    requirements->update = UPDATE_POLICY_DEFAULT;
    RequirementsReader reader = {
        .requirements = requirements,
        .unit_name = unit_name,
        .is_template = unit_name_is_template(unit_name),
    };
    int r = options_read(&reader, file, reterr);
    if (r < 0)
        return r;
    reader.reterr = reterr;
    r = requirements_check_combinations(&reader);
    if (r >= 0)
        r = requirements_read_stopping(&reader, file);
    if (r >= 0)
        r = requirements_settle_health(&reader, file);
    if (r >= 0)
        r = requirements_settle_update(&reader);
    if (r < 0)
        return r;
    requirements_read_limits(&reader, file);
    requirements_settle_rescheduling(&reader, file);
    *ret = TAKE_PTR(requirements);
    return 0;
}

void requirements_free(Requirements *requirements) {
    if (!requirements)
        return;
    free(requirements->machine_id);
    strv_free(requirements->machine_of);
    for (size_t i = 0; i < requirements->n_metadata; i++) {
        free(requirements->metadata[i].key);
        strv_free(requirements->metadata[i].values);
    }
    free(requirements->metadata);
    strv_free(requirements->conflicts);
    strv_free(requirements->replaces);
    ranking_done(&requirements->ranking);
    free(requirements->budget.group);
    health_check_free(requirements->health);
    free(requirements);
}

static bool is_wildcard(char c) {
    return c == '*' || c == '?' || c == '[';
}

/* Most names differ from most globs before the first wildcard already, which is found out here for
 * a fraction of what fnmatch() takes. */
static bool glob_matches(const char *glob, const char *name) {
    for (; !is_wildcard(*glob); glob++, name++)
        if (*glob != *name || !*glob)
            return *glob == *name;
    return fnmatch(glob, name, FNM_NOESCAPE) == 0;
}

bool requirements_glob_matches(char *const *globs, const char *unit_name) {
    STRV_FOREACH (glob, globs)
        if (glob_matches(*glob, unit_name))
            return true;
    return false;
}
