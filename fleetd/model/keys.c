/* One row per kind says what a key of it looks like. What is taken apart is also checked, since
 * names from keys become paths of files on a machine. */
#include "fleetd/model/keys.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-name.h"

typedef struct KeyLayout {
    const char *prefix;
    bool has_machine_id;
    int (*name_check)(const char *name, Error *reterr); /* NULL: no name */
    bool has_number;                                    /* behind the name */
} KeyLayout;

const char *const key_kind_cuts[] = {"schedule/", "state/", KEY_UNIT_PREFIX, NULL};

static int metadata_key_check(const char *key, Error *reterr) {
    return metadata_check_pair(key, "", reterr);
}

static const KeyLayout layouts[_KEY_KIND_MAX] = {
    [KEY_UNIT] = {KEY_UNIT_PREFIX, false, unit_name_check},
    [KEY_FILE] = {"file/", false, unit_file_hash_check},
    [KEY_MACHINE] = {KEY_MACHINE_PREFIX, true, NULL},
    [KEY_METADATA] = {"metadata/", true, metadata_key_check},
    [KEY_SCHEDULE] = {"schedule/", true, unit_name_check},
    [KEY_STATE] = {"state/", true, unit_name_check},
    [KEY_PENDING] = {"pending/", false, unit_name_check},
    [KEY_LEADER] = {KEY_LEADER_TEXT, false, NULL},
    [KEY_ORPHAN] = {"orphan/", true, unit_name_check},
    [KEY_CLUSTER] = {KEY_CLUSTER_TEXT, false, NULL},
    [KEY_MAINTENANCE] = {"maintenance/", true, NULL},
    [KEY_BRAKE] = {KEY_BRAKE_TEXT, false, NULL},
    [KEY_VERSION] = {"version/", false, unit_name_check, true},
    [KEY_REBOOT] = {"reboot/", true, NULL},
    [KEY_DEPLOYMENT] = {"deployment/", false, unit_name_check},
    [KEY_ROLLOUT] = {"rollout/", false, unit_name_check},
    [KEY_PAST] = {"was/", false, unit_name_check, true},
    [KEY_FAILURES] = {"failures/", false, unit_name_check},
    [KEY_SCALE] = {"scale/", false, unit_name_check},
    [KEY_REBALANCE] = {KEY_REBALANCE_TEXT, false, NULL},
};

static char *key_format(KeyKind kind, const char *machine_id, const char *name) {
    return str_printf("%s%s%s%s", layouts[kind].prefix, str_or(machine_id, ""),
                      machine_id && name ? "/" : "", str_or(name, ""));
}

char *key_unit(const char *name) {
    return key_format(KEY_UNIT, NULL, name);
}

char *key_file(const char *hash) {
    return key_format(KEY_FILE, NULL, hash);
}

char *key_machine(const char *id) {
    return key_format(KEY_MACHINE, id, NULL);
}

char *key_metadata(const char *id, const char *key) {
    return key_format(KEY_METADATA, id, key);
}

char *key_schedule(const char *machine_id, const char *name) {
    return key_format(KEY_SCHEDULE, machine_id, name);
}

char *key_state(const char *machine_id, const char *name) {
    return key_format(KEY_STATE, machine_id, name);
}

char *key_pending(const char *name) {
    return key_format(KEY_PENDING, NULL, name);
}

char *key_orphan(const char *machine_id, const char *name) {
    return key_format(KEY_ORPHAN, machine_id, name);
}

char *key_maintenance(const char *machine_id) {
    return key_format(KEY_MAINTENANCE, machine_id, NULL);
}

char *key_version(const char *name, int64_t number) {
    return str_printf("%s%s/%lld", layouts[KEY_VERSION].prefix, name, (long long) number);
}

char *key_version_prefix(const char *name) {
    return str_printf("%s%s/", layouts[KEY_VERSION].prefix, name);
}

char *key_reboot(const char *machine_id) {
    return key_format(KEY_REBOOT, machine_id, NULL);
}

char *key_deployment(const char *name) {
    return key_format(KEY_DEPLOYMENT, NULL, name);
}

char *key_rollout(const char *name) {
    return key_format(KEY_ROLLOUT, NULL, name);
}

char *key_past(const char *name, int64_t slot) {
    return str_printf("%s%s/%lld", layouts[KEY_PAST].prefix, name, (long long) slot);
}

char *key_past_prefix(const char *name) {
    return str_printf("%s%s/", layouts[KEY_PAST].prefix, name);
}

char *key_failures(const char *name) {
    return key_format(KEY_FAILURES, NULL, name);
}

char *key_scale(const char *name) {
    return key_format(KEY_SCALE, NULL, name);
}

char *key_metadata_prefix(const char *machine_id) {
    return key_format(KEY_METADATA, machine_id, "");
}

char *key_schedule_prefix(const char *machine_id) {
    return key_format(KEY_SCHEDULE, machine_id, "");
}

char *key_state_prefix(const char *machine_id) {
    return key_format(KEY_STATE, machine_id, "");
}

static int machine_id_take(const char **text, char **ret, Error *reterr) {
    size_t n = strcspn(*text, "/");
    char *id = strndup(*text, n);
    if (!id)
        return -ENOMEM;
    *ret = id;
    *text += n;
    return machine_id_check(id, reterr);
}

#define NUMBER_DIGITS_MAX 18

/* As key_version() writes it, so that one number has one key. */
static int number_parse(const char *text, int64_t *ret, Error *reterr) {
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > NUMBER_DIGITS_MAX || text[n] || *text == '0')
        return error_set(reterr, -EINVAL, "the unit's name has no number behind it");
    *ret = strtoll(text, NULL, 10);
    return 0;
}

static int name_parse(const KeyLayout *layout, const char *text, Key *key, Error *reterr) {
    const char *end = layout->has_number ? strchrnul(text, '/') : text + strlen(text);
    key->name = strndup(text, (size_t) (end - text));
    if (!key->name)
        return -ENOMEM;
    int r = layout->name_check(key->name, reterr);
    if (r < 0 || !layout->has_number)
        return r;
    return number_parse(*end ? end + 1 : end, &key->number, reterr);
}

/* Fills key, which the caller frees also on failure, from what stands behind the prefix. */
static int rest_parse(const KeyLayout *layout, const char *rest, Key *key, Error *reterr) {
    if (layout->has_machine_id) {
        int r = machine_id_take(&rest, &key->machine_id, reterr);
        if (r < 0)
            return r;
        if (layout->name_check && *rest++ != '/')
            return error_set(reterr, -EINVAL, "the machine's id has no name behind it");
    }
    if (!layout->name_check)
        return *rest ? error_set(reterr, -EINVAL, "there is more than a key of its kind has") : 0;
    return name_parse(layout, rest, key, reterr);
}

int key_parse(const char *text, Key *ret, Error *reterr) {
    for (KeyKind kind = 0; kind < _KEY_KIND_MAX; kind++) {
        size_t n = strlen(layouts[kind].prefix);
        if (strncmp(text, layouts[kind].prefix, n) != 0)
            continue;
        _cleanup_key_ Key key = {.kind = kind};
        int r = rest_parse(&layouts[kind], text + n, &key, reterr);
        if (r < 0)
            return r;
        *ret = key;
        key = (Key){};
        return 0;
    }
    return error_set(reterr, -EINVAL, "fleet has no such keys");
}

void key_done(Key *key) {
    free(key->machine_id);
    free(key->name);
    *key = (Key){};
}
