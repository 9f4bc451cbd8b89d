/* Which rows of a listing are wanted: those that an operand means, in one of the states, on one of
 * the machines. */
#pragma once

#include "fleetctl/commands/list.h"

typedef struct ListFilter {
    const List *list;
    const char *const *operands; /* borrowed; empty: any */
    bool *has_met;               /* by operand: whether it meant an object so far */
    char **states;               /* NULL: any */
    char **machine_ids;          /* NULL: any */
} ListFilter;

/* Reads --state and --machine; asks the API which machines are meant. -EINVAL for a state that
 * there is not, -ENOENT for a machine. */
int list_filter_init(const Context *context, const List *list, const char *const *operands,
                     ListFilter *ret, Error *reterr);
void list_filter_done(ListFilter *filter);
#define _cleanup_list_filter_ _cleanup_(list_filter_done)

/* Whether an object is wanted; to be asked of each. */
bool list_filter_matches(ListFilter *filter, const void *object);

/* Says, when all objects have been asked for, which operands name nothing that there is. 1: some
 * do; 0: none does. */
int list_filter_check_operands(const ListFilter *filter, const Context *context, Error *reterr);
