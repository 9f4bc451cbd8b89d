/* Pages of a list that is sorted by name. The token that a client gives back says behind which name
 * its next page begins, so a page is right also when names came or went in between. Pure. */
#pragma once

#include "fleetd/base/error.h"

/* What a client is given as nextPageToken; kind keeps the token of one list from being used for
 * another. The caller frees; NULL when out of memory. */
char *page_token_format(char kind, const char *last);

/* The name in it. -EINVAL: no token of that kind. */
int page_token_parse(char kind, const char *token, char **ret, Error *reterr);

/* The position of the first of the sorted names behind `after` (NULL: the first of all). */
size_t names_after(const char *const *names, size_t n_names, const char *after);
