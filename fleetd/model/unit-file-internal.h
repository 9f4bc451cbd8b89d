/* What the sources of UnitFile share while one is being made. */
#pragma once

#include "fleetd/model/unit-file.h"

struct UnitFile {
    unsigned n_refs;
    char *text;
    size_t size;
    char *words; /* a copy of text, cut in place into the strings of the options */
    UnitOption *options;
    size_t n_options;
    size_t n_allocated;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
};

/* A file of that text, without options yet. */
int unit_file_new(const char *text, size_t size, UnitFile **ret);

/* The strings of the option are borrowed: they stand in words. */
int unit_file_add(UnitFile *file, UnitOption option);
