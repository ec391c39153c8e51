/* grouphdr.c: see grouphdr.h. */
#include "wire/grouphdr.h"
#include "base/check.h"
#include "wire/icmp6hdr.h"

enum {
    IGMP_LEN = 8,
    IGMP3_QUERY_LEN = 12,
    MLD_LEN = 24,
    MLD2_QUERY_LEN = 28,
    RECORD4_LEN = 8,
    RECORD6_LEN = 20,
};

/* RFC 3376 §4.1.1, RFC 3810 §5.1.3: large values have an exponent of three
 * bits over a mantissa of `bits`. */
static uint32_t unpack(uint32_t v, unsigned bits)
{
    uint32_t top = UINT32_C(1) << (bits + 3);

    if (v < top)
        return v;
    return ((v & ((UINT32_C(1) << bits) - 1)) | UINT32_C(1) << bits)
        << ((v >> bits & 7) + 3);
}

/* What versions 3 of both add to a query: at `at` the flags. */
static enum why parse_sources(struct span msg, size_t at, size_t size,
                              struct group_repr *out)
{
    const uint8_t *p = msg.p + at;

    out->version = 3;
    out->robustness = p[0] & 7;
    out->interval_s = unpack(p[1], 4);
    out->nsrc = be16_load(p + 2);
    if (out->nsrc * size > msg.len - at - 4)
        return WHY_GROUP_BAD;
    out->src = span_of(p + 4, out->nsrc * size);
    return GO_ON;
}

/* RFC 3376 §7.1: the version follows from length and code; a length between
 * them is of no version. */
static enum why parse_query4(struct span msg, struct group_repr *out)
{
    out->kind = GROUP_QUERY;
    if (msg.len == IGMP_LEN) {
        out->version = msg.p[1] == 0 ? 1 : 2;
        out->max_ms = msg.p[1] == 0 ? 10000 : msg.p[1] * 100u;
        return GO_ON;
    }
    if (msg.len < IGMP3_QUERY_LEN)
        return WHY_GROUP_BAD;
    out->max_ms = unpack(msg.p[1], 4) * 100;
    return parse_sources(msg, 8, 4, out);
}

static enum why parse4(struct span msg, struct group_repr *out)
{
    if (msg.len < IGMP_LEN)
        return WHY_GROUP_BAD;
    out->group = addr_from4(msg.p + 4);
    out->version = 2;
    switch (msg.p[0]) {
    case IGMP_QUERY:
        return parse_query4(msg, out);
    case IGMP_REPORT1:
        out->version = 1;
        out->kind = GROUP_REPORT;
        return GO_ON;
    case IGMP_REPORT2:
        out->kind = GROUP_REPORT;
        return GO_ON;
    case IGMP_LEAVE:
        out->kind = GROUP_LEAVE;
        return GO_ON;
    case IGMP_REPORT3:
        out->kind = GROUP_REPORT3;
        out->version = 3;
        out->group = addr4(0);
        return GO_ON;
    default:
        return WHY_GROUP_BAD;
    }
}

static enum why parse6(struct span msg, struct group_repr *out)
{
    if (msg.len < ICMP6_HDR_LEN)
        return WHY_GROUP_BAD;
    out->version = 2;
    if (msg.p[0] == ICMP6_MLD2_REPORT) {
        out->kind = GROUP_REPORT3;
        out->version = 3;
        return GO_ON;
    }
    if (msg.len < MLD_LEN)
        return WHY_GROUP_BAD;
    out->group = addr_from6(msg.p + 8);
    out->max_ms = be16_load(msg.p + 4);
    if (addr_is4(&out->group))
        return WHY_GROUP_BAD; /* it would pass for IPv4's */
    if (msg.p[0] == ICMP6_MLD_REPORT || msg.p[0] == ICMP6_MLD_DONE) {
        out->kind = msg.p[0] == ICMP6_MLD_REPORT ? GROUP_REPORT : GROUP_LEAVE;
        return GO_ON;
    }
    if (msg.p[0] != ICMP6_MLD_QUERY)
        return WHY_GROUP_BAD;
    out->kind = GROUP_QUERY;
    if (msg.len == MLD_LEN)
        return GO_ON;
    if (msg.len < MLD2_QUERY_LEN)
        return WHY_GROUP_BAD;
    out->max_ms = unpack(be16_load(msg.p + 4), 12);
    return parse_sources(msg, 24, 16, out);
}

enum why grouphdr_parse(struct span msg, bool ip4, struct group_repr *out)
{
    *out = (struct group_repr){ 0 };
    return ip4 ? parse4(msg, out) : parse6(msg, out);
}

struct cw_addr group_source(const struct group_repr *q, bool ip4, unsigned i)
{
    INVARIANT(i < q->nsrc);
    return ip4 ? addr_from4(q->src.p + 4 * (size_t)i)
               : addr_from6(q->src.p + 16 * (size_t)i);
}

/* ---- out ------------------------------------------------------------------ */

static void write_addr(struct writer *w, const struct cw_addr *a)
{
    if (addr_is4(a))
        write_bytes(w, a->b + 12, 4);
    else
        write_bytes(w, a->b, 16);
}

static uint8_t old_type(const struct group_repr *r)
{
    bool ip4 = addr_is4(&r->group);

    if (r->kind == GROUP_LEAVE)
        return ip4 ? IGMP_LEAVE : ICMP6_MLD_DONE;
    if (!ip4)
        return ICMP6_MLD_REPORT;
    return r->version == 1 ? IGMP_REPORT1 : IGMP_REPORT2;
}

size_t group_emit_old(uint8_t *p, size_t cap, const struct group_repr *r)
{
    struct writer w = writer_of(p, cap);

    INVARIANT(r->kind == GROUP_REPORT || r->kind == GROUP_LEAVE);
    write_u8(&w, old_type(r));
    write_u8(&w, 0);
    write_be16(&w, 0);
    if (!addr_is4(&r->group))
        write_be32(&w, 0);
    write_addr(&w, &r->group);
    INVARIANT(!w.bad);
    return (size_t)(w.p - p);
}

size_t group_emit_report3(uint8_t *p, size_t cap, bool ip4, unsigned nrec)
{
    struct writer w = writer_of(p, cap);

    INVARIANT(nrec <= UINT16_MAX);
    write_u8(&w, ip4 ? IGMP_REPORT3 : ICMP6_MLD2_REPORT);
    write_u8(&w, 0);
    write_be32(&w, 0);
    write_be16(&w, (uint16_t)nrec);
    INVARIANT(!w.bad);
    return GROUP_REPORT_HDR;
}

size_t group_record_len(bool ip4, unsigned nsrc)
{
    return ip4 ? RECORD4_LEN + 4 * (size_t)nsrc
               : RECORD6_LEN + 16 * (size_t)nsrc;
}

size_t group_emit_record(uint8_t *p, size_t cap, const struct group_record *r)
{
    struct writer w = writer_of(p, cap);

    INVARIANT(r->type >= GROUP_IS_IN && r->type <= GROUP_BLOCK);
    write_u8(&w, r->type);
    write_u8(&w, 0); /* no auxiliary data: §4.2.10 */
    write_be16(&w, r->nsrc);
    write_addr(&w, &r->group);
    for (unsigned i = 0; i < r->nsrc; i++)
        write_addr(&w, &r->src[i]);
    INVARIANT(!w.bad);
    return (size_t)(w.p - p);
}
