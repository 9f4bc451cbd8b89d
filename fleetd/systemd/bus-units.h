/* What is known of fleet's units on this machine, by name and by D-Bus object path, and how it is
 * read from systemd's messages. No calls are made here. */
#pragma once

#include "fleetd/systemd/unit-manager.h"

#include <systemd/sd-bus.h>

typedef struct BusUnit {
    UnitStatus status;
    char *path;
    int main_code, main_status; /* of a service's main process: siginfo's si_code and si_status */
    int condition_result;       /* whether the conditions of its last start held */
    bool is_unfinished;         /* its file was written, but systemd may not know it yet */
    bool has_news;              /* status differs from what was told last */
    bool is_queued;             /* to be told */
    bool is_vouched;            /* since it was stopped last: it may have its permit */
    bool is_log_asked;          /* the lines of this failure were asked for */
} BusUnit;

typedef struct BusUnits BusUnits;

BusUnits *bus_units_new(void); /* NULL when out of memory */
void bus_units_free(BusUnits *units);
DEFINE_POINTER_CLEANUP(BusUnits, bus_units_free)

BusUnit *bus_units_find(const BusUnits *units, const char *name);
BusUnit *bus_units_find_path(const BusUnits *units, const char *path);
/* Finds it or adds it with nothing known. */
int bus_units_ensure(BusUnits *units, const char *name, BusUnit **ret);
void bus_units_remove(BusUnits *units, const char *name);
size_t bus_units_count(const BusUnits *units);
/* In strcmp() order, NULL-terminated; the caller frees the array only. */
int bus_units_names(const BusUnits *units, const char ***ret);

/* One row of ListUnitsByNames and its relatives; borrowed from the message. */
typedef struct BusUnitRow {
    const char *name, *load, *active, *sub;
} BusUnitRow;
/* The message stands in the array of rows. 1: a row; 0: no more. */
int bus_unit_row_read(sd_bus_message *m, BusUnitRow *ret);
int bus_unit_apply_row(BusUnit *unit, const BusUnitRow *row);

/* The message stands before the changed properties (a{sv}) of PropertiesChanged or the like. */
int bus_unit_apply_properties(BusUnit *unit, sd_bus_message *m);
int bus_unit_set_result(BusUnit *unit, const char *result);
int bus_unit_set_hash(BusUnit *unit, const char *hash);

/* The interface that has the property Result of such a unit; NULL: its type has no result. */
const char *bus_unit_result_interface(const char *name);
