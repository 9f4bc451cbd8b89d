/* What the failing functions share: whether it is their turn to fail. */
#pragma once

#include "tests/torture/failing-allocator.h"

/* Says of an allocation for that caller whether it fails, and sets errno if so. */
bool failing_turn(const void *caller);

/* While a function that may fail is carried out, what it asks for itself does not count again. */
void failing_enter(void);
void failing_leave(void);
