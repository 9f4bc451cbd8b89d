/* What the fuzz targets share. Each has the function that libFuzzer calls with an input; what it
 * finds wrong ends the process, so that libFuzzer keeps the input and a replay of the corpus fails.
 *
 * With --enable-fuzzing a target is linked with libFuzzer. Otherwise replay.c runs it over the
 * inputs in tests/fuzz/corpus. */
#pragma once

#include "fleetd/base/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that holds whatever the input is. */
#define HOLDS(condition) \
    do { \
        if (!(condition)) \
            fuzz_fail(__FILE__, __LINE__, #condition); \
    } while (false)
_noreturn_ void fuzz_fail(const char *file, int line, const char *what);

/* What is left of an input. Whatever is taken from an empty one is empty or 0. */
typedef struct FuzzInput {
    const char *data;
    size_t size;
} FuzzInput;

FuzzInput fuzz_input(const uint8_t *data, size_t size);
uint8_t fuzz_take_byte(FuzzInput *input);
/* New strings, NUL-terminated where the input may hold NULs before; the caller frees. A line comes
 * without its end. */
char *fuzz_take_line(FuzzInput *input);
char *fuzz_take_rest(FuzzInput *input, size_t *ret_size); /* ret_size may be NULL */

/* Up to a line "--", or all that is left. Borrows. */
FuzzInput fuzz_take_part(FuzzInput *input);

/* Text that fleet made or let through: UTF-8 without control characters but TAB and line ends. */
bool fuzz_is_clean(const char *text);
/* A message for a person, as it goes into JSON and logs: one line of such text. */
void fuzz_check_message(const char *message);
