/* tcphdr.h: the TCP header: RFC 9293 §3.1.
 *
 * Owns the fixed 20 bytes; the options are tcpopt.h's.  Does not own the
 * checksum, which covers bytes that may lie elsewhere: emit leaves zero in
 * its place (TCP_CKSUM_AT).  No more than TCP_HDR_MAX bytes are read (see
 * etherhdr.h).
 */
#ifndef WIRE_TCPHDR_H
#define WIRE_TCPHDR_H

#include "base/seq.h"
#include "base/why.h"
#include "wire/tcpopt.h"

enum { TCP_HDR_MIN = 20, TCP_HDR_MAX = 60, TCP_CKSUM_AT = 16 };

/* Control bits. */
enum {
    F_FIN = 1,
    F_SYN = 2,
    F_RST = 4,
    F_PSH = 8,
    F_ACK = 16,
    F_URG = 32,
    F_ECE = 64,
    F_CWR = 128,
};

struct tcp_repr {
    uint16_t      sport, dport;
    seq           seq, ack;
    uint8_t       flags;   /* F_* */
    uint8_t       ae;      /* the AE bit of RFC 9768, 0 or 1 */
    uint16_t      wnd, up; /* the window as it stands, not scaled */
    uint8_t       hdr_len; /* options included; emit does not read it */
    struct tcpopt opt;
};

/* seg begins at the header and is as long as the segment. WHY_TCP_HEADER:
 * the data offset is below 5 or beyond the segment (RFC 9293 §3.1).  The
 * reserved bits are ignored; malformed options are no fault (MUST-7). */
enum why tcphdr_parse(struct span seg, struct tcp_repr *out);

/* Writes header and options and answers their length; the checksum is 0. */
size_t tcphdr_emit(uint8_t *p, size_t cap, const struct tcp_repr *r);

/* AE, CWR and ECE as one number: the ACE field of RFC 9768 §3.2.2. */
static inline unsigned tcphdr_ace(uint8_t flags, uint8_t ae)
{
    return (unsigned)ae << 2 | flags / F_ECE;
}

static inline size_t tcphdr_len(const struct tcp_repr *r)
{
    return TCP_HDR_MIN + tcpopt_len(&r->opt);
}

#endif
