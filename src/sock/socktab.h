/* socktab.h: a host's sockets and their numbers.
 *
 * A number is a slot's index and, above it, how often the slot was used, so
 * that a number which was closed is not valid again soon.  Slots are used in
 * order while there are fresh ones, then the one that was given back first.
 */
#ifndef SOCK_SOCKTAB_H
#define SOCK_SOCKTAB_H

#include "base/near.h"
#include "store/arena.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

struct cw_stack;

/* What a stream keeps for the connection that it has not got: `bind` is held
 * while it is nothing yet.  It outlives the beginning of a connection only if
 * `rebind`, since then it may be needed again.  A datagram socket has one if
 * somebody set SO_LINGER, where that means nothing. */
struct sock_plan {
    struct portbind    *bind;
    struct cw_sockaddr  wish;   /* what bind() was asked for */
    bool                rebind; /* `wish` was bound by the program */
    struct tcp_opts     opts;   /* until there is a connection */
    struct tcp_fastopen fast;
    struct cw_linger    linger;
};

enum sock_is { SOCK_IS_NOTHING, SOCK_IS_TCP, SOCK_IS_LISTENER, SOCK_IS_UDP };

/* A stream is one of: nothing yet (perhaps bound), a listener, a connection.
 * Ask by sock_tcp(), sock_listener(), sock_udp(). */
struct sock {
    struct near      ready; /* in the table's FIFO */
    struct cw_stack *st;
    uint64_t         owner;
    union {
        struct tcp          *tcp;
        struct tcp_listener *listener;
        struct udp_sock     *udp;
    } as;
    struct sock_plan *plan;
    int               sd;
    uint8_t           domain, type;
    uint8_t           is : 2;         /* enum sock_is */
    uint8_t           connecting : 1; /* connect() has not answered 0 yet */
    /* A stream's SO_BROADCAST, a datagram socket's SO_OOBINLINE: they mean
     * nothing and are only kept. */
    bool kept;
};
_Static_assert(sizeof(struct sock) <= 48, "every connection has one");

/* NULL: it is something else. */
static inline struct tcp *sock_tcp(const struct sock *s)
{
    return s->is == SOCK_IS_TCP ? s->as.tcp : NULL;
}

static inline struct tcp_listener *sock_listener(const struct sock *s)
{
    return s->is == SOCK_IS_LISTENER ? s->as.listener : NULL;
}

static inline struct udp_sock *sock_udp(const struct sock *s)
{
    return s->is == SOCK_IS_UDP ? s->as.udp : NULL;
}

static inline void sock_is_tcp(struct sock *s, struct tcp *t)
{
    s->as.tcp = t;
    s->is = SOCK_IS_TCP;
}

static inline void sock_is_listener(struct sock *s, struct tcp_listener *l)
{
    s->as.listener = l;
    s->is = SOCK_IS_LISTENER;
}

static inline void sock_is_udp(struct sock *s, struct udp_sock *u)
{
    s->as.udp = u;
    s->is = SOCK_IS_UDP;
}

static inline void sock_is_nothing(struct sock *s)
{
    s->is = SOCK_IS_NOTHING;
}

struct sock_slot {
    struct sock *sock;
    uint32_t     generation;
    uint32_t     next; /* free slots: the one after */
};

struct sock_table {
    struct slab       slab, plans;
    struct near       ready; /* sockets whose readiness may have changed */
    struct sock_slot *slots;
    uint32_t          max, bits;
    uint32_t          fresh;      /* slots from here were never used */
    uint32_t          head, tail; /* FIFO of free ones; UINT32_MAX: none */
};

size_t sock_table_size(unsigned max); /* bytes of fixed memory for slots */
void   sock_table_init(struct sock_table *t, struct arena *a, void *slots,
                       unsigned max);
/* Every socket is closed, without a packet. */
void sock_table_fini(struct sock_table *t);

/* A zeroed socket with a number; or -CW_EMFILE, -CW_ENOMEM. */
int sock_table_add(struct sock_table *t, struct sock **out);
/* The socket's plan, which it gets if it has none; NULL: memory is out. */
struct sock_plan *sock_table_plan(struct sock_table *t, struct sock *s);
void              sock_table_unplan(struct sock *s);
/* NULL if sd is no socket. */
struct sock *sock_table_get(const struct sock_table *t, int sd);
void         sock_table_remove(struct sock_table *t, struct sock *s);

#endif
