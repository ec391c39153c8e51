/* print.h: one line of text for one Ethernet frame, in tcpdump's words.
 *
 * For Ethernet, ARP, IPv4, IPv6, ICMP, ICMPv6, IGMP, UDP and TCP the text is, byte
 * for byte, that of `TZ=UTC tcpdump -n` 4.99 as Debian 12 ships it, truncated
 * and malformed packets included, but payloads are never dissected: a
 * datagram to port 53 is "UDP, length 40".  What tcpdump would hand to any
 * other dissector is named by its number.  Nor are these taken apart: ARP
 * over Frame Relay and ATM, multipath TCP's options, RFC 4884's extensions of
 * ICMP errors, compressed names in router advertisements.
 *
 * Any bytes at all give some text; nothing outside the frame is read.  The
 * text ends without a newline; hex dumps and -v put some inside.
 */
#ifndef WIRE_PRINT_H
#define WIRE_PRINT_H

#include "base/bytes.h"
#include "base/fmt.h"
#include "base/ns.h"

/* The values are tcpdump's number of -t, so that a caller may count. */
enum print_time {
    PRINT_TIME_DAY = 0,   /* 22:13:20.000001 */
    PRINT_TIME_NONE = 1,  /* -t */
    PRINT_TIME_EPOCH = 2, /* -tt: 1700000000.000001 */
    PRINT_TIME_DELTA = 3, /* -ttt: since the packet before */
    PRINT_TIME_DATE = 4,  /* -tttt: 2023-11-14 22:13:20.000001 */
    PRINT_TIME_SINCE = 5, /* -ttttt: since the first packet */
};

enum print_hex {
    PRINT_HEX_NONE = 0,
    PRINT_HEX_X = 1,   /* -x */
    PRINT_HEX_XA = 2,  /* -X: with characters */
    PRINT_HEX_A = 3,   /* -A: characters only */
    PRINT_HEX_XX = 4,  /* the same three with the link header: -xx */
    PRINT_HEX_XXA = 5, /* -XX */
    PRINT_HEX_AA = 6,  /* -AA */
};

struct print_opts {
    bool abs_seq;   /* -S */
    bool ether;     /* -e */
    bool quiet;     /* -q */
    bool verbose;   /* -v */
    int  time_mode; /* enum print_time */
    int  hex;       /* enum print_hex */
};

/* TCP conversations seen, for relative sequence numbers.  A conversation has
 * one record whichever way it goes; where a set is full, the record that
 * came first goes. */
enum { PRINT_FLOW_SETS = 2048, PRINT_FLOW_WAYS = 8 };

struct print_flow {
    uint8_t  low[16], high[16]; /* addresses, the lower end first */
    uint16_t low_port, high_port;
    uint8_t  family;            /* 4 or 6; 0: free */
    uint32_t low_seq, high_seq; /* what each direction's numbers start from */
};

/* Zero-initialised is fresh.  900 KiB; owned by the caller, one for each
 * stream of packets. */
struct print_state {
    struct print_flow flow[PRINT_FLOW_SETS][PRINT_FLOW_WAYS];
    uint8_t           victim[PRINT_FLOW_SETS];
    cw_ns             first, last; /* times of packets */
    bool              started;
};

/* frame: the bytes that were captured; wire_len: how many there were.  t is
 * nanoseconds since the epoch, shown in microseconds. */
void print_packet(struct fmt *out, struct print_state *st,
                  const struct print_opts *o, cw_ns t, struct span frame,
                  size_t wire_len);

#endif
