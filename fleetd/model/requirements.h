/* The [X-Fleet] section of a unit, understood: where it may run. One table of options drives
 * parsing, checking and the manual page fleet-unit.5. Pure. */
#pragma once

#include "fleetd/base/time-units.h"
#include "fleetd/model/health-check.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/update-policy.h"

#define REQUIREMENT_VALUES_MAX 256 /* each is held against every unit or machine */

typedef struct MetadataRequirement {
    char *key;
    char **values; /* any one of them satisfies */
} MetadataRequirement;

/* What a machine has to keep for a unit; all 0: nothing. */
typedef struct Reserve {
    uint64_t memory_bytes;
    uint64_t memory_permyriad; /* of the machine's memory, instead; 0: it is told in bytes */
    uint64_t cpu_thousandths;  /* of a core */
} Reserve;

#define RESERVE_CPU_MAX (UINT64_C(1000000) * 1000)
/* How many units of a group fleet may take down at a time, by its own doing. */
typedef struct Budget {
    char *group; /* NULL: the unit's template, or itself */
    unsigned max_unavailable;
    bool is_percent; /* of the group's units, rounded down */
} Budget;

#define MAX_UNAVAILABLE_DEFAULT 1

/* Of machines with this metadata, rather (above 0) or rather not. */
typedef struct Preference {
    char *key, *value;
    int weight;
} Preference;

/* Which of the machines that fit is better, and who goes first. */
typedef struct Ranking {
    char **spread; /* keys over whose values the group is to be balanced; NULL: none */
    Preference *preferences;
    size_t n_preferences;
    unsigned priority;
    bool preempts; /* what fits nowhere may push units of a lower priority away */
} Ranking;

#define PRIORITY_MAX 100
#define PRIORITY_DEFAULT 50

typedef struct Requirements {
    char *machine_id;              /* NULL: any */
    char **machine_of;             /* all of these units must be on the machine; NULL: none */
    MetadataRequirement *metadata; /* all of them must hold; sorted by key */
    size_t n_metadata;
    char **conflicts; /* globs over unit names */
    char **replaces;
    bool is_global;
    usec_t stop_after_usec;   /* cut off for so long, it is stopped; 0: it runs on */
    usec_t stop_timeout_usec; /* within so long it is down then; only if stop_after_usec is set */
    Reserve reserve;
    Ranking ranking;
    Budget budget;
    HealthCheck *health; /* NULL: nobody asks for it */
    UpdatePolicy update;
    bool may_reschedule; /* when it has failed it is tried anew, elsewhere if there is a machine */
} Requirements;

/* Reads the options of [X-Fleet], with the old X-Condition... spellings, and expands specifiers for
 * unit_name. Refused with "line N: [X-Fleet] ..." and -EINVAL: unknown options (with a suggestion),
 * empty or malformed values, more than REQUIREMENT_VALUES_MAX values of one option, and the
 * combinations that contradict each other (docs/fleet-unit.5).
 *
 * A template runs nowhere: its values with specifiers stay unexpanded and are only checked once an
 * instance has them. */
int requirements_parse(const UnitFile *file, const char *unit_name, Requirements **ret,
                       Error *reterr);
void requirements_free(Requirements *requirements);
DEFINE_POINTER_CLEANUP(Requirements, requirements_free)

/* Whether a unit of that name is meant by one of the globs: fnmatch(3) with FNM_NOESCAPE, as a
 * backslash is an ordinary character of unit names. */
bool requirements_glob_matches(char *const *globs, const char *unit_name);

/* What a machine may need to do it, beside the times that the unit's file names: a guard that is
 * started anew by systemd after a crash or, at the latest, after the watchdog's time; a systemd
 * that is busy; the end of what was killed. */
#define STOP_MARGIN_USEC (10 * USEC_PER_SEC)

/* How long the unit can run on a machine after the last moment that is known to have had the
 * machine in the cluster, if all goes well there; 0: for ever. Nobody else gets it within a lease,
 * so a StopAfterDisconnect= of less than that would stop it for nothing, and counts as that. */
usec_t requirements_stop_within(const Requirements *requirements, usec_t agent_ttl_usec);

/* The option that keeps the unit from being updated with UpdateOrder=start-first, as it must not
 * run in two places, or cannot; NULL: none does. */
const char *requirements_bar_beside(const Requirements *requirements);

/* What there is to know of an option, for documentation and completion. */
typedef struct RequirementOption {
    const char *name;
    const char *old_names[2]; /* X-Condition..., as far as there are any */
    const char *argument;     /* "KEY=VALUE...", for the manual */
    const char *meaning;      /* one sentence */
} RequirementOption;

/* The options in the order of the manual; NULL behind the last. */
const RequirementOption *requirements_option(size_t i);
