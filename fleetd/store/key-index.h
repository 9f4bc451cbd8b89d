/* Keys in order of their bytes, each with the place where its versions hang: a skip list, as
 * stepping through a range is what a store does most. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct KeyIndex KeyIndex;
typedef struct Version Version; /* version-log.h */

typedef struct KeyNode {
    const char *key;
    Version *newest; /* NULL: so far only staged */
    Version *staged; /* of the transaction under way */
} KeyNode;

KeyIndex *key_index_new(void);        /* NULL when out of memory */
void key_index_free(KeyIndex *index); /* the nodes, not their versions */
DEFINE_POINTER_CLEANUP(KeyIndex, key_index_free)

/* The node of the key, NULL when absent. */
KeyNode *key_index_find(KeyIndex *index, const char *key);
/* The first node whose key is not before this one; NULL: none. */
KeyNode *key_index_from(KeyIndex *index, const char *key);
KeyNode *key_node_next(KeyNode *node);

/* The node of the key, made if need be. NULL when out of memory. */
KeyNode *key_index_add(KeyIndex *index, const char *key);
void key_index_remove(KeyIndex *index, KeyNode *node);
