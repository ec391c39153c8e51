/* tcpopt.h: TCP options: MSS (RFC 9293 §3.7.1), window scale and timestamps
 * (RFC 7323), SACK permitted and SACK (RFC 2018), Fast Open (RFC 7413),
 * accurate ECN (RFC 9768 §3.2.3); the others are stepped over (RFC 9293
 * MUST-6) and stay visible to tcpopt_next().
 *
 * Options that only a SYN may carry are ignored elsewhere, and SACK blocks
 * are ignored in a SYN.  Where an option stands twice, the last one counts.
 */
#ifndef WIRE_TCPOPT_H
#define WIRE_TCPOPT_H

#include "base/bytes.h"
#include "base/seq.h"

enum { TCPOPT_MAX = 40, TCPOPT_SACK_MAX = 4 };

enum {
    TCPOPT_END = 0,
    TCPOPT_NOP = 1,
    TCPOPT_MSS = 2,
    TCPOPT_WSCALE = 3,
    TCPOPT_SACK_OK = 4,
    TCPOPT_SACK = 5,
    TCPOPT_TS = 8,
    TCPOPT_ACCECN0 = 172, /* ECT(0), CE, ECT(1) ... */
    TCPOPT_ACCECN1 = 174, /* ... or from the other end */
    TCPOPT_FAST = 34,     /* the experimental kind, 254, is unknown here */
};

/* Octets of a cookie: RFC 7413 §2. */
enum { TCPOPT_FAST_MIN = 4, TCPOPT_FAST_MAX = 16 };

/* Counters of bytes: RFC 9768 §3.2.3.  Sets of them, a bit each. */
enum accecn_count { ACCECN_E0B, ACCECN_CEB, ACCECN_E1B, ACCECN_COUNTS };
enum {
    ACCECN_E0B_BIT = 1 << ACCECN_E0B,
    ACCECN_CEB_BIT = 1 << ACCECN_CEB,
    ACCECN_E1B_BIT = 1 << ACCECN_E1B,
    ACCECN_ALL = 7,
};
#define ACCECN_MASK 0xffffffu /* what of a counter is said */

/* Whole options, kind and length included. */
enum {
    TCPOPT_MSS_LEN = 4,
    TCPOPT_WSCALE_LEN = 3,
    TCPOPT_SACK_OK_LEN = 2,
    TCPOPT_TS_LEN = 10,
    TCPOPT_TS_PADDED = 12, /* what timestamps take of each segment */
};

struct tcpopt {
    bool     has_mss, has_wscale, sack_ok, has_ts;
    uint16_t mss;
    uint8_t  wscale; /* at most TCP_WSCALE_MAX: RFC 7323 §2.3 */
    uint32_t ts_val, ts_ecr;
    uint8_t  nsack;
    struct {
        seq left, right;
    } sack[TCPOPT_SACK_MAX];
    bool     has_fast;
    uint8_t  fast_len; /* of the cookie; 0: it is asked for */
    uint8_t  fast[TCPOPT_FAST_MAX];
    bool     has_accecn;
    uint8_t  accecn_has; /* which: the set that it was, or shall be */
    uint32_t accecn[ACCECN_COUNTS]; /* 24 bits each */
    uint8_t  nunknown; /* of a kind or a length that is not known here */
};

/* Takes what it can: parsing stops at a length that cannot be (RFC 9293
 * MUST-7), keeps what came before, and answers false. */
bool tcpopt_parse(struct span opts, bool syn, struct tcpopt *out);

/* The smallest set with these in it that an option can say: a field stands
 * behind those before it. */
unsigned tcpopt_accecn_set(unsigned set);
/* The option with such a set, filled up to words. */
size_t tcpopt_accecn_len(unsigned set);

/* The bytes that tcpopt_emit() will write: a multiple of four, at most
 * TCPOPT_MAX.  Accurate ECN's is left out where it does not fit beside
 * those of a SYN; SACK blocks that do not fit are left out (RFC 7323 §3.2 has
 * the sum: three with timestamps, else four). */
size_t tcpopt_len(const struct tcpopt *o);

/* Writes the options in the order and with the padding that most hosts of
 * the Internet use, and answers their length.  mss, sack_ok and wscale are
 * written wherever they are set: the caller knows whether this is a SYN. */
size_t tcpopt_emit(uint8_t *p, size_t cap, const struct tcpopt *o);

/* One option at a time, as it stands.  False: no more; `bad` is then set in
 * r if a length could not be.  TCPOPT_END is answered, once, and is the
 * last. */
bool tcpopt_next(struct reader *r, uint8_t *kind, struct span *data);

#endif
