/* run.h: a recorded run in memory: what the views draw from.
 *
 * A recording (pcapng with our own blocks, see block.h) is read once into
 * arrays; frames stay where the file's bytes are.  Everything is in the order
 * of the file, which is the order of time.  Views never infer: what became of
 * a packet and why it was sent was written down by those who knew.
 */
#ifndef OBS_RUN_H
#define OBS_RUN_H

#include "base/bytes.h"
#include "base/event.h"
#include "base/why.h"

enum { RUN_NAME_MAX = 16, RUN_TEXT_MAX = 160, RUN_FATES_MAX = 4 };
enum { RUN_HOSTS_MAX = 256, RUN_LINKS_MAX = 4096 }; /* more are left out */

struct run_host {
    char           name[RUN_NAME_MAX];
    struct cw_addr addr4, addr6; /* of eth0; the wildcard if there is none */
};

struct run_link {
    char     name[2 * RUN_NAME_MAX];
    uint16_t a, b; /* hosts, from 1; equal for lo */
};

/* What became of one copy of a packet. */
struct run_fate {
    cw_ns    t, arrive_at; /* arrive_at CW_NEVER: it did not */
    uint16_t why;          /* WHY_LINK_* */
    uint16_t to;           /* host, 0: nobody */
    uint8_t  copy;
    char     rule[32]; /* WHY_LINK_RULE: "data 1" */
};

struct run_packet {
    cw_ns           t;
    uint32_t        number; /* world-wide, from 1 */
    uint16_t        host;   /* whose interface (from 1) */
    uint16_t        netif;  /* 0 lo, 1 eth0 */
    bool            inward; /* from the gateway to the host */
    bool            name;   /* name service: views leave it out */
    bool            more;   /* from outside, with the next one at once */
    uint16_t        why;
    uint64_t        why_arg;
    uint32_t        flow;
    struct span     frame;
    uint32_t        wire_len; /* frame.len or more: it was not kept whole */
    uint8_t         nfates;
    struct run_fate fates[RUN_FATES_MAX]; /* in order; the last is final */
};

/* A label that a socket row's `owner` refers to. */
struct run_owner {
    uint64_t owner;
    uint16_t host;
    int32_t  pid, fd;
    char     name[RUN_NAME_MAX];
};

struct run_row {
    uint16_t           host;
    struct cw_sock_row row;
};

/* A counter of a host at the end; those that are not there are 0. */
enum { RUN_COUNT_MAX = 32 };
struct run_count {
    uint64_t value;
    uint16_t host;
    char     name[RUN_COUNT_MAX];
};

struct run {
    uint64_t           seed;
    cw_ns              start, end;
    bool               real_time, complete; /* complete: it was closed well */
    char               link_words[RUN_TEXT_MAX];
    struct run_host   *hosts; /* hosts[0] is host 1 */
    size_t             nhosts;
    struct run_link   *links;
    size_t             nlinks;
    struct run_packet *packets;
    size_t             npackets;
    struct cw_event   *events;
    size_t             nevents;
    struct run_row    *rows; /* the sockets at the end */
    size_t             nrows;
    struct run_owner  *owners;
    size_t             nowners;
    struct run_count  *counts;
    size_t             ncounts;
    uint32_t           trace_id;
    const struct cw_alloc *alloc; /* what the arrays came from */
    struct {
        size_t hosts, links, packets, events, rows, owners, counts;
    } room; /* of the arrays, for run_free() */
};

/* Reads a recording.  `file` must outlive the run.  False: *why says what is
 * wrong with it (not a recording, cut short before its first packet ...); a
 * file that ends early is read as far as it goes, with complete false. */
bool run_read(struct run *r, struct span file, const struct cw_alloc *alloc,
              const char **why);
void run_free(struct run *r);
/* Reads a capture that somebody else wrote, pcap or pcapng of Ethernet: the
 * packets are there, and nothing else is (nhosts 0). */
bool capture_read(struct run *r, struct span file,
                  const struct cw_alloc *alloc, const char **why);

/* The final fate: did any copy arrive? */
bool run_arrived(const struct run_packet *p);
/* The packet's comment: why it was sent and what became of it, "; "
 * between: "retransmission: RTO 240 ms; lost on link h1-h2: rule data 1". */
void run_comment(const struct run *r, const struct run_packet *p,
                 struct fmt *out);
/* The name of an address: a host's, or "" (loopback: ""). */
const char *run_name_of(const struct run *r, const struct cw_addr *a);

#endif
