/* The store of a cluster of one: a file of its own instead of an etcd. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

/* Opens the SQLite file at path, or makes it; its folder must exist. A transaction is acknowledged
 * when it is on the disk, which the caller's loop waits for. Keys under a lease live as long as the
 * process; a store that is opened again has no past, so watches from before are -ESTALE. A full
 * disk fails transactions with -ENOSPC and loses nothing. Errors: see embedded_db_open(). */
int embedded_store_open(Loop *loop, const char *path, Store **ret, Error *reterr);
