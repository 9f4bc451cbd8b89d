#include "fleetd/base/shared-text.h"

#include <errno.h>

typedef struct Counted {
    size_t n_users;
    char text[];
} Counted;

static Counted *counted(SharedText text) {
    return (Counted *) (text - offsetof(Counted, text));
}

static SharedText counted_new(const char *value) {
    size_t size = strlen(value) + 1;
    Counted *new = malloc(sizeof(Counted) + size);
    if (!new)
        return NULL;
    new->n_users = 1;
    return memcpy(new->text, value, size);
}

int shared_text_replace(SharedText *text, const char *value, SharedText other) {
    if (streq_ptr(*text, value))
        return 0;
    if (streq_ptr(other, value)) {
        shared_text_share(text, other);
        return 0;
    }
    SharedText copy = value ? counted_new(value) : NULL;
    if (value && !copy)
        return -ENOMEM;
    shared_text_drop(*text);
    *text = copy;
    return 0;
}

void shared_text_share(SharedText *text, SharedText other) {
    if (other)
        counted(other)->n_users++;
    shared_text_drop(*text);
    *text = other;
}

void shared_text_drop(SharedText text) {
    if (text && --counted(text)->n_users == 0)
        free(counted(text));
}
