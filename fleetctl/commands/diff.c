/* What differs between two files that a unit has had: diff(1) says it, of memory that it inherits.
 */
#include "fleetctl/commands/command.h"
#include "fleetctl/commands/version-text.h"
#include "fleetctl/print/message.h"
#include "fleetctl/remote/process.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/units/version-operand.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXIT_TROUBLE 2 /* diff's: 1 is that they differ */

typedef struct Side {
    const char *text; /* borrowed */
    char *label;
    int fd;     /* -1: not open */
    char *path; /* by which diff opens that */
} Side;

static void side_done(Side *side) {
    if (side->fd >= 0)
        close(side->fd);
    free(side->label);
    free(side->path);
}
#define _cleanup_side_ _cleanup_(side_done)

static int side_write(const Side *side) {
    size_t size = strlen(side->text);
    for (size_t n = 0; n < size;) {
        ssize_t written = write(side->fd, side->text + n, size - n);
        if (written < 0 && errno != EINTR)
            return -errno;
        n += (size_t) MAX(written, 0);
    }
    return 0;
}

/* The program that it is for inherits it. */
static int side_open(Side *side) {
    side->fd = memfd_create("unit-file", 0);
    if (side->fd < 0)
        return -errno;
    side->path = str_printf("/dev/fd/%d", side->fd);
    return side->path ? side_write(side) : -ENOMEM;
}

static int sides_compare(const Context *context, Side *old, Side *new, Error *reterr) {
    int r = side_open(old);
    if (r >= 0)
        r = side_open(new);
    if (r < 0)
        return r;
    char *const words[] = {(char *) "diff",
                           (char *) "-u",
                           (char *) (context->look.has_color ? "--color=always" : "--color=never"),
                           (char *) "--label",
                           old->label,
                           (char *) "--label",
                           new->label,
                           old->path,
                           new->path,
                           NULL};
    return process_run(words, reterr);
}

static int side_set_version(Side *side, const ApiVersions *versions, const char *unit,
                            int64_t number, Error *reterr) {
    int r = version_text(versions, unit, number, &side->text, reterr);
    if (r < 0)
        return r;
    side->label = str_printf("%s@%lld", unit, (long long) number);
    return side->label ? 0 : -ENOMEM;
}

static int side_set_present(Side *side, const ApiUnit *unit, Error *reterr) {
    side->text = unit->text;
    if (!side->text)
        return error_set(reterr, -EBADMSG, "the file of unit '%s' is lost", unit->name);
    side->label = strdup(unit->name);
    return side->label ? 0 : -ENOMEM;
}

static int number_read(const char *text, int64_t *ret, Error *reterr) {
    return version_number_parse(text, ret)
               ? 0
               : error_set(reterr, -EINVAL, "'%s' is no number of a version", text);
}

/* Without numbers the last two; 1: so there is nothing to compare. */
static int numbers_choose(const ApiVersions *versions, const char *unit,
                          const char *const *operands, int64_t ret[static 2], Error *reterr) {
    ret[0] = ret[1] = 0;
    for (size_t i = 0; i < 2 && operands[i]; i++) {
        int r = number_read(operands[i], &ret[i], reterr);
        if (r < 0)
            return r;
    }
    if (operands[0])
        return 0;
    if (versions->n < 2) {
        complain("Unit %s has had no other file.", unit);
        return 1;
    }
    ret[0] = versions->items[versions->n - 2].number;
    ret[1] = versions->items[versions->n - 1].number;
    return 0;
}

static int unit_compare(const Context *context, const ApiUnit *unit, const char *const *operands,
                        Error *reterr) {
    _cleanup_api_versions_ ApiVersions versions = {};
    _cleanup_side_ Side old = {.fd = -1}, new = {.fd = -1};
    int64_t numbers[2];
    int r = api_get_versions(context->api, unit->name, &versions, reterr);
    if (r >= 0)
        r = numbers_choose(&versions, unit->name, operands, numbers, reterr);
    if (r != 0)
        return MIN(r, 0);
    r = side_set_version(&old, &versions, unit->name, numbers[0], reterr);
    if (r >= 0)
        r = numbers[1] > 0 ? side_set_version(&new, &versions, unit->name, numbers[1], reterr)
                           : side_set_present(&new, unit, reterr);
    return r < 0 ? r : sides_compare(context, &old, &new, reterr);
}

int command_diff(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    _cleanup_error_ Error error = {};
    int r = unit_select_one(context->api, operands[0], &selection, &error);
    if (r == 0)
        return EXIT_TROUBLE;
    if (r > 0)
        r = unit_compare(context, selection.known[0], operands + 1, &error);
    if (r >= 0)
        return r;
    complain("%s", error_text(&error, r));
    return EXIT_TROUBLE;
}
