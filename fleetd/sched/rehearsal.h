/* What would happen if nothing else did: on a model of the cluster, all that is decided is carried
 * out at once, wherever there is a machine to do so, and goes well. Pure. */
#pragma once

#include "fleetd/model/forecast.h"
#include "fleetd/sched/cluster.h"

typedef struct Rehearsal Rehearsal;

/* The cluster is borrowed, whole, and nobody else's: what stands in it is not so any more. What is
 * on its way to be carried out counts as carried out. */
int rehearsal_new(Cluster *cluster, Rehearsal **ret);
void rehearsal_free(Rehearsal *rehearsal);
DEFINE_POINTER_CLEANUP(Rehearsal, rehearsal_free)

/* Decides for at most max_units of them (0: all), or, when nothing is left to decide, has that
 * carried out. 1: there is more to do; 0: it has come to rest. -ENOMEM. */
int rehearsal_step(Rehearsal *rehearsal, size_t max_units);

/* As it is now, is what later changes are told against. Once, at rest; whoever asks for something
 * tells the cluster after that. */
int rehearsal_mark(Rehearsal *rehearsal);
/* What is otherwise than at the mark is added to ret. At rest. */
int rehearsal_tell(const Rehearsal *rehearsal, Forecast *ret);
