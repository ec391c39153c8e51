/* golden.h: frames that every parser must read and every emitter must write.
 *
 * The bytes come from an independent description of the formats, not from
 * the code under test.  A lossy frame is legal to receive and is not what we
 * would send (unknown options, reserved bits).
 */
#ifndef TESTS_WIRE_GOLDEN_H
#define TESTS_WIRE_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GOLDEN_MAX = 256 };

struct golden {
    const char *name, *meaning;
    bool        lossy;
    const char *hex;
};

extern const struct golden goldens[];
extern const size_t        golden_count;

/* The frame's bytes; answers how many. */
size_t golden_bytes(const struct golden *g, uint8_t out[static GOLDEN_MAX]);
/* By name; NULL if there is none. */
const struct golden *golden_find(const char *name);

#endif
