/* replay.c: see replay.h.  The recording is hostile: every number is checked
 * before the world sees it.
 */
#include "world/replay.h"

#include "base/addr.h"
#include "base/check.h"
#include "base/fmt.h"
#include "obs/block.h"
#include "world/setting.h"

enum { OUT_MAX = 1 << 20, TEXT_MAX = 1024, BURST_MAX = 256 };

struct replay {
    const struct run      *run;
    const struct cw_alloc *alloc;
    struct replay_result  *res;
    struct world          *world;
    struct world_config    wc;
    struct lab_config      lab;
    struct link_rule       rules[LINK_RULES_MAX];
    struct setting         settings[SETTINGS_MAX];
    char                   name[WORLD_NAME_MAX];
    size_t                 next; /* the recorded packet to come */
    uint64_t               hash;
    bool                   inward; /* the next packet came from outside ... */
    bool                   more;   /* ... and others with it */
    struct cw_pkt          burst[BURST_MAX];
    unsigned               nburst;
    uint8_t                out[OUT_MAX]; /* what calls read */
    uint8_t                in[OUT_MAX];  /* what they offer */
};

/* ---- the first difference ----------------------------------------------------- */

static void differs(struct replay *p, const char *format, ...)
{
    struct fmt f = fmt_of(p->res->why, sizeof p->res->why);
    va_list    ap;

    if (!p->res->same)
        return;
    p->res->same = false;
    va_start(ap, format);
    fmt_v(&f, format, ap);
    va_end(ap);
}

static bool same_packet(const struct run_packet *a,
                        const struct run_packet *b)
{
    return a->t == b->t && a->host == b->host && a->netif == b->netif
        && a->frame.len == b->frame.len
        && memcmp(a->frame.p, b->frame.p, a->frame.len) == 0;
}

static void on_packet(void *ctx, const struct world_packet *w)
{
    struct replay        *p = ctx;
    struct replay_result *res = p->res;
    size_t                n;

    if (!res->same)
        return;
    n = frame_flat(w->pkt, res->frame, sizeof res->frame);
    res->now = (struct run_packet){ .t = w->t - p->wc.start,
                                    .number = w->number,
                                    .host = w->host,
                                    .netif = w->netif,
                                    .inward = w->inward,
                                    .why = w->pkt->why,
                                    .why_arg = w->pkt->why_arg,
                                    .frame = span_of(res->frame, n) };
    p->hash = frame_hash(p->hash, res->now.t, res->frame, n);
    if (p->next == p->run->npackets) {
        if (!p->run->complete)
            return; /* the recording ends here; the world went on */
        res->has_now = true;
        differs(p, "a packet was sent that is not in the recording");
        return;
    }
    res->then = &p->run->packets[p->next++];
    res->packets++;
    if (same_packet(res->then, &res->now))
        return;
    res->has_now = true;
    differs(p, "differs at packet %u", res->packets);
}

/* ---- CONFIG ---------------------------------------------------------------------- */

/* The value of the next line "key=value"; false: no more. */
static bool next_line(struct span *text, char *key, size_t key_cap,
                      char *value, size_t cap)
{
    size_t k = 0, v = 0, i = 0;

    if (text->len == 0)
        return false;
    for (; i < text->len && text->p[i] != '=' && text->p[i] != '\n'; i++)
        if (k + 1 < key_cap)
            key[k++] = (char)text->p[i];
    i += i < text->len && text->p[i] == '=';
    for (; i < text->len && text->p[i] != '\n'; i++)
        if (v + 1 < cap)
            value[v++] = (char)text->p[i];
    i += i < text->len;
    key[k] = value[v] = '\0';
    *text = span_of(text->p + i, text->len - i);
    return true;
}

static uint64_t number(const char **s)
{
    uint64_t v = 0;

    while (**s >= '0' && **s <= '9')
        v = v * 10 + (uint64_t)(*(*s)++ - '0');
    while (**s == ' ')
        (*s)++;
    return v;
}

static bool is(const char *key, const char *name)
{
    size_t i = 0;

    while (name[i] && key[i] == name[i])
        i++;
    return name[i] == key[i];
}

static void read_lab(struct replay *p, const char *v)
{
    struct fmt f = fmt_of(p->name, sizeof p->name);

    p->lab.hosts = (unsigned)number(&v);
    p->lab.arp = number(&v) != 0;
    p->lab.lo_link = number(&v) != 0;
    p->wc.csum_offload = number(&v) != 0;
    fmt_str(&f, v);
    p->lab.name = *v ? p->name : NULL;
}

static bool read_addr(const char *v, struct cw_addr *a, uint8_t *prefix)
{
    uint64_t n = number(&v);

    if (n < 1 || n > 128 || !addr_parse(v, a) || (addr_is4(a) && n > 32))
        return false;
    if (prefix)
        *prefix = (uint8_t)n;
    return true;
}

/* Of the outside; *ok: is it understood? */
static bool read_outside(struct lab_outside *o, const char *key,
                         const char *v, bool *ok)
{
    *ok = true;
    if (is(key, "outside"))
        o->on = number(&v) != 0;
    else if (is(key, "addr4"))
        *ok = read_addr(v, &o->addr4, &o->prefix4) && addr_is4(&o->addr4);
    else if (is(key, "addr6"))
        *ok = read_addr(v, &o->addr6, &o->prefix6) && !addr_is4(&o->addr6);
    else if (is(key, "gw4"))
        *ok = read_addr(v, &o->gw4, NULL);
    else if (is(key, "gw6"))
        *ok = read_addr(v, &o->gw6, NULL);
    else if (is(key, "lent4"))
        o->lent4 = number(&v) != 0;
    else if (is(key, "heard6"))
        o->heard6 = number(&v) != 0;
    else
        return false;
    return true;
}

static bool read_key(struct replay *p, const char *key, const char *v)
{
    char       text[160];
    struct fmt err = fmt_of(text, sizeof text);
    bool       ok;

    if (read_outside(&p->lab.outside, key, v, &ok))
        return ok;
    if (is(key, "seed"))
        world_config_init(&p->wc, number(&v), p->alloc);
    else if (is(key, "start"))
        p->wc.start = (cw_ns)number(&v);
    else if (is(key, "lab"))
        read_lab(p, v);
    else if (is(key, "fwd"))
        return spec_parse(v, &p->lab.fwd, &err);
    else if (is(key, "back"))
        return spec_parse(v, &p->lab.back, &err);
    else if (is(key, "rule"))
        return p->lab.nrules < LINK_RULES_MAX
            && spec_drop_parse(v, &p->rules[p->lab.nrules++], &err);
    else if (is(key, "setting"))
        return p->lab.nsettings < SETTINGS_MAX
            && setting_read(v, &p->settings[p->lab.nsettings++], &err);
    return true;
}

static bool make_world(struct replay *p, struct span config, const char **why)
{
    char key[32], value[TEXT_MAX];

    *why = "its configuration is damaged";
    if (p->world || p->run->start < 0)
        return false;
    while (next_line(&config, key, sizeof key, value, sizeof value))
        if (!read_key(p, key, value))
            return false;
    if (!p->wc.alloc || p->wc.start < 0 || p->wc.start > NS_NEVER / 2)
        return false;
    p->lab.rules = p->rules;
    p->lab.settings = p->settings;
    p->wc.hooks = (struct world_hooks){ .ctx = p, .packet = on_packet };
    p->world = world_new(&p->wc, why);
    return p->world && world_lab(p->world, &p->lab, why);
}

/* ---- the input log ------------------------------------------------------------------ */

/* Time goes on to that of the log, which is counted from the start. */
static bool reach(struct replay *p, uint64_t t)
{
    if (t > (uint64_t)(NS_NEVER / 4))
        return false;
    world_advance(p->world, p->wc.start + (cw_ns)t);
    return true;
}

static void take_anc(struct reader *r, struct cw_anc *out)
{
    const uint8_t *addr, *opts;
    uint32_t       sizes;

    out->has = take_le32(r);
    sizes = take_le32(r);
    out->gso_size = (uint16_t)sizes;
    out->ttl = (uint8_t)(sizes >> 16);
    out->tos = (uint8_t)(sizes >> 24);
    out->netif = take_le32(r);
    addr = reader_take(r, 16);
    if (addr)
        memcpy(out->addr.b, addr, 16);
    if (!(out->has & CW_ANC_RETOPTS))
        return;
    out->retopts.len = (uint8_t)take_le32(r);
    opts = reader_take(r, sizeof out->retopts.b);
    if (opts)
        memcpy(out->retopts.b, opts, sizeof out->retopts.b);
}

static bool take_call(struct replay *p, struct reader *r)
{
    struct wcall   c = { .op = 0 };
    struct wresult res;
    uint64_t       t = take_le64(r);
    unsigned       host = take_le16(r);
    const uint8_t *addr;
    struct span    in;
    uint64_t       in_len;
    uint32_t       has;
    int64_t        ret;

    c.op = (uint8_t)take_le16(r);
    has = take_le32(r);
    c.has_addr = has & CALL_ADDR;
    c.sd = (int)take_le32(r);
    c.a = (int)take_le32(r);
    c.b = (int)take_le32(r);
    c.c = (int)take_le32(r);
    c.u = take_le64(r);
    addr = reader_take(r, 16);
    if (addr)
        memcpy(c.addr.addr.b, addr, 16);
    c.addr.scope = take_le32(r);
    c.addr.port = (uint16_t)take_le32(r);
    c.out = p->out;
    c.out_len = (size_t)take_le64(r);
    ret = (int64_t)take_le64(r);
    in_len = take_le64(r);
    in = take_blob(r);
    if (has & CALL_ANC)
        take_anc(r, &c.anc);
    if (r->bad || in_len > OUT_MAX || in.len > in_len || host < 1
        || host > world_hosts(p->world) || c.op == EVC_NONE
        || c.op >= EVC_COUNT_OF || c.out_len > OUT_MAX || !reach(p, t))
        return false;
    if (in.len > 0)
        memcpy(p->in, in.p, in.len);
    c.in = p->in;
    c.in_len = (size_t)in_len;
    if (p->res->same && world_call(p->world, host, &c, &res) != ret)
        differs(p,
                "%s() of host %s at %llu ns answered %lld; %lld is "
                "recorded",
                event_call_name(c.op), world_host_name(p->world, host),
                (unsigned long long)t, (long long)res.ret, (long long)ret);
    return true;
}

static bool take_change(struct replay *p, struct reader *r)
{
    uint64_t         t = take_le64(r);
    uint32_t         link = take_le32(r), dir = take_le32(r);
    bool             spec = take_le32(r) != 0;
    struct span      blob = take_blob(r);
    char             text[TEXT_MAX], why[160];
    struct fmt       f = fmt_of(text, sizeof text);
    struct fmt       err = fmt_of(why, sizeof why);
    struct link_spec s;
    struct link_rule rule;

    fmt_strn(&f, (const char *)blob.p, blob.len);
    if (r->bad || link >= world_links(p->world) || dir >= LINK_DIRS
        || !reach(p, t))
        return false;
    if (spec)
        return spec_parse(text, &s, &err)
            && world_link_set(p->world, link, dir, &s);
    return spec_drop_parse(text, &rule, &err)
        && world_link_drop(p->world, link, &rule);
}

/* ---- what came from outside ---------------------------------------------- */

/* What a router in the middle makes of it, or says of it, has a reason. */
static bool take_packet_info(struct replay *p, struct reader *r)
{
    unsigned host, why, flags;

    take_le32(r);
    host = take_le16(r);
    take_le16(r);
    why = take_le16(r);
    flags = take_le16(r);
    p->more = (flags & 4) != 0;
    p->inward = p->world && host == world_outside(p->world) && !(flags & 1)
        && why == WHY_NONE;
    return !r->bad;
}

/* The frame in buffers of the world's, in runs as a driver makes them. */
static bool frame_packet(struct replay *p, struct span frame,
                         struct cw_pkt *pkt)
{
    memset(pkt, 0, sizeof *pkt);
    while (pkt->len < frame.len) {
        size_t         n = MIN(frame.len - pkt->len, (size_t)CW_BUF_MAX);
        struct cw_buf *b = pkt->nfrags < CW_FRAGS_MAX
            ? cw_buf_new(world_outside_stack(p->world), n)
            : NULL;

        if (!b) {
            cw_pkt_free(pkt);
            return false;
        }
        memcpy(b->data, frame.p + pkt->len, n);
        pkt->frags[pkt->nfrags++] = (struct cw_frag){ b, 0, (uint32_t)n };
        pkt->len += (uint32_t)n;
    }
    return pkt->len > 0;
}

static bool take_frame(struct replay *p, struct reader *r)
{
    uint64_t       t;
    uint32_t       len;
    const uint8_t *bytes;

    if (!p->inward)
        return true;
    p->inward = false;
    take_le32(r);
    t = (uint64_t)take_le32(r) << 32;
    t = (t | take_le32(r)) - (uint64_t)BLOCK_EPOCH;
    len = take_le32(r);
    take_le32(r);
    bytes = reader_take(r, len);
    if (!bytes || p->nburst == BURST_MAX
        || !frame_packet(p, span_of(bytes, len), &p->burst[p->nburst]))
        return false;
    p->nburst++;
    if (p->more)
        return true;
    if (!reach(p, t))
        return false;
    world_outside_in(p->world, p->burst, p->nburst);
    p->nburst = 0;
    return true;
}

static bool take_block(struct replay *p, const struct block *b,
                       const char **why)
{
    struct reader r = reader_of(b->body);

    if (b->type != BLOCK_LOCAL) {
        *why = "its packets are damaged";
        return b->type != BLOCK_EPB || take_frame(p, &r);
    }
    if (b->kind == BLOCK_CONFIG)
        return make_world(p, take_blob(&r), why);
    *why = "its input log is damaged";
    if (!p->world)
        return b->kind != BLOCK_CALL && b->kind != BLOCK_CHANGE;
    if (b->kind == BLOCK_CALL)
        return take_call(p, &r);
    if (b->kind == BLOCK_CHANGE)
        return take_change(p, &r);
    if (b->kind == BLOCK_PACKET)
        return take_packet_info(p, &r);
    if (b->kind == BLOCK_END)
        return reach(p, take_le64(&r));
    return true;
}

static bool feed(struct replay *p, struct span file, const char **why)
{
    struct reader f = reader_of(file);
    struct block  b;

    *why = "it says not how the lab was made";
    while (p->res->same && block_next(&f, &b) == BLOCK_OK)
        if (!take_block(p, &b, why))
            return false;
    return p->world != NULL;
}

bool replay_check(struct span file, const struct run *run,
                  const struct cw_alloc *alloc, struct replay_result *out,
                  const char **why)
{
    struct replay *p = alloc->alloc(alloc->ctx, sizeof *p, 16);
    bool           ok;

    *why = "out of memory";
    memset(out, 0, sizeof *out);
    if (!p)
        return false;
    memset(p, 0, sizeof *p);
    p->run = run;
    p->alloc = alloc;
    p->res = out;
    out->same = true;
    ok = feed(p, file, why);
    if (ok && run->complete && p->next < run->npackets) {
        out->then = &run->packets[p->next];
        differs(p, "packet %llu of the recording was not sent",
                (unsigned long long)p->next + 1);
    }
    out->trace_id = (uint32_t)(p->hash ^ p->hash >> 32);
    for (unsigned i = 0; i < p->nburst; i++)
        cw_pkt_free(&p->burst[i]);
    if (p->world) {
        out->end = world_now(p->world) - p->wc.start;
        world_free(p->world);
    }
    alloc->free(alloc->ctx, p, sizeof *p);
    return ok;
}
