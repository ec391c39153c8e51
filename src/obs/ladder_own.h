/* ladder_own.h: what the files of the ladder share.
 *
 *     ladder_frame.c   a frame's bytes       -> struct lad_look
 *     ladder_conv.c    packets and events    -> conversations
 *     ladder_ecn.c     what its flags say of marks
 *     ladder_label.c   a packet              -> what stands on its arrow
 *     ladder_row.c     a line                -> cells of a terminal
 *     ladder_fold.c    many packets alike    -> one line
 *     ladder_note.c    a conversation        -> remarks
 *     ladder_json.c    a conversation        -> JSON Lines
 *     ladder.c         a conversation        -> rows
 *
 * Ends are 0, the left one, which began, and 1.  NONE ends each list.
 */
#ifndef OBS_LADDER_OWN_H
#define OBS_LADDER_OWN_H

#include "base/addr.h"
#include "base/ns.h"
#include "obs/ladder.h"

#define NONE UINT32_MAX

enum lad_kind { LAD_NONE, LAD_TCP, LAD_UDP, LAD_ICMP, LAD_FRAGMENT };
enum { LAD_SACKS = 3 };

/* A frame, looked at. */
struct lad_look {
    uint8_t        kind;  /* enum lad_kind */
    uint8_t        proto; /* of the conversation: TCP, UDP, ICMP */
    struct cw_addr src, dst;
    uint16_t       sport, dport; /* of an echo: its identifier, twice */
    bool           quoted; /* an error: the ports are those of the packet
                              that it is about, turned round */
    bool           v6;
    uint8_t        flags, ae;  /* ae: RFC 9768 */
    uint8_t        type, code; /* ICMP */
    uint8_t        nsack;
    bool           has_wscale;
    uint8_t        wscale;
    uint16_t       wnd, up;
    uint32_t       seq, ack;
    uint32_t       len;   /* of the payload */
    uint32_t       at;    /* fragments: where it begins */
    uint32_t       ident; /* fragments */
    struct span    text;  /* what is there of the payload */
    struct {
        uint32_t left, right;
    } sack[LAD_SACKS];
};

/* What AE, CWR and ECE mean: RFC 3168 §6.1.1, RFC 9768 §3.1. */
enum lad_ecn {
    LAD_ECN_FLAGS, /* what they are called */
    LAD_ECN_ASKS,  /* a SYN, for one kind of feedback ... */
    LAD_ECN_ASKS_ACCURATE,
    LAD_ECN_AGREES, /* a SYN-ACK */
    LAD_ECN_SAW_SYN,
    LAD_ECN_SAW_SYNACK, /* an ACK; ecn_arg: how what it answers came */
    LAD_ECN_COUNT,      /* ecn_arg: marked packets more than before */
};

struct lad_packet {
    struct lad_look look;
    uint32_t        conv, next;             /* NONE: none */
    uint8_t         end;                    /* who sent it */
    uint8_t         tail_state, head_state; /* enum cw_state; 0: as before */
    bool            again;     /* these numbers were sent before */
    bool            news;      /* its ack is the first of this number */
    bool            opens;     /* the first text that this end sent */
    bool            overtaken; /* one sent later arrived before */
    uint8_t         times;     /* RTO: of this segment, in a row */
    bool            capped;    /* the next wait was no longer than this one */
    uint8_t         ecn, ecn_arg; /* enum lad_ecn */
    uint16_t        drop;         /* why the receiver dropped it */
    cw_ns           waited;       /* for a timer before it was sent */
};

/* A state that was entered without a packet. */
struct lad_moment {
    cw_ns    t;
    uint8_t  end, state;
    uint16_t why;
    uint64_t why_arg;
    uint32_t next;
};

struct lad_end {
    struct cw_addr     addr;
    uint16_t           port;
    bool               has_base, has_acked, has_sent, has_text;
    uint32_t           base;  /* what sequence numbers are relative to */
    uint32_t           sent;  /* how far it has sent */
    uint32_t           acked; /* its highest acknowledgement */
    uint32_t           late;  /* what timed out last, and how often */
    uint8_t            lates;
    struct lad_packet *late_packet;
    bool               offers_scale;
    bool               owes_echo; /* of a SYN-ACK's mark */
    uint8_t            ace;       /* its counter, as it last said it */
    uint8_t            scale;
    cw_ns              syn_at;
    cw_ns              earliest; /* walking back: arrival of later ones */
    uint8_t            first_state, last_state;
    cw_ns              fin_at; /* when it began to close; NS_NEVER */
    cw_ns              wait_for, wait_until; /* TIME-WAIT's */
    uint32_t           fires;                /* of its last timer */
};

struct lad_conv {
    uint8_t        proto; /* PROTO_TCP, PROTO_UDP, PROTO_ICMP4 */
    bool           asks_accurate, accurate; /* ECN: RFC 9768 */
    bool           has_syn;
    struct lad_end end[2];
    uint32_t       first, last, npackets, nlost;
    uint32_t       first_moment, last_moment;
};

/* Keys to numbers, with as many slots as were asked for, twice. */
struct lad_map {
    struct {
        uint64_t key;
        uint32_t value;
    } * slots;
    size_t size; /* a power of two */
};

struct lad_frag { /* whose fragments these are */
    struct cw_addr src, dst;
    uint32_t       ident, conv;
    uint8_t        end;
};

enum { LAD_FRAGS = 8 };

struct ladder {
    const struct run         *run;
    const struct ladder_opts *o;
    const struct ladder_out  *out;
    struct lad_packet        *packets; /* one for each of the run's */
    struct lad_conv          *convs;
    struct lad_moment        *moments;
    uint32_t                  nconvs, nmoments, nothers;
    struct lad_map            by_ends, by_flow;
    struct lad_frag           frags[LAD_FRAGS];
    unsigned                  nfrags;
    unsigned                  inner, time_width; /* cells */
};

/* ladder_frame.c */
void lad_look(struct span frame, struct lad_look *out);

/* ladder_conv.c: false: no memory; free in any case */
bool  lad_gather(struct ladder *l);
void  lad_free(struct ladder *l);
bool  lad_lost(const struct ladder *l, uint32_t i);
cw_ns lad_arrival(const struct run_packet *r); /* NS_NEVER: it did not */

/* ladder_ecn.c */
void lad_ecn_note(const struct ladder *l, struct lad_conv *c, uint32_t i);
void lad_ecn_words(const struct lad_packet *p, bool brief, struct fmt *f);

/* ladder_label.c */
enum { LAD_LABEL_MAX = 256 };
const char *lad_state_name(unsigned state);
/* What stands on the arrow, in at most `room` cells (and `text_room` if an
 * excerpt of the payload is to stand there, too). */
void lad_label(const struct ladder *l, uint32_t i, unsigned room,
               unsigned text_room, struct fmt *f);
/* What the sender did beside its arrow: "RTO x2"; "" for nothing. */
void lad_reason(const struct ladder *l, uint32_t i, struct fmt *f);
/* What the sender waited for before: "RTO 240 ms"; "" for nothing. */
void lad_wait(const struct ladder *l, uint32_t i, struct fmt *f);
/* What became of it, if that is not simply that it arrived. */
void lad_cause(const struct ladder *l, uint32_t i, struct fmt *f);
void lad_time(struct fmt *f, cw_ns t);
void lad_instant(struct fmt *f, cw_ns t);
bool lad_is_plain_ack(const struct lad_packet *p);
/* Relative, unless absolute numbers are asked for. */
uint32_t lad_seq(const struct ladder *l, const struct lad_packet *p);
uint32_t lad_ack(const struct ladder *l, const struct lad_packet *p,
                 uint32_t ack);

/* ladder_row.c */
enum lad_tint { LAD_PLAIN, LAD_THERE, LAD_BACK, LAD_AGAIN, LAD_LOST };
struct lad_row {
    bool        has_time;
    cw_ns       t;
    const char *left, *right; /* states or what was done; NULL: none */
    /* an arrow from this end, or (2) none */
    unsigned      from;
    bool          lost;
    enum lad_tint tint;
    const char   *label; /* on the arrow, or in the middle; NULL: none */
};
void     lad_layout(struct ladder *l, const struct lad_conv *c);
unsigned lad_room(const struct ladder *l, bool lost, unsigned dashes);
void     lad_row(const struct ladder *l, const struct lad_row *row);
void     lad_header(const struct ladder *l, const struct lad_conv *c);
void     lad_end_name(const struct ladder *l, const struct lad_conv *c,
                      unsigned end, struct fmt *f);
void     lad_end_addr(const struct lad_end *e, bool port, struct fmt *f);
void lad_wrapped(const struct ladder *l, const char *text, const char *left,
                 const char *right);

/* ladder_fold.c: how many packets from i on make one line or two */
struct lad_fold {
    uint32_t data, acks;          /* how many of each */
    uint32_t first_ack, last_ack; /* packets */
    uint32_t last_data, rest;     /* rest: the packet behind them */
};
bool lad_fold(const struct ladder *l, uint32_t i, cw_ns before,
              struct lad_fold *f);
void lad_fold_draw(const struct ladder *l, uint32_t i,
                   const struct lad_fold *f);

/* ladder_note.c, ladder_json.c, ladder.c */
void lad_notes(const struct ladder *l, uint32_t first, uint32_t count);
void lad_json(const struct ladder *l, uint32_t conv);
void lad_note(const struct ladder *l, const char *format, ...)
    PRINTF_LIKE(2, 3);

#endif
