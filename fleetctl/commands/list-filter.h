/* Which rows of a listing are wanted: those that an operand means, in one of the states, on one of
 * the machines. */
#pragma once

#include "fleetctl/commands/list-rows.h"

typedef struct ListFilter {
    const List *list;
    const char *const *operands; /* borrowed; empty: any */
    char **states;               /* NULL: any */
    char **machine_ids;          /* NULL: any */
} ListFilter;

/* Reads --state and --machine; asks the API which machines are meant. -EINVAL for a state that
 * there is not, -ENOENT for a machine. */
int list_filter_init(const Context *context, const List *list, const char *const *operands,
                     ListFilter *ret, Error *reterr);
void list_filter_done(ListFilter *filter);
#define _cleanup_list_filter_ _cleanup_(list_filter_done)

/* Says which operands name nothing that there is; rows are all objects, as yet unfiltered. 1: some
 * do; 0: none does. */
int list_filter_check_operands(const ListFilter *filter, const Context *context,
                               const ListRows *rows, Error *reterr);

bool list_filter_matches(const ListFilter *filter, const void *object);
