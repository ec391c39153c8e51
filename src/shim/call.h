/* call.h: a program's socket call as data, and the answer to it.
 *
 * This is the interface between whoever sees the calls (a front end) and
 * whoever carries them out (ctl.h).  They may be two processes, so nothing
 * here points into a program: what a call reads of the program's memory
 * comes along in `data`; what it writes goes back in the reply.
 */
#ifndef SHIM_CALL_H
#define SHIM_CALL_H

#include <causeway/socket.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum call_op {
    CALL_SOCKET,  /* a domain, b type without flags, c protocol */
    CALL_BIND,    /* addr */
    CALL_LISTEN,  /* a backlog */
    CALL_ACCEPT,  /* fdflags of the new descriptor */
    CALL_CONNECT, /* addr */
    CALL_SEND, /* a flags; datagrams, MSG_FASTOPEN: data, addr if addr_len */
    CALL_RECV, /* a flags, room */
    CALL_SHUTDOWN, /* a how */
    CALL_NAME,
    CALL_PEER,
    CALL_SETOPT, /* a level, b name, data */
    CALL_GETOPT, /* a level, b name, room */
    CALL_IOCTL,  /* a request, data: the argument, room */
    CALL_OPS
};

enum { CALL_DATA_MAX = 65536, CALL_OPT_MAX = 512 };

struct call {
    uint64_t id;   /* the front end's name for it */
    uint64_t sock; /* inode number of the program's end; 0: CALL_SOCKET */
    uint8_t  op;   /* enum call_op */
    bool     nonblock;
    int32_t  pid; /* the process */
    int32_t  a, b, c;
    uint32_t fdflags;    /* O_NONBLOCK, O_CLOEXEC */
    int64_t  timeout_ns; /* SO_RCVTIMEO or SO_SNDTIMEO; 0: none */
    uint64_t room;
    uint32_t addr_len; /* 0: no address */
    uint32_t len;      /* of data */
    struct sockaddr_storage addr;
    struct cw_anc           anc; /* CALL_SEND: control messages */

    /* Not part of what is sent between processes: */
    const void *data;
    int         fd; /* a duplicate of the program's end; the caller's */
};

enum reply_kind {
    REPLY_VALUE,   /* value, or -errno; data and addr to be written */
    REPLY_NATIVE,  /* let the kernel do it, on the pair */
    REPLY_FD,      /* install fd; its number is the answer */
    REPLY_SETFD,   /* put fd in the place of the call's; then value ... */
    REPLY_LATER,   /* ... or then nothing yet: the answer follows */
    REPLY_SIGPIPE, /* -EPIPE and the signal */
};

struct reply {
    uint64_t                id;
    uint8_t                 kind; /* enum reply_kind */
    bool                    truncated;
    uint32_t                fdflags;
    int64_t                 value;
    uint32_t                addr_len, len;
    struct sockaddr_storage addr;
    struct cw_anc           anc; /* CALL_RECV: control messages */

    const void *data;
    int         fd;
};

/* What became of an answer. */
enum told {
    TOLD,      /* the program has it */
    TOLD_GONE, /* the caller was interrupted or is dead: nothing happened */
    TOLD_SENT, /* on its way; ctl_told() will say */
};

#endif
