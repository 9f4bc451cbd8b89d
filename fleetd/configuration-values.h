/* The types of options: how a value is read, checked and kept. One row of the table in
 * configuration.c is one option; its setter is one of these. */
#pragma once

#include "fleetd/base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct ConfigOption ConfigOption;

/* Reads value into field, which is the option's member of Config; what was there is freed. An error
 * says what is wrong with the value, and is -EINVAL or -ENOMEM. */
typedef int (*ConfigSetter)(const ConfigOption *option, const char *value, void *field,
                            Error *reterr);

typedef enum ConfigFlags {
    CONFIG_LIVE = 1 << 0,   /* SIGHUP takes it over */
    CONFIG_SECRET = 1 << 1, /* its value is shown to nobody */
} ConfigFlags;

struct ConfigOption {
    const char *name;
    ConfigSetter set;
    size_t offset;
    const char *standard; /* the value when nobody says otherwise; NULL: none */
    uint64_t min, max;    /* of numbers; of times in microseconds */
    ConfigFlags flags;
};

int set_string(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_secret(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_path(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_bool(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_unsigned(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_size(const ConfigOption *option, const char *value, void *field, Error *reterr);
/* In thousandths. */
int set_cores(const ConfigOption *option, const char *value, void *field, Error *reterr);
/* In percent. */
int set_factor(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_time(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_address(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_metadata(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_prefix(const ConfigOption *option, const char *value, void *field, Error *reterr);
int set_servers(const ConfigOption *option, const char *value, void *field, Error *reterr);
/* Accepted from old files; nothing is left for it to do. */
int set_obsolete(const ConfigOption *option, const char *value, void *field, Error *reterr);
