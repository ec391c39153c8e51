/* spec_print.c: a specification into its canonical words.
 *
 *   Invariant: spec_parse() of what spec_print() writes is equal to what was
 *   printed.  Each value takes the largest unit in which it is whole, or the
 *   smallest with as many decimals as it needs.
 */
#include "emu/node.h"

struct unit {
    const char *name;
    uint64_t    size;
};

/* v in the first unit that divides it; else in the last, with decimals.
 * Sizes are 1000 of the next at most, so that three decimals do. */
static void print_in(struct fmt *out, uint64_t v, const struct unit *units,
                     unsigned n)
{
    const struct unit *u = units;
    uint64_t           rest;

    while (u < units + n - 1 && v % u->size)
        u++;
    fmt_u64(out, v / u->size);
    rest = v % u->size;
    if (rest) {
        fmt_char(out, '.');
        for (uint64_t digit = u->size / 10; rest; digit /= 10) {
            INVARIANT(digit > 0);
            fmt_char(out, (char)('0' + rest / digit));
            rest %= digit;
        }
    }
    fmt_str(out, u->name);
}

static void print_time(struct fmt *out, cw_ns t)
{
    static const struct unit units[] = {
        { "s", NS_S }, { "ms", NS_MS }, { "us", NS_US },
    };

    INVARIANT(t >= 0);
    print_in(out, (uint64_t)t, units, ARRAY_LEN(units));
}

static void print_rate(struct fmt *out, uint64_t bps)
{
    static const struct unit units[] = {
        { "gbit", 1000000000 }, { "mbit", 1000000 }, { "kbit", 1000 },
    };

    print_in(out, bps, units, ARRAY_LEN(units));
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
    print_in(out, e8, &(const struct unit){ "%", 100000000 }, 1);
}

static void print_queue(struct fmt *out, const struct link_spec *s)
{
    static const struct unit bytes[] = {
        { "GB", 1000000000 }, { "MB", 1000000 }, { "kB", 1000 },
    };
    static const struct unit bdp = { "bdp", 1000 };

    switch ((enum link_queue)s->queue_kind) {
    case LINK_QUEUE_UNSET:
        return;
    case LINK_QUEUE_PKTS:
        fmt_f(out, " queue %llup", (unsigned long long)s->queue);
        return;
    case LINK_QUEUE_BYTES:
        fmt_str(out, " queue ");
        print_in(out, s->queue, bytes, ARRAY_LEN(bytes));
        return;
    case LINK_QUEUE_BDP:
        fmt_str(out, " queue ");
        print_in(out, s->queue, &bdp, 1);
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
    print_queue(out, s);
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
        && a->queue_kind == b->queue_kind && a->ndowns == b->ndowns;

    for (unsigned i = 0; same && i < a->ndowns; i++)
        same = a->downs[i].from == b->downs[i].from
            && a->downs[i].to == b->downs[i].to;
    return same;
}
