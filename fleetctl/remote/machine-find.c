#include "fleetctl/remote/machine-find.h"

#include "fleetd/base/strv.h"

#include <errno.h>

#define CHOICES_MAX 8 /* more help nobody */

typedef struct Search {
    const char *word;
    size_t length; /* of what is compared with ids */
    ApiMachine found;
    char **ids; /* that begin with it */
} Search;

/* "113f16a7.../10.0.0.1" is compared up to the dots. */
static size_t id_length(const char *word) {
    const char *dots = strstr(word, "...");
    const char *slash = strchr(word, '/');
    const char *end = dots ? dots : slash;
    return end ? (size_t) (end - word) : strlen(word);
}

/* 1: it is this one beyond doubt. */
static int search_try(Search *search, const ApiMachine *machine) {
    if (streq(machine->id, search->word) || streq(machine->address, search->word)) {
        search->found = *machine;
        return 1;
    }
    if (strncmp(machine->id, search->word, search->length) != 0)
        return 0;
    search->found = *machine;
    return strv_push(&search->ids, machine->id);
}

static int search_judge(const Search *search, Error *reterr) {
    size_t n = strv_length(search->ids);
    if (n <= 1)
        return (int) n;
    _cleanup_(strv_freep) char **shown = NULL;
    for (size_t i = 0; i < MIN(n, CHOICES_MAX); i++)
        if (strv_push(&shown, search->ids[i]) < 0)
            return -ENOMEM;
    _cleanup_free_ char *choices = strv_join(shown, ", ");
    return error_set(reterr, -EINVAL, "machine '%s' is ambiguous: %s%s", search->word,
                     str_or(choices, ""), n > CHOICES_MAX ? ", ..." : "");
}

int machine_find(json_object *machines, const char *word, ApiMachine *ret, Error *reterr) {
    Search search = {.word = word, .length = id_length(word)};
    int r = 0;
    if (search.length == 0)
        return 0;
    for (size_t i = 0; r == 0 && i < json_object_array_length(machines); i++) {
        ApiMachine machine;
        r = api_machine_read(json_object_array_get_idx(machines, i), &machine, reterr);
        if (r >= 0)
            r = search_try(&search, &machine);
    }
    if (r == 0)
        r = search_judge(&search, reterr);
    strv_free(search.ids);
    if (r > 0)
        *ret = search.found;
    return r;
}
