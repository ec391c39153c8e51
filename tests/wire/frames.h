/* frames.h: Ethernet frames by chance, of every shape the printer knows.
 *
 * Most are well-formed, with right checksums; some have fields, options or
 * lengths that are wrong, or end early.  Few addresses and ports are in use,
 * so that conversations come about.
 */
#ifndef TESTS_WIRE_FRAMES_H
#define TESTS_WIRE_FRAMES_H

#include "base/prng.h"

enum { FRAMES_MAX = 2048, FRAME_IGMP_MAX = 128 };

struct frame {
    uint8_t  bytes[FRAMES_MAX];
    size_t   len;      /* captured */
    uint32_t wire_len; /* at least len */
    bool     damaged;
};

void frame_random(struct prng *r, struct frame *out);

/* An IGMP message alone; answers its length. */
size_t frame_igmp(struct prng *r, uint8_t out[static FRAME_IGMP_MAX]);

#endif
