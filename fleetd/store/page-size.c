#include "fleetd/store/page-size.h"

#include "fleetd/base/macros.h"

#define DOUBLINGS 6                          /* from the first page to the largest one */
#define NO_BURDEN ((size_t) 8 * 1024 * 1024) /* bytes */
#define PATIENCE_MIN 8                       /* pages */
#define PATIENCE_MAX 1024

PageSize page_size_new(size_t max) {
    return (PageSize){
        .now = MAX(max >> DOUBLINGS, (size_t) 1),
        .max = max,
        .limit = max,
        .patience = PATIENCE_MIN,
    };
}

void page_size_good(PageSize *size, size_t n_entries, size_t n_bytes) {
    size_t unburdened = n_bytes > 0 && !size->has_failed ? NO_BURDEN / n_bytes * n_entries : 0;
    if (size->is_try)
        size->patience = PATIENCE_MIN; /* the way is wider than it was */
    size->is_try = false;
    size->was_good = true;
    size->n_good++;
    if (size->now == size->limit && size->limit < size->max && size->n_good >= size->patience) {
        size->limit = MIN(size->limit * 2, size->max);
        size->is_try = true;
        size->n_good = 0;
    }
    size->now = MIN(MAX(size->now * 2, unburdened), size->limit);
}

bool page_size_bad(PageSize *size) {
    size->has_failed = true;
    if (size->is_try)
        size->patience = MIN(size->patience * 2, (unsigned) PATIENCE_MAX);
    if (size->was_good)
        size->limit = MAX(size->now / 2, (size_t) 1);
    size->is_try = size->was_good = false;
    size->n_good = 0;
    if (size->now == 1)
        return false;
    size->now /= 2;
    return true;
}
