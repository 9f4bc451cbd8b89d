/* The file of a unit with StopAfterDisconnect= as it stands on the machine: the first line of the
 * input is the unit's name, the rest its file. systemd reads the user's options there and the one
 * that guards it, and nothing of it is told to users. */
#include "fleetd/model/requirements.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/systemd/guarded-text.h"
#include "tests/fuzz/fuzz.h"

#define RUN "/run/fleet"

static void option_check(const UnitOption *given, const UnitOption *read) {
    HOLDS(streq(given->section, read->section) && streq(given->name, read->name));
    /* A line that was left open is ended by a blank. */
    size_t n = strlen(given->value);
    HOLDS(strncmp(given->value, read->value, n) == 0);
    HOLDS(read->value[n + strspn(read->value + n, " ")] == 0);
}

/* Its last option is fleet's, and all before are the user's. */
static void options_check(const char *name, const UnitFile *user, const UnitFile *guarded) {
    size_t n_user, n;
    const UnitOption *given = unit_file_options(user, &n_user),
                     *read = unit_file_options(guarded, &n);
    HOLDS(n == n_user + 1);
    for (size_t i = 0; i < n_user; i++)
        option_check(&given[i], &read[i]);
    HOLDS(streq(read[n_user].section, "Unit"));
    HOLDS(streq(read[n_user].name, "AssertPathExists"));
    HOLDS(strncmp(read[n_user].value, RUN "/guard/permits/", strlen(RUN "/guard/permits/")) == 0);
    HOLDS(streq(read[n_user].value + strlen(RUN "/guard/permits/"), name));
}

static void guarded_check(const char *name, const UnitFile *user, const char *text) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    size_t size, n = strlen(text);
    unit_file_text(user, &size);
    HOLDS(n <= size + GUARDED_TEXT_EXTRA_MAX);
    HOLDS(guarded_text_strip(RUN, name, text, n) == size);
    /* What a user may submit is shorter than what fleet may write. */
    if (n > UNIT_FILE_SIZE_MAX)
        return;
    HOLDS(unit_file_parse(text, n, &file, NULL) == 0);
    options_check(name, user, file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    size_t text_size;
    _cleanup_free_ char *name = fuzz_take_line(&input), *text = fuzz_take_rest(&input, &text_size),
                        *guarded = NULL;
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    if (unit_name_check(name, NULL) < 0 || unit_name_is_template(name))
        return 0;
    HOLDS(guarded_text_strip(RUN, name, text, text_size) <= text_size);
    int r = guarded_text_make(RUN, name, text, text_size, &guarded);
    HOLDS(r >= 0);
    bool is_good = unit_file_parse(text, text_size, &file, NULL) >= 0 &&
                   requirements_parse(file, name, &requirements, NULL) >= 0;
    HOLDS((r > 0) == (is_good && requirements->stop_after_usec > 0));
    if (r > 0)
        guarded_check(name, file, guarded);
    return 0;
}
