/* What would come of a request that nobody has made yet: the question, as the API reads it, and the
 * answer, as it is found by playing it through on a model of the cluster. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/model/launch-state.h"
#include "fleetd/model/unit-file.h"

/* What users might ask of a unit. A template with another file gives that to all of its instances,
 * as a deployment would in the end. */
typedef struct ForecastWish {
    char *name;
    bool is_removal;     /* destroyed; nothing else is set */
    LaunchState desired; /* _LAUNCH_STATE_INVALID: as it is; of a unit that is new, launched */
    UnitFile *file;      /* NULL: as it is */
} ForecastWish;

typedef struct ForecastRequest {
    ForecastWish *wishes;
    size_t n_wishes;
    char **drained; /* ids of machines, NULL: none */
} ForecastRequest;

void forecast_request_done(ForecastRequest *request);

typedef enum ForecastKind {
    FORECAST_START,
    FORECAST_STOP,
    FORECAST_RESTART, /* stopped and started where it is */
    FORECAST_MOVE,
    FORECAST_WAIT, /* it should run, or leave its machine, and cannot */
    FORECAST_LOAD, /* it comes to a machine, or gets another file there, and is not started */
    FORECAST_UNLOAD,
    _FORECAST_KIND_MAX,
    _FORECAST_KIND_INVALID = -EINVAL,
} ForecastKind;

const char *forecast_kind_to_string(ForecastKind kind);

typedef struct ForecastChange {
    ForecastKind kind;
    char *name;
    char *from; /* the machine that it is on now; NULL: on none */
    char *to;   /* the machine that it is on then; NULL: on none */
    char *reason;
} ForecastChange;

typedef struct Forecast {
    int64_t revision;        /* of the store that it was made of */
    bool has_changes;        /* something would be otherwise, and be it the file of a unit that runs
                                nowhere */
    ForecastChange *changes; /* by name of the unit, then by machine */
    size_t n_changes;
} Forecast;

/* Copies. -ENOMEM. */
int forecast_add(Forecast *forecast, const ForecastChange *change);
void forecast_done(Forecast *forecast);
#define _cleanup_forecast_ _cleanup_(forecast_done)

/* r: 0; -ENOENT, -EEXIST: why says what is wrong with the request; else forecast cannot be had.
 * Borrowed for the time of the call. */
typedef void (*ForecastDone)(int r, const Forecast *forecast, const char *why, void *userdata);
