/* pr_mld.c: multicast listener discovery, both versions.  RFC 2710 §3, RFC
 * 3810 §5.  The missing space before "max resp delay" is tcpdump's.
 */
#include "base/check.h"
#include "wire/pr.h"

enum {
    MLD_QUERY = 130,
    MLD_REPORT_V2 = 143,
    V1_BYTES = 24,
    V2_BYTES = 28,
    RECORD_BYTES = 20,
};

/* RFC 3810 §5.1.3, §5.1.9: large values have an exponent of three bits over
 * a mantissa of `bits`. */
static uint32_t unpack(uint32_t v, unsigned bits)
{
    uint32_t top = UINT32_C(1) << (bits + 3);

    if (v < top)
        return v;
    return ((v & ((UINT32_C(1) << bits) - 1)) | UINT32_C(1) << bits)
        << ((v >> bits & 7) + 3);
}

static bool show_v1(struct pr *p, const uint8_t *at)
{
    if (!pr_has(p, at, V1_BYTES))
        return true;
    fmt_f(p->out, "max resp delay: %u addr: ", be16_load(at + 4));
    pr_addr6(p->out, at + 8);
    return true;
}

static bool show_v2_query(struct pr *p, const uint8_t *at, size_t len)
{
    unsigned sources;

    fmt_str(p->out, " v2");
    if (!pr_has(p, at + 4, 2))
        return pr_jump(p);
    if (p->o->verbose)
        fmt_f(p->out, " [max resp delay=%u]", unpack(be16_load(at + 4), 12));
    if (!pr_has(p, at, V1_BYTES))
        return pr_jump(p);
    fmt_str(p->out, " [gaddr ");
    pr_addr6(p->out, at + 8);
    if (p->o->verbose) {
        if (!pr_need(p, at + 24, 1))
            return false;
        if (at[24] & 8)
            fmt_str(p->out, " sflag");
        if (at[24] & 7)
            fmt_f(p->out, " robustness=%u", at[24] & 7);
        if (!pr_need(p, at + 25, 1))
            return false;
        fmt_f(p->out, " qqi=%u", unpack(at[25], 4));
    }
    if (!pr_need(p, at + 26, 2))
        return false;
    sources = be16_load(at + 26);
    if (len < V2_BYTES + 16 * (size_t)sources)
        fmt_str(p->out, " [invalid number of sources]");
    else if (sources > 0)
        fmt_f(p->out, ", %u source(s)", sources);
    fmt_char(p->out, ']');
    return true;
}

/* One record of a report; answers its length, 0 if the line ends here. */
static size_t show_record(struct pr *p, const uint8_t *at, size_t left)
{
    static const char *const kinds[] = { "is_in", "is_ex", "to_in",
                                         "to_ex", "allow", "block" };
    size_t                   sources, n;

    if (left < RECORD_BYTES) {
        fmt_str(p->out, " [invalid number of groups]");
        return 0;
    }
    if (!pr_has(p, at + 4, 16)) {
        pr_jump(p);
        return 0;
    }
    fmt_str(p->out, " [gaddr ");
    pr_addr6(p->out, at + 4);
    if (at[0] >= 1 && at[0] <= ARRAY_LEN(kinds))
        fmt_f(p->out, " %s", kinds[at[0] - 1]);
    else
        fmt_f(p->out, "  [v2-report-#%u]", at[0]);
    sources = be16_load(at + 2);
    n = RECORD_BYTES + 16 * sources;
    if (left < n) {
        fmt_f(p->out, " [invalid number of sources %u]", (unsigned)sources);
        return 0;
    }
    fmt_f(p->out, ", %u source(s)]", (unsigned)sources);
    return n;
}

static bool show_v2_report(struct pr *p, const uint8_t *at, size_t len)
{
    unsigned groups;
    size_t   off = 8;

    if (len < 8) {
        fmt_f(p->out, " [invalid len %u]", (unsigned)len);
        return true;
    }
    if (!pr_need(p, at + 6, 2))
        return false;
    groups = be16_load(at + 6);
    fmt_f(p->out, ", %u group record(s)", groups);
    if (!p->o->verbose)
        return true;
    for (unsigned i = 0; i < groups; i++) {
        size_t n = show_record(p, at + off, len - off);

        if (n == 0)
            break;
        INVARIANT(n <= len - off);
        off += n;
    }
    return !p->cut;
}

bool pr_mld(struct pr *p, const uint8_t *at, size_t len)
{
    if (at[0] == MLD_REPORT_V2)
        return show_v2_report(p, at, len);
    if (at[0] != MLD_QUERY || len == V1_BYTES)
        return show_v1(p, at);
    if (len >= V2_BYTES)
        return show_v2_query(p, at, len);
    fmt_f(p->out, " unknown-version (len %u) ", (unsigned)len);
    return true;
}
