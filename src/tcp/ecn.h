/* ecn.h: what tcp_ecn.c, tcp_accecn.c and tcp_ecnopt.c offer to the rest of TCP, and what
 * accurate ECN remembers of a connection.  Included by tcb.h alone.
 */
#ifndef TCP_ECN_H
#define TCP_ECN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/seq.h"
#include "wire/tcpopt.h"

struct tcp;
struct seqrange;
struct tcp_host;
struct tcp_embryo;
struct seg;
struct cc_ack;
struct cw_tcp_info;

/* What marks are fed back by: RFC 3168, RFC 9768. */
enum ecn_mode { ECN_NONE, ECN_CLASSIC, ECN_ACCURATE };

/* RFC 9768 §3.2.1: both counters, at first; §3.2.3.2.2: so many SYN-ACKs
 * agree, those after them are plain. */
enum { ECN_FIRST = 5, ECN_SYNACKS = 2 };

/* Where both ends feed marks back accurately, or while we ask for it:
 * tcp_accecn.c.  Counters of RFC 9768 §3.2. */
struct tcp_accecn {
    uint32_t r_cep, s_cep;  /* CE: came here; came there, as they say */
    uint32_t told;          /* r_cep, when it last went out */
    uint8_t  marks;         /* on our SYN or SYN-ACK: to be answered */
    uint8_t  asked : 2;     /* SYNs of ours that asked */
    uint8_t  field : 2;     /* of the peer's latest SYN or SYN-ACK */
    bool     is_syn : 1;    /* the ACK at hand has no counter in it */
    bool     third : 1;     /* the next pure ACK tells `field` */
    bool     synack_ce : 1; /* was counted, as only one is */
    bool     was_ce : 1;    /* the packet before */
    bool     no_blocks : 1; /* the ACK that is owed is one of ACKs */
    bool     checked : 1;   /* the first counter was not zero ... */
    bool     deaf : 1;      /* ... or was, and none is believed */
    bool     ever : 1;      /* a mark was fed back */

    /* §3.2.3, counters of bytes: tcp_ecnopt.c */
    uint32_t r_bytes[ACCECN_COUNTS], s_bytes[ACCECN_COUNTS];
    uint32_t guessed;      /* bytes taken for marked since the last option */
    uint8_t  changed : 3;  /* counters: since our last option ... */
    uint8_t  used : 3;     /* ... and ever */
    uint8_t  vanished : 2; /* ACKs in a row, with options */
    bool     mute : 1;     /* options of ours do not arrive */
    bool heard : 1, counted : 1; /* options of the peer do, with fields ... */
    bool zeroed : 1;             /* ... but not as they were sent */
    bool data_says : 1;  /* the first data of ours must have one ... */
    bool data_said : 1;  /* ... and had it */
    bool ack_said : 1;   /* the last ACK had one ... */
    bool came_again : 1; /* ... and did not arrive, it seems */
};

/* tcp_ecn.c */
unsigned tcp_ecn_syn(struct tcp *t, bool again);
void     tcp_ecn_hear_syn(struct tcp_embryo *m, const struct seg *s);
bool     tcp_ecn_hear_again(struct tcp_embryo *m, const struct seg *s);
unsigned tcp_ecn_synack(const struct tcp_embryo *m);
bool     tcp_ecn_inherit(struct tcp *t, const struct tcp_embryo *m);
void     tcp_ecn_learn(struct tcp *t, const struct seg *s);
uint8_t  tcp_ecn_tos(const struct tcp *t, bool new_data);
unsigned tcp_ecn_flags(struct tcp *t, bool new_data, bool pure_ack);
void     tcp_ecn_reduced(struct tcp *t);
bool     tcp_ecn_answered(const struct tcp *t);
void     tcp_ecn_told(struct tcp *t, const struct seg *s, struct cc_ack *c,
                      bool news);
void     tcp_ecn_arrived(struct tcp *t, const struct seg *s);

/* tcp_accecn.c */
struct tcp_accecn *tcp_accecn(const struct tcp *t);
struct tcp_accecn *tcp_accecn_new(struct tcp *t);
void               tcp_accecn_free(struct tcp *t);
unsigned           tcp_accecn_echo(unsigned field);
bool               tcp_accecn_asked(struct tcp *t);
enum ecn_mode      tcp_accecn_synack(struct tcp *t, const struct seg *s);
bool          tcp_accecn_synack_again(struct tcp *t, const struct seg *s);
bool          tcp_accecn_syn_again(struct tcp *t, const struct seg *s);
void          tcp_accecn_third(struct tcp *t, const struct seg *s);
bool          tcp_accecn_third_due(const struct tcp *t);
enum ecn_mode tcp_accecn_cookie(const struct tcp_host *h,
                                const struct seg      *s);
unsigned      tcp_accecn_count(const struct tcp *t);
unsigned      tcp_accecn_ace(struct tcp *t, bool pure_ack);
bool          tcp_accecn_no_blocks(const struct tcp *t);
void          tcp_accecn_arrived(struct tcp *t, const struct seg *s);
void tcp_accecn_marks(struct tcp *t, const struct seg *s, struct cc_ack *c,
                      uint32_t delivered, bool news);

/* tcp_ecnopt.c */
void     tcp_ecnopt_info(const struct tcp *t, struct cw_tcp_info *o);
void     tcp_ecnopt_begin(struct tcp_accecn *a);
void     tcp_ecnopt_synack(const struct tcp_embryo *m, struct tcpopt *o);
void     tcp_ecnopt_syn(struct tcp *t, bool again, struct tcpopt *o);
uint32_t tcp_ecnopt_room(const struct tcp *t, seq start);
void tcp_ecnopt_put(struct tcp *t, const struct seqrange *text, bool again,
                    struct tcpopt *o);
void tcp_ecnopt_first(struct tcp_accecn *a, const struct tcpopt *o);
void tcp_ecnopt_arrived(struct tcp *t, const struct seg *s);
void tcp_ecnopt_again(struct tcp *t, const struct seg *s);
bool tcp_ecnopt_read(struct tcp_accecn *a, const struct tcpopt *o,
                     uint32_t *ceb);

#endif
