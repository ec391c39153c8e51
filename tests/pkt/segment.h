/* segment.h: a TCP segment as a line of text and as a frame, both ways.  It
 * shares no code with src/wire, so that a mistake there cannot hide itself.
 *
 *   FLAGS seq N [len N] [ack N] [win N] [up N] [mss N] [sackOK]
 *         [sack A-B,C-D] [ts VAL ECR] [wscale N]
 *
 * Flags are tcpdump's: S F R P U E(CE) W(=CWR) and . for ACK.  Numbers are
 * relative to the initial ones: of the sender for seq, of the receiver of
 * the segment for ack.  M is the MSS of an MTU of 1500 (1460, or 1440 over
 * IPv6); R and N are what the test set sg_vars to (RCV.NXT, SND.NXT); an
 * offset may follow: R+5.  * matches any value.
 * Only in segments that are made: `badsum`, `resv N` (reserved bits), `doff N`
 * (data offset), `raw HEX` (options as they are), `tos N`, `ipopt HEX` (eight
 * or fewer octets of IPv4 options, or of IPv6 destination options).
 * Only in segments that are expected: `why SLUG`, `ttl N`, `tos N`.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <causeway/causeway.h>

enum { SG_SACKS = 4, SG_ANY = INT32_MIN, SG_NONE = INT32_MIN + 1 };

/* Numbers are relative; SG_NONE: not there. */
struct sg {
    uint8_t flags; /* as in the header */
    int64_t seq, len, ack, win, up;
    int64_t mss, wscale, ts_val, ts_ecr;
    bool    sack_ok;
    int     nsack;
    int64_t sack[SG_SACKS][2];
    int64_t ttl, tos, resv, doff;
    bool    badsum, payload_ok;
    uint8_t raw[40], ipopt[8];
    int     nraw, nipopt;
    char    why[32];
};

extern struct sg_vars {
    int64_t n, r;
    bool    no_df; /* what is read may be fragmented */
} sg_vars;

/* The two ends as the frames carry them. */
struct sg_ends {
    struct cw_addr us, peer;
    uint16_t       uport, pport;
    uint32_t       iss, irs; /* ours, the peer's */
    uint32_t       uts, pts; /* what the timestamp clocks begin from */
};

/* Byte of a stream at offset i; `peer` says whose. */
uint8_t sg_byte(bool peer, int64_t i);
void    sg_parse(struct sg *s, const char *text, bool v6);
void    sg_print(char *to, size_t cap, const struct sg *s);
/* The frame from the peer to us; its length. */
size_t sg_build(uint8_t *frame, const struct sg *s, const struct sg_ends *e);
/* A frame that we sent.  What no segment may get wrong (lengths, checksums,
 * reserved bits, padding) fails the test here. */
void     sg_read(struct sg *s, const uint8_t *frame, size_t len,
                 const struct sg_ends *e);
uint16_t sg_sum(const uint8_t *p, size_t n, uint32_t sum);

#endif
