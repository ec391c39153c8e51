/* sockets.h: the sockets of a run, or of what runs now, as tables: ss (of
 * iproute2) and netstat (of net-tools), with their columns, keys and choice of
 * rows, so that what people know of them holds.
 *
 * What ss shows and the stack does not know is left out, never invented.  In
 * a lab of several hosts each row of ss ends in host:NAME.
 */
#ifndef OBS_SOCKETS_H
#define OBS_SOCKETS_H

#include "obs/run.h"

enum {
    SOCKETS_TERMS_MAX = 64,
    SOCKETS_LINE_MAX = 4096,
    SOCKETS_USERS_MAX = 32, /* processes shown of one socket */
};

/* Which rows: ss's filter language, compiled to postfix. */
enum sockets_op { SOCKETS_AND, SOCKETS_OR, SOCKETS_NOT, SOCKETS_TEST };
enum sockets_cmp { CMP_EQ, CMP_NE, CMP_GE, CMP_LE, CMP_GT, CMP_LT };
struct sockets_term {
    uint8_t        op;   /* enum sockets_op */
    bool           peer; /* dport, dst */
    bool           by_addr, by_port;
    uint8_t        cmp; /* enum sockets_cmp: of the port */
    uint8_t        prefix;
    uint16_t       port;
    struct cw_addr addr;
};
struct sockets_filter {
    uint32_t            states; /* bit per enum cw_state; 0: not given */
    unsigned            nterms;
    struct sockets_term terms[SOCKETS_TERMS_MAX];
};

/* `[state NAME] [exclude NAME] [EXPRESSION]`, for instance
 *     state established ( sport = :80 or dst 10.0.0.2 )
 * False: *err has one line. */
bool sockets_filter_parse(struct sockets_filter *f, unsigned n,
                          const char *const *words, struct fmt *err);

struct sockets_opts {
    bool tcp, udp;  /* neither: both */
    bool four, six; /* neither: both */
    bool all, listening;
    bool processes, info, extended, timers, memory, oneline, no_header;
    bool names; /* of the lab's hosts, in place of addresses */
    /* netstat: a port's name in /etc/services, or NULL; NULL: numbers. */
    const char *(*service)(uint16_t port, bool tcp);
    unsigned                     host;   /* only this one's; 0: all */
    const struct sockets_filter *filter; /* ss; or NULL */
};

struct sockets_out {
    void *ctx;
    void (*line)(void *ctx, const char *text, size_t len);
};

void sockets_ss(const struct run *r, const struct sockets_opts *o,
                const struct sockets_out *out);
/* What the table tells of programs that should do otherwise: CLOSE-WAIT,
 * full queues. A line each, or none. */
void sockets_advice(const struct run *r, const struct sockets_opts *o,
                    const struct sockets_out *out);
/* ss -s */
void sockets_summary(const struct run *r, const struct sockets_opts *o,
                     const struct sockets_out *out);
/* ss -i --explain: each key on a line with what it means */
void sockets_explain(const struct run *r, const struct sockets_opts *o,
                     const struct sockets_out *out);
void sockets_netstat(const struct run *r, const struct sockets_opts *o,
                     const struct sockets_out *out);
/* One document, schema causeway.ss/1; one socket a line. */
void sockets_json(const struct run *r, const struct sockets_opts *o,
                  const struct sockets_out *out);

#endif
