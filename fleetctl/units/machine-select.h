/* From what a person typed to machines of the cluster. */
#pragma once

#include "fleetctl/api/api-items.h"

/* Whether a machine is meant by its id or the beginning of it, also as tables shorten it
 * ("113f16a7.../10.0.0.1"), by its address, a glob over either, or metadata as KEY=VALUE. Pure. */
bool machine_is_meant(const ApiMachine *machine, const char *typed);

/* Whether an operand chooses by a glob or metadata, so that it may mean no machine. Pure. */
bool machine_operand_is_choice(const char *typed);

/* The machine's name that was most likely meant by a mistyped one; NULL: none. A whole address is
 * no mistyped one of another machine. Borrows from the machines. Pure. */
const char *machine_suggest(const ApiMachine *machines, size_t n, const char *typed);

/* Says of each, which means no machine, that there is none, and what may have been meant. 1. */
int machines_complain_unknown(ApiClient *api, char *const *unknown, Error *reterr);

/* The ids of all machines that a comma-separated list means; there may be none, but the array is
 * never NULL. -ENOENT names the piece that should have meant one, with a suggestion. */
int machines_select(ApiClient *api, const char *typed, char ***ret_ids, Error *reterr);

/* The same of several words, each once. A machine that is away is meant by its whole id, and by the
 * beginning of it if it is cordoned, drained or to be rebooted. At least one. */
int machines_select_all(ApiClient *api, const char *const *words, char ***ret_ids, Error *reterr);
