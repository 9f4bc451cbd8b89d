/* What the sources of Requirements share: one option being read, and the rules between options. */
#pragma once

#include "fleetd/model/requirements.h"

#include <errno.h>

typedef enum OptionId {
    OPTION_MACHINE_ID,
    OPTION_MACHINE_OF,
    OPTION_MACHINE_METADATA,
    OPTION_CONFLICTS,
    OPTION_REPLACES,
    OPTION_GLOBAL,
    OPTION_STOP_AFTER_DISCONNECT,
    OPTION_RESERVE_MEMORY,
    OPTION_RESERVE_CPU,
    OPTION_SPREAD,
    OPTION_PREFER,
    OPTION_AVOID,
    OPTION_PRIORITY,
    OPTION_PREEMPT,
    OPTION_GROUP,
    OPTION_MAX_UNAVAILABLE,
    OPTION_HEALTH_CHECK,
    OPTION_HEALTH_INTERVAL,
    OPTION_HEALTH_TIMEOUT,
    OPTION_HEALTH_RETRIES,
    OPTION_HEALTH_START_PERIOD,
    OPTION_UPDATE_PARALLEL,
    OPTION_UPDATE_HEALTHY_TIME,
    OPTION_UPDATE_HEALTHY_DEADLINE,
    OPTION_UPDATE_CANARIES,
    OPTION_UPDATE_ON_FAILURE,
    OPTION_UPDATE_ORDER,
    OPTION_RESCHEDULE,
    _OPTION_MAX,
    _OPTION_INVALID = -EINVAL,
} OptionId;

typedef struct RequirementsReader {
    Requirements *requirements;
    const char *unit_name;
    bool is_template;
    const UnitOption *options[_OPTION_MAX]; /* where each was last set, NULL if it is not */
    size_t n_values[_OPTION_MAX];
    Error *reterr;
} RequirementsReader;

/* Reads the value of one line. -EINVAL with the reason alone in reterr. */
typedef int (*RequirementRead)(RequirementsReader *reader, const char *value);

/* requirements-table.c. _OPTION_INVALID: there is none of that name, nor was. */
OptionId option_find(const char *name);
RequirementRead option_reader(OptionId id);

int requirements_read_machine_id(RequirementsReader *reader, const char *value);
int requirements_read_machine_of(RequirementsReader *reader, const char *value);
int requirements_read_metadata(RequirementsReader *reader, const char *value);
int requirements_read_conflicts(RequirementsReader *reader, const char *value);
int requirements_read_replaces(RequirementsReader *reader, const char *value);
int requirements_read_global(RequirementsReader *reader, const char *value);
int requirements_read_stop_after(RequirementsReader *reader, const char *value);
int requirements_read_reserve_memory(RequirementsReader *reader, const char *value);
int requirements_read_reserve_cpu(RequirementsReader *reader, const char *value);
int requirements_read_spread(RequirementsReader *reader, const char *value);
int requirements_read_prefer(RequirementsReader *reader, const char *value);
int requirements_read_avoid(RequirementsReader *reader, const char *value);
/* "yes" and "no", and what systemd takes for them. -EINVAL with the reason alone in reterr. */
int requirements_read_truth(RequirementsReader *reader, const char *value, bool *ret);
int requirements_read_preempt(RequirementsReader *reader, const char *value);
int requirements_read_priority(RequirementsReader *reader, const char *value);

/* A word of a value, expanded. Of a template, a word with specifiers is not: is_open. */
typedef struct Word {
    char *text;
    bool is_open;
} Word;

typedef int (*WordRead)(RequirementsReader *reader, const Word *word);

/* Reads each word of a line. */
int requirements_read_words(RequirementsReader *reader, OptionId id, const char *value,
                            WordRead read);
int requirements_read_group(RequirementsReader *reader, const char *value);
int requirements_read_max_unavailable(RequirementsReader *reader, const char *value);
int requirements_read_health_check(RequirementsReader *reader, const char *value);
int requirements_read_health_interval(RequirementsReader *reader, const char *value);
int requirements_read_health_timeout(RequirementsReader *reader, const char *value);
int requirements_read_health_retries(RequirementsReader *reader, const char *value);
int requirements_read_health_start_period(RequirementsReader *reader, const char *value);
int requirements_read_update_parallel(RequirementsReader *reader, const char *value);
int requirements_read_update_healthy_time(RequirementsReader *reader, const char *value);
int requirements_read_update_healthy_deadline(RequirementsReader *reader, const char *value);
int requirements_read_update_canaries(RequirementsReader *reader, const char *value);
int requirements_read_update_on_failure(RequirementsReader *reader, const char *value);
int requirements_read_update_order(RequirementsReader *reader, const char *value);
/* -EINVAL, the whole message in reterr: what they say contradicts itself. */
int requirements_settle_update(RequirementsReader *reader);
int requirements_read_reschedule(RequirementsReader *reader, const char *value);

/* Takes the next word of a value, without its quotes; its specifiers are as they stand. 1: a word,
 * 0: no more. -EINVAL with the reason alone in reterr. */
int requirements_take_piece(RequirementsReader *reader, const char **text, char **ret);

/* -EINVAL, the whole message in reterr: options that contradict each other. */
int requirements_check_combinations(const RequirementsReader *reader);

/* What the rest of the file says about stopping the unit, if StopAfterDisconnect= depends on it.
 * -EINVAL, the whole message in reterr: it could not be relied on. */
int requirements_read_stopping(RequirementsReader *reader, const UnitFile *file);

/* What the rest of the file says of memory and CPU, where [X-Fleet] says nothing. */
void requirements_read_limits(RequirementsReader *reader, const UnitFile *file);

void ranking_done(Ranking *ranking);

/* Where options that systemd has for several types of units stand for one of that name; NULL:
 * nowhere. */
const char *requirements_section_of(const char *unit_name);
/* What the health options need of each other and of the rest of the file. -EINVAL, the whole
 * message in reterr. */
int requirements_settle_health(RequirementsReader *reader, const UnitFile *file);
/* Where [X-Fleet] does not say it, Restart= does. */
void requirements_settle_rescheduling(RequirementsReader *reader, const UnitFile *file);
/* What the file says of Restart=; "no" where it says nothing. Borrowed. */
const char *requirements_restart_of(const UnitFile *file);

/* Sets "line N: [X-Fleet] <message>", without the line if the option came from no text: -EINVAL. */
int requirements_refuse(Error *reterr, const UnitOption *option, const char *format, ...)
    _printf_(3, 4);
