/* path_watch.c: the observer at the bottleneck: what was lost, what was sent
 * again without need, how long packets waited, when goodput came back.
 *
 *   Owns:      the truth about each byte: sent, lost, through.
 *   Does not   ask the stacks anything.
 *   Invariant: holes are sorted, apart, and below `high`.
 */
#include "sim/path_own.h"
#include "wire/etherhdr.h"
#include "wire/ipproto.h"

enum { HOLES_FIRST = 64, F_SYN_BIT = 2, IP6_HDR = 40 };

bool watch_init(struct watch *w, const struct path_spec *s,
                struct path_result *res)
{
    cw_ns rtt = s->fwd.delay + s->back.delay;

    w->spec = s;
    w->res = res;
    w->busy_until = INT64_MIN;
    w->outage_from = s->pause.from;
    w->outage_to = s->pause.to;
    if (s->fwd.ndowns) {
        w->outage_from = s->fwd.downs[0].from;
        w->outage_to = s->fwd.downs[0].to;
    }
    res->first_back = res->recovery = NS_NEVER;
    if (w->outage_to == 0)
        return true;
    w->bin = ns_max(rtt / BINS_PER_RTT, 100 * NS_US);
    w->nbins = (size_t)((s->time - w->outage_to) / w->bin) + 1;
    w->bins = s->alloc->alloc(s->alloc->ctx, w->nbins * sizeof(*w->bins), 16);
    if (w->bins)
        memset(w->bins, 0, w->nbins * sizeof(*w->bins));
    return w->bins != NULL;
}

void watch_free(struct watch *w)
{
    const struct cw_alloc *a = w->spec->alloc;

    for (unsigned i = 0; i < PATH_FLOWS_MAX; i++)
        if (w->flow[i].holes)
            a->free(a->ctx, w->flow[i].holes,
                    w->flow[i].cap * sizeof(struct hole));
    if (w->bins)
        a->free(a->ctx, w->bins, w->nbins * sizeof(*w->bins));
}

void watch_fate(void *ctx, const struct link_fate *f)
{
    struct watch *w = ctx;
    uint64_t word = (uint64_t)f->t * 31 + f->why + ((uint64_t)f->dir << 32);

    w->digest.k0 = siphash(w->digest, &word, sizeof word);
    if (f->dir != LINK_FWD || f->copy > 0)
        return;
    w->lost = f->final && f->why != WHY_LINK_ARRIVED;
    w->arrive_at = f->final ? f->arrive_at : f->t + w->spec->fwd.delay;
    if (!w->lost)
        return;
    if (f->why == WHY_LINK_QUEUE)
        w->res->queue_drops++;
    else
        w->res->lost++;
}

/* ---- the queue ------------------------------------------------------------ */

/* As emu/rate.c, for what was not lost before the transmitter. */
static void queue_seen(struct watch *w, uint32_t len, cw_ns now)
{
    const uint64_t rate = w->spec->fwd.rate_bps;
    cw_ns          starts = ns_max(now, w->busy_until), wait = starts - now;
    uint64_t       work, bin = (uint64_t)(wait / QUEUE_BIN);

    if (rate == 0)
        return;
    if (starts > w->busy_until)
        w->frac = 0;
    work = len * UINT64_C(8) * (uint64_t)NS_S + w->frac;
    w->frac = work % rate;
    w->busy_until = starts + (cw_ns)(work / rate);
    w->waits++;
    w->wait_sum += wait;
    w->wait_bin[MIN(bin, (uint64_t)QUEUE_BINS - 1)]++;
    w->res->queue_max = ns_max(w->res->queue_max, wait);
}

static cw_ns percentile(const struct watch *w, unsigned percent)
{
    uint64_t below = 0;

    for (unsigned i = 0; i < QUEUE_BINS; i++) {
        below += w->wait_bin[i];
        if (below * 100 >= w->waits * percent)
            return ns_min((i + 1) * QUEUE_BIN, w->res->queue_max);
    }
    return w->res->queue_max;
}

/* ---- bytes ---------------------------------------------------------------- */

static bool room_for_hole(struct watch *w, struct watched *f)
{
    const struct cw_alloc *a = w->spec->alloc;
    size_t                 cap = f->cap ? 2 * f->cap : HOLES_FIRST;
    struct hole           *more;

    if (f->nholes < f->cap)
        return true;
    more = a->alloc(a->ctx, cap * sizeof(*more), 16);
    if (!more)
        return false;
    if (f->cap) {
        memcpy(more, f->holes, f->nholes * sizeof(*more));
        a->free(a->ctx, f->holes, f->cap * sizeof(*more));
    }
    f->holes = more;
    f->cap = cap;
    return true;
}

/* The first hole that ends behind `at`. */
static size_t find_hole(const struct watched *f, uint64_t at)
{
    size_t lo = 0, hi = f->nholes;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (f->holes[mid].to <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void put_hole(struct watch *w, struct watched *f, size_t at,
                     struct hole h)
{
    if (!room_for_hole(w, f))
        return; /* it will count as having got through */
    memmove(&f->holes[at + 1], &f->holes[at],
            (f->nholes - at) * sizeof(*f->holes));
    f->holes[at] = h;
    f->nholes++;
}

/* [from, to) gets through: the answer is how much of it was missing. */
static uint64_t fill_holes(struct watch *w, struct watched *f, uint64_t from,
                           uint64_t to)
{
    size_t   i = find_hole(f, from);
    uint64_t filled = 0;

    while (i < f->nholes && f->holes[i].from < to) {
        struct hole *h = &f->holes[i], old = *h;

        filled += MIN(old.to, to) - MAX(old.from, from);
        if (old.from < from) {
            h->to = from;
            i++;
            if (old.to > to)
                put_hole(w, f, i, (struct hole){ to, old.to });
        } else if (old.to > to) {
            h->from = to;
        } else {
            f->nholes--;
            memmove(h, h + 1, (f->nholes - i) * sizeof(*h));
        }
    }
    return filled;
}

/* New bytes arrive: towards the goodput after an outage. */
static void arrived(struct watch *w, uint64_t bytes, cw_ns now)
{
    size_t bin;

    if (!w->bins || now < w->outage_to)
        return;
    if (w->res->first_back == NS_NEVER)
        w->res->first_back = w->arrive_at;
    bin = (size_t)((w->arrive_at - w->res->first_back) / w->bin);
    if (w->arrive_at >= w->res->first_back && bin < w->nbins)
        w->bins[bin] += bytes;
}

static void segment(struct watch *w, unsigned flow, uint64_t from,
                    uint32_t len, cw_ns now)
{
    struct watched   *f = &w->flow[flow];
    struct path_flow *r = &w->res->flow[flow];
    uint64_t          to = from + len, fresh = 0;
    size_t            hole = find_hole(f, from);
    bool              missing = hole < f->nholes && f->holes[hole].from < to;

    r->segs++;
    if (from < f->high) {
        r->rexmits++;
        r->spurious += !missing && to <= f->high;
    }
    if (from > f->high) { /* what never came here was lost before */
        put_hole(w, f, f->nholes, (struct hole){ f->high, from });
        f->high = from;
    }
    if (to > f->high) {
        fresh = to - MAX(from, f->high);
        if (w->lost)
            put_hole(w, f, f->nholes, (struct hole){ to - fresh, to });
        f->high = to;
    }
    if (!w->lost)
        arrived(w, fresh + fill_holes(w, f, from, to), now);
}

/* ---- frames --------------------------------------------------------------- */

/* Where TCP begins; 0: it is none. */
static size_t tcp_at(const uint8_t *p)
{
    if (be16_load(p + 12) == ETHER_IP6)
        return p[ETHER_LEN + 6] == PROTO_TCP ? ETHER_LEN + IP6_HDR : 0;
    if (p[ETHER_LEN + 9] != PROTO_TCP)
        return 0;
    return ETHER_LEN + (p[ETHER_LEN] & 15u) * 4u;
}

void watch_look(struct watch *w, const struct cw_pkt *pkt)
{
    const uint8_t *p = pkt->frags[0].buf->data + pkt->frags[0].off;
    size_t         at = tcp_at(p);

    w->tcp = at > 0;
    w->len = pkt->len;
    if (!at)
        return;
    w->seqno = be32_load(p + at + 4);
    w->bytes = pkt->len - (uint32_t)at - (p[at + 12] >> 4) * 4u;
    w->syn = p[at + 13] & F_SYN_BIT;
}

void watch_sent(struct watch *w, unsigned flow, cw_ns now)
{
    struct watched *f = &w->flow[flow];
    int32_t         ahead;

    if (!w->lost)
        queue_seen(w, w->len, now);
    if (w->tcp && w->syn) {
        f->begun = true;
        f->iss = w->seqno + 1;
    }
    if (!w->tcp || w->syn || w->bytes == 0 || !f->begun)
        return;
    if (w->len > w->frame) {
        w->frame = w->len;
        w->payload = w->bytes;
    }
    ahead = (int32_t)(w->seqno - f->iss - (uint32_t)f->high);
    segment(w, flow, f->high + (uint64_t)(int64_t)ahead, w->bytes, now);
}

/* ---- the end -------------------------------------------------------------- */

/* The end of the first round trip in which four fifths of the ideal came. */
static void find_recovery(struct watch *w)
{
    uint64_t sum = 0, rtt_ns = (uint64_t)(w->bin * BINS_PER_RTT);
    uint64_t need = w->res->ideal / 8 * (rtt_ns / 1000) / 1000000 * 4 / 5;

    if (!w->bins || w->res->first_back == NS_NEVER || need == 0)
        return;
    for (size_t i = 0; i < w->nbins; i++) {
        sum += w->bins[i];
        if (i >= BINS_PER_RTT)
            sum -= w->bins[i - BINS_PER_RTT];
        if (sum < need)
            continue;
        w->res->recovery = (cw_ns)(i + 1) * w->bin;
        return;
    }
}

void watch_end(struct watch *w)
{
    struct path_result *r = w->res;

    r->ideal = theory_ideal(w->spec->fwd.rate_bps, w->payload, w->frame);
    if (w->waits) {
        r->queue_mean = w->wait_sum / (cw_ns)w->waits;
        r->queue_p99 = percentile(w, 99);
    }
    for (unsigned i = 0; i < r->flows; i++) {
        r->segs += r->flow[i].segs;
        r->rexmits += r->flow[i].rexmits;
        r->spurious += r->flow[i].spurious;
    }
    r->digest = w->digest.k0;
    find_recovery(w);
}
