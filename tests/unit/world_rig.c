/* world_rig.c: see world_rig.h. */
#include "world_rig.h"
#include "base/siphash.h"
#include "store/pbuf.h"
#include "t.h"
#include "wire/etherhdr.h"
#include "wire/ipproto.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS_MAX = 64, FRAME_MAX = 65536 };

static void *rig_alloc(void *ctx, size_t size, size_t align)
{
    struct rig *r = ctx;
    void       *mem = NULL;

    if (posix_memalign(&mem, align < 16 ? 16 : align, size))
        return NULL;
    memset(mem, r->pattern, size);
    r->bytes += (long)size;
    return mem;
}

static void rig_give(void *ctx, void *mem, size_t size)
{
    struct rig *r = ctx;

    r->bytes -= (long)size;
    free(mem);
}

/* ---- hooks ------------------------------------------------------------- */

static void *grow(void *list, size_t n, size_t size)
{
    if (n & (n - 1) && n)
        return list;
    list = realloc(list, (n ? 2 * n : 1) * size);
    assert_non_null(list);
    return list;
}

static void tcp_flags(struct rig_packet *p, uint8_t flags)
{
    static const struct {
        uint8_t bit;
        char    letter;
    } t[] = { { 0x02, 'S' }, { 0x01, 'F' }, { 0x04, 'R' },
              { 0x08, 'P' }, { 0x20, 'U' }, { 0x10, 'A' } };
    char *at = p->flags;

    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        if (flags & t[i].bit)
            *at++ = t[i].letter;
    *at = 0;
}

static void look(struct rig_packet *p, const uint8_t *f, size_t n)
{
    bool     is4 = be16_load(f + 12) == ETHER_IP4;
    bool     is6 = be16_load(f + 12) == ETHER_IP6;
    size_t   at = ETHER_LEN + (is4 ? 20u : 40u);
    uint32_t payload;

    if ((!is4 && !is6) || n < at + 8)
        return;
    p->proto = is4 ? f[ETHER_LEN + 9] : f[ETHER_LEN + 6];
    payload = (uint32_t)(n - at);
    if (p->proto == PROTO_TCP) {
        tcp_flags(p, f[at + 13]);
        p->len = payload - (f[at + 12] >> 4) * 4u;
    } else if (p->proto == PROTO_UDP) {
        p->len = payload - 8;
    }
}

static void on_packet(void *ctx, const struct world_packet *p)
{
    static uint8_t     frame[FRAME_MAX];
    struct rig        *r = ctx;
    struct rig_packet *out;
    size_t             n = pkt_copy_out(p->pkt, 0, frame, sizeof(frame));

    assert_int_equal(p->pkt->len, n);
    r->packets = grow(r->packets, r->npackets, sizeof(*r->packets));
    out = &r->packets[r->npackets++];
    *out = (struct rig_packet){ .t = p->t,
                                .number = p->number,
                                .host = p->host,
                                .netif = p->netif,
                                .inward = p->inward,
                                .name = p->name,
                                .why = p->pkt->why };
    look(out, frame, n);
    out->hash = siphash((struct sipkey){ 1, 2 }, frame, n);
}

static void on_fate(void *ctx, const struct world_fate *f)
{
    struct rig *r = ctx;

    if (!f->final)
        return;
    r->fates = grow(r->fates, r->nfates, sizeof(*r->fates));
    r->fates[r->nfates++] = *f;
}

static void on_call(void *ctx, cw_ns t, unsigned host, const struct wcall *in,
                    const struct wresult *out)
{
    struct rig      *r = ctx;
    struct rig_call *c;

    r->calls = grow(r->calls, r->ncalls, sizeof(*r->calls));
    c = &r->calls[r->ncalls++];
    *c = (struct rig_call){ .t = t, .host = host, .call = *in, .res = *out };
    if (in->in_len) {
        c->bytes = malloc(in->in_len);
        assert_non_null(c->bytes);
        memcpy(c->bytes, in->in, in->in_len);
        c->call.in = c->bytes;
    }
}

static void on_output(void *ctx, unsigned host, const char *text, size_t len)
{
    struct rig *r = ctx;
    size_t      at = strlen(r->out);
    char        who[8];

    snprintf(who, sizeof(who), "h%u: ", host);
    if (at == 0 || r->out[at - 1] == '\n')
        strncat(r->out, who, sizeof(r->out) - at - 1);
    at = strlen(r->out);
    if (len < sizeof(r->out) - at) {
        memcpy(r->out + at, text, len);
        r->out[at + len] = 0;
    }
}

static void on_event(void *ctx, const struct cw_event *e)
{
    struct rig *r = ctx;

    assert_true(e->host <= r->lab.hosts + r->lab.outside.on);
    r->nevents++;
}

static void on_ready(void *ctx, unsigned host, enum world_ready how)
{
    struct rig *r = ctx;
    size_t      at = strlen(r->ready);

    snprintf(r->ready + at, sizeof(r->ready) - at, "%u%c", host,
             how == WORLD_LISTENS     ? 'L'
                 : how == WORLD_BOUND ? 'B'
                                      : 'X');
}

/* ---- life -------------------------------------------------------------- */

void rig_defaults(struct rig *r, unsigned hosts, cw_ns delay)
{
    *r = (struct rig){ .pattern = 0xa5 };
    r->alloc = (struct cw_alloc){ r, rig_alloc, rig_give };
    world_config_init(&r->config, 1, &r->alloc);
    r->config.hooks = (struct world_hooks){
        .ctx = r,
        .packet = on_packet,
        .fate = on_fate,
        .call = on_call,
        .output = on_output,
        .event = on_event,
        .ready = on_ready,
    };
    r->lab.hosts = hosts;
    r->lab.fwd.delay = r->lab.back.delay = delay;
}

void rig_make(struct rig *r)
{
    const char *why = NULL;

    r->w = world_new(&r->config, &why);
    if (!r->w)
        fail_msg("no world: %s", why);
    if (!world_lab(r->w, &r->lab, &why))
        fail_msg("no lab: %s", why);
}

void rig_init(struct rig *r, unsigned hosts, cw_ns delay)
{
    rig_defaults(r, hosts, delay);
    rig_make(r);
}

void rig_free(struct rig *r)
{
    world_free(r->w);
    for (size_t i = 0; i < r->ncalls; i++)
        free(r->calls[i].bytes);
    free(r->packets);
    free(r->calls);
    free(r->fates);
    assert_int_equal(0, r->bytes);
}

unsigned rig_add(struct rig *r, unsigned host, size_t argc,
                 const char *const *argv)
{
    char       text[256];
    struct fmt err = fmt_of(text, sizeof(text));
    int        n = world_builtin_add(r->w, host, (unsigned)argc, argv, &err);

    if (n < 0)
        fail_msg("%s", text);
    return (unsigned)n;
}

int rig_lab(struct rig *r, const char *words)
{
    char        copy[1024];
    const char *argv[WORDS_MAX];
    unsigned    host = 1;
    size_t      argc = 0;
    char       *word, *save = NULL;

    snprintf(copy, sizeof(copy), "%s", words);
    for (word = strtok_r(copy, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        if (strcmp(word, ":") == 0) {
            rig_add(r, host++, argc, argv);
            argc = 0;
        } else {
            argv[argc++] = word;
        }
    }
    rig_add(r, host, argc, argv);
    return world_run_builtins(r->w, 3600 * NS_S);
}

ptrdiff_t rig_call(struct rig *r, unsigned host, struct wcall call)
{
    struct wresult res;

    return world_call(r->w, host, &call, &res);
}

uint64_t rig_digest(const struct rig *r)
{
    uint64_t h = r->npackets;

    for (size_t i = 0; i < r->npackets; i++) {
        uint64_t v[3] = { h, (uint64_t)r->packets[i].t, r->packets[i].hash };

        h = siphash((struct sipkey){ 3, 4 }, v, sizeof(v));
    }
    return h;
}

void rig_show(const struct rig *r)
{
    for (size_t i = 0; i < r->npackets; i++) {
        const struct rig_packet *p = &r->packets[i];

        print_message("%3u %12lld h%u.%u %s%s proto %u %-3s len %u  %s\n",
                      p->number, (long long)p->t, p->host, p->netif,
                      p->inward ? "in " : "", p->name ? "name" : "", p->proto,
                      p->flags, p->len, why_slug(p->why));
    }
    print_message("%s", r->out);
}
