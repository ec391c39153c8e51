/* outside_test.c: a world that is joined to what is outside; here, to another
 * world.
 */
#include "world_rig.h"
#include "t.h"

#include "store/pbuf.h"
#include "wire/etherhdr.h"
#include "world/record.h"
#include "world/replay.h"

#include <stdlib.h>

enum { HELD = 512 };

/* Two worlds, each of which is what is outside of the other.  The left one
 * is recorded. */
struct pair {
    struct side {
        struct rig    rig;
        struct cw_pkt held[HELD]; /* on their way to this one */
        unsigned      n;
        unsigned      lies; /* so many ARP replies to it are damaged */
        struct side  *other;
    } left, right;
    struct recorder *r;
    uint8_t         *file;
    size_t           len;
};

/* A bit of the address that an ARP reply tells: it has no checksum. */
static void damage(struct side *to, struct cw_pkt *pkt)
{
    uint8_t *b = pkt->frags[0].buf->data + pkt->frags[0].off;

    if (to->lies == 0 || be16_load(b + 12) != 0x0806
        || be16_load(b + 20) != 2)
        return;
    to->lies--;
    b[25] ^= 0x10;
}

static void on_outside(void *ctx, struct cw_pkt *pkts, unsigned n)
{
    struct rig  *rig = ctx;
    struct side *to = container_of(rig, struct side, rig)->other;

    for (unsigned i = 0; i < n; i++) {
        assert_true(to->n < HELD);
        damage(to, &pkts[i]);
        to->held[to->n++] = pkts[i];
    }
}

static struct pair *pair_of(void *ctx)
{
    return container_of((struct rig *)ctx, struct pair, left.rig);
}

static bool write_file(void *ctx, const void *bytes, size_t n)
{
    struct pair *p = ctx;

    p->file = realloc(p->file, p->len + n);
    assert_non_null(p->file);
    memcpy(p->file + p->len, bytes, n);
    p->len += n;
    return true;
}

static void on_packet(void *ctx, const struct world_packet *k)
{
    record_packet(pair_of(ctx)->r, k);
}

static void on_fate(void *ctx, const struct world_fate *f)
{
    record_fate(pair_of(ctx)->r, f);
}

static void on_call(void *ctx, cw_ns t, unsigned host, const struct wcall *in,
                    const struct wresult *out)
{
    record_call(pair_of(ctx)->r, t, host, in, out);
}

static void outside_side(struct side *s, struct side *other, unsigned hosts,
                         const char *addr4, const char *addr6)
{
    rig_defaults(&s->rig, hosts, 10 * NS_MS);
    s->other = other;
    s->rig.config.hooks.outside = on_outside;
    s->rig.lab.outside = (struct lab_outside){ .on = true,
                                               .prefix4 = 24,
                                               .prefix6 = 64 };
    assert_true(addr_parse(addr4, &s->rig.lab.outside.addr4));
    assert_true(addr_parse(addr6, &s->rig.lab.outside.addr6));
}

static void begin(struct pair *p, struct link_spec link)
{
    struct record_config rc = { .alloc = &p->left.rig.alloc,
                                .write = write_file,
                                .ctx = p,
                                .limit = UINT64_MAX };
    struct rig          *l = &p->left.rig;

    memset(p, 0, sizeof *p);
    outside_side(&p->left, &p->right, 1, "10.9.0.2", "fd09::2");
    outside_side(&p->right, &p->left, 2, "10.9.0.3", "fd09::3");
    if (link.delay == 0)
        link.delay = l->lab.fwd.delay;
    l->lab.fwd = l->lab.back = link;
    l->config.hooks.packet = on_packet;
    l->config.hooks.fate = on_fate;
    l->config.hooks.call = on_call;
    p->r = record_new(&rc);
    assert_non_null(p->r);
    rig_make(&p->right.rig);
    rig_make(l);
    record_begin(p->r, l->w, &l->config, &l->lab, false, "");
}

static bool bring(struct side *s)
{
    struct cw_pkt burst[HELD];
    unsigned      n = s->n;

    memcpy(burst, s->held, n * sizeof burst[0]);
    s->n = 0;
    if (n > 0)
        world_outside_in(s->rig.w, burst, n);
    return n > 0;
}

/* Both under one clock. */
static void run_until(struct pair *p, cw_ns end)
{
    struct world *l = p->left.rig.w, *r = p->right.rig.w;
    cw_ns         next;

    while ((next = ns_min(world_next(l), world_next(r))) < end) {
        world_advance(l, next);
        world_advance(r, next);
        while (bring(&p->left) || bring(&p->right))
            ;
    }
}

/* Until nothing happens any more. */
static void run(struct pair *p)
{
    run_until(p, 600 * NS_S);
}

static void finish(struct pair *p)
{
    record_end(p->r, world_now(p->left.rig.w));
    record_free(p->r);
    rig_free(&p->left.rig);
    rig_free(&p->right.rig);
    free(p->file);
}

static void start(struct rig *r, unsigned host, size_t argc,
                  const char *const *argv)
{
    world_builtin_start(r->w, rig_add(r, host, argc, argv));
}

/* ---- tests --------------------------------------------------------------- */

static const char *const sink[] = { "@sink", "9" };

/* The left world's recording gives the left world again. */
static void replays(struct pair *p)
{
    struct run           run_of;
    struct replay_result res;
    const char          *why = "";

    record_end(p->r, world_now(p->left.rig.w));
    assert_true(run_read(&run_of, span_of(p->file, p->len),
                         &p->left.rig.alloc, &why));
    assert_string_equal("net", run_of.hosts[1].name);
    assert_true(run_of.npackets > 200);
    if (!replay_check(span_of(p->file, p->len), &run_of, &p->left.rig.alloc,
                      &res, &why))
        fail_msg("%s", why);
    if (!res.same)
        fail_msg("%s", res.why);
    assert_int_equal(run_of.npackets, res.packets);
    run_free(&run_of);
}

static void transfer(const char *to, uint32_t loss)
{
    const char *const  source[] = { "@source", to, "9", "300kB" };
    static struct pair p;

    begin(&p, (struct link_spec){ .loss_p = loss });
    start(&p.right.rig, 2, ARRAY_LEN(sink), sink);
    start(&p.left.rig, 1, ARRAY_LEN(source), source);
    run(&p);
    assert_string_equal("h2: 300000 bytes received\n", p.right.rig.out);
    assert_int_equal(0, world_builtin_status(p.left.rig.w, 0));
    replays(&p);
    finish(&p);
}

TEST(a_transfer_to_what_is_outside_can_be_replayed)
{
    transfer("10.9.0.4", 0);
    transfer("fd09::4", 0);
}

TEST(the_link_to_it_loses_packets_both_ways)
{
    transfer("10.9.0.4", UINT32_MAX / 50);
    transfer("fd09::4", UINT32_MAX / 50);
}

/* What a router between says to the outside came from there to nobody. */
TEST(a_router_that_tells_what_is_outside_can_be_replayed)
{
    static const char *const source[] = { "@source", "10.9.0.2", "9",
                                          "300kB" };
    static const char *const udp[] = { "@udp-source", "10.9.0.2", "5",
                                       "4000" };
    static const char *const sinks[][2] = { { "@udp-sink", "5" } };
    static struct pair       p;

    begin(&p, (struct link_spec){ .pmtu = 1000 });
    start(&p.left.rig, 1, 2, sinks[0]);
    start(&p.left.rig, 1, ARRAY_LEN(sink), sink);
    start(&p.right.rig, 2, ARRAY_LEN(udp), udp);
    start(&p.right.rig, 1, ARRAY_LEN(source), source);
    run(&p);
    assert_non_null(strstr(p.left.rig.out, "300000 bytes received"));
    replays(&p);
    finish(&p);
}

/* [MUST-20] A wrong Ethernet address was learned, and nothing arrives: TCP
 * tells the network layer, which asks again, well before the connection is
 * given up. */
TEST(a_neighbour_that_does_not_answer_is_asked_anew)
{
    static const char *const source[] = { "@source", "10.9.0.4", "9",
                                          "300kB" };
    static struct pair       p;

    begin(&p, (struct link_spec){ .loss_p = 0 });
    p.left.lies = 1;
    start(&p.right.rig, 2, ARRAY_LEN(sink), sink);
    start(&p.left.rig, 1, ARRAY_LEN(source), source);
    run_until(&p, 20 * NS_S);
    assert_int_equal(0, p.left.lies);
    assert_string_equal("h2: 300000 bytes received\n", p.right.rig.out);
    run(&p);
    finish(&p);
}

/* A rule can name it. */
TEST(a_rule_drops_what_goes_out)
{
    static const char *const words[] = { "@udp-send", "-t", "1s",
                                         "10.9.0.3",  "5",  "hello" };
    struct link_rule         rule;
    char                     text[80];
    struct fmt               err = fmt_of(text, sizeof text);
    static struct pair       p;

    begin(&p, (struct link_spec){ .loss_p = 0 });
    assert_true(spec_drop_parse("h1>net udp 1", &rule, &err));
    assert_true(world_link_drop(p.left.rig.w, 1, &rule));
    start(&p.left.rig, 1, ARRAY_LEN(words), words);
    run(&p);
    assert_string_equal("h1: @udp-send: timed out\n", p.left.rig.out);
    assert_string_equal("h1-net", world_link_name(p.left.rig.w, 1));
    finish(&p);
}

/* Whatever comes from outside, it ends somewhere and leaves nothing. */
TEST(frames_that_are_none_are_harmless)
{
    static struct pair p;

    begin(&p, (struct link_spec){ .loss_p = 0 });
    for (unsigned len = 1; len < 100; len++)
        for (unsigned fill = 0; fill < 256; fill += 51) {
            struct cw_pkt  pkt = { .nfrags = 1, .len = len };
            struct cw_buf *b = cw_buf_new(world_outside_stack(p.left.rig.w),
                                          len);

            assert_non_null(b);
            memset(b->data, (int)fill, len);
            pkt.frags[0] = (struct cw_frag){ b, 0, len };
            world_outside_in(p.left.rig.w, &pkt, 1);
        }
    run(&p);
    finish(&p);
}

T_MAIN(T(a_transfer_to_what_is_outside_can_be_replayed),
       T(the_link_to_it_loses_packets_both_ways),
       T(a_neighbour_that_does_not_answer_is_asked_anew),
       T(a_router_that_tells_what_is_outside_can_be_replayed),
       T(a_rule_drops_what_goes_out), T(frames_that_are_none_are_harmless))
