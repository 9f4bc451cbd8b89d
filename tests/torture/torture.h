/* Torture of a table of cases: each is run again and again while its first, its second, its third
 * allocation fails and so on, once alone and once with all that follow; until it comes through. It
 * must answer as it does with memory enough, and with the same output, or -ENOMEM, and then leave
 * its outputs as they were; and leave no block behind. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/macros.h"

typedef struct Torture Torture; /* one run of a case */

typedef struct TortureCase {
    const char *name;
    int (*run)(Torture *torture); /* answers what the production code answered */
    bool has_world; /* there are fakes around it, so what libraries ask for is left alone */
    bool may_lose;  /* without memory its output is less, as its header says: only the result counts
                     */
} TortureCase;

/* What production code does in between may fail. */
void torture_arm(Torture *torture);
void torture_disarm(Torture *torture);

/* An output that a failed call must leave as it is. */
#define UNTOUCHED ((void *) 0x5eed)

/* Whether there is an output to be looked at; if not, that it is untouched. */
bool torture_has(Torture *torture, int r, const void *output);

/* The same for structures: filled before, and compared after. */
void torture_fill(void *output, size_t size);
bool torture_has_struct(Torture *torture, int r, const void *output, size_t size);

/* What came of it, to be the same in each run that succeeds. Takes the text over; several are
 * fine. */
void torture_note_take(Torture *torture, char *text);

/* The result of a call that answers a text, NULL when out of memory: notes and frees it. */
int torture_text_take(Torture *torture, char *text);

void torture_expect(Torture *torture, bool holds, const char *sentence);

/* Runs the tables, each up to a case without a name; speaks TAP. Names among the arguments choose.
 */
int torture_main(int argc, char **argv, const TortureCase *const *tables);
