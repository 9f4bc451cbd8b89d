/* A store in front of another whose revisions can go back, as those of an etcd do that was restored
 * from a backup: its leases live on. Or that goes on as another history. */
#pragma once

#include "fleetd/store/store.h"

/* Borrows the inner store. Its revisions are told as so many more, until they are rewound: let all
 * watches end then. */
int rewound_store_new(Store *inner, int64_t ahead, Store **ret);
void rewound_store_rewind(Store *store);

/* From now on what another inner store holds, with revisions as they are there. */
void rewound_store_restore(Store *store, Store *inner);
/* Likewise, but it says that it is of the same history. */
void rewound_store_swap(Store *store, Store *inner);
