#include "fleetd/api/routes.h"

#define JSON "application/json"

#define NEXT_PAGE \
    { "nextPageToken", "Of the page before this one.", false }

const Route api_routes[] = {
    {"GET", "units", .read = units_list, .resource = "Units", .verb = "List", .object = "Unit",
     .description = "Retrieve a page of the units, sorted by name.", .response = "UnitPage",
     .parameters = {NEXT_PAGE, {"text", "true: with the text of each unit's file.", false}}},
    {"GET", "units/{unitName}", .read = units_get, .resource = "Units", .verb = "Get",
     .object = "Unit", .description = "Retrieve a unit.", .response = "Unit"},
    {"PUT", "units/{unitName}", .write = units_put, .body_types = {JSON}, .resource = "Units",
     .verb = "Set", .object = "Unit",
     .description = "Create a unit, replace its file, or change its desired state.",
     .request = "Unit"},
    {"POST", "units/{unitName}", .write = units_post, .body_types = {JSON}, .resource = "Units",
     .verb = "Create", .object = "Unit",
     .description = "Create a unit, unless there is one of that name.", .request = "Unit"},
    {"DELETE", "units/{unitName}", .write = units_delete, .resource = "Units", .verb = "Delete",
     .object = "Unit", .description = "Destroy a unit."},
    {"GET", "state", .read = states_list, .resource = "UnitState", .verb = "List",
     .object = "UnitState", .description = "Retrieve a page of the states that machines report.",
     .response = "UnitStatePage",
     .parameters = {NEXT_PAGE,
                    {"unitName", "Only states of this unit.", false},
                    {"machineID", "Only states on this machine.", false}}},
    {"GET", "state/{unitName}", .read = states_get, .resource = "UnitState", .verb = "Get",
     .object = "UnitState", .description = "Retrieve the state of a unit where it belongs.",
     .response = "UnitState"},
    {"GET", "machines", .read = machines_list, .resource = "Machines", .verb = "List",
     .object = "Machine", .description = "Retrieve a page of the machines, sorted by id.",
     .response = "MachinePage", .parameters = {NEXT_PAGE}},
    {"PATCH", "machines", .write = machines_patch,
     .body_types = {JSON, "application/json-patch+json"}, .resource = "Machines", .verb = "Patch",
     .object = "Machine",
     .description = "Change metadata of machines; it is kept while they are away.",
     .request = "MachinePatch"},
    {"GET", "maintenance", .read = maintenance_list, .resource = "Maintenance", .verb = "List",
     .object = "Maintenance",
     .description = "Retrieve a page of the machines that are cordoned or drained, here or away.",
     .response = "MaintenancePage", .parameters = {NEXT_PAGE}},
    {"PUT", "maintenance/{machineID}", .write = maintenance_put, .body_types = {JSON},
     .resource = "Maintenance", .verb = "Set", .object = "Maintenance",
     .description = "Cordon a machine, so that it gets no units, or drain it.",
     .request = "MaintenanceRequest"},
    {"DELETE", "maintenance/{machineID}", .write = maintenance_delete, .resource = "Maintenance",
     .verb = "Delete", .object = "Maintenance",
     .description = "Make a machine eligible for units again."},
    {"GET", "metadata", .read = metadata_list, .resource = "Metadata", .verb = "List",
     .object = "MachineMetadata",
     .description = "Retrieve a page of the metadata that were set, by machine.",
     .response = "MachineMetadataPage", .parameters = {NEXT_PAGE}},
    {"GET", "orphans", .read = orphans_list, .resource = "Orphans", .verb = "List",
     .object = "Orphan",
     .description = "Retrieve a page of the units that machines have for another cluster.",
     .response = "OrphanPage",
     .parameters = {NEXT_PAGE,
                    {"unitName", "Only orphans of this name.", false},
                    {"machineID", "Only orphans on this machine.", false}}},
    {"GET", "unreadable", .read = unreadable_list, .resource = "Unreadable", .verb = "List",
     .object = "UnreadableValue",
     .description = "Retrieve a page of the keys of the store whose values cannot be read.",
     .response = "UnreadablePage", .parameters = {NEXT_PAGE}},
    {"GET", "events", .read = events_stream, .resource = "Events", .verb = "Stream",
     .object = "Event",
     .description = "Receive the present and then each change, one object a line.",
     .response = "Event", .parameters = {{"unit", "Only this unit; may be a glob.", true}}},
    {"GET", "discovery", .write = discovery_get},
    {"GET", "metrics", .is_top = true, .write = metrics_get},
};

const size_t api_n_routes = ELEMENTSOF(api_routes);

size_t route_collection_length(const Route *route) {
    return strcspn(route->path, "/");
}
