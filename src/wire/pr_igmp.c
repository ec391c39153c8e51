/* pr_igmp.c: IGMP, all three versions.  RFC 1112 Appendix I, RFC 2236 §2, RFC
 * 3376 §4.  Its relatives that share the protocol's number (DVMRP, PIMv1,
 * traces) are named by their types.
 */
#include "base/check.h"
#include "wire/cksum.h"
#include "wire/grouphdr.h"
#include "wire/pr.h"

enum {
    IGMP_BYTES = 8,
    QUERY3_BYTES = 12,
    REPORT3_MIN = 16,
    GROUP_BYTES = 8, /* of a record, without its sources */
    MAX_RESP_USUAL = 100,
    MINUTE = 600, /* in tenths of a second */
};

/* §4.1.1: large values have an exponent over a mantissa. */
static unsigned unpack(uint8_t v)
{
    return v < 128 ? v : ((v & 0xfu) | 0x10) << ((v >> 4 & 7) + 3);
}

/* From a minute on tcpdump forgets the tenths. */
static void show_tenths(struct fmt *f, unsigned v)
{
    if (v < MINUTE) {
        fmt_f(f, "%u.%us", v / 10, v % 10);
        return;
    }
    fmt_f(f, "%um", v / MINUTE);
    if (v % MINUTE >= 10)
        fmt_f(f, "%us", v % MINUTE / 10);
}

static bool show_named(struct pr *p, const char *name, const uint8_t *group)
{
    if (!pr_need(p, group, 4))
        return false;
    fmt_f(p->out, "igmp %s ", name);
    pr_addr4(p->out, group);
    return true;
}

static void show_length(struct pr *p, size_t len)
{
    if (len != IGMP_BYTES)
        fmt_f(p->out, " [len %u]", (unsigned)len);
}

static bool show_query3(struct pr *p, const uint8_t *at, size_t len)
{
    unsigned sources;

    fmt_str(p->out, " v3");
    if (len & 3) {
        fmt_f(p->out, " [invalid len %u]", (unsigned)len);
        return true;
    }
    if (!pr_need(p, at + 1, 1))
        return false;
    if (at[1] != MAX_RESP_USUAL) {
        fmt_str(p->out, " [max resp time ");
        show_tenths(p->out, unpack(at[1]));
        fmt_char(p->out, ']');
    }
    if (!pr_need(p, at + 4, 4))
        return false;
    if (be32_load(at + 4) == 0)
        return true;
    fmt_str(p->out, " [gaddr ");
    pr_addr4(p->out, at + 4);
    if (!pr_need(p, at + 10, 2))
        return false;
    sources = be16_load(at + 10);
    if (sources > 0 && len < QUERY3_BYTES + 4 * (size_t)sources)
        fmt_str(p->out, " [invalid number of sources]");
    else if (sources > 0)
        fmt_f(p->out, ", %u source(s)", sources);
    fmt_char(p->out, ']');
    return true;
}

static bool show_query(struct pr *p, const uint8_t *at, size_t len)
{
    fmt_str(p->out, "igmp query");
    if (len >= QUERY3_BYTES)
        return show_query3(p, at, len);
    if (!pr_need(p, at + 1, 1))
        return false;
    fmt_str(p->out, at[1] ? " v2" : " v1");
    if (at[1] && at[1] != MAX_RESP_USUAL)
        fmt_f(p->out, " [max resp time %u]", at[1]);
    if (!pr_need(p, at + 4, 4))
        return false;
    if (be32_load(at + 4) != 0) {
        fmt_str(p->out, " [gaddr ");
        pr_addr4(p->out, at + 4);
        fmt_char(p->out, ']');
    }
    show_length(p, len);
    return true;
}

/* One record; answers its length, 0 if there is no more to say. */
static size_t show_record(struct pr *p, const uint8_t *at, size_t left)
{
    static const char *const kinds[] = { "is_in", "is_ex", "to_in",
                                         "to_ex", "allow", "block" };
    unsigned                 sources;

    if (left < GROUP_BYTES) {
        fmt_str(p->out, " [invalid number of groups]");
        return 0;
    }
    if (!pr_need(p, at + 4, 4))
        return 0;
    fmt_str(p->out, " [gaddr ");
    pr_addr4(p->out, at + 4);
    if (at[0] >= 1 && at[0] <= ARRAY_LEN(kinds))
        fmt_f(p->out, " %s", kinds[at[0] - 1]);
    else
        fmt_f(p->out, "  [v3-report-#%u]", at[0]);
    sources = be16_load(at + 2);
    if (left < GROUP_BYTES + 4 * (size_t)sources) {
        fmt_f(p->out, " [invalid number of sources %u]", sources);
        return 0;
    }
    fmt_f(p->out, ", %u source(s)]", sources);
    return GROUP_BYTES + 4 * (size_t)sources;
}

static bool show_report3(struct pr *p, const uint8_t *at, size_t len)
{
    unsigned groups;
    size_t   off = IGMP_BYTES, n = 1;

    fmt_str(p->out, "igmp v3 report");
    if (len < REPORT3_MIN || len & 3) {
        fmt_f(p->out, " [invalid len %u]", (unsigned)len);
        return true;
    }
    if (!pr_need(p, at + 6, 2))
        return false;
    groups = be16_load(at + 6);
    fmt_f(p->out, ", %u group record(s)", groups);
    for (unsigned i = 0; p->o->verbose && i < groups && n > 0; i++) {
        n = show_record(p, at + off, len - off);
        INVARIANT(n <= len - off);
        off += n;
    }
    return !p->cut;
}

static bool show_message(struct pr *p, const uint8_t *at, size_t len)
{
    switch (at[0]) {
    case IGMP_QUERY:
        return show_query(p, at, len);
    case IGMP_REPORT1:
        if (!show_named(p, "v1 report", at + 4))
            return false;
        show_length(p, len);
        return true;
    case IGMP_REPORT2:
        return show_named(p, "v2 report", at + 4);
    case IGMP_LEAVE:
        return show_named(p, "leave", at + 4);
    case IGMP_REPORT3:
        return show_report3(p, at, len);
    default:
        fmt_f(p->out, "igmp-%u", at[0]);
        return true;
    }
}

void pr_igmp(struct pr *p, const uint8_t *at, size_t len)
{
    p->proto = "igmp";
    if (p->o->quiet) {
        fmt_str(p->out, "igmp");
        return;
    }
    if (!pr_need(p, at, 1) || !show_message(p, at, len))
        return;
    if (p->o->verbose && pr_has(p, at, len)
        && cksum_fold(cksum_add(0, at, len)) != 0)
        fmt_f(p->out, " bad igmp cksum %x!", be16_load(at + 2));
}
