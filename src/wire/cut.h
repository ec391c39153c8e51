/* cut.h: a super-segment of TCP cut into segments that a link carries.
 *
 * What segmentation offload leaves undone: each piece gets the headers of
 * the whole with its own lengths, sequence number, flags and checksums.
 *
 * RFC 9293 §3.1; RFC 3168 §6.1.2 (CWR on the first only); RFC 6864 §4.
 */
#ifndef WIRE_CUT_H
#define WIRE_CUT_H

#include "base/bytes.h"

struct cut {
    struct span whole; /* the frame */
    uint32_t    tcp;   /* where TCP's header begins ... */
    uint32_t    text;  /* ... and the text behind it */
    uint32_t    at;    /* how much of the text has been cut off */
    uint16_t    size;  /* text a segment */
    uint16_t    index;
    bool        ip4;
};

/* `tcp` is where the sender says that TCP's header begins.  False: the frame
 * is no TCP over IP, or there is nothing to cut. */
bool cut_begin(struct cut *c, struct span frame, uint32_t tcp, uint16_t size);
/* The next segment's length; 0: there is no more. */
size_t cut_next_len(const struct cut *c);
/* Writes it: exactly cut_next_len() bytes. */
void cut_next(struct cut *c, uint8_t *out);

#endif
