#include "fleetd/model/template-scale.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/record.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

#define NUMBER_DIGITS_MAX 9

/* Without a string being made, as many are gone through. */
uint64_t template_instance_number(const char *template, const char *name) {
    size_t n_prefix = strcspn(template, "@") + 1;
    if (strncmp(name, template, n_prefix) != 0)
        return 0;
    const char *digits = name + n_prefix;
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > NUMBER_DIGITS_MAX || *digits == '0' ||
        !streq(digits + n, template + n_prefix))
        return 0;
    return strtoull(digits, NULL, 10);
}

char *template_instance_name(const char *template, uint64_t number) {
    int n_prefix = (int) strcspn(template, "@") + 1;
    return str_printf("%.*s%llu%s", n_prefix, template, (unsigned long long) number,
                      template + n_prefix);
}

int template_scale_check(const char *template, uint64_t count, Error *reterr) {
    int r = unit_name_check(template, reterr);
    if (r < 0)
        return r;
    if (!unit_name_is_template(template))
        return error_set(reterr, -EINVAL,
                         "'%s' is no template, like app@.service, and has no instances", template);
    if (count > SCALE_COUNT_MAX)
        return error_set(reterr, -EINVAL, "count is not between 0 and %d", SCALE_COUNT_MAX);
    _cleanup_free_ char *last = template_instance_name(template, MAX(count, 1));
    return last ? unit_name_check(last, reterr) : -ENOMEM;
}

static const RecordField fields[] = {
    {"count", &field_number, offsetof(TemplateScale, count), true},
    {"sinceUsec", &field_number, offsetof(TemplateScale, since_usec)},
};

char *template_scale_format(const TemplateScale *scale) {
    return record_format(fields, ELEMENTSOF(fields), scale);
}

int template_scale_parse(const char *name, const char *text, size_t size, TemplateScale **ret,
                         Error *reterr) {
    _cleanup_(template_scale_freep) TemplateScale *scale = calloc(1, sizeof(TemplateScale));
    if (!scale || !(scale->name = strdup(name)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, scale, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(scale);
    return 0;
}

void template_scale_free(TemplateScale *scale) {
    if (!scale)
        return;
    free(scale->name);
    free(scale);
}
