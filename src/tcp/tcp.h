/* tcp.h: the door of TCP.  RFC 9293 §3.9.1 (the user interface), with the
 * network below it as net/net.h says.
 *
 * A connection belongs to its owner (the socket layer) from tcp_call_open()
 * or tcp_call_accept() until tcp_call_close() or tcp_call_abort(); then it
 * lives on by itself until the protocol is done with it.
 *
 * Calls answer 0 or a count, or -CW_E*.  None of them sends: what they owe
 * is built by tcp_run(), which the stack calls after each burst of input,
 * each call and each timer (RFC 9293 MUST-58, MUST-59).
 */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include "net/net.h"

struct tcp_host;
struct tcp;
struct tcp_listener;

/* What the socket layer hears: readiness of `owner` (of a connection or a
 * listener) may have changed. */
struct tcp_up {
    void (*ready)(void *ctx, void *owner);
    void *ctx;
};

size_t tcp_host_size(void);
void   tcp_init(struct tcp_host *h, struct env *env, struct net *net,
                const struct cw_config *config, const struct tcp_up *up);
/* Ends everything without a packet. */
void         tcp_fini(struct tcp_host *h);
struct proto tcp_proto(struct tcp_host *h);
/* Builds what is owed, as far as the interfaces have room. */
void tcp_run(struct tcp_host *h);
/* A popped timer (TIMER_TCP, TIMER_SYNRCVD, TIMER_TIMEWAIT) has expired. */
void tcp_timeout(struct tcp_host *h, struct wtimer *t);

/* ---- options, kept by the socket before there is a connection ----------- */

enum { TCP_SNDBUF_SET = 1, TCP_RCVBUF_SET = 2 };

struct tcp_opts {
    uint32_t sndbuf, rcvbuf; /* bytes, as the program meant them */
    uint32_t user_timeout_ms;
    uint32_t max_pacing; /* bytes a second; 0: no limit */
    uint16_t linger_s;
    uint16_t maxseg; /* 0: by the path */
    uint16_t keepidle_s, keepintvl_s;
    uint8_t  keepcnt;
    bool     reuseaddr, reuseport, v6only;
    bool     nodelay, cork, oobinline, keepalive;
    uint8_t  ttl, tos;
    uint8_t  bind_flags : 4; /* as bound: tcp_bind() writes it */
    uint8_t  cc : 3;         /* enum cw_cc: tcp_opts_cc() */
    uint8_t  linger_on : 1;
    uint8_t  pmtudisc : 5; /* CW_PMTUDISC_* */
    uint8_t  recverr : 1;  /* ICMP errors are told at once */
    uint8_t  buf_set : 2;  /* TCP_*BUF_SET: the program chose the size */
};
void tcp_opts_init(struct tcp_opts *o, const struct tcp_host *h);

/* Fast Open (RFC 7413), as the program wants it: tcp(7). */
struct tcp_fastopen {
    uint32_t qlen;      /* a listener's: so many may be pending; 0: off */
    bool     connect;   /* TCP_FASTOPEN_CONNECT */
    bool     no_cookie; /* TCP_FASTOPEN_NO_COOKIE */
    uint8_t  nkeys;     /* TCP_FASTOPEN_KEY; 0: the host's */
    uint8_t  key[2][16];
};

/* ---- §3.10.1-6, the user calls ------------------------------------------ */

/* A local (address, port) for a socket; port 0 chooses one.  *out holds a
 * reference of the port table until tcp_unbind() or until an open or listen
 * takes it over. */
struct portbind;
int  tcp_bind(struct tcp_host *h, const struct cw_sockaddr *a,
              struct tcp_opts *o, struct portbind **out);
void tcp_unbind(struct portbind *b, const struct tcp_opts *o);
/* SO_REUSEADDR or SO_REUSEPORT were changed while `b` is held. */
void tcp_bind_changed(struct portbind *b, struct tcp_opts *o);

/* Active OPEN.  `bind` may be NULL (an ephemeral port is chosen); it is
 * taken over on success.  local.addr may be a wildcard: the source is then
 * selected.  *out on success. */
struct tcp_open {
    struct cw_sockaddr     local, remote;
    struct portbind       *bind;
    const struct tcp_opts *opts;
    void                  *owner;

    const struct tcp_fastopen *fast;
    bool fast_open; /* active: SYN and text together, if a cookie is there */
};
int tcp_call_open(struct tcp_host *h, const struct tcp_open *o,
                  struct tcp **out);

/* Does the SYN wait for what tcp_call_send() will give it? */
bool tcp_fast_waits(const struct tcp *t);
/* May programs open fast on this host? */
bool                 tcp_fast_allowed(const struct tcp_host *h);
struct tcp_fastopen *tcp_listener_fast(struct tcp_listener *l);

/* Passive OPEN.  backlog: how many complete connections may wait.  The
 * listener holds `bind` until it is closed. A second listen changes the
 * backlog (tcp_listener_backlog). */
int tcp_call_listen(struct tcp_host *h, const struct tcp_open *o, int backlog,
                    struct tcp_listener **out);
void tcp_listener_backlog(struct tcp_listener *l, int backlog);
/* Connections that nobody took are reset. */
void tcp_listener_close(struct tcp_listener *l);
/* The oldest complete connection, now `owner`'s; -CW_EAGAIN. */
int  tcp_call_accept(struct tcp_listener *l, void *owner, struct tcp **out);
bool tcp_listener_ready(const struct tcp_listener *l);

/* SEND: how many bytes were taken.  EAGAIN, EPIPE, ENOTCONN, or the pending
 * error once; EINPROGRESS: the SYN has gone, with nothing.  flags: CW_MSG_OOB, CW_MSG_MORE. */
ptrdiff_t tcp_call_send(struct tcp *t, const void *buf, size_t len,
                        int flags);
/* RECEIVE: 0 at the end.  flags: CW_MSG_OOB, CW_MSG_PEEK. */
ptrdiff_t tcp_call_receive(struct tcp *t, void *buf, size_t len, int flags);
/* shutdown(2). */
int tcp_call_shutdown(struct tcp *t, int how);
/* close(2): the owner is gone. Unread data, or linger of 0 s: a reset. */
void tcp_call_close(struct tcp *t);
void tcp_call_abort(struct tcp *t);
/* Bytes passed on and not yet read by the program (cw_held). */
void tcp_call_held(struct tcp *t, size_t bytes);

/* ---- questions ---------------------------------------------------------- */

enum tcp_phase {                    /* what connect(2) needs to know */
                 TCP_PHASE_OPENING, /* SYN-SENT, SYN-RECEIVED */
                 TCP_PHASE_OPEN,    /* established, or beyond */
                 TCP_PHASE_CLOSED,
};
enum tcp_phase tcp_phase(const struct tcp *t);
unsigned       tcp_ready(const struct tcp *t); /* CW_POLL* */
int            tcp_take_error(struct tcp *t);  /* CW_E* (positive) or 0 */
void           tcp_names(const struct tcp *t, struct cw_sockaddr *local,
                         struct cw_sockaddr *peer);
void           tcp_listener_name(const struct tcp_listener *l,
                                 struct cw_sockaddr        *local);
void           tcp_queues(const struct tcp *t, struct cw_queues *out);
void           tcp_info(const struct tcp *t, struct cw_tcp_info *out);
void tcp_listener_info(const struct tcp_listener *l, struct cw_tcp_info *out);
/* Is the read position at the urgent mark (SIOCATMARK)? */
bool tcp_at_mark(const struct tcp *t);
/* Octets before the end of urgent data, here or not. */
uint32_t tcp_urgent_left(const struct tcp *t);
uint32_t tcp_flow(const struct tcp *t);
/* Of the path as it is known, once it is; else 0. */
unsigned tcp_path_mtu(const struct tcp *t);
/* The live options of a connection; after changing nodelay, cork or buffer
 * sizes call tcp_opts_changed(). */
struct tcp_opts *tcp_opts_of(struct tcp *t);
void             tcp_opts_changed(struct tcp *t);
/* Another controller governs from now on: a connection's, if t is given. */
void tcp_opts_cc(struct tcp_opts *o, struct tcp *t, enum cw_cc cc);
struct tcp_opts *tcp_listener_opts(struct tcp_listener *l);
void             tcp_listener_opts_changed(struct tcp_listener *l);

/* Rows for observe.h: listeners, then connections and records by flow
 * number.  owner is NULL for those without; cb answers false to stop. */
void tcp_each(struct tcp_host *h,
              bool (*cb)(void *ctx, void *owner, struct cw_sock_row *row),
              void *ctx);

#endif
