#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/rebalance-wait.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static int cancel(const Context *context, Error *reterr) {
    int r = api_delete_rebalance(context->api, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to cancel the rebalance");
    say(r == 0 ? "No rebalance is under way"
               : "Cancelled: what moves already arrives, the rest stays");
    return 0;
}

/* As it is now. */
static int look(const Context *context, RebalanceTracker *ret, bool *ret_under_way, Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    ApiRebalance now;
    int r = api_get_rebalance(context->api, &json, reterr);
    if (r >= 0)
        r = api_rebalance_read(json, &now, reterr);
    if (r >= 0)
        r = rebalance_tracker_take(ret, json, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to learn of the rebalance");
    *ret_under_way = now.is_under_way;
    return 0;
}

/* What a dry run would say is what is being done. */
static int show_present(const Context *context, Error *reterr) {
    _cleanup_rebalance_tracker_ RebalanceTracker tracker = {};
    bool is_under_way;
    int r = look(context, &tracker, &is_under_way, reterr);
    if (r < 0)
        return r;
    if (!rebalance_tracker_has_moves(&tracker)) {
        say("A rebalance is under way, and its moves are not known yet%s%s",
            tracker.why ? ": " : "", str_or(tracker.why, ""));
        return EXIT_WOULD_CHANGE;
    }
    say("A rebalance is under way, with these moves:");
    r = rebalance_print(context, &tracker);
    return r < 0 ? r : EXIT_WOULD_CHANGE;
}

static int tell_replaced(const Context *context, Error *reterr) {
    _cleanup_rebalance_tracker_ RebalanceTracker tracker = {};
    bool is_under_way;
    int r = look(context, &tracker, &is_under_way, reterr);
    if (r >= 0 && is_under_way)
        say("The rebalance that is under way is replaced by this one");
    return r;
}

int command_rebalance(Context *context, _unused_ const char *const *operands, Error *reterr) {
    const Options *options = context->options;
    int64_t revision = 0;
    if (options->cancel)
        return cancel(context, reterr);
    int r = options->dry_run ? 0 : tell_replaced(context, reterr);
    if (r < 0)
        return r;
    r = api_put_rebalance(context->api, options->max_moves, options->dry_run, &revision, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to ask for a rebalance");
    if (r == 0)
        return show_present(context, reterr);
    return rebalance_wait(context, options->detach, revision, reterr);
}
