/* icmp.h: ICMP and ICMPv6 within the network layer. */
#ifndef NET_ICMP_H
#define NET_ICMP_H

#include "net/core.h"
#include "wire/ip6ext.h"

void icmp_init(struct net *n);

/* Both families; rx.off is at the message. */
enum why icmp_in(struct net *n, struct ip_in *in);

/* icmp_out.c: errors about a packet that arrived, where RFC 1122 §3.2.2 and
 * RFC 4443 §2.4 allow one and the rate limit does. */
void icmp_tell_no_port(struct net *n, const struct ip_in *in);
void icmp_tell_no_proto(struct net *n, const struct ip_in *in);
void icmp_tell_problem(struct net *n, const struct ip_in *in,
                       const struct ip6_problem *p);
/* `in` is the datagram's first fragment. */
/* IPv4: the option at this byte of the header cannot be read. */
void icmp_tell_bad_option(struct net *n, const struct ip_in *in, uint32_t at);
void icmp_tell_reassembly_time(struct net *n, const struct ip_in *in);

/* A message of ours: header, then references to bytes [off, off+len) of
 * `body`. */
struct icmp_msg {
    uint8_t              type, code, tos;
    uint32_t             rest;
    const struct cw_pkt *body;
    uint32_t             off, len;
    enum why             why;
};
/* To the sender of `in`, from the address that it was sent to if that is
 * one of ours alone. */
void icmp_reply(struct net *n, const struct ip_in *in,
                const struct icmp_msg *m);

/* icmp_err.c: an error message that arrived. */
enum why icmp_error_in(struct net *n, struct ip_in *in, uint8_t type,
                       uint8_t code, uint32_t rest);
/* Our own verdict on a frame whose neighbour does not answer: as if a router
 * said that the host is unreachable, which is what Linux makes of it. */
void icmp_own_error(struct net *n, const struct cw_pkt *frame);

#endif
