#include "fleetctl/remote/machine-find.h"

#include "fleetctl/units/machine-select.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define CHOICES_MAX 8 /* more help nobody */

typedef struct Search {
    const char *word;
    ApiMachine found;
    char **ids; /* of those that the word may mean */
} Search;

/* 1: it is this one beyond doubt. */
static int search_try(Search *search, const ApiMachine *machine) {
    bool is_sure = streq(machine->id, search->word) || streq(machine->address, search->word);
    if (!is_sure && !machine_is_meant(machine, search->word))
        return 0;
    search->found = *machine;
    return is_sure ? 1 : strv_push(&search->ids, machine->id);
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
    Search search = {.word = word};
    int r = 0;
    if (!*word)
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
