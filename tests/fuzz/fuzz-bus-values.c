/* What systemd says of units over D-Bus, with values of any type in any place. Each line of the
 * input is a property: its name, and after a blank the value, of the type that its first letter
 * names. A line "row" begins a row of a list instead, with one text a line. What is taken over is
 * what was said. */
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-units.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNIT "a.service"
#define PROPERTIES_MAX 32

/* Messages belong to a connection; nothing is ever sent. */
static sd_bus *bus_get(void) {
    static sd_bus *bus;
    int fds[2];
    if (bus)
        return bus;
    HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    HOLDS(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
    HOLDS(sd_bus_start(bus) >= 0);
    return bus;
}

static sd_bus_message *message_begin(void) {
    sd_bus_message *m = NULL;
    HOLDS(sd_bus_message_new_signal(bus_get(), &m, "/x", "x.y", "z") >= 0);
    return m;
}

static void message_end(sd_bus_message *m) {
    HOLDS(sd_bus_message_seal(m, 1, 0) >= 0 && sd_bus_message_rewind(m, true) >= 0);
}

/* Text as D-Bus knows it is UTF-8: what is not cannot come. */
static int value_append(sd_bus_message *m, const char *value) {
    const char *text = *value ? value + 1 : "";
    switch (*value) {
    case 's':
        return sd_bus_message_append(m, "v", "s", text);
    case 'i':
        return sd_bus_message_append(m, "v", "i", atoi(text));
    case 'u':
        return sd_bus_message_append(m, "v", "u", (unsigned) atoi(text));
    case 't':
        return sd_bus_message_append(m, "v", "t", (uint64_t) strtoull(text, NULL, 10));
    case 'b':
        return sd_bus_message_append(m, "v", "b", *text == '1');
    case 'a':
        return sd_bus_message_append(m, "v", "as", 2, text, "x");
    case 'v':
        return sd_bus_message_append(m, "v", "v", "s", text);
    case '(':
        return sd_bus_message_append(m, "v", "(sia{sv})", text, 7, 1, "k", "s", text);
    default:
        return sd_bus_message_append(m, "v", "y", (uint8_t) *value);
    }
}

typedef struct Property {
    char *line;
    const char *name, *value;
} Property;

static void property_cut(Property *property) {
    char *blank = strchr(property->line, ' ');
    property->name = property->line;
    property->value = blank ? blank + 1 : "";
    if (blank)
        *blank = 0;
}

/* The last text that was said of a property, NULL: none, or somebody said something else. */
static bool is_said(const Property *properties, size_t n, const char *name, const char *text) {
    const Property *last = NULL;
    for (size_t i = 0; i < n; i++)
        if (streq(properties[i].name, name))
            last = &properties[i];
    return last ? *last->value == 's' && streq_ptr(text, last->value + 1) : !text;
}

static void unit_check(const BusUnit *unit, const Property *properties, size_t n) {
    HOLDS(is_said(properties, n, "ActiveState", unit->status.active));
    HOLDS(is_said(properties, n, "SubState", unit->status.sub));
    HOLDS(is_said(properties, n, "Result", unit->status.result));
    HOLDS(streq(unit->status.name, UNIT) && !unit->status.load && !unit->status.hash);
}

static void properties_try(const Property *properties, size_t n) {
    sd_bus_message *m = message_begin();
    BusUnits *units = bus_units_new();
    BusUnit *unit;
    int r = sd_bus_message_open_container(m, 'a', "{sv}");
    for (size_t i = 0; r >= 0 && i < n; i++) {
        r = sd_bus_message_open_container(m, 'e', "sv");
        r = r < 0 ? r : sd_bus_message_append(m, "s", properties[i].name);
        r = r < 0 ? r : value_append(m, properties[i].value);
        r = r < 0 ? r : sd_bus_message_close_container(m);
    }
    r = r < 0 ? r : sd_bus_message_close_container(m);
    HOLDS(bus_units_ensure(units, UNIT, &unit) == 0);
    if (r >= 0) {
        message_end(m);
        if (bus_unit_apply_properties(unit, m) >= 0)
            unit_check(unit, properties, n);
    }
    sd_bus_message_unref(m);
    bus_units_free(units);
}

static int row_append(sd_bus_message *m, char *const texts[static 4]) {
    return sd_bus_message_append(m, "(ssssssouso)", texts[0], "", texts[1], texts[2], texts[3], "",
                                 "/", 0, "", "/");
}

/* Rows until the end of the list, of whatever units. */
static void rows_read(sd_bus_message *m, size_t n) {
    BusUnits *units = bus_units_new();
    BusUnitRow row;
    BusUnit *unit;
    size_t n_read = 0;
    HOLDS(sd_bus_message_enter_container(m, 'a', "(ssssssouso)") > 0);
    while (bus_unit_row_read(m, &row) > 0) {
        n_read++;
        int r = bus_units_ensure(units, row.name, &unit);
        HOLDS(r == 0 || r == -EINVAL);
        if (r < 0)
            continue;
        HOLDS(bus_unit_apply_row(unit, &row) == 0);
        HOLDS(streq(unit->status.load, row.load) && streq(unit->status.active, row.active));
        HOLDS(bus_units_find(units, row.name) == unit);
        HOLDS(bus_units_find_path(units, unit->path) == unit);
    }
    HOLDS(n_read == n && bus_units_count(units) <= n);
    bus_units_free(units);
}

static void rows_try(FuzzInput *input) {
    sd_bus_message *m = message_begin();
    size_t n = 0;
    int r = sd_bus_message_open_container(m, 'a', "(ssssssouso)");
    for (; r >= 0 && input->size > 0; n++) {
        char *texts[4];
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
            texts[i] = fuzz_take_line(input);
        r = row_append(m, texts);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
            free(texts[i]);
    }
    if (r >= 0 && sd_bus_message_close_container(m) >= 0) {
        message_end(m);
        rows_read(m, n);
    }
    sd_bus_message_unref(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    Property properties[PROPERTIES_MAX];
    size_t n = 0;
    while (input.size > 0 && n < PROPERTIES_MAX) {
        properties[n].line = fuzz_take_line(&input);
        if (streq(properties[n].line, "row"))
            rows_try(&input);
        property_cut(&properties[n++]);
    }
    properties_try(properties, n);
    for (size_t i = 0; i < n; i++)
        free(properties[i].line);
    return 0;
}
