/* How many units of a group may be down because fleet moves them (MaxUnavailable=, Group=), worked
 * out the slow and obvious way. Knows nothing of the scheduler's code. */
#pragma once

#include "tests/sim/sim-view.h"

/* Whether the unit, which is up, may be taken down, by its own file: is_down tells of each other
 * unit of its group that is to be launched. Also true if nobody can say: it is not known, or not to
 * be launched. */
bool sim_budget_has_room(const SimView *view, const char *unit,
                         bool (*is_down)(const Unit *other, const void *userdata),
                         const void *userdata);

/* Whether these two are of one group, as far as their files are known. */
bool sim_share_budget(const SimView *view, const char *a, const char *b);

/* Whether it is up with the file, and for the request, that its order is for. */
bool sim_order_is_available(const SimView *view, const Order *order);
bool sim_is_available(const SimView *view, const char *unit);
/* Whether anything of it may be up, where it has an order that counts. */
bool sim_may_be_up(const SimView *view, const char *unit);
