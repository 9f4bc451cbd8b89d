/* Rebooting this machine, when the leader has come so far with it: the record of its reboot
 * (`reboot/<id>`) names the boot that is to end, so that a record that is read once more, after the
 * reboot or from a store that was restored, does nothing. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/stored-record.h"

#define RETRY_USEC (10 * USEC_PER_SEC)

static void on_asked(int r, const char *message, void *userdata) {
    Agent *agent = userdata;
    agent_metrics_count_reboot(agent, r >= 0);
    if (r >= 0) {
        log_notice("systemd reboots this machine now");
        return;
    }
    log_warning("Failed to reboot this machine: %s; trying it again",
                str_or(message, strerror(-r)));
    agent->reboot.is_asked = false;
    timer_start(agent->reboot.retry, RETRY_USEC);
}

/* Whoever is not surely in the cluster does not know whether it is its turn any more. */
static bool agent_may_reboot(const Agent *agent) {
    return !agent->is_leaving && agent->registered_revision != 0 &&
           presence_is_sure(agent->presence) && mirror_is_synced(agent->reboot.mirror);
}

void agent_consider_reboot(Agent *agent) {
    if (!agent->reboot.is_wanted || agent->reboot.is_asked)
        return;
    int r = agent_may_reboot(agent) ? unit_manager_reboot(agent->unit_manager, on_asked, agent)
                                    : -ENOTCONN;
    agent->reboot.is_asked = r >= 0;
    if (r >= 0)
        log_notice("Rebooting this machine, as the cluster was asked to");
    else
        timer_start(agent->reboot.retry, RETRY_USEC);
}

static void on_retry(void *userdata) {
    agent_consider_reboot(userdata);
}

/* --- its record --- */

static bool record_wants_reboot(const Agent *agent, const StoredRecord *record) {
    const Reboot *reboot = record->reboot;
    return record->key.kind == KEY_REBOOT && streq(record->key.machine_id, agent->machine_id) &&
           reboot && reboot->phase == REBOOT_REBOOTING && streq(reboot->boot_id, agent->boot_id);
}

/* Once it is not wanted any more, it may be wanted again. */
static void agent_want_reboot(Agent *agent, bool is_wanted) {
    agent->reboot.is_wanted = is_wanted;
    agent->reboot.is_asked &= is_wanted;
}

static void on_put(const StoreEntry *entry, void *userdata) {
    Agent *agent = userdata;
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, NULL);
    if (r == -ENOMEM)
        mirror_refuse(agent->reboot.mirror);
    agent_want_reboot(agent, r >= 0 && record_wants_reboot(agent, &record));
}

static void on_delete(_unused_ const char *key, _unused_ int64_t revision, void *userdata) {
    agent_want_reboot(userdata, false);
}

static void on_synced(_unused_ int64_t revision, void *userdata) {
    agent_consider_reboot(userdata);
}

int agent_open_reboot(Agent *agent) {
    static const MirrorCallbacks callbacks = {
        .on_put = on_put, .on_delete = on_delete, .on_synced = on_synced};
    _cleanup_free_ char *key = key_reboot(agent->machine_id);
    int r = key ? timer_new(agent->loop, on_retry, agent, &agent->reboot.retry) : -ENOMEM;
    return r < 0 ? r
                 : mirror_new(agent->store, agent->loop, &(MirrorKeys){.prefix = key}, &callbacks,
                              agent, &agent->reboot.mirror);
}

void agent_close_reboot(Agent *agent) {
    mirror_free(TAKE_PTR(agent->reboot.mirror));
    timer_free(TAKE_PTR(agent->reboot.retry));
}
