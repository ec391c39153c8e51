/* why.c: the names and texts of the reasons, from the one table in why.h.
 *
 * Owns how a reason's figure is printed; not what it means.  Reasons come
 * from files too, so that a number out of range has a text and no panic.
 */
#include "base/why.h"
#include "base/ns.h"

struct reason {
    const char   *slug, *text, *ref;
    enum why_unit unit;
};

static const struct reason reasons[] = {
#define ROW(id, slug, text, unit, ref) { slug, text, ref, WHY_UNIT_##unit },
    WHY_TABLE(ROW)
#undef ROW
};

_Static_assert(ARRAY_LEN(reasons) == WHY_COUNT_OF, "a row each");

static const struct reason *reason_of(enum why w)
{
    static const struct reason unknown = { "unknown", "unknown reason", "",
                                           WHY_UNIT_NOFIG };

    return (unsigned)w < ARRAY_LEN(reasons) ? &reasons[w] : &unknown;
}

const char *why_slug(enum why w)
{
    return reason_of(w)->slug;
}

const char *why_text(enum why w)
{
    return reason_of(w)->text;
}

bool why_is_again(enum why w)
{
    static const uint16_t again[] = {
        WHY_TX_RTO,       WHY_TX_FAST,       WHY_TX_SACK_LOST,
        WHY_TX_PARTIAL,   WHY_TX_RESCUE,     WHY_TX_RECOVER,
        WHY_TX_PMTU,      WHY_TX_PROBE_LOST, WHY_TX_BLACK_HOLE,
        WHY_TX_RACK_LOST, WHY_TX_RACK_AGAIN, WHY_TX_TLP,
    };

    for (size_t i = 0; i < ARRAY_LEN(again); i++)
        if (w == again[i])
            return true;
    return false;
}

const char *why_ref(enum why w)
{
    return reason_of(w)->ref;
}

/* v/10^3 with as many of three decimals as say something: 1040 is "1.04". */
static void print_thousandths(struct fmt *f, uint64_t v)
{
    unsigned digits = 3;
    uint64_t rest = v % 1000;

    fmt_u64(f, v / 1000);
    if (rest == 0)
        return;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    fmt_char(f, '.');
    fmt_u64_pad(f, rest, digits, '0');
}

static void print_time(struct fmt *f, uint64_t ns)
{
    if (ns != 0 && ns < (uint64_t)NS_US) {
        fmt_u64(f, ns);
        fmt_str(f, " ns");
    } else if (ns < (uint64_t)NS_S) {
        print_thousandths(f, ns / (uint64_t)NS_US);
        fmt_str(f, " ms");
    } else {
        print_thousandths(f, ns / (uint64_t)NS_MS);
        fmt_str(f, " s");
    }
}

static void print_figure(struct fmt *f, enum why_unit unit, uint64_t figure)
{
    switch (unit) {
    case WHY_UNIT_NOFIG:
        fmt_char(f, '%');
        break;
    case WHY_UNIT_COUNT:
        fmt_u64(f, figure);
        break;
    case WHY_UNIT_TIME:
        print_time(f, figure);
        break;
    case WHY_UNIT_BYTES:
        fmt_u64(f, figure);
        fmt_str(f, figure == 1 ? " byte" : " bytes");
        break;
    }
}

void why_print(struct fmt *f, enum why w, uint64_t figure)
{
    const struct reason *r = reason_of(w);

    for (const char *c = r->text; *c; c++) {
        if (*c == '%')
            print_figure(f, r->unit, figure);
        else
            fmt_char(f, *c);
    }
}

enum why why_of_slug(const char *slug)
{
    for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
        const char *a = reasons[i].slug, *b = slug;

        while (*a && *a == *b) {
            a++;
            b++;
        }
        if (*a == *b)
            return (enum why)i;
    }
    return WHY_COUNT_OF;
}
