/* tcpopt.c: see tcpopt.h.  RFC 9293 §3.1 (MUST-4: the three of them), RFC
 * 7323, RFC 2018 §3, RFC 9768 §3.2.3.  Octet by octet, so that no boundary matters (MUST-64).
 */
#include "wire/tcpopt.h"
#include "base/check.h"
#include "base/limits.h"

/* "nop, nop, TS": all that most segments carry (RFC 7323 appendix A). */
#define TS_ALONE 0x0101080au
#define TS_HEAD  ((uint32_t)TCPOPT_TS << 8 | TCPOPT_TS_LEN)
#define NOP_NOP  ((uint32_t)TCPOPT_NOP << 24 | (uint32_t)TCPOPT_NOP << 16)

/* Every kind but two has a length (MUST-68), even those to come. */
bool tcpopt_next(struct reader *r, uint8_t *kind, struct span *data)
{
    uint8_t len;

    if (r->bad || reader_left(r) == 0)
        return false;
    *kind = read_u8(r);
    *data = span_of(r->p, 0);
    if (*kind == TCPOPT_NOP)
        return true;
    if (*kind == TCPOPT_END) {
        r->p = r->end; /* what follows is padding: RFC 9293 §3.1 */
        return true;
    }
    len = read_u8(r);
    if (len < 2)
        r->bad = true;
    data->p = reader_take(r, len - 2u);
    if (r->bad)
        return false;
    data->len = len - 2u;
    return true;
}

static void take_sack(struct span data, struct tcpopt *out)
{
    out->nsack = (uint8_t)(data.len / 8);
    for (size_t i = 0; i < out->nsack; i++) {
        out->sack[i].left = seq_of(be32_load(data.p + i * 8));
        out->sack[i].right = seq_of(be32_load(data.p + i * 8 + 4));
    }
}

/* RFC7413-4.1.1-a: nothing, or 4 to 16 octets, an even number of them. */
static bool take_cookie(struct span data, struct tcpopt *out)
{
    if (data.len != 0
        && (data.len < TCPOPT_FAST_MIN || data.len > TCPOPT_FAST_MAX
            || data.len % 2 != 0))
        return false;
    out->has_fast = true;
    out->fast_len = (uint8_t)data.len;
    memcpy(out->fast, data.p, data.len);
    return true;
}

/* Of a longer one the whole fields that are known count (RFC 9768 §3.2.3). */
static void take_accecn(uint8_t kind, struct span data, struct tcpopt *out)
{
    size_t n = MIN(data.len / 3, (size_t)ACCECN_COUNTS);

    out->has_accecn = true;
    out->accecn_has = 0;
    for (size_t i = 0; i < n; i++) {
        size_t         at = kind == TCPOPT_ACCECN0 ? i : 2 - i;
        const uint8_t *p = data.p + 3 * i;

        out->accecn_has |= (uint8_t)(1u << at);
        out->accecn[at] = (uint32_t)p[0] << 16 | be16_load(p + 1);
    }
}

/* Options of a SYN only (MUST-65, RFC2018-2-a; elsewhere they say nothing).
 * False: unknown, such as a user timeout (RFC5482-3-a), or what is history
 * (RFC6247-3-a), or of a wrong length.
 */
static bool take_syn_option(uint8_t kind, struct span data,
                            struct tcpopt *out)
{
    if (kind == TCPOPT_MSS && data.len == TCPOPT_MSS_LEN - 2) {
        out->has_mss = true;
        out->mss = be16_load(data.p);
        return true;
    }
    if (kind == TCPOPT_WSCALE && data.len == TCPOPT_WSCALE_LEN - 2) {
        out->has_wscale = true;
        /* RFC 7323 §2.3: a larger shift counts as 14. */
        out->wscale = (uint8_t)MIN((int)data.p[0], (int)TCP_WSCALE_MAX);
        return true;
    }
    if (kind == TCPOPT_SACK_OK && data.len == 0) {
        out->sack_ok = true;
        return true;
    }
    return kind == TCPOPT_FAST && take_cookie(data, out);
}

static bool sack_len_ok(size_t len)
{
    return len > 0 && len % 8 == 0 && len / 8 <= TCPOPT_SACK_MAX;
}

/* On any segment: MUST-5. */
static void take_option(uint8_t kind, struct span data, bool syn,
                        struct tcpopt *out)
{
    struct tcpopt ignored;

    if (kind == TCPOPT_NOP || kind == TCPOPT_END)
        return;
    if (kind == TCPOPT_TS && data.len == TCPOPT_TS_LEN - 2) {
        out->has_ts = true;
        out->ts_val = be32_load(data.p);
        out->ts_ecr = be32_load(data.p + 4);
    } else if (kind == TCPOPT_SACK && sack_len_ok(data.len)) {
        if (!syn)
            take_sack(data, out);
    } else if (kind == TCPOPT_ACCECN0 || kind == TCPOPT_ACCECN1) {
        take_accecn(kind, data, out);
    } else if (!take_syn_option(kind, data, syn ? out : &ignored)) {
        out->nunknown++;
    }
}

bool tcpopt_parse(struct span opts, bool syn, struct tcpopt *out)
{
    struct reader r = reader_of(opts);
    struct span   data;
    uint8_t       kind;

    *out = (struct tcpopt){ 0 };
    if (opts.len == TCPOPT_TS_PADDED && be32_load(opts.p) == TS_ALONE) {
        out->has_ts = true;
        out->ts_val = be32_load(opts.p + 4);
        out->ts_ecr = be32_load(opts.p + 8);
        return true;
    }
    while (tcpopt_next(&r, &kind, &data))
        take_option(kind, data, syn, out);
    return !r.bad;
}

/* Kind, length and cookie, filled up to words. */
static size_t fast_padded(const struct tcpopt *o)
{
    return (2u + o->fast_len + 3u) & ~(size_t)3;
}

/* What begins with ECT(0)'s counter, and what with ECT(1)'s. */
unsigned tcpopt_accecn_set(unsigned set)
{
    static const uint8_t sets[] = { 0, 1, 3, 3, 4, 7, 6, 7 };

    INVARIANT(set < ARRAY_LEN(sets));
    return sets[set];
}

static unsigned accecn_fields(unsigned set)
{
    return (set & 1) + (set >> 1 & 1) + (set >> 2 & 1);
}

size_t tcpopt_accecn_len(unsigned set)
{
    INVARIANT(set <= ACCECN_ALL);
    return (2u + 3u * accecn_fields(set) + 3u) & ~3u;
}

/* All but SACK blocks and accurate ECN. */
static size_t first_len(const struct tcpopt *o)
{
    size_t len = 0;

    if (o->has_mss)
        len += TCPOPT_MSS_LEN;
    if (o->has_ts)
        len += TCPOPT_TS_PADDED; /* SACK_OK takes the place of the NOPs */
    else if (o->sack_ok)
        len += TCPOPT_SACK_OK_LEN + 2;
    if (o->has_wscale)
        len += TCPOPT_WSCALE_LEN + 1;
    if (o->has_fast)
        len += fast_padded(o);
    return len;
}

static bool accecn_fits(const struct tcpopt *o)
{
    return o->has_accecn
        && first_len(o) + tcpopt_accecn_len(o->accecn_has) <= TCPOPT_MAX;
}

/* What stands before the SACK blocks. */
static size_t plain_len(const struct tcpopt *o)
{
    size_t len = first_len(o);

    return accecn_fits(o) ? len + tcpopt_accecn_len(o->accecn_has) : len;
}

static size_t sack_fit(const struct tcpopt *o, size_t before)
{
    size_t room = before + 4 < TCPOPT_MAX ? (TCPOPT_MAX - 4 - before) / 8 : 0;

    return MIN((size_t)o->nsack, room);
}

size_t tcpopt_len(const struct tcpopt *o)
{
    size_t len = plain_len(o);
    size_t n = sack_fit(o, len);

    INVARIANT(o->nsack <= TCPOPT_SACK_MAX);
    return n > 0 ? len + 4 + n * 8 : len;
}

static void emit_sack(struct writer *w, const struct tcpopt *o, size_t n)
{
    write_be32(w,
               NOP_NOP | (uint32_t)TCPOPT_SACK << 8 | (uint32_t)(2 + n * 8));
    for (size_t i = 0; i < n; i++) {
        write_be32(w, o->sack[i].left.v);
        write_be32(w, o->sack[i].right.v);
    }
}

static void emit_cookie(struct writer *w, const struct tcpopt *o)
{
    write_u8(w, TCPOPT_FAST);
    write_u8(w, (uint8_t)(2 + o->fast_len));
    write_bytes(w, o->fast, o->fast_len);
    for (size_t i = 2u + o->fast_len; i < fast_padded(o); i++)
        write_u8(w, TCPOPT_NOP);
}

static void emit_accecn(struct writer *w, const struct tcpopt *o)
{
    unsigned set = o->accecn_has, n = accecn_fields(set);
    bool     other = !(set & ACCECN_E0B_BIT) && set != 0;

    INVARIANT(set == tcpopt_accecn_set(set));
    write_u8(w, other ? TCPOPT_ACCECN1 : TCPOPT_ACCECN0);
    write_u8(w, (uint8_t)(2 + 3 * n));
    for (unsigned i = 0; i < n; i++) {
        uint32_t v = o->accecn[other ? 2 - i : i];

        write_u8(w, (uint8_t)(v >> 16));
        write_be16(w, (uint16_t)v);
    }
    for (size_t i = 2 + 3 * n; i < tcpopt_accecn_len(set); i++)
        write_u8(w, TCPOPT_NOP);
}

/* <mss, sackOK, TS, nop, wscale, cookie, accurate ECN>; <nop, nop, TS, accurate
 * ECN, nop, nop, sack>: always whole words, so that no padding is needed (MUST-69). */
size_t tcpopt_emit(uint8_t *p, size_t cap, const struct tcpopt *o)
{
    struct writer w = writer_of(p, cap);
    size_t        n = sack_fit(o, plain_len(o));
    uint32_t sack_ok = (uint32_t)TCPOPT_SACK_OK << 8 | TCPOPT_SACK_OK_LEN;

    INVARIANT(o->nsack <= TCPOPT_SACK_MAX);
    INVARIANT(!o->has_wscale || o->wscale <= TCP_WSCALE_MAX);
    INVARIANT(!o->has_fast || o->fast_len <= TCPOPT_FAST_MAX);
    if (o->has_mss)
        write_be32(&w,
                   (uint32_t)TCPOPT_MSS << 24 | (uint32_t)TCPOPT_MSS_LEN << 16
                       | o->mss);
    if (o->has_ts) {
        write_be32(&w, TS_HEAD | (o->sack_ok ? sack_ok << 16 : NOP_NOP));
        write_be32(&w, o->ts_val);
        write_be32(&w, o->ts_ecr);
    } else if (o->sack_ok) {
        write_be32(&w, NOP_NOP | sack_ok);
    }
    if (o->has_wscale)
        write_be32(&w,
                   (uint32_t)TCPOPT_NOP << 24 | (uint32_t)TCPOPT_WSCALE << 16
                       | (uint32_t)TCPOPT_WSCALE_LEN << 8 | o->wscale);
    if (o->has_fast)
        emit_cookie(&w, o);
    if (accecn_fits(o))
        emit_accecn(&w, o);
    if (n > 0)
        emit_sack(&w, o, n);
    INVARIANT(!w.bad);
    return (size_t)(w.p - p);
}
