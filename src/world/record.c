/* record.c: see record.h. */
#include "world/record.h"
#include "world/inner.h"

#include "base/bytes.h"
#include "obs/block.h"
#include "wire/cksum.h"
#include "wire/udphdr.h"

enum { HELD_BYTES = 65536, COMMENT_MAX = 512, ROWS_MAX = 1024 };

struct recorder {
    struct record_config config;
    cw_ns                start;
    struct blockbuf      out;
    uint64_t             written;
    bool                 begun, full, failed;
    struct run           shape; /* names of hosts and links, for comments */
    struct run_host      hosts[STATIONS_MAX];
    struct run_link      links[WORLD_LINKS_MAX];
    bool                 holds; /* a packet whose fate is awaited */
    struct run_packet    held;
    uint64_t             hash;
    uint8_t              frame[FRAME_MAX];
};

/* ---- frames ----------------------------------------------------------------- */

static void complete_checksum(const struct cw_pkt *pkt, uint8_t *frame,
                              size_t n)
{
    size_t at = (size_t)pkt->csum_start + pkt->csum_off;

    if (pkt->csum_state != CW_CSUM_PARTIAL || at + 2 > n)
        return;
    /* UDP's way with a sum of zero does for the others, too. */
    be16_store(frame + at,
               udphdr_cksum(cksum_add(0, frame + pkt->csum_start,
                                      n - pkt->csum_start)));
}

size_t frame_flat(const struct cw_pkt *pkt, uint8_t *to, size_t cap)
{
    size_t n = pkt_copy_out(pkt, 0, to, MIN((size_t)pkt->len, cap));

    complete_checksum(pkt, to, n);
    return n;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static uint64_t le64(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint64_t frame_hash(uint64_t hash, cw_ns t, const uint8_t *frame, size_t n)
{
    hash = mix(mix(hash, (uint64_t)t), n);
    for (; n >= 8; n -= 8, frame += 8)
        hash = mix(hash, le64(frame, 8));
    return mix(hash, le64(frame, n));
}

/* ---- the file ---------------------------------------------------------------- */

static void spill(struct recorder *r)
{
    if (r->out.bad)
        r->failed = true;
    if (!r->failed && r->out.len > 0)
        r->failed = !r->config.write(r->config.ctx, r->out.p, r->out.len);
    r->written += r->out.len;
    r->out.len = 0;
    r->full |= r->written >= r->config.limit;
}

/* May one more thing be written? */
static bool has_room(struct recorder *r)
{
    if (r->out.len >= HELD_BYTES)
        spill(r);
    return r->begun && !r->full && !r->failed;
}

static uint64_t since(const struct recorder *r, cw_ns t)
{
    return (uint64_t)(t == NS_NEVER ? t : t - r->start);
}

struct recorder *record_new(const struct record_config *config)
{
    struct recorder *r = config->alloc->alloc(config->alloc->ctx, sizeof *r,
                                              16);

    if (!r)
        return NULL;
    memset(r, 0, sizeof *r);
    r->config = *config;
    blockbuf_init(&r->out, config->alloc);
    return r;
}

void record_free(struct recorder *r)
{
    if (!r)
        return;
    blockbuf_free(&r->out);
    r->config.alloc->free(r->config.alloc->ctx, r, sizeof *r);
}

/* ---- the head ---------------------------------------------------------------- */

static void copy_name(char *to, size_t cap, const char *from)
{
    struct fmt f = fmt_of(to, cap);

    fmt_str(&f, from);
}

static void note_shape(struct recorder *r, const struct world *w)
{
    unsigned n = MAX(world_hosts(w), world_outside(w));

    for (unsigned h = 1; h <= n; h++) {
        copy_name(r->hosts[h - 1].name, RUN_NAME_MAX, world_host_name(w, h));
        r->hosts[h - 1].addr4 = world_host_addr4(w, h);
        r->hosts[h - 1].addr6 = world_host_addr6(w, h);
    }
    for (unsigned i = 0; i < world_links(w); i++) {
        unsigned a, b;

        world_link_ends(w, i, &a, &b);
        copy_name(r->links[i].name, sizeof r->links[i].name,
                  world_link_name(w, i));
        r->links[i].a = (uint16_t)a;
        r->links[i].b = (uint16_t)b;
    }
    r->shape.hosts = r->hosts;
    r->shape.nhosts = n;
    r->shape.links = r->links;
    r->shape.nlinks = world_links(w);
}

static void put_spec(struct fmt *f, const char *key,
                     const struct link_spec *spec)
{
    fmt_f(f, "%s=", key);
    spec_print(spec, f);
    fmt_char(f, '\n');
}

static void put_addr(struct fmt *f, const char *key, const struct cw_addr *a,
                     unsigned prefix)
{
    char text[ADDR_TEXT_MAX];

    if (addr_is_any(a))
        return;
    addr_print(a, text);
    fmt_f(f, "%s=%u %s\n", key, prefix, text);
}

static void put_outside(struct fmt *f, const struct lab_outside *o)
{
    if (!o->on)
        return;
    fmt_str(f, "outside=1\n");
    put_addr(f, "addr4", &o->addr4, o->prefix4);
    put_addr(f, "addr6", &o->addr6, o->prefix6);
    put_addr(f, "gw4", &o->gw4, 32);
    put_addr(f, "gw6", &o->gw6, 128);
    if (o->lent4)
        fmt_str(f, "lent4=1\n");
    if (o->heard6)
        fmt_str(f, "heard6=1\n");
}

/* What replay needs, and what the views show. */
static void put_config(struct recorder *r, const struct world_config *wc,
                       const struct lab_config *lc, bool real_time,
                       const char *words, struct fmt *f)
{
    char a4[ADDR_TEXT_MAX], a6[ADDR_TEXT_MAX];

    fmt_f(f, "seed=%llu\nclock=%s\nstart=%lld\nwords=%s\n",
          (unsigned long long)wc->seed, real_time ? "real" : "virtual",
          (long long)r->start, words);
    fmt_f(f, "lab=%u %u %u %u %s\n", lc->hosts, lc->arp, lc->lo_link,
          wc->csum_offload, lc->name ? lc->name : "");
    put_outside(f, &lc->outside);
    put_spec(f, "fwd", &lc->fwd);
    put_spec(f, "back", &lc->back);
    for (unsigned i = 0; i < lc->nrules; i++)
        fmt_f(f, "rule=%s\n", lc->rules[i].text);
    for (unsigned i = 0; i < lc->nsettings; i++)
        fmt_f(f, "setting=%s\n", lc->settings[i].text);
    for (size_t i = 0; i < r->shape.nhosts; i++) {
        addr_print(&r->hosts[i].addr4, a4);
        addr_print(&r->hosts[i].addr6, a6);
        fmt_f(f, "host=%s %s %s\n", r->hosts[i].name, a4, a6);
    }
    for (size_t i = 0; i < r->shape.nlinks; i++)
        fmt_f(f, "link=%s %u %u\n", r->links[i].name, r->links[i].a,
              r->links[i].b);
}

static void put_interfaces(struct recorder *r)
{
    bool one = r->shape.nhosts == 1;
    char name[2 * RUN_NAME_MAX];

    for (size_t i = 0; i < r->shape.nhosts; i++) {
        struct fmt f = fmt_of(name, sizeof name);

        fmt_f(&f, "%s-lo", r->hosts[i].name);
        block_interface(&r->out, one ? "lo" : name);
        block_interface(&r->out, one ? "eth0" : r->hosts[i].name);
    }
}

static void put_name(struct blockbuf *b, uint16_t type, const uint8_t *addr,
                     size_t n, const char *name)
{
    size_t len = 1;

    while (name[len - 1])
        len++;
    put_le16(b, type);
    put_le16(b, (uint16_t)(n + len));
    put_bytes(b, addr, n);
    put_bytes(b, name, len);
    block_pad(b);
}

static void put_names(struct recorder *r)
{
    size_t at = block_begin(&r->out, BLOCK_NRB);

    for (size_t i = 0; i < r->shape.nhosts; i++) {
        const struct run_host *h = &r->hosts[i];

        if (!addr_is_any(&h->addr4))
            put_name(&r->out, 1, h->addr4.b + 12, 4, h->name);
        if (!addr_is_any(&h->addr6))
            put_name(&r->out, 2, h->addr6.b, 16, h->name);
    }
    put_le32(&r->out, 0); /* the end of records */
    block_end(&r->out, at);
}

void record_begin(struct recorder *r, const struct world *w,
                  const struct world_config *wc, const struct lab_config *lc,
                  bool real_time, const char *words)
{
    static const size_t cap = 192 * 1024; /* 32 hosts, 528 links */
    char      *text = r->config.alloc->alloc(r->config.alloc->ctx, cap, 16);
    struct fmt f;
    size_t     at;

    INVARIANT(!r->begun);
    r->start = wc->start;
    note_shape(r, w);
    if (!text) {
        r->failed = true;
        return;
    }
    f = fmt_of(text, cap);
    put_config(r, wc, lc, real_time, words, &f);
    block_section(&r->out);
    put_interfaces(r);
    put_names(r);
    at = block_begin_local(&r->out, BLOCK_CONFIG);
    put_blob(&r->out, text, f.len);
    block_end(&r->out, at);
    r->config.alloc->free(r->config.alloc->ctx, text, cap);
    r->begun = true;
}

/* ---- packets ------------------------------------------------------------------ */

static void put_packet_info(struct blockbuf *b, const struct run_packet *p)
{
    size_t at = block_begin_local(b, BLOCK_PACKET);

    put_le32(b, p->number);
    put_le16(b, p->host);
    put_le16(b, p->netif);
    put_le16(b, p->why);
    put_le16(b, (uint16_t)(p->inward | p->name << 1 | p->more << 2));
    put_le32(b, p->flow);
    put_le64(b, p->why_arg);
    block_end(b, at);
}

static void put_fate(struct blockbuf *b, uint32_t number,
                     const struct run_fate *f, bool final)
{
    size_t at = block_begin_local(b, BLOCK_FATE), n = 0;

    while (f->rule[n])
        n++;
    put_le32(b, number);
    put_le64(b, (uint64_t)f->t);
    put_le64(b, (uint64_t)f->arrive_at);
    put_le16(b, f->why);
    put_le16(b, f->to);
    put_le16(b, f->copy);
    put_le16(b, final);
    put_blob(b, f->rule, n);
    block_end(b, at);
}

/* The packet that was held back, now that its story is known. */
static void settle_packet(struct recorder *r)
{
    struct run_packet *p = &r->held;
    char               text[COMMENT_MAX];
    struct fmt         f = fmt_of(text, sizeof text);
    size_t             at;

    if (!r->holds)
        return;
    r->holds = false;
    if (!has_room(r))
        return;
    put_packet_info(&r->out, p);
    at = block_packet(&r->out,
                      2u * (p->host - 1u) + (p->netif == WORLD_LO ? 0 : 1),
                      p->t, (uint32_t)p->frame.len);
    put_bytes(&r->out, p->frame.p, p->frame.len);
    block_pad(&r->out);
    run_comment(&r->shape, p, &f);
    if (f.len > 0)
        block_option(&r->out, 1, text, f.len);
    put_le32(&r->out, 0);
    block_end(&r->out, at);
    for (unsigned i = 0; i < p->nfates; i++)
        put_fate(&r->out, p->number, &p->fates[i], i + 1 == p->nfates);
}

void record_packet(struct recorder *r, const struct world_packet *p)
{
    size_t n;

    settle_packet(r); /* it lies in r->frame, too */
    n = frame_flat(p->pkt, r->frame, sizeof r->frame);
    r->holds = true;
    r->held = (struct run_packet){ .t = (cw_ns)since(r, p->t),
                                   .number = p->number,
                                   .host = p->host,
                                   .netif = p->netif,
                                   .inward = p->inward,
                                   .name = p->name,
                                   .more = p->more,
                                   .why = p->pkt->why,
                                   .why_arg = p->pkt->why_arg,
                                   .flow = p->pkt->flow,
                                   .frame = span_of(r->frame, n) };
    r->hash = frame_hash(r->hash, r->held.t, r->frame, n);
}

void record_fate(struct recorder *r, const struct world_fate *f)
{
    struct run_fate one = { .t = (cw_ns)since(r, f->t),
                            .arrive_at = (cw_ns)since(r, f->arrive_at),
                            .why = f->why,
                            .to = f->to,
                            .copy = f->copy };

    if (f->why == WHY_LINK_RULE && f->rule)
        copy_name(one.rule, sizeof one.rule, f->rule);
    if (r->holds && r->held.number == f->number) {
        if (r->held.nfates < RUN_FATES_MAX)
            r->held.fates[r->held.nfates++] = one;
        return;
    }
    settle_packet(r);
    if (has_room(r))
        put_fate(&r->out, f->number, &one, f->final);
}

/* ---- what else happened -------------------------------------------------------- */

void record_event(struct recorder *r, const struct cw_event *e)
{
    struct cw_event one = *e;

    if (e->kind == EV_LINK)
        return; /* the fates say it */
    settle_packet(r);
    if (!has_room(r))
        return;
    one.t = (cw_ns)since(r, e->t);
    if (e->kind == EV_TIMER_ARM)
        one.v[1] = since(r, (cw_ns)e->v[1]);
    block_event(&r->out, &one);
}

/* How much of what was offered matters: a stream takes what fits. */
static size_t taken(const struct wcall *in, const struct wresult *out)
{
    if (in->op != EVC_SEND)
        return in->in_len;
    return out->ret > 0 ? MIN((size_t)out->ret, in->in_len) : 0;
}

void record_call(struct recorder *r, cw_ns t, unsigned host,
                 const struct wcall *in, const struct wresult *out)
{
    struct blockbuf *b = &r->out;
    size_t           at;

    settle_packet(r);
    if (!has_room(r))
        return;
    at = block_begin_local(b, BLOCK_CALL);
    put_le64(b, since(r, t));
    put_le16(b, (uint16_t)host);
    put_le16(b, in->op);
    put_le32(b,
             (in->has_addr ? CALL_ADDR : 0u) | (in->anc.has ? CALL_ANC : 0u));
    put_le32(b, (uint32_t)in->sd);
    put_le32(b, (uint32_t)in->a);
    put_le32(b, (uint32_t)in->b);
    put_le32(b, (uint32_t)in->c);
    put_le64(b, in->u);
    put_bytes(b, in->addr.addr.b, 16);
    put_le32(b, in->addr.scope);
    put_le32(b, in->addr.port);
    put_le64(b, in->out_len);
    put_le64(b, (uint64_t)out->ret);
    put_le64(b, in->in_len);
    put_blob(b, in->in, taken(in, out));
    if (in->anc.has) {
        put_le32(b, in->anc.has);
        put_le32(b,
                 in->anc.gso_size | (uint32_t)in->anc.ttl << 16
                     | (uint32_t)in->anc.tos << 24);
        put_le32(b, in->anc.netif);
        put_bytes(b, in->anc.addr.b, 16);
    }
    if (in->anc.has & CW_ANC_RETOPTS) {
        put_le32(b, in->anc.retopts.len);
        put_bytes(b, in->anc.retopts.b, sizeof in->anc.retopts.b);
    }
    block_end(b, at);
}

void record_change(struct recorder *r, cw_ns t, unsigned link, unsigned dir,
                   const struct link_spec *spec, const struct link_rule *rule)
{
    char       text[LINK_SPEC_TEXT_MAX];
    struct fmt f = fmt_of(text, sizeof text);
    size_t     at;

    settle_packet(r);
    if (!has_room(r))
        return;
    if (spec)
        spec_print(spec, &f);
    else
        fmt_str(&f, rule->text);
    at = block_begin_local(&r->out, BLOCK_CHANGE);
    put_le64(&r->out, since(r, t));
    put_le32(&r->out, link);
    put_le32(&r->out, dir);
    put_le32(&r->out, spec != NULL);
    put_blob(&r->out, text, f.len);
    block_end(&r->out, at);
}

void record_owner(struct recorder *r, const struct run_owner *o)
{
    size_t at, n = 0;

    settle_packet(r);
    if (!r->begun)
        return;
    while (o->name[n])
        n++;
    at = block_begin_local(&r->out, BLOCK_OWNER);
    put_le64(&r->out, o->owner);
    put_le16(&r->out, o->host);
    put_le16(&r->out, 0);
    put_le32(&r->out, (uint32_t)o->pid);
    put_le32(&r->out, (uint32_t)o->fd);
    put_blob(&r->out, o->name, n);
    block_end(&r->out, at);
}

void record_rows(struct recorder *r, const struct world *w)
{
    size_t              size = ROWS_MAX * sizeof(struct cw_sock_row);
    struct cw_sock_row *rows = r->config.alloc->alloc(r->config.alloc->ctx,
                                                      size, 16);

    settle_packet(r);
    for (unsigned h = 1; rows && r->begun && h <= world_hosts(w); h++) {
        size_t n = cw_snapshot_socks(world_stack(w, h), rows, ROWS_MAX,
                                     world_now(w));

        for (size_t i = 0; i < MIN(n, (size_t)ROWS_MAX); i++)
            block_row(&r->out, (uint16_t)h, &rows[i]);
    }
    for (unsigned h = 1; r->begun && h <= world_hosts(w); h++)
        block_counts(&r->out, (uint16_t)h, world_stack(w, h));
    if (rows)
        r->config.alloc->free(r->config.alloc->ctx, rows, size);
}

void record_flush(struct recorder *r)
{
    settle_packet(r);
    spill(r);
}

void record_end(struct recorder *r, cw_ns now)
{
    size_t at;

    settle_packet(r);
    if (r->begun) {
        at = block_begin_local(&r->out, BLOCK_END);
        put_le64(&r->out, since(r, now));
        put_le32(&r->out, record_trace_id(r));
        put_le32(&r->out, r->full);
        block_end(&r->out, at);
    }
    spill(r);
    r->begun = false;
}

uint32_t record_trace_id(const struct recorder *r)
{
    return (uint32_t)(r->hash ^ r->hash >> 32);
}

bool record_full(const struct recorder *r)
{
    return r->full;
}

bool record_failed(const struct recorder *r)
{
    return r->failed;
}
