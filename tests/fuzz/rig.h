/* rig.h: stacks under fuzzing: their memory is exact, their frames flat. */
#ifndef FUZZ_RIG_H
#define FUZZ_RIG_H

#include "base/bytes.h"
#include "base/check.h"
#include <causeway/causeway.h>

enum { RIG_FRAME_MAX = 2048, RIG_MEMORY = 1 << 20 };

/* What an input still has to say; when it has said all, zeros. */
struct said {
    const uint8_t *p;
    size_t         left;
};

uint8_t  said8(struct said *s);
uint16_t said16(struct said *s);
uint32_t said32(struct said *s);
/* Up to n bytes into `to`; how many. */
size_t said_bytes(struct said *s, uint8_t *to, size_t n);

/* One stack: host `end` (0: 10.0.0.1 and fd00::1, 1: 10.0.0.2 and fd00::2),
 * which knows the other as its neighbour. */
struct rig {
    cw_stack *st;
    unsigned  end;
    cw_ns     now;
    size_t    idle; /* memory in use when nothing was open */
};

void rig_new(struct rig *r, unsigned end, uint64_t seed);
/* Closes nothing: the sockets must be closed.  Lets all time pass that
 * anything waits for; then no memory may be in use. */
void rig_end(struct rig *r);
/* The next frame to transmit; 0: none. */
size_t rig_out(struct rig *r, uint8_t frame[RIG_FRAME_MAX]);
void   rig_in(struct rig *r, const uint8_t *frame, size_t len);
/* Time goes on by at most `by`, timers in order. */
void rig_wait(struct rig *r, cw_ns by);

/* Ethernet and IP, from end 1 to end 0, in front of `opts` bytes of IPv4's
 * options and `len` more, all zero; answers where the options go. */
uint8_t *rig_begin(uint8_t *frame, bool six, uint8_t proto, size_t opts,
                   size_t len);

struct cw_sockaddr rig_addr(unsigned end, bool six, uint16_t port);
struct cw_mac      rig_mac(unsigned end);

/* Puts the right checksums into an Ethernet frame with IPv4 or IPv6 and TCP,
 * UDP or ICMP; leaves others alone. */
void rig_checksums(uint8_t *frame, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
