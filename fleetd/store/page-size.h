/* How many entries to ask for at a time, when nobody knows how large they are and how wide the way
 * is that they come: more and more, while all goes well. The size that failed right after one that
 * did not is beyond a limit, which is tried again later, and the later the more often that failed:
 * so the failures of a list are few. A size that failed like all others says nothing: perhaps there
 * was no answer at all. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct PageSize {
    size_t now; /* to ask for */
    size_t max;
    size_t limit;      /* not to be passed; max: none is known */
    unsigned n_good;   /* pages since the last failure, or try */
    unsigned patience; /* so many, before the limit is tried */
    bool was_good;     /* the last page */
    bool is_try;       /* beyond the limit */
    bool has_failed;   /* some page has */
} PageSize;

PageSize page_size_new(size_t max); /* begins with a part of it */
/* It had so many entries of so many bytes together, 0: not known. Where entries are small, and no
 * page has failed, the next one is at once as large as is no burden; else twice as large. */
void page_size_good(PageSize *size, size_t n_entries, size_t n_bytes);
/* False: it was the smallest already. */
bool page_size_bad(PageSize *size);
