/* link.h: the door of the link emulator.
 *
 * A link joins two ends.  Each direction is a chain of nodes; a packet that
 * enters gets its whole fate on the spot, from the seed, the link and its
 * ordinal: nothing that a stack draws moves it, and a later change of the
 * link does not touch packets that are under way.
 *
 *     drop rules, down, pmtu, loss, duplicate, corrupt, queue + rate, mark,
 *     delay + jitter, reorder
 *
 * The words of `struct link_spec` are those of netem; spec.c parses them.
 * All times are one-way.  A link without words is perfect: no delay, in
 * order, nothing lost.  No clock, no heap but the allocator given.
 */
#ifndef EMU_LINK_H
#define EMU_LINK_H

#include "base/fmt.h"
#include "base/ns.h"
#include "base/siphash.h"
#include "base/why.h"

enum {
    LINK_FWD = 0,
    LINK_BACK = 1,
    LINK_DIRS = 2,
    LINK_DOWNS_MAX = 8,
    LINK_RULES_MAX = 32,
    LINK_RULE_RANGES_MAX = 8,
    LINK_RULE_TEXT_MAX = 96,
    LINK_NAME_MAX = 16,        /* a host's name in a rule, with its NUL */
    LINK_PACKETS_MAX = 65536,  /* under way on one link, by default */
    LINK_QUEUE_DEFAULT = 1000, /* packets, with a rate: as netem's limit */
    LINK_SPEC_TEXT_MAX = 768,  /* spec_print() never needs more */
    LINK_BURST_MAX = 1000000,
    LINK_REORDER_BY_MAX = 1000,
    LINK_BDP_MAX = 1000,
    LINK_PMTU_MIN = 68, /* RFC 791 §3.2 */
};

#define LINK_TIME_MAX  (600 * NS_S) /* delay; `down` ends within a year */
#define LINK_DOWN_MAX  (366 * 86400 * NS_S)
#define LINK_RATE_MAX  UINT64_C(100000000000) /* 100 Gbit/s */
#define LINK_QUEUE_MAX UINT64_C(1000000000000)

/* A probability is p/2^32; UINT32_MAX is certainty.  The text's share is
 * rounded to the nearest, so 3% is off by less than 2^-33. */
#define LINK_ALWAYS UINT32_MAX

/* A packet that is held back goes on after this, overtaken or not. */
#define LINK_HOLD_MAX (50 * NS_MS)

/* [from, to), counted from the link's epoch. */
struct link_down {
    cw_ns from, to;
};

enum link_queue {
    LINK_QUEUE_UNSET = 0, /* LINK_QUEUE_DEFAULT packets */
    LINK_QUEUE_PKTS,
    LINK_QUEUE_BYTES,
    LINK_QUEUE_BDP, /* thousandths of rate x round-trip delay */
};

/* One direction.  All zero: perfect. */
struct link_spec {
    cw_ns    delay, jitter; /* uniform in delay +- jitter; may reorder */
    uint32_t loss_p;
    uint32_t burst; /* mean length of a loss burst; 0: independent losses */
    uint32_t dup_p, corrupt_p;
    uint32_t reorder_p, reorder_by; /* overtaken by `reorder_by` others */
    uint64_t rate_bps;              /* 0: infinite */
    uint64_t queue;                 /* in what queue_kind says */
    uint8_t  queue_kind;            /* enum link_queue */
    uint8_t  ecn_kind;              /* UNSET: the queue marks nothing */
    uint64_t ecn;                   /* from here on it marks */
    uint32_t mark_p;                /* by chance: RFC 3168 §5 */
    uint8_t  ndowns;
    uint16_t pmtu;   /* of the link behind a router in the middle; 0: none */
    bool     silent; /* ... which does not say what was too big */
    struct link_down downs[LINK_DOWNS_MAX];
};

/* Words into a specification.  On false, err has one line that names the
 * word, the reason and the remedy; *out is untouched. */
bool spec_parse(const char *words, struct link_spec *out, struct fmt *err);
/* The canonical words: spec_parse() of them gives *s again. */
void spec_print(const struct link_spec *s, struct fmt *out);
bool spec_equal(const struct link_spec *a, const struct link_spec *b);
/* What spec_parse() guarantees, for specifications made by hand. */
bool spec_valid(const struct link_spec *s);

/* What an exact drop counts.  A packet can be of several kinds. */
enum link_kind {
    LINK_PACKET = 1 << 0, /* anything */
    LINK_DATA = 1 << 1,   /* TCP with text */
    LINK_ACK = 1 << 2,    /* TCP ACK and nothing else: no text, S, F, R */
    LINK_SYN = 1 << 3,    /* SYN without ACK */
    LINK_SYNACK = 1 << 4,
    LINK_FIN = 1 << 5, /* with text or without */
    LINK_RST = 1 << 6,
    LINK_UDP = 1 << 7,
    LINK_ICMP = 1 << 8, /* without neighbour discovery */
    LINK_ARP = 1 << 9,  /* ARP, and neighbour discovery */
};

struct cw_pkt;

/* Is the packet larger than a router in the middle can pass on? */
bool link_too_big(const struct link_spec *s, const struct cw_pkt *pkt);

/* The kinds of a frame, by its first bytes; never reads past them. */
unsigned link_kinds(const struct cw_pkt *pkt);

/* What an exact fault does. */
enum link_rule_fate {
    LINK_RULE_LOSE = 0,
    LINK_RULE_TWICE, /* a second copy follows at once */
    LINK_RULE_LATE,  /* it changes places with the next */
    LINK_RULE_FATES,
};

/* "data 1", "syn 1,2", "h1>h2 ack 3..5", "udp 4..": the n-th of a kind is
 * lost; "twice data 1", "late data 1".  Counted from when the rule is given
 * to a link, over all flows, retransmissions too; without a direction, over
 * both directions together, in the order in which they are sent. */
struct link_rule {
    uint16_t kind;
    uint8_t  dirs; /* bit per direction; spec_drop_parse() sets both */
    uint8_t  nranges;
    uint8_t  fate;                                   /* enum link_rule_fate */
    char     from[LINK_NAME_MAX], to[LINK_NAME_MAX]; /* "" if not said */
    struct {
        uint64_t lo, hi;
    } ranges[LINK_RULE_RANGES_MAX];
    uint64_t seen;                     /* how many of the kind passed */
    char     text[LINK_RULE_TEXT_MAX]; /* canonical */
};

/* The rule's text into *out.  If it names a direction, the caller resolves
 * from and to into `dirs` before the link gets the rule. */
bool spec_drop_parse(const char *text, struct link_rule *out,
                     struct fmt *err);

/* What became of a packet.  Each copy gets exactly one final fate; before
 * it there may be others (DUPLICATE for the second copy, CORRUPT, REORDER).
 * A packet that is held back for others to overtake gets its final fate when
 * it goes on; every other one gets it inside link_send(). */
struct link_fate {
    cw_ns       t;         /* when it was decided */
    cw_ns       arrive_at; /* ARRIVED only; else NS_NEVER */
    uint64_t    ordinal;
    const char *rule; /* RULE only: its text */
    uint64_t    nth;  /* RULE only: which of its kind this was */
    uint16_t    why;  /* WHY_LINK_* */
    uint8_t     dir, copy;
    bool        final;
};

struct link_config {
    struct link_spec        fwd, back;
    const struct link_rule *rules;
    unsigned                nrules;
    struct sipkey           seed;
    uint32_t                id;          /* keys the random numbers */
    size_t                  packets_max; /* 0: LINK_PACKETS_MAX */
    cw_ns                   epoch;       /* time 0 of `down` */
    const struct cw_alloc  *alloc;
    /* May be NULL.  It must not call the link. */
    void (*fate)(void *ctx, const struct link_fate *fate);
    void *fate_ctx;
};

/* How packets fared in one direction: copies by reason.
 * sent + duplicated == arrived + lost + under way. */
struct link_counts {
    uint64_t sent, duplicated, corrupted, marked, reordered, arrived, lost;
    uint64_t lost_by[WHY_LINK_NOBODY - WHY_LINK_ARRIVED + 1];
};

struct link;

/* NULL: no memory. */
struct link *link_new(const struct link_config *config);
/* Packets under way are freed; one that is held back is lost (DOWN). */
void link_free(struct link *l);

/* A packet enters; the link takes its references.  Answers its ordinal in
 * this direction, from 1. */
uint64_t link_send(struct link *l, unsigned dir, struct cw_pkt *pkt,
                   cw_ns now);
/* When link_recv() has something next, or NS_NEVER. */
cw_ns link_next(const struct link *l);
/* Up to max packets that have arrived by now, in order of arrival, at equal
 * times by ordinal and copy; their references pass to the caller.
 * `ordinals` may be NULL. */
unsigned link_recv(struct link *l, unsigned dir, struct cw_pkt *pkts,
                   unsigned max, cw_ns now, uint64_t *ordinals);

/* A live change.  Packets under way keep their fate; later ones may overtake
 * them if the delay shrinks.  False: no memory, nothing has changed. */
bool link_set(struct link *l, unsigned dir, const struct link_spec *spec,
              cw_ns now);
/* One more rule, counting from now; false: there are too many. */
bool link_drop(struct link *l, const struct link_rule *rule);

const struct link_spec   *link_spec_of(const struct link *l, unsigned dir);
const struct link_counts *link_counts_of(const struct link *l, unsigned dir);
/* Packets under way in both directions. */
size_t link_under_way(const struct link *l);
/* May super-segments enter?  Only where no packet is treated on its own: a
 * fixed delay at most.  Elsewhere they are lost (OVERSIZE). */
bool link_gso_ok(const struct link *l);
/* Does every packet arrive intact, so that checksums may be skipped? */
bool link_intact(const struct link *l);

#endif
