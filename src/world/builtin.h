/* builtin.h: what the files of the built-in endpoints share.
 *
 * An endpoint is a program of a few lines without a thread: `turn` is called
 * when something may have happened to one of its sockets, or its timer has
 * expired, and does what can be done without waiting.  Its calls go through
 * world_call(), like everybody's.
 */
#ifndef WORLD_BUILTIN_H
#define WORLD_BUILTIN_H

#include "world/inner.h"

enum {
    BUILTIN_MESSAGE = 1024, /* what the textbook's server reads at once */
    BUILTIN_SCRATCH = 65536,
    BUILTIN_TEXT = 512,
    BUILTIN_PERF_PORT = 5201,
};

/* One connection of a server, or the one of a client. */
struct conn {
    struct list link;
    int         sd;
    bool        heard;      /* something may have happened */
    bool        connected;  /* a client's */
    bool        enough;     /* no more is to be sent */
    bool        finishing;  /* the peer knows; what is left is to wait */
    bool        waited;     /* -w, -s: it is over */
    cw_ns       wake;       /* no turn before this */
    uint64_t    in, out;    /* bytes so far */
    size_t      held, gone; /* bytes in buf, and how many were sent on */
    uint8_t     buf[BUILTIN_MESSAGE];
};

struct builtin_args {
    uint16_t           port, from; /* from: a client's own port, 0: any */
    struct cw_sockaddr peer;
    bool               once, none; /* -1: one answer is enough; -0: none */
    bool               urgent, inlined, loud;
    uint64_t           size, count, parallel, backlog, chunk, rcvbuf;
    cw_ns              time; /* 0: none; so are the others */
    cw_ns              wait, sleep, accept, every;
    char               text[BUILTIN_TEXT];
    size_t             text_len;
};

struct builtin;

enum builtin_want { /* what the arguments are */
                    WANT_PORT,
                    WANT_PEER,
                    WANT_PEER_TEXT,
                    WANT_PEER_SIZE,
                    WANT_PORT_TEXT,
                    WANT_PORT_MAYBE_TEXT,
                    WANT_PERF,
};

struct builtin_kind {
    const char *name;
    bool        serves, datagrams;
    uint8_t     want;    /* enum builtin_want */
    const char *options; /* letters of builtin_args.c's table; NULL: none */
    /* A connection may have something to do.  Closes it with conn_end(). */
    void (*conn)(struct builtin *b, struct conn *c);
    /* The timer has expired, or (datagrams) the socket was heard. */
    void (*turn)(struct builtin *b);
    const char *usage;
};

/* Progress reports of @perf. */
struct report {
    cw_ns    begun, last;
    uint64_t bytes; /* when the last line was written */
    uint32_t retrans;
};

struct builtin {
    struct list                link;
    struct world              *w;
    struct host               *h;
    unsigned                   number;
    const struct builtin_kind *kind;
    struct builtin_args        args;
    int                        status; /* -1: lives */
    bool                       started, heard;
    int                        sd; /* listener, or datagrams; -1 */
    struct list                conns;
    cw_ns                      timer;
    cw_ns                      instant; /* when it last had a turn ... */
    unsigned                   turns;   /* ... and how many then */
    cw_ns                      resume;  /* no turn before this */
    cw_ns                      accept_at;
    uint64_t                   dialled, done; /* connections, datagrams */
    struct report              report;
    uint8_t                    scratch[BUILTIN_SCRATCH];
};

/* The kinds, by file. */
extern const struct builtin_kind builtin_upper, builtin_echo_upper,
    builtin_echo, builtin_answer, builtin_hello, builtin_sink, builtin_leak,
    builtin_send, builtin_recv, builtin_source, builtin_udp_upper,
    builtin_udp_send, builtin_udp_sink, builtin_udp_source,
    builtin_perf_server, builtin_perf_client;

/* Fills b->args, and b->kind of @perf.  False: *err has one line. */
bool builtin_parse(struct builtin *b, unsigned argc, const char *const *argv,
                   struct fmt *err);

/* ---- calls, as the endpoint sees them ---------------------------------- */

ptrdiff_t b_call(struct builtin *b, const struct wcall *call,
                 struct wresult *res);
ptrdiff_t b_plain(struct builtin *b, const struct wcall *call);
int       b_socket(struct builtin *b, int type);
ptrdiff_t b_send(struct builtin *b, int sd, const void *p, size_t n);
ptrdiff_t b_recv(struct builtin *b, int sd, void *p, size_t n);
void      b_close(struct builtin *b, int sd);
void      b_shut(struct builtin *b, int sd);

/* Writes text as the endpoint's output. */
void b_text(struct builtin *b, const char *text, size_t n);
void b_say(struct builtin *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Says what went wrong with a call (a negative answer) and exits with 1. */
void b_fail(struct builtin *b, const char *what, ptrdiff_t answer);
/* Exits: everything is closed. */
void b_exit(struct builtin *b, int status);

/* NULL: no memory; sd is still the caller's. */
struct conn *conn_new(struct builtin *b, int sd);
/* A connection is done with. */
void conn_end(struct builtin *b, struct conn *c);
/* Sends what is in the buffer: true when all of it has gone; false: wait, or
 * the connection has ended. */
bool conn_flush(struct builtin *b, struct conn *c);
/* A client's connection: true once it is made; false: wait, or it has failed
 * and the endpoint has exited. */
bool conn_ready(struct builtin *b, struct conn *c);
/* True once this much time has passed since it was first asked of this
 * connection; false: its turn comes again then. */
bool conn_waited(struct builtin *b, struct conn *c, cw_ns time);
/* A client's connection is done with: -w, then the next one or the end. */
void conn_done(struct builtin *b, struct conn *c);
/* Opens a client's (next) socket. */
void builtin_dial(struct builtin *b);
void builtin_upper_case(uint8_t *p, size_t n);

#endif
