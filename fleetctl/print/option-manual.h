/* What the manual pages say of each option: made from docs/fleet-unit.5 and docs/fleet.conf.5 when
 * fleetctl is built (option-manual.awk), so that there is one text. */
#pragma once

typedef struct OptionManual {
    const char *page; /* "fleet-unit(5)" */
    const char *name; /* "MachineOf" */
    const char *tag;  /* as the page has it: "MachineOf=UNIT..."; of several that share a text all
                         their names */
    const char *text; /* a line for each paragraph, with what it is indented by before it */
} OptionManual;

/* In the order of the pages; ends with a row without a name. */
extern const OptionManual option_manuals[];

#define OPTION_MANUAL_UNIT "fleet-unit(5)" /* of the options of [X-Fleet] */
#define OPTION_MANUAL_CONF "fleet.conf(5)"
