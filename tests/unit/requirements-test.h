/* What the tests of the [X-Fleet] options share: a unit file, and what it is understood as. */
#pragma once

#include "fleetd/model/requirements.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define ID "0123456789abcdef0123456789abcdef"
#define X "[X-Fleet]\n"

typedef struct RequirementsCase {
    const char *name;
    const char *text;
    const char *expected;
} RequirementsCase;

void assert_requirements(const RequirementsCase *c);
void assert_refused(const char *name, const char *text, const char *message);
int parse_requirements(const char *name, const char *text, Requirements **ret, Error *reterr);
