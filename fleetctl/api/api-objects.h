/* The objects of the API (docs/api.md) as C values. They borrow from the JSON that they were read
 * from; unknown fields are ignored, and absent ones have a value that is safe to show. Pure. */
#pragma once

#include "fleetd/base/json.h"
#include "fleetd/model/launch-state.h"
#include "fleetd/model/unit.h"

/* Why a unit is on no machine. */
typedef struct ApiPending {
    const char *summary; /* NULL: it does not wait for a place */
    json_object *machines;
} ApiPending;

/* One machine's reason; false when there is no such index. */
bool api_pending_get(const ApiPending *pending, size_t index, const char **ret_machine_id,
                     const char **ret_reason);

/* That a unit has failed, and is tried anew. */
typedef struct ApiFailures {
    int64_t count; /* 0: it has not */
    int64_t next;  /* Unix time; 0: it has not failed just now */
    json_object *machines;
} ApiFailures;

typedef struct ApiFailurePlace {
    const char *machine_id;
    int64_t count, time, next, well_since; /* Unix times; 0: not so */
    const char *why;                       /* NULL: it has not failed there */
} ApiFailurePlace;

/* One machine; false when there is no such index. */
bool api_failures_get(const ApiFailures *failures, size_t index, ApiFailurePlace *ret);

typedef struct ApiUnit {
    const char *name;
    LaunchState desired, current;
    const char *machine_id; /* "" when on none, and for global units */
    const char *hash;
    const char *text;   /* NULL in lists */
    const char *reason; /* NULL: none */
    bool is_global;
    int64_t revision;
    ApiPending pending;
    ApiFailures failures;
    json_object *options; /* NULL: none */
} ApiUnit;

/* The last value of an option of the unit file, NULL if it is not there. */
const char *api_unit_option(const ApiUnit *unit, const char *section, const char *name);

/* A file that a unit has had. */
typedef struct ApiVersion {
    int64_t number;
    const char *hash;
    int64_t time;     /* Unix time: when it became the unit's; 0: not known */
    const char *text; /* NULL: not asked for, or lost */
} ApiVersion;

/* Where a unit was, or is. */
typedef struct ApiPlacement {
    int64_t number;
    const char *machine_id;
    int64_t version;      /* 0: not known */
    int64_t since, until; /* Unix time; 0: not known; it is there */
    const char *ended;    /* NULL: it is there, or not known */
    const char *reason;   /* NULL: it is not there any more */
} ApiPlacement;

typedef struct ApiState {
    const char *name, *machine_id, *hash;
    const char *load, *active, *sub; /* "" when systemd does not know the unit */
    const char *health;              /* "" when there is none */
    int64_t n_failures, next_try;    /* 0: it has not failed; not just now */
} ApiState;

/* A unit that a machine has for another cluster. */
typedef struct ApiOrphan {
    const char *name, *machine_id, *hash;
    LaunchState desired;
    bool is_known;       /* the cluster has a unit of this name */
    const char *cluster; /* "" when it is not known */
    const char *text;    /* NULL when it cannot be had */
} ApiOrphan;

/* A machine that is to be rebooted. */
typedef struct ApiReboot {
    const char *machine_id;
    const char *phase;   /* "": there is no such record */
    const char *boot_id; /* of the boot that is to end */
    int64_t since;       /* Unix time */
    const char *message; /* NULL: not said */
    const char *why;     /* it failed, or waits; NULL: nothing to be said */
} ApiReboot;

/* A machine that is cordoned or drained. */
typedef struct ApiMaintenance {
    const char *machine_id;
    bool is_drain;       /* else it is only cordoned */
    const char *message; /* NULL: not said */
} ApiMaintenance;

/* What was deployed last over a unit, or a template. */
typedef struct ApiRollout {
    const char *name;
    int64_t id;        /* another one for each deployment */
    const char *phase; /* "": there is none */
    const char *hash;  /* of the file; "": of a restart */
    bool is_restart;
    int64_t since;       /* Unix time */
    const char *why;     /* it waits, failed, or is undone; NULL: nothing to be said */
    const char *message; /* NULL: not said */
    bool is_global;      /* units are its machines, by their ids */
    json_object *units;  /* NULL: none */
} ApiRollout;

typedef struct ApiRolloutUnit {
    const char *name, *phase;
    const char *why; /* NULL: nothing to be said */
} ApiRolloutUnit;

/* To be read by api_rollout_unit_read(); NULL when there is no such index. */
json_object *api_rollout_unit_get(const ApiRollout *rollout, size_t index);

/* Of how many instances of a template users want to have kept. */
typedef struct ApiScale {
    const char *name; /* of the template; "": no number is kept */
    int64_t count, since;
    json_object *unreadable; /* names of the instances that cannot be read; NULL: none */
    int64_t n_there, n_running, n_others; /* not told in events */
    const char *why; /* no more can be created, or some not be read; NULL: nothing to be said */
} ApiScale;

/* The name of an instance that cannot be read; NULL when there is no such index. */
const char *api_scale_unreadable(const ApiScale *scale, size_t index);

typedef struct ApiMachine {
    const char *id, *address, *status;
    json_object *metadata; /* NULL: none */
    int64_t n_orphans;
    bool is_cordoned, is_draining; /* the latter with the former */
    int64_t n_remaining;           /* units that a drain has yet to move */
    const char *message;           /* why; NULL: not said */
    int64_t cores, memory_bytes;   /* 0: not told */
    json_object *reservations;     /* NULL: not told */
    ApiReboot reboot;
} ApiMachine;

typedef enum ApiEventType {
    API_EVENT_UNIT,
    API_EVENT_MACHINE,
    API_EVENT_ROLLOUT, /* of unit */
    API_EVENT_SCALE,   /* of unit, a template */
    API_EVENT_SYNCED,  /* the present has been told, from here on it is changes */
    API_EVENT_OTHER,
} ApiEventType;

/* A line of the stream of events. What is not said to be of a machine is of API_EVENT_UNIT. */
typedef struct ApiEvent {
    ApiEventType type;
    const char *unit;
    const char *machine_id; /* also of a machine; "": the unit is on no machine at all */
    const char *address;    /* the machine's; NULL when it is not told */
    LaunchState desired, current;
    const char *load, *active, *sub, *result; /* "" when systemd does not know them */
    UnitHealth health;
    const char *health_message; /* NULL: none */
    JobResult job;
    const char *message; /* NULL: none */
    json_object *log;    /* array of strings; NULL: none */
    const char *hash;
    int64_t revision, unit_revision;
    bool is_global, is_deleted;
    bool is_orphan;     /* the machine has it for another cluster, and nobody ordered it there */
    const char *reason; /* NULL: none */
    ApiPending pending;
    const char *boot_id; /* of a machine; NULL: it is not there */
    bool is_draining;    /* of a machine: its units are to leave */
    ApiReboot reboot;    /* of a machine */
    ApiRollout rollout;  /* of API_EVENT_ROLLOUT */
    ApiScale scale;      /* of API_EVENT_SCALE */
} ApiEvent;

/* -EBADMSG with the field that is missing or wrong. */
int api_placement_read(json_object *json, ApiPlacement *ret, Error *reterr);
int api_unit_read(json_object *json, ApiUnit *ret, Error *reterr);
int api_version_read(json_object *json, ApiVersion *ret, Error *reterr);
int api_state_read(json_object *json, ApiState *ret, Error *reterr);
int api_orphan_read(json_object *json, ApiOrphan *ret, Error *reterr);
int api_maintenance_read(json_object *json, ApiMaintenance *ret, Error *reterr);
int api_reboot_read(json_object *json, ApiReboot *ret, Error *reterr);
int api_rollout_read(json_object *json, ApiRollout *ret, Error *reterr);
int api_rollout_unit_read(json_object *json, ApiRolloutUnit *ret, Error *reterr);
int api_scale_read(json_object *json, ApiScale *ret, Error *reterr);
int api_machine_read(json_object *json, ApiMachine *ret, Error *reterr);
int api_event_read(json_object *json, ApiEvent *ret, Error *reterr);
/* A line of the stream: the event borrows from the object, which the caller puts. */
int api_event_parse(const char *line, size_t size, json_object **ret_json, ApiEvent *ret,
                    Error *reterr);
