/* spec_print.c: a specification into its canonical words.
 *
 *   Invariant: spec_parse() of what spec_print() writes is equal to what was
 *   printed.  Each value takes the largest unit in which it is whole; shares
 *   and multiples of the bdp take as many decimals as they need.
 */
#include "emu/node.h"

struct unit {
    const char *name;
    uint64_t    size;
};

/* v in the largest unit that divides it; the last divides everything. */
static void print_in(struct fmt *out, uint64_t v, const struct unit *u)
{
    while (v % u->size)
        u++;
    fmt_u64(out, v / u->size);
    fmt_str(out, u->name);
}

/* v / scale with as many decimals as it needs; scale is a power of ten. */
static void print_decimal(struct fmt *out, uint64_t v, uint64_t scale,
                          const char *name)
{
    fmt_u64(out, v / scale);
    v %= scale;
    if (v)
        fmt_char(out, '.');
    while (v) {
        scale /= 10;
        INVARIANT(scale > 0);
        fmt_char(out, (char)('0' + v / scale));
        v %= scale;
    }
    fmt_str(out, name);
}

static void print_time(struct fmt *out, cw_ns t)
{
    static const struct unit units[] = {
        { "s", NS_S },
        { "ms", NS_MS },
        { "us", NS_US },
        { "ns", 1 },
    };

    INVARIANT(t >= 0);
    print_in(out, (uint64_t)t, units);
}

static void print_rate(struct fmt *out, uint64_t bps)
{
    static const struct unit units[] = {
        { "gbit", 1000000000 },
        { "mbit", 1000000 },
        { "kbit", 1000 },
        { "bit", 1 },
    };

    print_in(out, bps, units);
}

/* The text's share, in 10^-8 percent, as units.c rounds it. */
static uint32_t share_of(uint64_t e8)
{
    uint64_t p = ((e8 << 22) + 9765625 / 2) / 9765625; /* 2^32 / 10^10 */

    return p > LINK_ALWAYS ? LINK_ALWAYS : (uint32_t)p;
}

/* The fewest decimals that give p back; eight always do, since 2^-32 is
 * more than 10^-8 percent. */
static void print_share(struct fmt *out, uint32_t p)
{
    uint64_t step = 100000000, e8;

    for (;; step /= 10) {
        INVARIANT(step > 0);
        e8 = (uint64_t)p * 9765625 >> 22; /* rounded down */
        e8 = (e8 + step / 2) / step * step;
        if (p == LINK_ALWAYS)
            e8 = UINT64_C(10000000000);
        if (share_of(e8) == p)
            break;
    }
    print_decimal(out, e8, 100000000, "%");
}

/* `word` has a blank on both sides. */
static void print_queue(struct fmt *out, const char *word, uint64_t queue,
                        uint8_t kind)
{
    static const struct unit bytes[] = {
        { "GB", 1000000000 },
        { "MB", 1000000 },
        { "kB", 1000 },
        { "B", 1 },
    };

    switch ((enum link_queue)kind) {
    case LINK_QUEUE_UNSET:
        return;
    case LINK_QUEUE_PKTS:
        fmt_f(out, "%s%llup", word, (unsigned long long)queue);
        return;
    case LINK_QUEUE_BYTES:
        fmt_str(out, word);
        print_in(out, queue, bytes);
        return;
    case LINK_QUEUE_BDP:
        fmt_str(out, word);
        print_decimal(out, queue, 1000, "bdp");
        return;
    }
}

static void share_word(struct fmt *out, const char *word, uint32_t p)
{
    if (p == 0)
        return;
    fmt_str(out, word);
    print_share(out, p);
}

/* Every word with a blank before it. */
static void print_words(struct fmt *out, const struct link_spec *s)
{
    if (s->delay) {
        fmt_str(out, " delay ");
        print_time(out, s->delay);
    }
    if (s->jitter) {
        fmt_char(out, ' ');
        print_time(out, s->jitter);
    }
    share_word(out, " loss ", s->loss_p);
    if (s->burst)
        fmt_f(out, " burst %u", s->burst);
    share_word(out, " reorder ", s->reorder_p);
    if (s->reorder_by > 1)
        fmt_f(out, " by %u", s->reorder_by);
    share_word(out, " duplicate ", s->dup_p);
    share_word(out, " corrupt ", s->corrupt_p);
    if (s->rate_bps) {
        fmt_str(out, " rate ");
        print_rate(out, s->rate_bps);
    }
    print_queue(out, " queue ", s->queue, s->queue_kind);
    print_queue(out, " ecn ", s->ecn, s->ecn_kind);
    share_word(out, " mark ", s->mark_p);
    if (s->pmtu)
        fmt_f(out, " pmtu %u", s->pmtu);
    if (s->silent)
        fmt_str(out, " blackhole");
    for (unsigned i = 0; i < s->ndowns; i++) {
        fmt_str(out, " down ");
        print_time(out, s->downs[i].from);
        fmt_str(out, "..");
        print_time(out, s->downs[i].to);
    }
}

void spec_print(const struct link_spec *s, struct fmt *out)
{
    char       buf[LINK_SPEC_TEXT_MAX];
    struct fmt words = fmt_of(buf, sizeof(buf));

    INVARIANT(spec_valid(s));
    print_words(&words, s);
    INVARIANT(!words.cut);
    if (words.len)
        fmt_strn(out, buf + 1, words.len - 1);
}

bool spec_equal(const struct link_spec *a, const struct link_spec *b)
{
    bool same = a->delay == b->delay && a->jitter == b->jitter
        && a->loss_p == b->loss_p && a->burst == b->burst
        && a->dup_p == b->dup_p && a->corrupt_p == b->corrupt_p
        && a->reorder_p == b->reorder_p && a->reorder_by == b->reorder_by
        && a->rate_bps == b->rate_bps && a->queue == b->queue
        && a->queue_kind == b->queue_kind && a->ndowns == b->ndowns
        && a->ecn == b->ecn && a->ecn_kind == b->ecn_kind
        && a->mark_p == b->mark_p && a->pmtu == b->pmtu
        && a->silent == b->silent;

    for (unsigned i = 0; same && i < a->ndowns; i++)
        same = a->downs[i].from == b->downs[i].from
            && a->downs[i].to == b->downs[i].to;
    return same;
}
