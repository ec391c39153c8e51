/* sock_rig.c: see sock_rig.h. */
#include "sock_rig.h"
#include "t.h"

#include <stdlib.h>

enum { BURST = 32 };

static void *rig_alloc(void *ctx, size_t size, size_t align)
{
    struct rig *r = ctx;
    void       *mem = NULL;

    if (++r->allocs == r->fail_at)
        return NULL;
    if (posix_memalign(&mem, align < 16 ? 16 : align, size))
        return NULL;
    memset(mem, 0xa5, size);
    r->bytes += (long)size;
    return mem;
}

static void rig_give(void *ctx, void *mem, size_t size)
{
    struct rig *r = ctx;

    r->bytes -= (long)size;
    free(mem);
}

struct cw_sockaddr at4(const char *dotted, uint16_t port)
{
    struct cw_sockaddr a = { .port = port };

    assert_true(addr_parse(dotted, &a.addr));
    assert_true(addr_is4(&a.addr));
    return a;
}

struct cw_sockaddr at6(const char *text, uint16_t port)
{
    struct cw_sockaddr a = { .port = port };

    assert_true(addr_parse(text, &a.addr));
    return a;
}

static void give_addr(struct rig *r, int netif, struct cw_sockaddr a,
                      unsigned prefix)
{
    assert_int_equal(0, cw_addr_add(r->st, (unsigned)netif, &a.addr, prefix));
}

static void add_interfaces(struct rig *r)
{
    struct cw_netif_config lo = { .name = "lo", .flags = CW_NETIF_LOOPBACK };
    struct cw_netif_config eth = { .name = "eth0",
                                   .flags = CW_NETIF_NOARP,
                                   .mac = { { 2, 0, 10, 0, 0, 1 } } };
    struct cw_mac          mac = { { 2, 0, 10, 0, 0, 2 } };
    struct cw_sockaddr     silent = at4("10.0.0.2", 0);

    assert_int_equal(0, cw_netif_add(r->st, &lo));
    assert_int_equal(1, cw_netif_add(r->st, &eth));
    give_addr(r, 0, at4("127.0.0.1", 0), 8);
    give_addr(r, 0, at6("::1", 0), 128);
    give_addr(r, 1, at4("10.0.0.1", 0), 24);
    give_addr(r, 1, at6("fd00::1", 0), 64);
    assert_int_equal(0, cw_neigh_add(r->st, 1, &silent.addr, &mac));
}

void rig_defaults(struct rig *r)
{
    *r = (struct rig){ 0 };
    r->alloc = (struct cw_alloc){ r, rig_alloc, rig_give };
    cw_config_init(&r->config, 7);
}

void rig_make(struct rig *r)
{
    const char *why = NULL;

    r->st = cw_stack_new(&r->config, &r->alloc, &why);
    if (!r->st)
        fail_msg("no stack: %s", why);
    add_interfaces(r);
}

void rig_init(struct rig *r)
{
    rig_defaults(r);
    rig_make(r);
}

void rig_free(struct rig *r)
{
    cw_stack_free(r->st);
    assert_int_equal(0, r->bytes);
}

void rig_pump(struct rig *r)
{
    struct cw_pkt pkts[BURST];
    unsigned      n, kept;

    while ((n = cw_stack_output(r->st, pkts, BURST, r->now)) > 0) {
        kept = 0;
        for (unsigned i = 0; i < n; i++) {
            if (pkts[i].netif == 0) {
                pkts[kept++] = pkts[i];
                r->lo_out++;
            } else {
                cw_pkt_free(&pkts[i]);
                r->eth_out++;
            }
        }
        if (kept)
            cw_stack_input(r->st, pkts, kept, r->now);
    }
}

void rig_run(struct rig *r, cw_ns until)
{
    cw_ns next;

    rig_pump(r);
    while ((next = cw_stack_deadline(r->st)) <= until) {
        r->now = ns_max(r->now, next);
        cw_stack_advance(r->st, r->now);
        rig_pump(r);
    }
    r->now = until;
}

struct pair rig_connect(struct rig *r, struct cw_sockaddr addr)
{
    int         domain = addr_is4(&addr.addr) ? CW_AF_INET : CW_AF_INET6;
    struct pair p;

    p.listener = cw_socket(r->st, domain, CW_SOCK_STREAM, 0, r->now);
    p.client = cw_socket(r->st, domain, CW_SOCK_STREAM, 0, r->now);
    CALL(0, cw_bind(r->st, p.listener, &addr, r->now));
    CALL(0, cw_listen(r->st, p.listener, 8, r->now));
    CALL(0, cw_getsockname(r->st, p.listener, &addr));
    CALL(-CW_EINPROGRESS, cw_connect(r->st, p.client, &addr, r->now));
    rig_pump(r);
    CALL(0, cw_connect(r->st, p.client, &addr, r->now));
    p.server = cw_accept(r->st, p.listener, NULL, r->now);
    assert_true(p.server >= 0);
    return p;
}
