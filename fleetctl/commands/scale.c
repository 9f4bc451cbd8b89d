#include "fleetctl/api/api-scales.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/commands/scale-list.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/scale-wait.h"
#include "fleetd/model/template-scale.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

#define COUNT_DIGITS_MAX 9

static int count_parse(const char *text, uint64_t *ret, Error *reterr) {
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > COUNT_DIGITS_MAX || text[n])
        return error_set(reterr, -EINVAL, "'%s' is no number of instances (0 to %d)", text,
                         SCALE_COUNT_MAX);
    *ret = strtoull(text, NULL, 10);
    return 0;
}

static int template_read(const char *operand, uint64_t count, char **ret, Error *reterr) {
    _cleanup_free_ char *template = NULL;
    int r = unit_name_complete(operand, &template);
    if (r >= 0)
        r = template_scale_check(template, count, reterr);
    if (r >= 0)
        *ret = TAKE_PTR(template);
    return r;
}

static int forget(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_free_ char *template = NULL;
    if (!operands[0])
        return error_set(reterr, -EINVAL, "No template given");
    if (operands[1])
        return error_set(reterr, -EINVAL, "--forget keeps no number, so there can be none");
    int r = template_read(operands[0], 0, &template, reterr);
    if (r >= 0)
        r = api_delete_scale(context->api, template, reterr);
    if (r >= 0)
        say("No number of instances of %s is kept any more", template);
    return r;
}

static int scale(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = NULL;
    _cleanup_free_ char *template = NULL;
    bool is_followed = !context->options->detach;
    uint64_t count = 0;
    int64_t revision = 0;
    int r = count_parse(operands[1], &count, reterr);
    if (r >= 0)
        r = template_read(operands[0], count, &template, reterr);
    if (r >= 0 && is_followed)
        r = scale_look(context, template, count, &tracker, reterr);
    if (r == 0)
        r = api_put_scale(context->api, template, count, &revision, reterr);
    if (r != 0)
        return r;
    say("Scaling %s to %llu", template, (unsigned long long) count);
    return is_followed ? scale_wait(context, template, count, tracker, revision, reterr) : 0;
}

int command_scale(Context *context, const char *const *operands, Error *reterr) {
    if (context->options->forget)
        return forget(context, operands, reterr);
    return operands[0] && operands[1] ? scale(context, operands, reterr)
                                      : scale_list(context, operands, reterr);
}
