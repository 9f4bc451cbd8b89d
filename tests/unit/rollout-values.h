/* Hashes and times that rows of steps of deployments are written with. */
#pragma once

#include "fleetd/base/strv.h"
#include "fleetd/sched/failure-step.h"
#include "fleetd/sched/rollout-step.h"
#include "tests/unit/cmocka-test.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"
#define D "dddddddddddddddddddddddddddddddddddddddd"
#define NOW (1000 * USEC_PER_SEC)
#define T(text) ((char *) (text))
#define HEALTHY (10 * USEC_PER_SEC)
#define DEADLINE (60 * USEC_PER_SEC)
