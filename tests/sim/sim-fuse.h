/* What a fleetd asks of the store and of systemd passes through a fuse that can blow at a certain
 * call: that one and all later ones are never heard of again, and neither is an answer, as if the
 * process had been killed right before it. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"
#include "fleetd/systemd/unit-manager.h"

typedef struct SimFuse SimFuse;

/* on_blown is called by the loop, right after. Borrows loop and store. Never NULL. */
SimFuse *sim_fuse_new(Loop *loop, Store *inner, void (*on_blown)(void *userdata), void *userdata);
void sim_fuse_free(SimFuse *fuse);

Store *sim_fuse_store(SimFuse *fuse); /* borrowed */
/* In front of that one, which it takes over. */
UnitManager *sim_fuse_unit_manager_take(SimFuse *fuse, UnitManager *inner);

/* When that fleetd asked to stop the unit, and for no start since; 0: never. */
usec_t sim_fuse_stopped_at(const SimFuse *fuse, const char *name);

/* It blows at the n-th call from now on; 0: at none. A blown one is whole again. */
void sim_fuse_set(SimFuse *fuse, uint64_t n);
uint64_t sim_fuse_count(const SimFuse *fuse); /* calls so far */
