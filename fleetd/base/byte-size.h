/* Amounts as people write them: bytes, and numbers with a fraction. */
#pragma once

#include "fleetd/base/error.h"

#define BYTE_SIZE_MAX (UINT64_C(1) << 50) /* 1P: sums of thousands of them still fit */

/* Reads a number without a sign, in parts of 10 to the power of digits: "1.5" is 1500 of 3 digits.
 * *ret_end is what stands behind it. -EINVAL: no number, or finer than that; -ERANGE: it does not
 * fit. */
int decimal_parse(const char *text, unsigned digits, uint64_t *ret, const char **ret_end);

/* Parses "512M", "1.5G", "1G 512M", a bare number of bytes: as systemd has it, to base 1024, with
 * the suffixes B, K, M, G, T, P and E. -EINVAL: no size; -ERANGE: more than BYTE_SIZE_MAX. */
int byte_size_parse(const char *text, uint64_t *ret, Error *reterr);

/* "1.5G", never more than it is; for messages and tables. NULL when out of memory; the caller
 * frees. */
char *byte_size_format(uint64_t size);
/* "1.25" of 1250: thousandths, without zeros behind. Likewise. */
char *thousandths_format(uint64_t n);
