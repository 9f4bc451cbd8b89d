/* Machines that are to be rebooted, each from one phase to the next (fleetd/sched/reboot-phase.h),
 * one change at a time. */
#pragma once

#include "fleetd/engine/side-work.h"

typedef struct Reboots Reboots;

int reboots_new(const SideWorkOptions *options, Reboots **ret);
void reboots_free(Reboots *reboots);
DEFINE_POINTER_CLEANUP(Reboots, reboots_free)

/* Something may have changed, or it is ready now. */
void reboots_look(Reboots *reboots);
bool reboots_is_writing(const Reboots *reboots);
