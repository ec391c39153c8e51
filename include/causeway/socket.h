/* socket.h: BSD sockets on a stack, same shapes as POSIX with cw_ in front.
 *
 * Each call takes the stack and the time; nothing blocks: what would wait
 * answers -CW_EAGAIN (or -CW_EINPROGRESS), and readiness is pulled with
 * cw_ready() and cw_ready_next().  A socket is a small number, unique while
 * it is open and not reused at once.
 *
 * Differences from POSIX:
 *   - errors are negative return values, numbered as on Linux;
 *   - addresses are struct cw_sockaddr, with IPv4 in its mapped form;
 *   - cw_close() never waits; SO_LINGER with time 0 resets (RFC 9293 §3.10.5);
 *   - a failed cw_connect() leaves the socket able to try again.
 *
 * Threads: as for the stack, one at a time.
 */
#ifndef CAUSEWAY_SOCKET_H
#define CAUSEWAY_SOCKET_H

#include <causeway/stack.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    CW_EPERM = 1,
    CW_ENOENT = 2,
    CW_EINTR = 4,
    CW_EBADF = 9,
    CW_EAGAIN = 11,
    CW_ENOMEM = 12,
    CW_EACCES = 13,
    CW_EFAULT = 14,
    CW_ENODEV = 19,
    CW_EINVAL = 22,
    CW_EMFILE = 24,
    CW_EPIPE = 32,
    CW_ENONET = 64,
    CW_EPROTO = 71,
    CW_EDESTADDRREQ = 89,
    CW_EMSGSIZE = 90,
    CW_EPROTOTYPE = 91,
    CW_ENOPROTOOPT = 92,
    CW_EPROTONOSUPPORT = 93,
    CW_EOPNOTSUPP = 95,
    CW_EAFNOSUPPORT = 97,
    CW_EADDRINUSE = 98,
    CW_EADDRNOTAVAIL = 99,
    CW_ENETUNREACH = 101,
    CW_ECONNABORTED = 103,
    CW_ECONNRESET = 104,
    CW_ENOBUFS = 105,
    CW_EISCONN = 106,
    CW_ENOTCONN = 107,
    CW_ETIMEDOUT = 110,
    CW_ECONNREFUSED = 111,
    CW_EHOSTDOWN = 112,
    CW_EHOSTUNREACH = 113,
    CW_EALREADY = 114,
    CW_EINPROGRESS = 115,
};

enum { CW_AF_INET = 2, CW_AF_INET6 = 10 };
enum { CW_SOCK_STREAM = 1, CW_SOCK_DGRAM = 2 };
enum { CW_SHUT_RD = 0, CW_SHUT_WR = 1, CW_SHUT_RDWR = 2 };
enum {
    CW_MSG_OOB = 1,
    CW_MSG_PEEK = 2,
    CW_MSG_TRUNC = 0x20,      /* datagrams: answer the true length */
    CW_MSG_ERRQUEUE = 0x2000, /* recv: the oldest error message */
    CW_MSG_MORE = 0x8000,
    CW_MSG_FASTOPEN =
        0x20000000, /* streams: connect, and send with the SYN */
};

struct cw_sockaddr {
    struct cw_addr addr;
    uint32_t       scope; /* IPv6 zone: interface index + 1, or 0 */
    uint16_t       port;  /* host order */
};

/* Linux's numbers for levels and options. Values are int unless said. */
enum {
    CW_SOL_SOCKET = 1,
    CW_IPPROTO_IP = 0,
    CW_IPPROTO_TCP = 6,
    CW_IPPROTO_UDP = 17,
    CW_IPPROTO_IPV6 = 41,
};
enum {
    CW_SO_REUSEADDR = 2,
    CW_SO_TYPE = 3,
    CW_SO_ERROR = 4, /* reading clears it */
    CW_SO_BROADCAST = 6,
    CW_SO_SNDBUF = 7, /* reads as twice what was set, as on Linux */
    CW_SO_RCVBUF = 8,
    CW_SO_KEEPALIVE = 9,
    CW_SO_OOBINLINE = 10,
    CW_SO_LINGER = 13, /* struct cw_linger */
    CW_SO_REUSEPORT = 15,
    CW_SO_ACCEPTCONN = 30,
    CW_SO_PROTOCOL = 38,
    CW_SO_DOMAIN = 39,
    CW_SO_MAX_PACING_RATE = 47, /* bytes a second; streams */
};
enum {
    CW_TCP_NODELAY = 1,
    CW_TCP_MAXSEG = 2,
    CW_TCP_CORK = 3,
    CW_TCP_KEEPIDLE = 4,
    CW_TCP_KEEPINTVL = 5,
    CW_TCP_KEEPCNT = 6,
    CW_TCP_INFO = 11,
    CW_TCP_QUICKACK = 12,
    CW_TCP_CONGESTION = 13, /* a name, up to 15 bytes: "reno" */
    CW_TCP_USER_TIMEOUT = 18,
    CW_TCP_FASTOPEN = 23, /* listeners: how many may be pending; 0: off */
    CW_TCP_FASTOPEN_CONNECT = 30, /* connect() leaves the SYN to send() */
    CW_TCP_FASTOPEN_KEY = 33,     /* 16 octets, or 32: the old key, too */
    CW_TCP_FASTOPEN_NO_COOKIE = 34,
};
enum { CW_IPV6_V6ONLY = 26 };

enum {
    CW_IP_TOS = 1,     /* a stream's ECN bits are not the program's */
    CW_IP_TTL = 2,     /* -1: the default */
    CW_IP_OPTIONS = 4, /* bytes: struct cw_ip_opts says which */
    CW_IP_RECVOPTS = 6,
    CW_IP_RETOPTS = 7,
    CW_IP_PKTINFO = 8,
    CW_IP_MTU_DISCOVER = 10, /* CW_PMTUDISC_* */
    CW_IP_RECVERR = 11,      /* errors as messages; a stream: at once */
    CW_IP_RECVTTL = 12,
    CW_IP_RECVTOS = 13,
    CW_IP_MTU = 14, /* of a connected socket's path; read only */
};
enum {
    CW_IPV6_UNICAST_HOPS = 16,
    CW_IPV6_MTU_DISCOVER = 23,
    CW_IPV6_MTU = 24,
    CW_IPV6_RECVERR = 25,
    CW_IPV6_RECVPKTINFO = 49,
    CW_IPV6_RECVHOPLIMIT = 51,
    CW_IPV6_DONTFRAG = 62,
    CW_IPV6_RECVTCLASS = 66,
    CW_IPV6_TCLASS = 67,
};
/* May what is sent be cut, and by whom (ip(7), IP_MTU_DISCOVER)? */
enum {
    CW_PMTUDISC_DONT = 0,  /* here and on the way: DF is not set */
    CW_PMTUDISC_WANT,      /* here, to what the path carries; the default */
    CW_PMTUDISC_DO,        /* nowhere: EMSGSIZE beyond the path's MTU */
    CW_PMTUDISC_PROBE,     /* nowhere: EMSGSIZE beyond the interface's */
    CW_PMTUDISC_INTERFACE, /* on the way; EMSGSIZE beyond the interface's */
    CW_PMTUDISC_OMIT,      /* on the way, and here beyond the interface's */
};

struct cw_linger {
    int on, seconds;
};

/* Readiness, in poll(2)'s sense and values. */
enum {
    CW_POLLIN = 0x001,
    CW_POLLPRI = 0x002,
    CW_POLLOUT = 0x004,
    CW_POLLERR = 0x008,
    CW_POLLHUP = 0x010,
    CW_POLLRDHUP = 0x2000,
};

/* Answers a socket (0 or more), or EAFNOSUPPORT, EPROTONOSUPPORT, EMFILE,
 * ENOMEM. */
CW_API int cw_socket(cw_stack *st, int domain, int type, int protocol,
                     cw_ns now);
/* EADDRINUSE, EADDRNOTAVAIL, EINVAL (bound already), EAFNOSUPPORT. */
CW_API int cw_bind(cw_stack *st, int sd, const struct cw_sockaddr *addr,
                   cw_ns now);
/* Streams.  A socket without a port gets one.  EADDRINUSE, EOPNOTSUPP. */
CW_API int cw_listen(cw_stack *st, int sd, int backlog, cw_ns now);
/* The next established connection as a new socket; *peer is filled in if it
 * is not NULL.  EAGAIN, EINVAL (not listening), ENOMEM, EMFILE. */
CW_API int cw_accept(cw_stack *st, int sd, struct cw_sockaddr *peer,
                     cw_ns now);
/* Streams: EINPROGRESS at first, then EALREADY, then 0 once or the error
 * once; EISCONN afterwards; with CW_TCP_FASTOPEN_CONNECT 0 at first if the
 * SYN waits for data.  Datagrams: sets the peer; NULL unsets it. */
CW_API int cw_connect(cw_stack *st, int sd, const struct cw_sockaddr *addr,
                      cw_ns now);

/* How many bytes were taken (may be fewer than len on a stream), EAGAIN
 * when there is no room, EPIPE after a shutdown, the pending error once.
 * CW_MSG_FASTOPEN (RFC 7413), with an address: how many go with the SYN;
 * EINPROGRESS: none, it asks for a cookie. */
CW_API ptrdiff_t cw_send(cw_stack *st, int sd, const void *buf, size_t len,
                         int flags, cw_ns now);
/* What goes beside a datagram's bytes, as cmsg(3) has it on Linux. */
enum {
    CW_ANC_GSO = 1 << 0,      /* UDP_SEGMENT, UDP_GRO: gso_size */
    CW_ANC_PKTINFO = 1 << 1,  /* IP_PKTINFO: netif, addr, spec */
    CW_ANC_PKTINFO6 = 1 << 2, /* IPV6_PKTINFO: netif, addr */
    CW_ANC_TTL = 1 << 3,      /* IP_TTL */
    CW_ANC_TOS = 1 << 4,      /* IP_TOS */
    CW_ANC_HOPLIMIT = 1 << 5, /* IPV6_HOPLIMIT: ttl */
    CW_ANC_TCLASS = 1 << 6,   /* IPV6_TCLASS: tos */
    CW_ANC_ERR = 1 << 7,      /* IP_RECVERR: err, with CW_MSG_ERRQUEUE */
    CW_ANC_ERR6 = 1 << 8,     /* IPV6_RECVERR */
    CW_ANC_DONTFRAG = 1 << 9, /* IPV6_DONTFRAG */
    CW_ANC_OPTS = 1 << 10,    /* IP_RECVOPTS: opts */
    CW_ANC_RETOPTS = 1 << 11, /* IP_RETOPTS: retopts */
};
/* IPv4 options (RFC 791 §3.1), as they stand in the header.  Sent: they are
 * passed as they are, with ends up to a multiple of four octets; source
 * routes and lengths that cannot be are EINVAL. */
struct cw_ip_opts {
    uint8_t len; /* at most 40 */
    uint8_t b[40];
};
/* As struct sock_extended_err.  The message's bytes are those of the datagram
 * that it is about, as far as they are known; its address is whereto. */
struct cw_err {
    uint32_t       error;              /* CW_E* */
    uint32_t       info;               /* EMSGSIZE: the MTU */
    uint8_t        origin, type, code; /* 1: this host; 2, 3: ICMP, ICMPv6 */
    struct cw_addr offender;           /* ICMP: who says so */
};
struct cw_anc {
    unsigned       has; /* CW_ANC_*; send: these are meant; recv: the socket
                           asked for them, and they are filled in */
    uint16_t       gso_size; /* send: cut into datagrams of this size; recv:
                                it is several of this size, one behind the
                                other */
    uint32_t       netif;    /* interface index + 1; send: 0: by the route */
    struct cw_addr addr; /* send: the source; recv: where it was sent to */
    struct cw_addr spec; /* recv: this host's address that would answer */
    uint8_t        ttl, tos;
    struct cw_err  err;
    struct cw_ip_opts opts;    /* recv: as they came */
    struct cw_ip_opts retopts; /* send: instead of the socket's; recv: what
                                  an answer would return of them */
};
/* Like cw_send; `to` NULL means the connected peer. */
struct cw_msg {
    void              *buf;
    size_t             len;
    struct cw_sockaddr addr;      /* to, or (filled in) from */
    struct cw_sockaddr local;     /* recv: the address it was sent to */
    bool               has_addr;  /* send: addr is meant; recv: filled in */
    bool               truncated; /* recv: the datagram was longer */
    int                flags;
    struct cw_anc      anc; /* datagrams */
};
CW_API ptrdiff_t cw_sendmsg(cw_stack *st, int sd, const struct cw_msg *msg,
                            cw_ns now);
/* 0 at the end of the stream; EAGAIN when there is nothing yet. */
CW_API ptrdiff_t cw_recv(cw_stack *st, int sd, void *buf, size_t len,
                         int flags, cw_ns now);
CW_API ptrdiff_t cw_recvmsg(cw_stack *st, int sd, struct cw_msg *msg,
                            cw_ns now);
CW_API int       cw_shutdown(cw_stack *st, int sd, int how, cw_ns now);
/* Streams: unread data makes it a reset (RFC 9293 SHLD-3, RFC 2525 §2.17);
 * else what was sent still goes out, then a FIN. The number is gone. */
CW_API int cw_close(cw_stack *st, int sd, cw_ns now);

CW_API int cw_getsockname(cw_stack *st, int sd, struct cw_sockaddr *addr);
CW_API int cw_getpeername(cw_stack *st, int sd, struct cw_sockaddr *addr);
CW_API int cw_setsockopt(cw_stack *st, int sd, int level, int name,
                         const void *val, size_t len, cw_ns now);
/* *len is the room in, the size out; like Linux, a short room truncates. */
CW_API int cw_getsockopt(cw_stack *st, int sd, int level, int name, void *val,
                         size_t *len);

/* What the socket is ready for now: CW_POLL* bits; POLLNVAL (0x20) if sd is
 * no socket. */
CW_API unsigned cw_ready(cw_stack *st, int sd);
/* The next socket whose readiness may have changed since it was last
 * answered here, in the order of change; -1 when there is none. */
CW_API int cw_ready_next(cw_stack *st);

/* Bytes that can be read (up to an urgent octet that is out of band, as
 * FIONREAD has it), bytes in the send queue, room in it. */
struct cw_queues {
    size_t recv_queued, send_queued, send_room;
    size_t urgent;  /* octets from the next one to the end of urgent data,
                       whether they are here or not; 0: nothing is urgent.
                       Readiness tells when it begins or grows (MUST-32,
                       MUST-33) */
    bool   at_mark; /* the next octet to be read is urgent (SIOCATMARK) */
};
CW_API int cw_queues(cw_stack *st, int sd, struct cw_queues *out);

/* The receive window a stream may offer is the receive buffer less what is
 * queued; a caller that moves bytes on into a queue of its own (as a
 * descriptor pair does) says here how many of them are not yet read, so that
 * the window counts them. */
CW_API int cw_held(cw_stack *st, int sd, size_t bytes, cw_ns now);

/* A label that snapshots show, for instance a program's number. */
CW_API int cw_set_owner(cw_stack *st, int sd, uint64_t owner);

#ifdef __cplusplus
}
#endif
#endif
