/* The blocks that production code has asked for, itself or through the functions that fail for it,
 * and not given back: a set of pointers that needs no memory of its own. */
#pragma once

#include <stddef.h>

void kept_add(const void *block);    /* NULL: nothing */
void kept_remove(const void *block); /* fine for others' blocks */
size_t kept_count(void);
