#include "tests/torture/kept-blocks.h"

#include <stdint.h>
#include <stdlib.h>

#define SLOTS ((size_t) 1 << 17)

static const void *slots[SLOTS];
static size_t n_blocks;

static size_t slot_of(const void *block) {
    return (size_t) (((uintptr_t) block >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 47) % SLOTS;
}

/* Where it is, or where it would be put. */
static size_t slot_find(const void *block) {
    size_t i = slot_of(block);
    while (slots[i] && slots[i] != block)
        i = (i + 1) % SLOTS;
    return i;
}

void kept_add(const void *block) {
    size_t i = block ? slot_find(block) : 0;
    if (!block || slots[i])
        return;
    if (++n_blocks >= SLOTS)
        abort();
    slots[i] = block;
}

/* What stands behind it, up to the next gap, may have to move up. */
void kept_remove(const void *block) {
    size_t i = block ? slot_find(block) : 0;
    if (!block || !slots[i])
        return;
    n_blocks--;
    slots[i] = NULL;
    for (i = (i + 1) % SLOTS; slots[i]; i = (i + 1) % SLOTS) {
        const void *moved = slots[i];
        slots[i] = NULL;
        slots[slot_find(moved)] = moved;
    }
}

size_t kept_count(void) {
    return n_blocks;
}
