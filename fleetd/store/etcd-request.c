/* Written as text rather than as a tree of JSON objects: nothing in it needs quoting, as it is all
 * numbers and base64. A login is the exception. */
#include "fleetd/store/etcd-request.h"

#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/base/text-stream.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>

/* A text that is being written; a failure shows when it is closed. */
typedef struct Text {
    TextStream stream;
    const char *prefix;
} Text;

static void text_done(Text *text) {
    text_stream_done(&text->stream);
}
#define _cleanup_text_ _cleanup_(text_done)

static int text_open(Text *text, const char *prefix) {
    text->prefix = prefix;
    return text_stream_open(&text->stream);
}

static int text_close(Text *text, char **ret) {
    return text_stream_close(&text->stream, ret, NULL);
}

static void text_add_base64(Text *text, const char *data, size_t size) {
    unsigned char block[1024 + 1]; /* of 768 bytes, a multiple of 3, so that blocks join */
    while (size > 0) {
        size_t n = MIN(size, (size_t) 768);
        int length = EVP_EncodeBlock(block, (const unsigned char *) data, (int) n);
        fwrite(block, 1, (size_t) length, text->stream.file);
        data += n;
        size -= n;
    }
}

typedef enum KeyForm {
    KEY_ITSELF,
    KEY_NEXT,      /* the first key behind it: a NUL byte more */
    KEY_RANGE_END, /* the first key behind all that begin with it */
} KeyForm;

/* In place; 0: there is no key behind. The last byte that can grow does, and ends the key. */
static size_t key_make_range_end(char *key, size_t size) {
    while (size > 0 && (unsigned char) key[size - 1] == 0xff)
        size--;
    if (size > 0)
        key[size - 1]++;
    return size;
}

/* The empty key is the NUL byte to etcd: as a key the first one of all, as an end no end. */
static int text_add_key(Text *text, const char *field, const char *key, KeyForm form) {
    _cleanup_free_ char *full = str_printf("%s%s", text->prefix, key);
    if (!full)
        return -ENOMEM;
    size_t size = strlen(full);
    if (form == KEY_RANGE_END)
        size = key_make_range_end(full, size);
    if (size == 0)
        full[0] = '\0';
    fprintf(text->stream.file, "\"%s\":\"", field);
    text_add_base64(text, full, size == 0 || form == KEY_NEXT ? size + 1 : size);
    fputc('"', text->stream.file);
    return 0;
}

static void text_add_number(Text *text, const char *field, int64_t number) {
    if (number != 0)
        fprintf(text->stream.file, ",\"%s\":\"%" PRId64 "\"", field, number);
}

/* The fields key and, for a prefix, range_end. */
static int text_add_selection(Text *text, const char *key, bool is_prefix, const char *after) {
    int r = after && strcmp(after, key) >= 0 ? text_add_key(text, "key", after, KEY_NEXT)
                                             : text_add_key(text, "key", key, KEY_ITSELF);
    if (r < 0 || !is_prefix)
        return r;
    fputc(',', text->stream.file);
    return text_add_key(text, "range_end", key, KEY_RANGE_END);
}

int etcd_range_format(const char *prefix, const StoreRange *range, char **ret) {
    _cleanup_text_ Text text = {};
    int r = text_open(&text, prefix);
    if (r < 0)
        return r;
    fputc('{', text.stream.file);
    r = text_add_selection(&text, range->key, range->is_prefix,
                           range->is_prefix ? range->after : NULL);
    if (r < 0)
        return r;
    text_add_number(&text, "limit", (int64_t) MIN(range->limit, (size_t) INT64_MAX));
    text_add_number(&text, "revision", range->revision);
    fputs(range->is_keys_only ? ",\"keys_only\":true}" : "}", text.stream.file);
    return text_close(&text, ret);
}

static const struct {
    const char *target, *field;
} compare_targets[] = {
    [STORE_COMPARE_CREATE_REVISION] = {"CREATE", "create_revision"},
    [STORE_COMPARE_MOD_REVISION] = {"MOD", "mod_revision"},
    [STORE_COMPARE_LEASE] = {"LEASE", "lease"},
};

static int text_add_compare(Text *text, const StoreCompare *compare) {
    fputc('{', text->stream.file);
    int r = text_add_key(text, "key", compare->key, KEY_ITSELF);
    fprintf(text->stream.file, ",\"target\":\"%s\",\"result\":\"EQUAL\",\"%s\":\"%" PRId64 "\"}",
            compare_targets[compare->target].target, compare_targets[compare->target].field,
            compare->number);
    return r;
}

static int text_add_put(Text *text, const StoreWrite *write) {
    const char *value = str_or(write->value, "");
    fputs("{\"request_put\":{", text->stream.file);
    int r = text_add_key(text, "key", write->key, KEY_ITSELF);
    fputs(",\"value\":\"", text->stream.file);
    text_add_base64(text, value, write->value_size > 0 ? write->value_size : strlen(value));
    fputc('"', text->stream.file);
    text_add_number(text, "lease", write->lease);
    fputs("}}", text->stream.file);
    return r;
}

static int text_add_delete(Text *text, const StoreWrite *write) {
    fputs("{\"request_delete_range\":{", text->stream.file);
    int r = text_add_selection(text, write->key, write->kind == STORE_DELETE_PREFIX, NULL);
    fputs("}}", text->stream.file);
    return r;
}

int etcd_txn_format(const char *prefix, const StoreTxn *txn, char **ret) {
    _cleanup_text_ Text text = {};
    int r = text_open(&text, prefix);
    if (r < 0)
        return r;
    fputs("{\"compare\":[", text.stream.file);
    for (size_t i = 0; i < txn->n_compares && r >= 0; i++) {
        fputs(i > 0 ? "," : "", text.stream.file);
        r = text_add_compare(&text, &txn->compares[i]);
    }
    fputs("],\"success\":[", text.stream.file);
    for (size_t i = 0; i < txn->n_writes && r >= 0; i++) {
        const StoreWrite *write = &txn->writes[i];
        fputs(i > 0 ? "," : "", text.stream.file);
        r = write->kind == STORE_PUT ? text_add_put(&text, write) : text_add_delete(&text, write);
    }
    fputs("]}", text.stream.file);
    return r < 0 ? r : text_close(&text, ret);
}

int etcd_watch_format(const char *prefix, const StoreWatch *watch, char **ret) {
    _cleanup_text_ Text text = {};
    int r = text_open(&text, prefix);
    if (r < 0)
        return r;
    fputs("{\"create_request\":{", text.stream.file);
    r = text_add_selection(&text, watch->key, watch->is_prefix, NULL);
    if (r < 0)
        return r;
    text_add_number(&text, "start_revision", watch->start_revision);
    fputs("}}", text.stream.file);
    return text_close(&text, ret);
}

static int text_answer_take(char *text, char **ret) {
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}

int etcd_grant_format(usec_t ttl_usec, char **ret) {
    usec_t seconds = ttl_usec / USEC_PER_SEC + (ttl_usec % USEC_PER_SEC > 0);
    return text_answer_take(str_printf("{\"TTL\":\"%" PRIu64 "\"}", MAX(seconds, (usec_t) 1)), ret);
}

int etcd_lease_format(int64_t lease, char **ret) {
    return text_answer_take(str_printf("{\"ID\":\"%" PRId64 "\"}", lease), ret);
}

int etcd_login_format(const char *username, const char *password, char **ret) {
    _cleanup_json_ json_object *object = json_object_new_object();
    int r = object ? json_add_string(object, "name", username) : -ENOMEM;
    if (r >= 0)
        r = json_add_string(object, "password", password);
    return r < 0 ? r : text_answer_take(json_format(object), ret);
}
