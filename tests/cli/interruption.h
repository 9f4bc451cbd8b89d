/* Interrupts a program when it has done all that it can and waits for more. */
#pragma once

#include "fleetd/base/macros.h"

#include <sys/types.h>
#include <systemd/sd-event.h>

typedef struct Interruption Interruption;

/* The program gets SIGINT as soon as it sleeps: whatever was sent to it has been read by then. NULL
 * on failure. */
Interruption *interruption_new(sd_event *event, pid_t pid);
void interruption_free(Interruption *interruption);
DEFINE_POINTER_CLEANUP(Interruption, interruption_free)
