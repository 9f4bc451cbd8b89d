/* The JSON objects of docs/api.md, made from the view. Each is a new object, NULL when out of
 * memory. */
#pragma once

#include "fleetd/api/view.h"
#include "fleetd/model/resources.h"

#include <json-c/json.h>

json_object *names_to_json(const char *const *names);

/* is_whole adds the text of the unit file. The cluster must know the unit. */
json_object *unit_to_json(const View *view, const UnitView *unit, bool is_whole);

bool placement_is_listed(const Placement *placement); /* has a state to be shown */
json_object *unit_state_to_json(const UnitView *unit, const Placement *placement);

/* Where the unit has failed, as far as it has: of its object; and of what it is on one machine. */
int json_add_failures(json_object *object, const UnitView *unit);
int json_add_failures_on(json_object *object, const UnitView *unit, const char *machine_id);

json_object *orphan_to_json(const UnitView *unit, const Placement *placement);

json_object *machine_to_json(const View *view, const MachineView *machine);
/* What units reserve on a machine that is there, of what they may. */
json_object *reservations_to_json(const Machine *machine, const Resources *reserved);
/* Only of a machine of which something is wanted. */
json_object *machine_maintenance_to_json(const View *view, const MachineView *machine);
/* Only of a machine that is to be rebooted. */
json_object *machine_reboot_to_json(const View *view, const MachineView *machine);
/* The leader has only the first of those that wait say whom it waits for. That one (borrowed; NULL:
 * none), and its name in what was told of a machine that waits and says nothing. */
int reboots_find_first(View *view, const char **ret_id);
int machine_reboot_explain(json_object *object, const MachineView *machine, const char *first_id);

/* What was set through the API. */
json_object *machine_metadata_to_json(const View *view, const MachineView *machine);

/* Only of a unit, or a template, over which something was deployed. */
json_object *rollout_to_json(const UnitView *unit);
bool rollout_is_under_way(const UnitView *unit);
json_object *rollout_brief_to_json(const UnitView *unit); /* without its units */
json_object *rollout_event_to_json(const UnitView *unit); /* or no longer is */

/* Only of a template of which so many instances are to be kept. */
json_object *scale_to_json(View *view, const UnitView *template);
/* or no longer are */
json_object *scale_event_to_json(const View *view, const UnitView *template);

/* brake NULL: nothing is held. */
json_object *failover_to_json(const BrakeRecord *brake);
json_object *failover_event_to_json(const BrakeRecord *brake);

/* NULL: none was asked for, or it was cancelled. */
json_object *rebalance_to_json(const Rebalance *rebalance);
json_object *rebalance_brief_to_json(const Rebalance *rebalance); /* its moves are counted */
json_object *rebalance_event_to_json(const Rebalance *rebalance);

/* Events. placement NULL: the line that says that the unit is on no machine. */
json_object *unit_event_to_json(const View *view, const UnitView *unit, const Placement *placement);
json_object *machine_event_to_json(const View *view, const MachineView *machine);
json_object *synced_event_to_json(int64_t revision);
