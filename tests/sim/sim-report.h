/* What a run of simulations was made of: how long, what went wrong, what users asked for, and how
 * long it took until all was well. Plain values, so that processes can share it. */
#pragma once

#include "tests/sim/sim-acts.h"

typedef enum SimRequestKind {
    SIM_REQUEST_PUT,
    SIM_REQUEST_DELETE,
    SIM_REQUEST_PATCH,
    SIM_REQUEST_READ,
    SIM_REQUEST_MAINTAIN,
    SIM_REQUEST_RELEASE,
    SIM_REQUEST_REBOOT,
    SIM_REQUEST_CANCEL, /* of a reboot */
    SIM_REQUEST_FAILOVER,
    SIM_REQUEST_DEPLOY,
    SIM_REQUEST_SAY, /* of a deployment */
    SIM_REQUEST_SCALE,
    SIM_REQUEST_FORGET, /* that a number is kept */
    _SIM_REQUEST_KIND_MAX,
} SimRequestKind;

typedef enum SimOutcome {
    SIM_OUTCOME_OPEN, /* nothing is known of it (yet) */
    SIM_OUTCOME_ACKNOWLEDGED,
    SIM_OUTCOME_REFUSED, /* nothing was changed, so it says */
    SIM_OUTCOME_UNKNOWN, /* it says that it does not know */
    SIM_OUTCOME_LOST,    /* no answer came, or nobody was there any more to hear it */
    _SIM_OUTCOME_MAX,
} SimOutcome;

/* What became of a request of which it was told what would come of it, and then made. */
typedef enum SimForecastEnd {
    SIM_FORECAST_EQUAL,
    SIM_FORECAST_PACED,      /* a drain: equal, but for which unit has which machine in the end */
    SIM_FORECAST_OPEN_ROOM,  /* not compared: several leave, and others wait for their room */
    SIM_FORECAST_OPEN_TURNS, /* not compared: units leave several machines, and more than two do */
    SIM_FORECAST_WRONG,
    _SIM_FORECAST_END_MAX,
} SimForecastEnd;

typedef struct SimReport {
    uint64_t n_seeds, n_failures;
    usec_t simulated_usec; /* of cluster time */
    uint64_t n_deeds[SIM_DEEDS_MAX];
    uint64_t n_requests[_SIM_REQUEST_KIND_MAX][_SIM_OUTCOME_MAX];
    uint64_t n_kills;   /* at a step */
    uint64_t n_losses;  /* of the whole store */
    uint64_t n_drains;  /* of one machine after the other, while nothing else happens */
    uint64_t n_brakes;  /* that were put on */
    uint64_t n_reboots; /* of machines that fleet had rebooted */
    uint64_t n_forecasts[_SIM_FORECAST_END_MAX];
    usec_t settled_usec, tidied_usec; /* after the last fault; of one simulation */
    usec_t longest_usec[12];          /* of what sim-timely.h looks at */
} SimReport;

void sim_report_add(SimReport *sum, const SimReport *one);

/* How many were compared with what then happened. */
uint64_t sim_report_compared(const SimReport *report);
void sim_report_print_forecasts(const SimReport *sum);

/* As lines of TAP. settled and tidied are of n simulations each, and are sorted. */
void sim_report_print(const SimReport *sum, usec_t *settled, usec_t *tidied, size_t n,
                      double seconds);
