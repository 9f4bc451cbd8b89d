#include "fleetd/configuration-file.h"

#include "config.h"
#include "fleetd/base/strv.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <sys/stat.h>

/* Of a line, where inih lets that be set: more than all that its options can hold. */
#define LINE_MAX_BYTES (64 * 1024)

typedef struct ConfigFile {
    const char *path;
    FILE *file;
    char *line; /* the present one */
    size_t line_capacity;
    unsigned n_lines;
    ConfigFileOption on_option;
    void *userdata;
    char ***problems;
    int r; /* the first error */
} ConfigFile;

static void file_done(ConfigFile *file) {
    if (file->file)
        fclose(file->file);
    free(file->line);
}

static void file_problem(ConfigFile *file, int r, const char *message) {
    _cleanup_free_ char *text =
        file->n_lines > 0 ? str_printf("%s: line %u: %s", file->path, file->n_lines, message)
                          : str_printf("%s: %s", file->path, message);
    if (!text || strv_push(file->problems, text) < 0)
        r = -ENOMEM;
    if (file->r >= 0)
        file->r = r;
}

static const char *line_check(const char *line, size_t length, size_t max) {
    if (strlen(line) != length)
        return "there is a NUL character: the file is not UTF-8 text";
    return length > max ? "the line is too long" : NULL;
}

/* inih's fgets(). Leading white space goes, as inih takes an indented line for one more value of
 * the option above it; a line that cannot be one is told here and passed on empty. */
static char *on_read(char *buffer, int size, void *userdata) {
    ConfigFile *file = userdata;
    ssize_t n = getline(&file->line, &file->line_capacity, file->file);
    if (n < 0) {
        if (!feof(file->file) && !ferror(file->file)) /* the rest is no less wanted */
            file->r = -ENOMEM;
        return NULL;
    }
    file->n_lines++;
    const char *problem = line_check(file->line, (size_t) n, (size_t) size - 1);
    if (problem)
        file_problem(file, -EINVAL, problem);
    const char *line = problem ? "\n" : file->line;
    while (isspace((unsigned char) *line) && *line != '\n')
        line++;
    strcpy(buffer, line); /* checked above */
    return buffer;
}

/* "a" and 'a' are a; anything else is itself. A quote that is not closed may hold what inih took
 * for a comment. */
static char *value_unquote(const char *value, Error *reterr) {
    size_t n = strlen(value), n_quotes = 0;
    for (const char *p = value; *p; p++)
        n_quotes += *p == *value;
    bool is_quoted = *value == '"' || *value == '\'';
    if (is_quoted && n_quotes % 2 == 1) {
        error_set(reterr, -EINVAL,
                  "a quote is not closed (what follows a ';' with white space before it is a "
                  "comment)");
        return NULL;
    }
    return is_quoted && n_quotes == 2 && value[n - 1] == *value ? strndup(value + 1, n - 2)
                                                                : strdup(value);
}

static int file_option(ConfigFile *file, const char *section, const char *name, const char *value,
                       Error *reterr) {
    char place[32];
    if (*section)
        return error_set(reterr, -EINVAL, "section [%s]: options stand before any section",
                         section);
    _cleanup_free_ char *unquoted = value_unquote(value, reterr);
    if (!unquoted)
        return reterr->message ? error_prefix(reterr, -EINVAL, "option '%s'", name) : -ENOMEM;
    snprintf(place, sizeof(place), "line %u", file->n_lines);
    _cleanup_free_ char *where = str_printf("%s: %s", file->path, place);
    return where ? file->on_option(where, name, unquoted, file->userdata, reterr) : -ENOMEM;
}

static int on_line(void *userdata, const char *section, const char *name, const char *value) {
    ConfigFile *file = userdata;
    _cleanup_error_ Error error = {};
    int r = file_option(file, section, name, value, &error);
    if (r < 0)
        file_problem(file, r, error_text(&error, r));
    return 1;
}

static void file_parse(ConfigFile *file) {
#if HAVE_DECL_INI_MAX_LINE
    ini_max_line = LINE_MAX_BYTES;
#endif
    int line = ini_parse_stream(on_read, file, on_line, file);
    if (line < 0)
        file->r = -ENOMEM;
    if (line > 0) {
        file->n_lines = (unsigned) line;
        file_problem(file, -EINVAL, "not of the form NAME=VALUE");
    }
    if (ferror(file->file)) { /* a directory can be opened, but not read */
        file->n_lines = 0;
        file_problem(file, -errno, strerror(errno));
    }
}

int config_file_read(const char *path, ConfigFileOption on_option, void *userdata, char ***problems,
                     bool *ret_is_public) {
    _cleanup_(file_done) ConfigFile file = {
        .path = path, .on_option = on_option, .userdata = userdata, .problems = problems};
    struct stat st;
    file.file = fopen(path, "re");
    if (!file.file || fstat(fileno(file.file), &st) < 0) {
        int r = -errno;
        file_problem(&file, r, strerror(-r));
        return r;
    }
    file_parse(&file);
    *ret_is_public = (st.st_mode & S_IROTH) != 0;
    return file.r;
}
