/* emu_rig.c: see emu_rig.h. */
#include "emu_rig.h"
#include <stdlib.h>

/* Room for one more of n: doubles at each power of two. */
static void *more(void *mem, size_t n, size_t size)
{
    if (n & (n - 1))
        return mem;
    mem = realloc(mem, (n ? 2 * n : 1) * size);
    EXPECT(mem != NULL);
    return mem;
}

static void on_fate(void *ctx, const struct link_fate *fate)
{
    struct rig *r = ctx;

    r->fates = more(r->fates, r->nfates, sizeof(*r->fates));
    r->fates[r->nfates++] = *fate;
}

struct link_spec rig_spec(const char *words)
{
    struct link_spec s = { 0 };
    char             buf[256];
    struct fmt       err = fmt_of(buf, sizeof(buf));

    if (!spec_parse(words, &s, &err))
        FAIL("%s: %s", words, buf);
    return s;
}

static void init(struct rig *r, struct link_config *c, size_t packets_max)
{
    void *none;

    r->arena = arena_new(t_alloc(), 8 << 20, 0, &none);
    EXPECT(r->arena != NULL);
    pbufs_init(&r->pbufs, r->arena);
    c->alloc = t_alloc();
    c->packets_max = packets_max;
    c->fate = on_fate;
    c->fate_ctx = r;
    r->link = link_new(c);
    EXPECT(r->link != NULL);
}

void rig_init(struct rig *r, const char *words, uint64_t seed)
{
    struct link_config c = { .fwd = rig_spec(words),
                             .seed = { seed, ~seed },
                             .id = 7 };

    *r = (struct rig){ 0 };
    init(r, &c, 0);
}

void rig_init_rule(struct rig *r, const char *words, const char *rule,
                   size_t packets_max)
{
    struct link_config c = { .fwd = rig_spec(words), .seed = { 1, 2 } };
    struct link_rule   drop;
    char               buf[256];
    struct fmt         err = fmt_of(buf, sizeof(buf));

    *r = (struct rig){ 0 };
    if (*rule) {
        if (!spec_drop_parse(rule, &drop, &err))
            FAIL("%s: %s", rule, buf);
        c.rules = &drop;
        c.nrules = 1;
    }
    init(r, &c, packets_max);
}

void rig_free(struct rig *r)
{
    if (r->link)
        link_free(r->link);
    EXPECT_EQ(arena_used(r->arena), 0);
    arena_close(r->arena);
    free(r->fates);
    free(r->log);
}

struct cw_pkt rig_frame(struct rig *r, const void *bytes, uint32_t len)
{
    struct cw_pkt  pkt = { .nfrags = 1, .len = len };
    struct cw_buf *b = pbuf_new(&r->pbufs, len);

    EXPECT(b != NULL);
    memcpy(b->data, bytes, len);
    pkt.frags[0] = (struct cw_frag){ .buf = b, .len = len };
    return pkt;
}

static void log_arrival(struct rig *r, struct cw_pkt *pkt, uint64_t ordinal)
{
    uint8_t first[18] = { 0 };

    r->log = more(r->log, r->nlog, sizeof(*r->log));
    EXPECT(pkt_copy_out(pkt, 0, first, sizeof(first)) > 0);
    r->log[r->nlog++] = (struct rig_arrival){ r->now, ordinal,
                                              be32_load(first + 14),
                                              pkt->len };
    pkt_free(pkt);
}

size_t rig_run(struct rig *r, cw_ns until)
{
    struct cw_pkt pkts[3]; /* few, so that bursts are split */
    uint64_t      ordinals[3];

    while (link_next(r->link) <= until && link_next(r->link) != NS_NEVER) {
        unsigned n;

        r->now = ns_max(r->now, link_next(r->link));
        n = link_recv(r->link, LINK_FWD, pkts, 3, r->now, ordinals);
        for (unsigned i = 0; i < n; i++)
            log_arrival(r, &pkts[i], ordinals[i]);
    }
    if (until != NS_NEVER)
        r->now = ns_max(r->now, until);
    return r->nlog;
}

void rig_send(struct rig *r, unsigned n, uint32_t len, cw_ns now)
{
    uint8_t bytes[2048] = { 0 };

    EXPECT(len >= 18 && len <= sizeof(bytes));
    for (unsigned i = 0; i < n; i++) {
        struct cw_pkt pkt;

        if (i % 1024 == 0) /* so that a long burst finds room */
            rig_run(r, now);
        be32_store(bytes + 14, ++r->sent);
        pkt = rig_frame(r, bytes, len);
        EXPECT_EQ(link_send(r->link, LINK_FWD, &pkt, now), r->sent);
    }
}

void rig_check_conservation(const struct rig *r)
{
    const struct link_counts *c = link_counts_of(r->link, LINK_FWD);
    uint64_t                  finals = 0, by = 0;

    for (size_t i = 0; i < r->nfates; i++)
        finals += r->fates[i].final;
    for (size_t i = 0; i < ARRAY_LEN(c->lost_by); i++)
        by += c->lost_by[i];
    EXPECT_EQ(by, c->lost);
    EXPECT_EQ(c->sent + c->duplicated,
              c->arrived + c->lost + link_under_way(r->link));
    if (link_under_way(r->link) == 0)
        EXPECT_EQ(finals, c->sent + c->duplicated);
}
