/* A unit file from options. Whether a text says what the options say is decided by reading it back:
 * there is one grammar, in unit-file-parse.c. */
#include "fleetd/base/text-stream.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-file-internal.h"

#include <errno.h>

/* A backslash at the end of a line would continue it, unless white space, which is no part of the
 * value, stands behind it. */
static bool value_ends_in_backslash(const char *value) {
    size_t n = strlen(value);
    return n > 0 && value[n - 1] == '\\';
}

static int options_write(const UnitOption *options, size_t n_options, char **ret_text,
                         size_t *ret_size) {
    _cleanup_text_stream_ TextStream text;
    int r = text_stream_open(&text);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n_options; i++) {
        if (i == 0 || !streq(options[i].section, options[i - 1].section))
            fprintf(text.file, "%s[%s]\n", i > 0 ? "\n" : "", options[i].section);
        fprintf(text.file, "%s=%s%s\n", options[i].name, options[i].value,
                value_ends_in_backslash(options[i].value) ? " " : "");
    }
    return text_stream_close(&text, ret_text, ret_size);
}

static bool option_is_same(const UnitOption *written, const UnitOption *read) {
    bool is_continued = strstr(written->value, "\\\n");
    return streq(written->section, read->section) && streq(written->name, read->name) &&
           (is_continued || streq(written->value, read->value));
}

/* Continued lines are let through; any other line end would begin something new. */
static bool value_has_bare_newline(const char *value) {
    size_t n_backslashes = 0;
    for (const char *p = value; *p; p++) {
        if (*p == '\n' && n_backslashes % 2 == 0)
            return true;
        n_backslashes = *p == '\\' ? n_backslashes + 1 : 0;
    }
    return false;
}

static int option_refuse(const UnitOption *option, Error *reterr) {
    return error_set(reterr, -EINVAL, "no unit file can express [%.*s] %.*s with its value",
                     TEXT_SHORT(option->section), TEXT_SHORT(option->name));
}

int unit_file_from_options(const UnitOption *options, size_t n_options, UnitFile **ret,
                           Error *reterr) {
    for (size_t i = 0; i < n_options; i++)
        if (value_has_bare_newline(options[i].value))
            return option_refuse(&options[i], reterr);
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r = options_write(options, n_options, &text, &size);
    if (r < 0)
        return r;

    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    r = unit_file_parse(text, size, &file, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "as a unit file");
    for (size_t i = 0; i < n_options; i++)
        if (i >= file->n_options || !option_is_same(&options[i], &file->options[i]))
            return option_refuse(&options[i], reterr);
    if (file->n_options > n_options)
        return error_set(reterr, -EINVAL, "the options hold more than they say");
    for (size_t i = 0; i < n_options; i++)
        file->options[i].line = 0; /* nobody has seen this text yet */
    *ret = TAKE_PTR(file);
    return 0;
}
