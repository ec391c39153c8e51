/* wire.c: see wire.h. */
#include "wire.h"

#include "base/addr.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BURST = 64 };

static void *count_alloc(void *ctx, size_t size, size_t align)
{
    struct wire *w = ctx;

    w->allocs++;
    return aligned_alloc(align < 64 ? 64 : align, (size + 63) / 64 * 64);
}

static void count_free(void *ctx, void *mem, size_t size)
{
    (void)ctx;
    (void)size;
    free(mem);
}

cw_ns wire_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (cw_ns)t.tv_sec * 1000000000 + t.tv_nsec;
}

double seconds(cw_ns t)
{
    return (double)t / 1e9;
}

struct cw_sockaddr wire_at(unsigned end, uint16_t port)
{
    struct cw_sockaddr a = { .port = port };

    MUST(addr_parse(end ? "10.0.0.2" : "10.0.0.1", &a.addr));
    return a;
}

static struct cw_mac mac_of(unsigned end)
{
    return (struct cw_mac){ { 2, 0, 10, 0, 0, (uint8_t)(end + 1) } };
}

static cw_stack *new_stack(struct wire *w, unsigned end, bool offload)
{
    static struct cw_alloc alloc;
    struct cw_config       c;
    struct cw_netif_config n = { .name = "eth0", .mac = mac_of(end) };
    struct cw_sockaddr     own = wire_at(end, 0), peer = wire_at(!end, 0);
    struct cw_mac          mac = mac_of(!end);
    const char            *why = "";
    cw_stack              *st;

    alloc = (struct cw_alloc){ .ctx = w,
                               .alloc = count_alloc,
                               .free = count_free };
    cw_config_init(&c, end + 1);
    c.memory_max = 512u << 20;
    c.sockets_max = 65536;
    c.sndbuf = c.rcvbuf = 1u << 20;
    n.flags = CW_NETIF_NOARP | (offload ? CW_NETIF_CSUM : 0);
    n.queue = 1024;
    st = cw_stack_new(&c, &alloc, &why);
    if (!st)
        fprintf(stderr, "bench: %s\n", why);
    MUST(st);
    MUST(cw_netif_add(st, &n) == 0);
    MUST(cw_addr_add(st, 0, &own.addr, 24) == 0);
    MUST(cw_neigh_add(st, 0, &peer.addr, &mac) == 0);
    return st;
}

void wire_new(struct wire *w, bool offload)
{
    *w = (struct wire){ .allocs = 0 };
    for (unsigned end = 0; end < 2; end++)
        w->st[end] = new_stack(w, end, offload);
    w->allocs = 0;
}

void wire_free(struct wire *w)
{
    for (unsigned end = 0; end < 2; end++)
        cw_stack_free(w->st[end]);
}

static unsigned move(struct wire *w, unsigned from, cw_ns now)
{
    struct cw_pkt burst[BURST];
    unsigned      n = cw_stack_output(w->st[from], burst, BURST, now);

    for (unsigned i = 0; i < n; i++) {
        w->bytes += burst[i].len;
        burst[i].netif = 0;
        if (burst[i].csum_state == CW_CSUM_PARTIAL)
            burst[i].csum_state = CW_CSUM_VERIFIED;
    }
    w->packets += n;
    if (n)
        cw_stack_input(w->st[!from], burst, n, now);
    return n;
}

void wire_carry(struct wire *w)
{
    cw_ns    now = wire_now();
    unsigned n;

    do {
        n = move(w, 0, now);
        n += move(w, 1, now);
    } while (n);
    for (unsigned end = 0; end < 2; end++)
        if (cw_stack_deadline(w->st[end]) <= now)
            cw_stack_advance(w->st[end], now);
}

int wire_listen(struct wire *w, uint16_t port)
{
    struct cw_sockaddr at = wire_at(0, port);
    int sd = cw_socket(w->st[0], CW_AF_INET, CW_SOCK_STREAM, 0, wire_now());

    MUST(sd >= 0);
    MUST(cw_bind(w->st[0], sd, &at, wire_now()) == 0);
    MUST(cw_listen(w->st[0], sd, 1024, wire_now()) == 0);
    return sd;
}

void wire_connect(struct wire *w, int listener, uint16_t port, int sd[2])
{
    struct cw_sockaddr at = wire_at(0, port);
    int                ret;

    sd[1] = cw_socket(w->st[1], CW_AF_INET, CW_SOCK_STREAM, 0, wire_now());
    MUST(sd[1] >= 0);
    ret = cw_connect(w->st[1], sd[1], &at, wire_now());
    MUST(ret == 0 || ret == -CW_EINPROGRESS);
    wire_carry(w);
    sd[0] = cw_accept(w->st[0], listener, NULL, wire_now());
    MUST(sd[0] >= 0);
}
