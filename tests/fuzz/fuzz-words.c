/* Small texts that come from outside into fleetd: the first line names the kind, the rest is the
 * text. */
#include "fleetd/api/forecast-request.h"
#include "fleetd/api/metadata-patch.h"
#include "fleetd/api/page.h"
#include "fleetd/base/byte-size.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/base/time-units.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/store/etcd-endpoints.h"
#include "fleetd/store/store.h"
#include "fleetd/systemd/journal-lines.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

/* Below, each microsecond has a double of its own. */
#define EXACT_MAX_USEC ((usec_t) 1 << 53)

static void timespan_try(const char *text, size_t size) {
    usec_t usec, again;
    if (timespan_parse(text, &usec, NULL) < 0)
        return;
    _cleanup_free_ char *formatted = timespan_format(usec);
    HOLDS(timespan_parse(formatted, &again, NULL) == 0);
    HOLDS(again == usec || usec > EXACT_MAX_USEC);
}

/* What is told is never more than it is. */
static void byte_size_try(const char *text, size_t size) {
    uint64_t bytes, again;
    if (byte_size_parse(text, &bytes, NULL) < 0)
        return;
    HOLDS(bytes <= BYTE_SIZE_MAX);
    _cleanup_free_ char *formatted = byte_size_format(bytes);
    HOLDS(byte_size_parse(formatted, &again, NULL) == 0);
    HOLDS(again <= bytes && again >= bytes - bytes / 10);
}

static void metadata_try(const char *text, size_t size) {
    _cleanup_metadata_ Metadata metadata = {}, again = {};
    if (metadata_parse(text, &metadata, NULL) < 0)
        return;
    HOLDS(metadata.n_pairs <= METADATA_PAIRS_MAX);
    for (size_t i = 0; i < metadata.n_pairs; i++) {
        const MetadataPair *pair = &metadata.pairs[i];
        HOLDS(metadata_check_pair(pair->key, pair->value, NULL) == 0);
        HOLDS(text_is_printable(pair->key) && text_is_printable(pair->value));
        HOLDS(streq(metadata_get(&metadata, pair->key), pair->value));
        HOLDS(i == 0 || strcmp(pair[-1].key, pair->key) < 0);
    }
    _cleanup_json_ json_object *object = metadata_to_json(&metadata);
    HOLDS(metadata_from_json(object, &again, NULL) == 0);
    HOLDS(metadata_equal(&metadata, &again));
}

static void machine_id_try(const char *text, size_t size) {
    bool is_id =
        strlen(text) == MACHINE_ID_LENGTH && strspn(text, "0123456789abcdef") == MACHINE_ID_LENGTH;
    HOLDS(machine_id_check(text, NULL) == (is_id ? 0 : -EINVAL));
}

static void page_token_try(const char *text, size_t size) {
    _cleanup_free_ char *name = NULL;
    if (page_token_parse('u', text, &name, NULL) >= 0) {
        _cleanup_free_ char *token = page_token_format('u', name);
        HOLDS(streq(token, text));
    }
    _cleanup_free_ char *token = page_token_format('u', text), *back = NULL;
    HOLDS(page_token_parse('u', token, &back, NULL) == (*text ? 0 : -EINVAL));
    HOLDS(!*text || streq(back, text));
}

/* What a process wrote stands on terminals and in JSON. */
static void journal_line_try(const char *text, size_t size) {
    _cleanup_free_ char *line = journal_line_clean(text, size);
    HOLDS(strlen(line) <= MIN(size, (size_t) JOURNAL_LINE_MAX));
    HOLDS(text_is_printable(line));
    _cleanup_free_ char *again = journal_line_clean(line, strlen(line));
    HOLDS(streq(again, line));
}

static void text_try(const char *text, size_t size) {
    _cleanup_free_ char *printable = text_to_printable(text);
    HOLDS(text_is_printable(printable));
    HOLDS(!text_is_printable(text) || strlen(text) > 256 || streq(printable, text));
    int length = text_short_length(text);
    HOLDS(length >= 0 && (size_t) length <= strlen(text));
}

static void json_try(const char *text, size_t size) {
    _cleanup_json_ json_object *object = NULL, *again = NULL;
    _cleanup_error_ Error error = {};
    if (json_parse(text, size, &object, &error) < 0) {
        fuzz_check_message(error.message);
        return;
    }
    _cleanup_free_ char *formatted = json_format(object);
    HOLDS(json_parse(formatted, strlen(formatted), &again, NULL) == 0);
    HOLDS(json_object_equal(object, again) || strpbrk(formatted, ".eE"));
}

static void patch_try(const char *text, size_t size) {
    _cleanup_(metadata_patch_done) MetadataPatch patch = {};
    _cleanup_error_ Error error = {};
    int r = metadata_patch_parse(text, size, &patch, &error);
    HOLDS(r == 0 || r == -EINVAL);
    if (r < 0)
        fuzz_check_message(error.message);
    HOLDS(patch.n_changes <= STORE_TXN_MAX);
    for (size_t i = 0; i < patch.n_changes; i++) {
        const MetadataChange *change = &patch.changes[i];
        HOLDS(machine_id_check(change->machine_id, NULL) == 0);
        HOLDS(metadata_check_pair(change->key, change->value ? change->value : "", NULL) == 0);
        for (size_t k = 0; k < i; k++)
            HOLDS(!streq(patch.changes[k].key, change->key) ||
                  !streq(patch.changes[k].machine_id, change->machine_id));
    }
}

/* Each unit once, with what a request for it may have. */
static void plan_try(const char *text, size_t size) {
    ForecastRequest request = {};
    _cleanup_error_ Error error = {};
    int r = forecast_request_parse(text, size, &request, &error);
    HOLDS(r == 0 || r == -EINVAL);
    if (r < 0)
        fuzz_check_message(error.message);
    for (size_t i = 0; i < request.n_wishes; i++) {
        const ForecastWish *wish = &request.wishes[i];
        HOLDS(unit_name_check(wish->name, NULL) == 0);
        HOLDS(!wish->is_removal || (!wish->file && wish->desired < 0));
        for (size_t k = 0; k < i; k++)
            HOLDS(!streq(request.wishes[k].name, wish->name));
    }
    STRV_FOREACH (id, request.drained)
        HOLDS(machine_id_check(*id, NULL) == 0);
    forecast_request_done(&request);
}

/* A password in it would end up in the log. */
static void etcd_url_try(const char *text, size_t size) {
    if (etcd_url_check(text, NULL) < 0)
        return;
    HOLDS(strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0);
    HOLDS(!strchr(text, '@') && !strpbrk(text, " \t\r\n?#\\\x1b"));
}

static const struct {
    const char *name;
    void (*attempt)(const char *text, size_t size);
} kinds[] = {
    {"timespan", timespan_try},
    {"byte-size", byte_size_try},
    {"metadata", metadata_try},
    {"machine-id", machine_id_try},
    {"page-token", page_token_try},
    {"journal-line", journal_line_try},
    {"text", text_try},
    {"json", json_try},
    {"patch", patch_try},
    {"plan", plan_try},
    {"etcd-url", etcd_url_try},
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
