/* pr.h: what the files behind print.h share: the page being written, the
 * bytes it may look at, and what is still to be printed of the frame.
 *
 * Printers are called with a pointer and the number of bytes that were on
 * the wire; what was captured ends at pr.end.  A printer asks pr_need()
 * before it reads; a refusal has already written tcpdump's "[|tcp]" and
 * ends the packet.  A header inside another is not printed by a call but
 * left in pr.next, so that no nesting of packets can deepen the stack.
 */
#ifndef WIRE_PR_H
#define WIRE_PR_H

#include "wire/ipproto.h"
#include "wire/print.h"

enum pr_kind { PR_NOTHING, PR_IP4, PR_IP6 };

struct pr_next {
    enum pr_kind   kind;
    const uint8_t *at;
    size_t         len;
};

struct pr {
    struct fmt              *out;
    struct print_state      *st;
    const struct print_opts *o;
    const uint8_t           *frame;
    size_t                   caplen;
    const uint8_t           *end;   /* captured and within the IP length */
    const char              *proto; /* for "[|proto]" */
    size_t                   link;  /* bytes a plain hex dump leaves out */
    struct pr_next           next;
    bool                     cut;
};

/* The IP header around a transport's. */
struct pr_ip {
    const uint8_t *hdr;
    bool           v6;
    bool           fragment; /* the checksum covers more than is here */
    uint8_t        proto;    /* IPv6: the fixed header's next header */
    uint8_t        dst[16];  /* for the checksum: where it goes in the end */
};

/* Are n bytes at `at` captured? */
static inline bool pr_has(const struct pr *p, const uint8_t *at, size_t n)
{
    return at <= p->end && (size_t)(p->end - at) >= n;
}

/* pr.c: text */
bool pr_trunc(struct pr *p); /* " [|proto]"; always false */
bool pr_jump(struct pr *p);  /* the same from anywhere: the dump is whole */
bool pr_need(struct pr *p, const uint8_t *at, size_t n); /* or pr_jump() */
void pr_invalid(struct pr *p);
void pr_addr4(struct fmt *f, const uint8_t *b4);
void pr_addr6(struct fmt *f, const uint8_t *b16);
void pr_addr(struct fmt *f, const struct pr_ip *ip, bool dst);
void pr_mac(struct fmt *f, const uint8_t *at, size_t n);
void pr_char(struct fmt *f, uint8_t c); /* "^G", "M-a" */
void pr_proto_name(struct fmt *f, uint8_t proto);

/* Names of bits, lowest table row first, between commas. */
struct pr_bit {
    uint32_t    bit;
    const char *name;
};
void pr_bits(struct fmt *f, const struct pr_bit *t, size_t n, uint32_t v);

/* pr_hex.c */
void pr_hex(struct fmt *f, const char *indent, struct span s);
void pr_hex_unknown(struct pr *p, const uint8_t *at, size_t n, bool text);
void pr_hex_dump(struct pr *p);

/* one each */
void        pr_ether(struct pr *p, size_t wire_len);
const char *pr_ether_name(uint16_t type); /* or NULL */
void        pr_arp(struct pr *p, const uint8_t *at, size_t len);
void        pr_ip4(struct pr *p, const uint8_t *at, size_t len);
bool pr_ip4_options(struct pr *p, const uint8_t *at, size_t len, bool *cut);
void pr_ip6(struct pr *p, const uint8_t *at, size_t len);
void pr_icmp4(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
              size_t len);
void pr_icmp6(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
              size_t len);
void pr_udp(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
            size_t len);
void pr_tcp(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
            size_t len);
/* "10.0.0.1.80 > 10.0.0.2.1024: ", or the ports alone. */
void pr_ports(struct pr *p, const struct pr_ip *ip, const uint8_t *at);
/* The checksum over all of len as it is on the wire: 0 when intact. */
uint16_t pr_cksum(const struct pr_ip *ip, uint8_t proto, const uint8_t *at,
                  size_t len);
/* What the field should have held, from that and from what it holds. */
uint16_t pr_cksum_want(uint16_t sum, uint16_t field);

/* pr_tcpopt.c: of the segment at `at`; base: what SACK edges are relative
 * to. */
bool pr_tcp_options(struct pr *p, const uint8_t *at, size_t len,
                    uint32_t base);

/* pr_flow.c: make seq and ack relative; answers the base of the other
 * direction's numbers. */
struct pr_seqs {
    uint32_t seq, ack, peer_base;
};
void pr_flow_relative(struct pr *p, const struct pr_ip *ip,
                      const uint8_t *tcp, struct pr_seqs *s);

/* pr_ip6ext.c: one extension header; answers its length, 0 if the line
 * ends here. */
size_t pr_hopopts(struct pr *p, const uint8_t *at, uint32_t *jumbo);
size_t pr_dstopts(struct pr *p, const uint8_t *at);
size_t pr_frag6(struct pr *p, const uint8_t *ip6, const uint8_t *at);
size_t pr_routing(struct pr *p, const uint8_t *at);

/* pr_igmp.c */
void pr_igmp(struct pr *p, const uint8_t *at, size_t len);
/* pr_ndp.c, pr_mld.c: the text after an ICMPv6 message's name.  False: the
 * line ends with it. */
bool pr_ndp(struct pr *p, const uint8_t *at, size_t len);
void pr_ndp_options(struct pr *p, const uint8_t *at, size_t len);
bool pr_mld(struct pr *p, const uint8_t *at, size_t len);

#endif
