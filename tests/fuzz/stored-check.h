/* What the API let into the store: promise 5 of docs/architecture.md. */
#pragma once

#include "tests/fakes/store-sync.h"

/* Every key is fleet's, every value can be read, and every unit has its file and could be placed.
 */
void stored_check(const StoreSync *sync);
