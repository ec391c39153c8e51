/* wire.h: two stacks in one process, joined by a wire that is a loop. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <causeway/causeway.h>

struct wire {
    cw_stack *st[2];
    long      allocs; /* since wire_new() */
    uint64_t  packets, bytes;
};

/* With checksums computed and verified, unless `offload`. */
void wire_new(struct wire *w, bool offload);
void wire_free(struct wire *w);
/* Carries what both have to send until neither has more. */
void wire_carry(struct wire *w);
/* Address of an end, with a port. */
struct cw_sockaddr wire_at(unsigned end, uint16_t port);
cw_ns              wire_now(void);
double             seconds(cw_ns t);
/* A connected pair: from end 1 to a listener of end 0. */
void wire_connect(struct wire *w, int listener, uint16_t port, int sd[2]);
int  wire_listen(struct wire *w, uint16_t port);

#define MUST(x)                                                            \
    do {                                                                   \
        if (!(x)) {                                                        \
            fprintf(stderr, "bench: %s:%d: %s\n", __FILE__, __LINE__, #x); \
            exit(1);                                                       \
        }                                                                  \
    } while (0)

#endif
