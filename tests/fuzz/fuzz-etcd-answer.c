/* What etcd's gateway answers: the first line names the kind of answer, the rest is its body. What
 * is let through is what fleet relies on. */
#include "fleetd/base/strv.h"
#include "fleetd/store/etcd-answer.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#define PREFIX "/fleet/"

static void refusal_check(int r, Error *error) {
    HOLDS(r < 0 && r != -EBADMSG);
    fuzz_check_message(error_text(error, r));
}

/* Keys and values are read as strings of known length; whoever prints them makes them fit to be. */
static void entry_check(const StoreEntry *entry) {
    HOLDS(entry->key && strlen(entry->key) < SIZE_MAX);
    HOLDS(!entry->value || entry->value[entry->value_size] == '\0');
}

static void entries_compare(const StoreEntry *a, const StoreEntry *b) {
    HOLDS(streq(a->key, b->key) && a->value_size == b->value_size);
    HOLDS(a->value_size == 0 || memcmp(a->value, b->value, a->value_size) == 0);
    HOLDS(a->create_revision == b->create_revision && a->mod_revision == b->mod_revision);
    HOLDS(a->lease == b->lease);
}

/* With white space in front its entries are read by json-c, and are the same. What both refuse they
 * may refuse in other words. */
static void range_compare(const char *text, int r, const EtcdRangeAnswer *answer) {
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer other = {};
    _cleanup_error_ Error error = {};
    _cleanup_free_ char *spaced = str_printf(" %s", text);
    int q = etcd_range_parse(spaced, strlen(spaced), PREFIX, &other, &error);
    HOLDS(r == q || r == -ENOMEM || q == -ENOMEM);
    if (r < 0 || q < 0)
        return;
    HOLDS(answer->result.n_entries == other.result.n_entries);
    HOLDS(answer->result.has_more == other.result.has_more);
    HOLDS(answer->result.revision == other.result.revision);
    for (size_t i = 0; i < other.result.n_entries; i++)
        entries_compare(&answer->entries[i], &other.entries[i]);
}

static void range_try(const char *text, size_t size) {
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    _cleanup_error_ Error error = {};
    int r = etcd_range_parse(text, size, PREFIX, &answer, &error);
    if (strlen(text) == size)
        range_compare(text, r, &answer);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(answer.result.revision > 0);
    HOLDS(answer.result.n_entries > 0 || !answer.result.has_more);
    for (size_t i = 0; i < answer.result.n_entries; i++)
        entry_check(&answer.result.entries[i]);
}

static void txn_try(const char *text, size_t size) {
    EtcdTxnAnswer answer = {};
    _cleanup_error_ Error error = {};
    int r = etcd_txn_parse(text, size, &answer, &error);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(answer.result.revision > 0);
}

static void lease_try(const char *text, size_t size) {
    EtcdLeaseAnswer answer = {};
    _cleanup_error_ Error error = {};
    int r = etcd_lease_parse(text, size, &answer, &error);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(answer.lease != 0 && answer.ttl_usec > 0);
    HOLDS(answer.ttl_usec < USEC_INFINITY / 4); /* times are added to it */
}

/* It becomes a header's value. */
static void token_try(const char *text, size_t size) {
    _cleanup_free_ char *token = NULL;
    _cleanup_error_ Error error = {};
    int r = etcd_token_parse(text, size, &token, &error);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(*token && !strpbrk(token, " \t\r\n"));
}

static void watch_line_try(const char *text, size_t size) {
    _cleanup_(etcd_watch_line_done) EtcdWatchLine line = {};
    _cleanup_error_ Error error = {};
    int r = etcd_watch_line_parse(text, size, PREFIX, &line, &error);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(line.error <= 0);
    HOLDS(!line.is_created || line.revision > 0);
    HOLDS(line.n_events == 0 || line.revision > 0);
    for (size_t i = 0; i < line.n_events; i++) {
        entry_check(&line.events[i].entry);
        HOLDS(line.events[i].entry.mod_revision > 0);
    }
}

static void error_try(const char *text, size_t size) {
    static const unsigned statuses[] = {200, 400, 401, 403, 404, 500, 503, 504};
    for (size_t i = 0; i < ELEMENTSOF(statuses); i++) {
        _cleanup_error_ Error error = {};
        refusal_check(etcd_error_parse(statuses[i], text, size, &error), &error);
    }
}

static const struct {
    const char *name;
    void (*attempt)(const char *text, size_t size);
} kinds[] = {
    {"range", range_try}, {"txn", txn_try},          {"lease", lease_try},
    {"token", token_try}, {"watch", watch_line_try}, {"error", error_try},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    size_t text_size;
    _cleanup_free_ char *name = fuzz_take_line(&input), *text = fuzz_take_rest(&input, &text_size);
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (streq(kinds[i].name, name))
            kinds[i].attempt(text, text_size);
    return 0;
}
