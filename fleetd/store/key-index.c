/* Every node has a tower of links; one in four is a level higher than the next lower ones, so that
 * a search skips most of them. Heights come from a generator of fixed seed: they decide about speed
 * only, and a run stays repeatable. */
#include "fleetd/store/key-index.h"

#define LEVELS_MAX 16 /* good for 4^16 keys */

typedef struct Tower {
    KeyNode node;
    struct Tower *next[];
} Tower;

struct KeyIndex {
    Tower *first[LEVELS_MAX];
    uint64_t random_state;
};

KeyIndex *key_index_new(void) {
    KeyIndex *index = calloc(1, sizeof(KeyIndex));
    if (index)
        index->random_state = 1;
    return index;
}

void key_index_free(KeyIndex *index) {
    if (!index)
        return;
    for (Tower *tower = index->first[0]; tower;) {
        Tower *next = tower->next[0];
        free(tower);
        tower = next;
    }
    free(index);
}

/* Per level, the link that leads to the first tower not before the key. */
static void find_links(KeyIndex *index, const char *key, Tower **links[LEVELS_MAX]) {
    Tower **next = index->first;
    for (size_t level = LEVELS_MAX; level-- > 0;) {
        while (next[level] && strcmp(next[level]->node.key, key) < 0)
            next = next[level]->next;
        links[level] = &next[level];
    }
}

KeyNode *key_index_from(KeyIndex *index, const char *key) {
    Tower **links[LEVELS_MAX];
    find_links(index, key, links);
    return (KeyNode *) *links[0];
}

KeyNode *key_index_find(KeyIndex *index, const char *key) {
    KeyNode *node = key_index_from(index, key);
    return node && streq(node->key, key) ? node : NULL;
}

KeyNode *key_node_next(KeyNode *node) {
    return (KeyNode *) ((Tower *) node)->next[0];
}

static size_t choose_height(KeyIndex *index) {
    uint64_t x = index->random_state; /* xorshift */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    index->random_state = x;

    size_t height = 1;
    for (; height < LEVELS_MAX && (x & 3) == 0; x >>= 2)
        height++;
    return height;
}

static Tower *tower_new(const char *key, size_t height) {
    size_t size = sizeof(Tower) + height * sizeof(Tower *), key_size = strlen(key) + 1;
    Tower *tower = malloc(size + key_size);
    if (tower)
        *tower = (Tower){.node.key = memcpy((char *) tower + size, key, key_size)};
    return tower;
}

KeyNode *key_index_add(KeyIndex *index, const char *key) {
    Tower **links[LEVELS_MAX];
    find_links(index, key, links);
    if (*links[0] && streq((*links[0])->node.key, key))
        return &(*links[0])->node;

    size_t height = choose_height(index);
    Tower *tower = tower_new(key, height);
    if (!tower)
        return NULL;
    for (size_t level = 0; level < height; level++) {
        tower->next[level] = *links[level];
        *links[level] = tower;
    }
    return &tower->node;
}

void key_index_remove(KeyIndex *index, KeyNode *node) {
    Tower **links[LEVELS_MAX], *tower = (Tower *) node;
    find_links(index, node->key, links);
    for (size_t level = 0; level < LEVELS_MAX && *links[level] == tower; level++)
        *links[level] = tower->next[level];
    free(tower);
}
