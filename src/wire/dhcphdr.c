/* dhcphdr.c: see dhcphdr.h. */
#include "wire/dhcphdr.h"
#include "base/check.h"

enum { BOOTREQUEST = 1, BOOTREPLY = 2, ETHERNET = 1 };
enum { AT_SNAME = 44, SNAME_LEN = 64, AT_FILE = 108, FILE_LEN = 128 };
enum { FLAG_BROADCAST = 0x8000, OVER_FILE = 1, OVER_SNAME = 2 };

#define COOKIE 0x63825363u /* RFC 2131 §3 */

enum {
    OPT_PAD = 0,
    OPT_MASK = 1,
    OPT_ROUTER = 3,
    OPT_DNS = 6,
    OPT_REQUESTED = 50,
    OPT_LEASE = 51,
    OPT_OVERLOAD = 52,
    OPT_TYPE = 53,
    OPT_SERVER = 54,
    OPT_PARAMETERS = 55,
    OPT_MAX_SIZE = 57,
    OPT_T1 = 58,
    OPT_T2 = 59,
    OPT_CLIENT_ID = 61,
    OPT_END = 255,
};

/* ---- in ------------------------------------------------------------------- */

/* RFC 2132: lengths: exactly, or (list) a multiple of four. */
static bool right_length(uint8_t kind, size_t len)
{
    switch (kind) {
    case OPT_MASK:
    case OPT_LEASE:
    case OPT_SERVER:
    case OPT_T1:
    case OPT_T2:
    case OPT_REQUESTED:
        return len == 4;
    case OPT_ROUTER:
    case OPT_DNS:
        return len >= 4 && len % 4 == 0;
    case OPT_TYPE:
    case OPT_OVERLOAD:
        return len == 1;
    default:
        return true;
    }
}

static void take_dns(struct span data, struct dhcp_repr *out)
{
    out->ndns = 0;
    for (size_t i = 0; i + 4 <= data.len && out->ndns < DHCP_DNS_MAX; i += 4)
        out->dns[out->ndns++] = addr_from4(data.p + i);
}

static void take_option(uint8_t kind, struct span data, struct dhcp_repr *out)
{
    switch (kind) {
    case OPT_MASK:
        out->mask = addr_from4(data.p);
        break;
    case OPT_ROUTER: /* in order of preference */
        out->router = addr_from4(data.p);
        break;
    case OPT_SERVER:
        out->server = addr_from4(data.p);
        break;
    case OPT_LEASE:
        out->lease = be32_load(data.p);
        break;
    case OPT_T1:
        out->t1 = be32_load(data.p);
        break;
    case OPT_T2:
        out->t2 = be32_load(data.p);
        break;
    case OPT_TYPE:
        out->type = data.p[0];
        break;
    case OPT_DNS:
        take_dns(data, out);
        break;
    default:
        break;
    }
}

/* One field of options; false: it is damaged.  *overload is what the option
 * of that name says, if it is there. */
static bool parse_options(struct span field, struct dhcp_repr *out,
                          uint8_t *overload)
{
    struct reader r = reader_of(field);

    while (reader_left(&r) > 0) {
        uint8_t        kind = read_u8(&r);
        struct span    data;
        const uint8_t *p;

        if (kind == OPT_END)
            return true;
        if (kind == OPT_PAD)
            continue;
        data.len = read_u8(&r);
        p = reader_take(&r, data.len);
        data.p = p;
        if (r.bad || !right_length(kind, data.len))
            return false;
        if (kind == OPT_OVERLOAD)
            *overload = data.p[0];
        else
            take_option(kind, data, out);
    }
    return false; /* without an end */
}

static bool parse_fixed(struct span msg, struct dhcp_repr *out)
{
    const uint8_t *p = msg.p;

    if (msg.len < DHCP_FIXED || p[0] != BOOTREPLY || p[1] != ETHERNET
        || p[2] != 6 || be32_load(p + DHCP_FIXED - 4) != COOKIE)
        return false;
    out->xid = be32_load(p + 4);
    out->secs = be16_load(p + 8);
    out->broadcast = be16_load(p + 10) & FLAG_BROADCAST;
    out->ciaddr = addr_from4(p + 12);
    out->yiaddr = addr_from4(p + 16);
    memcpy(out->chaddr.b, p + 28, 6);
    return true;
}

enum why dhcphdr_parse(struct span msg, struct dhcp_repr *out)
{
    uint8_t overload = 0, again = 0;

    *out = (struct dhcp_repr){ .requested = addr4(0),
                               .server = addr4(0),
                               .mask = addr4(0),
                               .router = addr4(0) };
    if (!parse_fixed(msg, out)
        || !parse_options(span_of(msg.p + DHCP_FIXED, msg.len - DHCP_FIXED),
                          out, &overload))
        return WHY_DHCP_BAD;
    /* RFC 2131 §4.1: `file` first.  An overload in there means nothing. */
    if ((overload & OVER_FILE)
        && !parse_options(span_of(msg.p + AT_FILE, FILE_LEN), out, &again))
        return WHY_DHCP_BAD;
    if ((overload & OVER_SNAME)
        && !parse_options(span_of(msg.p + AT_SNAME, SNAME_LEN), out, &again))
        return WHY_DHCP_BAD;
    return out->type == DHCP_OFFER || out->type == DHCP_ACK
            || out->type == DHCP_NAK
        ? GO_ON
        : WHY_DHCP_BAD;
}

/* ---- out ------------------------------------------------------------------ */

static void write_ip(struct writer *w, const struct cw_addr *a)
{
    write_bytes(w, a->b + 12, 4);
}

static void write_addr_option(struct writer *w, uint8_t kind,
                              const struct cw_addr *a)
{
    if (addr_is_any(a))
        return;
    write_u8(w, kind);
    write_u8(w, 4);
    write_ip(w, a);
}

static void write_options(struct writer *w, const struct dhcp_repr *r)
{
    static const uint8_t wish[] = { OPT_MASK,  OPT_ROUTER, OPT_DNS,
                                    OPT_LEASE, OPT_T1,     OPT_T2 };

    write_be16(w, OPT_TYPE << 8 | 1);
    write_u8(w, r->type);
    write_be16(w, OPT_CLIENT_ID << 8 | 7);
    write_u8(w, ETHERNET);
    write_bytes(w, r->chaddr.b, 6);
    write_addr_option(w, OPT_REQUESTED, &r->requested);
    write_addr_option(w, OPT_SERVER, &r->server);
    if (r->type == DHCP_DISCOVER || r->type == DHCP_REQUEST) {
        write_be16(w, OPT_MAX_SIZE << 8 | 2);
        write_be16(w, 1500 - 28);
        write_be16(w, OPT_PARAMETERS << 8 | sizeof wish);
        write_bytes(w, wish, sizeof wish);
    }
    write_u8(w, OPT_END);
}

void dhcphdr_emit(uint8_t p[static DHCP_LEN_MIN], const struct dhcp_repr *r)
{
    struct writer w = writer_of(p, DHCP_LEN_MIN);

    memset(p, 0, DHCP_LEN_MIN);
    write_u8(&w, BOOTREQUEST);
    write_u8(&w, ETHERNET);
    write_be16(&w, 6 << 8);
    write_be32(&w, r->xid);
    write_be16(&w, r->secs);
    write_be16(&w, r->broadcast ? FLAG_BROADCAST : 0);
    write_ip(&w, &r->ciaddr);
    w.p = p + 28;
    write_bytes(&w, r->chaddr.b, 6);
    w.p = p + DHCP_FIXED - 4;
    write_be32(&w, COOKIE);
    write_options(&w, r);
    INVARIANT(!w.bad);
}
