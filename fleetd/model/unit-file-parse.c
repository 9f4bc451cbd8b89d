/* systemd.syntax(7), read as systemd reads it where it would understand, and refused where it would
 * warn and skip: a unit should not do less than its author believes. The copy of the text is cut in
 * place, so the work and the memory are proportional to the text, whatever is in it. */
#include "fleetd/model/text.h"
#include "fleetd/model/unit-file-internal.h"

#include <errno.h>

#define WHITESPACE " \t\r"
#define UTF8_BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct Parser {
    UnitFile *file;
    char *next; /* the line to be read next */
    char *end;
    unsigned n_lines; /* read so far */
    const char *section;
    Error *reterr;
} Parser;

/* A line of the file, or several joined; not terminated. */
typedef struct Line {
    char *text;
    size_t size;
    unsigned number; /* of the first */
} Line;

static int text_check(const char *text, size_t size, Error *reterr) {
    if (size > UNIT_FILE_SIZE_MAX)
        return error_set(reterr, -EINVAL, "%zu bytes are more than a unit file may have (%d)", size,
                         UNIT_FILE_SIZE_MAX);
    unsigned line = 1;
    while (size > 0) {
        bool is_line_end = *text == '\n' || (*text == '\r' && size > 1 && text[1] == '\n');
        size_t n = is_line_end ? 1 : text_character_length(text, size);
        if (n == 0)
            return error_set(reterr, -EINVAL,
                             "line %u: a control character, or a byte that is not UTF-8 (0x%02x)",
                             line, (unsigned char) *text);
        line += *text == '\n';
        text += n;
        size -= n;
    }
    return 0;
}

static bool line_next(Parser *parser, Line *ret) {
    if (parser->next == parser->end)
        return false;
    char *start = parser->next;
    char *newline = memchr(start, '\n', (size_t) (parser->end - start));
    char *end = newline ? newline : parser->end;
    parser->next = newline ? newline + 1 : end;
    if (newline && end > start && end[-1] == '\r')
        end--;
    *ret = (Line){.text = start, .size = (size_t) (end - start), .number = ++parser->n_lines};
    return true;
}

static bool line_is_comment(const Line *line) {
    size_t i = 0;
    while (i < line->size && strchr(WHITESPACE, line->text[i]))
        i++;
    return i < line->size && (line->text[i] == '#' || line->text[i] == ';');
}

/* An even number of backslashes at the end are escaped ones. */
static bool line_is_continued(const Line *line) {
    size_t n = 0;
    while (n < line->size && line->text[line->size - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

static bool line_next_meaning(Parser *parser, Line *ret) {
    do {
        if (!line_next(parser, ret))
            return false;
    } while (line_is_comment(ret));
    return true;
}

/* The next line with those that continue it, terminated: there is room for that where the last line
 * ended. */
static bool line_next_joined(Parser *parser, Line *ret) {
    Line line, more;
    if (!line_next_meaning(parser, &line))
        return false;
    for (bool is_continued = line_is_continued(&line); is_continued;) {
        line.text[line.size - 1] = ' ';
        if (!line_next_meaning(parser, &more))
            break;
        is_continued = line_is_continued(&more);
        memmove(line.text + line.size, more.text, more.size);
        line.size += more.size;
    }
    line.text[line.size] = 0;
    *ret = line;
    return true;
}

/* Cuts white space off both ends, in place. */
static char *strip(char *text, size_t size) {
    while (size > 0 && strchr(WHITESPACE, text[size - 1]))
        size--;
    text[size] = 0;
    return text + strspn(text, WHITESPACE);
}

static int section_parse(Parser *parser, char *text, unsigned line) {
    size_t size = strlen(text);
    if (text[size - 1] != ']')
        return error_set(parser->reterr, -EINVAL, "line %u: section header '%.*s' has no ']'", line,
                         TEXT_SHORT(text));
    text[size - 1] = 0;
    char *name = text + 1;
    if (!*name || name[strcspn(name, "[]\"'\\")] || strchr(WHITESPACE, *name) ||
        strchr(WHITESPACE, text[size - 2]))
        return error_set(parser->reterr, -EINVAL, "line %u: '%.*s' is no name for a section", line,
                         TEXT_SHORT(name));
    parser->section = name;
    return 0;
}

static int assignment_parse(Parser *parser, char *text, unsigned line) {
    char *equals = strchr(text, '=');
    if (!equals)
        return error_set(parser->reterr, -EINVAL,
                         "line %u: '%.*s' is neither a section nor of the form name=value", line,
                         TEXT_SHORT(text));
    if (!parser->section)
        return error_set(parser->reterr, -EINVAL, "line %u: '%.*s' stands before any section", line,
                         TEXT_SHORT(text));
    char *name = strip(text, (size_t) (equals - text));
    char *value = equals + 1;
    if (!*name)
        return error_set(parser->reterr, -EINVAL, "line %u: nothing stands before the '='", line);
    value = strip(value, strlen(value));
    return unit_file_add(
        parser->file,
        (UnitOption){.section = parser->section, .name = name, .value = value, .line = line});
}

static int lines_parse(Parser *parser) {
    Line line;
    while (line_next_joined(parser, &line)) {
        char *text = strip(line.text, line.size);
        if (!*text)
            continue;
        int r = *text == '[' ? section_parse(parser, text, line.number)
                             : assignment_parse(parser, text, line.number);
        if (r < 0)
            return r;
    }
    return 0;
}

int unit_file_parse(const char *text, size_t size, UnitFile **ret, Error *reterr) {
    int r = text_check(text, size, reterr);
    if (r < 0)
        return r;
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    r = unit_file_new(text, size, &file);
    if (r < 0)
        return r;
    Parser parser = {
        .file = file,
        .next = file->words,
        .end = file->words + size,
        .reterr = reterr,
    };
    if (strncmp(parser.next, UTF8_BYTE_ORDER_MARK, strlen(UTF8_BYTE_ORDER_MARK)) == 0)
        parser.next += strlen(UTF8_BYTE_ORDER_MARK);
    r = lines_parse(&parser);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(file);
    return 0;
}
