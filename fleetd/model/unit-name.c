#include "fleetd/model/unit-name.h"

#include "fleetd/base/strv.h"
#include "fleetd/base/text-stream.h"
#include "fleetd/model/text.h"

#include <errno.h>
#include <stdio.h>

typedef struct UnitType {
    const char *name;
    bool may_be_template;
} UnitType;

static const UnitType types[] = {
    {"automount", false}, {"device", false}, {"mount", false}, {"path", true},
    {"scope", false},     {"service", true}, {"slice", false}, {"socket", true},
    {"swap", false},      {"target", true},  {"timer", true},
};

static const UnitType *type_find(const char *name) {
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < ELEMENTSOF(types); i++)
        if (streq(dot + 1, types[i].name))
            return &types[i];
    return NULL;
}

int unit_name_check(const char *name, Error *reterr) {
    size_t n = strspn(name, UNIT_NAME_CHARACTERS);
    if (!*name)
        return error_set(reterr, -EINVAL, "a unit name is empty");
    if (strlen(name) > UNIT_NAME_MAX)
        return error_set(reterr, -EINVAL, "unit name '%.*s...' is over %d bytes", TEXT_SHORT(name),
                         UNIT_NAME_MAX);
    if (name[n])
        return error_set(reterr, -EINVAL,
                         "unit name '%.*s' has a character other than 0-9A-Za-z:-_.\\@",
                         TEXT_SHORT(name));
    const UnitType *type = type_find(name);
    if (!type)
        return error_set(reterr, -EINVAL,
                         "unit name '%s' does not end in a unit type like .service", name);
    if (*name == '@' || strrchr(name, '.') == name)
        return error_set(reterr, -EINVAL, "unit name '%s' has nothing before the %s", name,
                         *name == '@' ? "'@'" : "type");
    if (*name == '.')
        return error_set(reterr, -EINVAL,
                         "unit name '%s' begins with a dot, and systemd sees no such file", name);
    if (unit_name_is_template(name) && !type->may_be_template)
        return error_set(reterr, -EINVAL, "unit name '%s': a %s unit cannot be a template", name,
                         type->name);
    return 0;
}

/* What stands between the first '@' and the type; NULL if there is no '@'. */
static const char *instance_find(const char *name, size_t *ret_length) {
    const char *at = strchr(name, '@');
    if (at)
        *ret_length = (size_t) (strrchr(name, '.') - (at + 1));
    return at ? at + 1 : NULL;
}

bool unit_name_is_template(const char *name) {
    size_t n;
    return instance_find(name, &n) && n == 0;
}

bool unit_name_is_instance(const char *name) {
    size_t n;
    return instance_find(name, &n) && n > 0;
}

const char *unit_name_type(const char *name) {
    return strrchr(name, '.') + 1;
}

char *unit_name_prefix(const char *name) {
    const char *at = strchr(name, '@');
    return strndup(name, (size_t) ((at ? at : strrchr(name, '.')) - name));
}

char *unit_name_instance(const char *name) {
    size_t n = 0;
    const char *instance = instance_find(name, &n);
    return strndup(str_or(instance, ""), n);
}

int unit_name_template(const char *name, char **ret) {
    if (!unit_name_is_instance(name))
        return -EINVAL;
    _cleanup_free_ char *prefix = unit_name_prefix(name);
    char *template = prefix ? str_printf("%s@.%s", prefix, unit_name_type(name)) : NULL;
    if (!template)
        return -ENOMEM;
    *ret = template;
    return 0;
}

bool unit_name_has_type(const char *name) {
    return type_find(name) != NULL;
}

int unit_name_complete(const char *typed, char **ret) {
    const char *slash = strrchr(typed, '/');
    const char *name = slash ? slash + 1 : typed;
    char *complete = str_printf("%s%s", name, unit_name_has_type(name) ? "" : ".service");
    if (!complete)
        return -ENOMEM;
    *ret = complete;
    return 0;
}

static char *name_without_type(const char *name) {
    return strndup(name, (size_t) (strrchr(name, '.') - name));
}

static char *name_copy(const char *name) {
    return strdup(name);
}

static char *percent_sign(const char *name) {
    return strdup("%");
}

typedef struct Specifier {
    char letter;
    char *(*expand)(const char *name);
} Specifier;

static const Specifier specifiers[] = {
    {'n', name_copy},          {'N', name_without_type}, {'p', unit_name_prefix},
    {'i', unit_name_instance}, {'%', percent_sign},
};

static const Specifier *specifier_find(char letter) {
    for (size_t i = 0; i < ELEMENTSOF(specifiers); i++)
        if (specifiers[i].letter == letter)
            return &specifiers[i];
    return NULL;
}

static int specifiers_expand(const char *name, const char *text, FILE *stream, Error *reterr) {
    for (const char *p = text;; p += 2) {
        size_t n = strcspn(p, "%");
        fwrite(p, 1, n, stream);
        p += n;
        if (!*p)
            return 0;
        const Specifier *specifier = specifier_find(p[1]);
        if (!specifier)
            return error_set(reterr, -EINVAL,
                             "'%s' has a specifier other than %%n %%N %%p %%i %%%%", text);
        _cleanup_free_ char *value = specifier->expand(name);
        if (!value)
            return -ENOMEM;
        fputs(value, stream);
    }
}

int unit_name_expand(const char *name, const char *text, char **ret, Error *reterr) {
    _cleanup_text_stream_ TextStream expanded;
    int r = text_stream_open(&expanded);
    if (r >= 0)
        r = specifiers_expand(name, text, expanded.file, reterr);
    return r < 0 ? r : text_stream_close(&expanded, ret, NULL);
}
