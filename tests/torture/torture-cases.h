/* The tables of cases, one a room. */
#pragma once

#include "tests/torture/torture.h"

extern const TortureCase torture_base[];
extern const TortureCase torture_model[];
extern const TortureCase torture_store[];
extern const TortureCase torture_fleetd[];
extern const TortureCase torture_fleetctl[];

#define TEXT(literal) (literal), (sizeof(literal) - 1)
#define MACHINE_ID "0123456789abcdef0123456789abcdef"
