#include "fleetctl/commands/plan-remarks.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

void plan_remarks_done(PlanRemarks *remarks) {
    strv_free(remarks->removals);
    strv_free(remarks->refusals);
    *remarks = (PlanRemarks){};
}

static int add_take(char ***lines, char *line_take) {
    _cleanup_free_ char *line = line_take;
    return line ? strv_push(lines, line) : -ENOMEM;
}

int plan_remarks_add_removal(PlanRemarks *remarks, const ApiUnit *unit) {
    if (!unit_name_is_template(unit->name))
        return 0;
    return add_take(&remarks->removals,
                    str_printf("Template %s would go, and with it the number of its instances that "
                               "is kept, if any; they stay.",
                               unit->name));
}

/* As fleetd refuses them. */
int plan_remarks_add_source(PlanRemarks *remarks, const UnitSource *source, const ApiUnit *known) {
    if (source->is_global && unit_name_is_template(source->name))
        return add_take(&remarks->refusals,
                        str_printf("'fleetctl deploy' refuses %s, as its instances are global "
                                   "units: deploy them one by one.",
                                   source->name));
    if (!known->name || !known->text || known->is_global == source->is_global)
        return 0;
    return add_take(&remarks->refusals,
                    str_printf("'fleetctl deploy' refuses %s, as it is %s, and would be %s: "
                               "'fleetctl start --replace %s' does that, at once.",
                               source->name, known->is_global ? "a global unit" : "no global unit",
                               source->is_global ? "one" : "none any more",
                               source->file.text ? source->file.path : source->name));
}
