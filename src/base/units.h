/* units.h: numbers with units, as people write them: 20ms, 3%, 10mbit, 64kB.
 *
 * A unit is required (only 0 may stand alone): a bare number means something
 * else in every tool.  A spelling that is read in two ways is refused with
 * both right ones.  On false, err has what is wrong and the remedy, without
 * the value and without a full stop; *out is untouched.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "base/fmt.h"
#include "base/ns.h"

/* ns us ms s m. */
bool units_time(const char *text, cw_ns *out, struct fmt *err);
/* Bits a second: bit kbit mbit gbit (1 kbit is 1000 bit), B/s kB/s MB/s GB/s.
 */
bool units_rate(const char *text, uint64_t *out, struct fmt *err);
/* A percentage as p/2^32, rounded to the nearest; 100% is UINT32_MAX. */
bool units_share(const char *text, uint32_t *out, struct fmt *err);
/* A whole number without a unit. */
bool units_count(const char *text, uint64_t *out, struct fmt *err);
/* Bytes: B kB MB GB (1000), KiB MiB GiB (1024). */
bool units_size(const char *text, uint64_t *out, struct fmt *err);

#endif
