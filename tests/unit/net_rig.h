/* net_rig.h: one host's network layer under test, with frames made by hand,
 * a transport that remembers what it was given, and virtual time.
 *
 *   interface 0   loopback: 127.0.0.1/8, ::1/128
 *   interface 1   Ethernet: 10.0.0.1/24, fd00::1/64, fe80::1/64; 10.0.0.2 and
 *                 fd00::2 are neighbours for ever
 */
#ifndef NET_RIG_H
#define NET_RIG_H

#include "net/net.h"
#include "udp/udp.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "wire/ipproto.h"

enum { RIG_LO = 0, RIG_ETH = 1, RIG_FRAME_MAX = 65600 };

/* Bytes on the wire. */
struct frame {
    size_t   len;
    enum why why; /* out: why it was sent */
    unsigned netif;
    uint8_t  b[RIG_FRAME_MAX];
};

struct net_rig {
    struct cw_alloc  alloc;
    long             allocs;
    struct arena    *arena;
    struct env       env;
    struct net      *net;
    struct udp_host *udp; /* NULL: the recorder below is transport 17 */

    /* What the recorder was given, and what it answers. */
    unsigned         rx_n, err_n, room_n;
    struct net_rx    rx;
    uint8_t          rx_bytes[RIG_FRAME_MAX];
    enum why         rx_answer;
    struct net_error err;
    bool             err_believed;

    /* Events. */
    enum why drop; /* the last one */
    unsigned drops;
    unsigned events[64];
    unsigned ready_n;
};

/* flags of the Ethernet interface: CW_NETIF_*. */
void net_rig_init(struct net_rig *r, unsigned flags, bool with_udp);
/* The same as host n: 10.0.0.n, fd00::n, fe80::n; without neighbours unless
 * n is 1. */
void net_rig_init_as(struct net_rig *r, unsigned n, unsigned flags,
                     bool with_udp);
/* Fails if a byte of memory is held after net_fini(). */
void net_rig_free(struct net_rig *r);

/* A frame arrives: why it was dropped, or GO_ON. */
enum why rig_in(struct net_rig *r, unsigned netif, const struct frame *f);
/* The same in `runs` pieces of memory. */
enum why rig_in_runs(struct net_rig *r, unsigned netif, const struct frame *f,
                     unsigned runs);
/* The next frame that wants to leave; false: none. */
bool rig_out(struct net_rig *r, struct frame *f);
/* No frame wants to leave. */
void rig_out_none(struct net_rig *r);
/* Time passes, timers run. */
void rig_advance(struct net_rig *r, cw_ns by);
/* A packet of `len` bytes that count upwards, sent through net_out(). */
enum why rig_send(struct net_rig *r, const struct net_tx *tx, size_t len);

struct cw_addr rig_addr(const char *text);
/* 02:00:0a:00:00:0n */
struct cw_mac rig_mac(unsigned n);

/* Frames from 10.0.0.2 (fd00::2) to 10.0.0.1 (fd00::1); change the repr to
 * have another.  total_len and payload_len are filled in. */
struct ip4_repr rig_ip4(uint8_t proto);
struct ip6_repr rig_ip6(uint8_t proto);
void rig_frame4(struct frame *f, struct ip4_repr ip, const void *payload,
                size_t len);
void rig_frame6(struct frame *f, struct ip6_repr ip, const void *payload,
                size_t len);
/* What a frame holds; each fails the test if it is not such a frame. */
const uint8_t *rig_read4(const struct frame *f, struct ip4_repr *ip);
const uint8_t *rig_read6(const struct frame *f, struct ip6_repr *ip);

#endif
