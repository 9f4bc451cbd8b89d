#include "tests/upgrade/stored.h"

#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

static char *pattern_make(void) {
    const char *top = getenv("top_srcdir");
    return str_printf("%s/tests/upgrade/[0-9]*", top ? top : ".");
}

void stored_for_each_version(void (*test)(const char *folder)) {
    _cleanup_free_ char *pattern = pattern_make();
    glob_t folders;
    assert_int_equal(glob(pattern, 0, NULL, &folders), 0);
    for (size_t i = 0; i < folders.gl_pathc; i++)
        test(folders.gl_pathv[i]);
    globfree(&folders);
}

char *stored_path(const char *folder, const char *name) {
    char *path = str_printf("%s/%s", folder, name);
    assert_non_null(path);
    return path;
}

char *stored_read(const char *folder, const char *name) {
    _cleanup_free_ char *path = stored_path(folder, name);
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    if (getdelim(&text, &size, 0, file) < 0)
        fail_msg("%s is empty", path);
    fclose(file);
    return text;
}

json_object *stored_read_json(const char *folder, const char *name) {
    _cleanup_free_ char *text = stored_read(folder, name);
    _cleanup_error_ Error error = {};
    json_object *object = NULL;
    if (json_parse(text, strlen(text), &object, &error) < 0)
        fail_msg("%s/%s: %s", folder, name, error_text(&error, 0));
    return object;
}

json_object *stored_read_json_lines(const char *folder, const char *name) {
    _cleanup_free_ char *text = stored_read(folder, name);
    json_object *lines = json_object_new_array();
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        json_object *object = NULL;
        if (!*line)
            continue;
        assert_int_equal(json_parse(line, strlen(line), &object, NULL), 0);
        json_object_array_add(lines, object);
    }
    return lines;
}

void stored_copy(const char *folder, const char *name, const char *to) {
    char buffer[65536];
    _cleanup_free_ char *path = stored_path(folder, name);
    FILE *in = fopen(path, "re"), *out = fopen(to, "we");
    assert_non_null(in);
    assert_non_null(out);
    size_t n = fread(buffer, 1, sizeof(buffer), in);
    assert_int_equal(fwrite(buffer, 1, n, out), n);
    assert_true(feof(in));
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

bool stored_has(const char *folder, const char *name) {
    _cleanup_free_ char *path = stored_path(folder, name);
    return access(path, F_OK) == 0;
}

static bool is_revision(const char *name) {
    return streq(name, "revision") || streq(name, "unitRevision");
}

static bool object_says(json_object *actual, json_object *expected) {
    json_object_object_foreach(expected, name, value) {
        json_object *field = NULL;
        if (!json_object_object_get_ex(actual, name, &field))
            return false;
        if (is_revision(name) ? !json_object_is_type(field, json_type_int)
                              : !json_says(field, value))
            return false;
    }
    return true;
}

static bool list_has(json_object *list, json_object *expected) {
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (json_says(json_object_array_get_idx(list, i), expected))
            return true;
    return false;
}

static bool list_says(json_object *actual, json_object *expected) {
    for (size_t i = 0; i < json_object_array_length(expected); i++)
        if (!list_has(actual, json_object_array_get_idx(expected, i)))
            return false;
    return true;
}

bool json_says(json_object *actual, json_object *expected) {
    json_type type = json_object_get_type(expected);
    if (json_object_get_type(actual) != type)
        return false;
    if (type == json_type_object)
        return object_says(actual, expected);
    if (type == json_type_array)
        return list_says(actual, expected);
    return json_object_equal(actual, expected);
}

/* The innermost thing that is not said. */
static json_object *find_unsaid(json_object *actual, json_object *expected) {
    if (json_object_is_type(expected, json_type_array))
        for (size_t i = 0; i < json_object_array_length(expected); i++)
            if (!list_has(actual, json_object_array_get_idx(expected, i)))
                return json_object_array_get_idx(expected, i);
    if (!json_object_is_type(expected, json_type_object))
        return expected;
    json_object_object_foreach(expected, name, value) {
        json_object *field = NULL;
        bool is_there = json_object_object_get_ex(actual, name, &field);
        if (is_there && !is_revision(name) && !json_says(field, value))
            return find_unsaid(field, value);
    }
    return expected;
}

void assert_json_says(json_object *actual, json_object *expected) {
    if (!json_says(actual, expected))
        fail_msg("no longer said: %s", json_object_to_json_string(find_unsaid(actual, expected)));
}
