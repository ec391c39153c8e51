/* pr_ip6.c: the IPv6 header and the chain of headers behind it.
 * RFC 8200 §3, §4; RFC 2675 (jumbograms).
 */
#include "base/check.h"
#include "wire/pr.h"

enum { IP6_BYTES = 40, PROTO_IPIP = 4, PROTO_IP6 = 41 };

/* The walk along the chain.  A payload length of zero leaves the datagram's
 * own open until the chain has been seen: a jumbo option may tell it. */
struct chain {
    const uint8_t *ip6, *at;
    size_t         wire; /* bytes on the wire from ip6 on */
    size_t         len;  /* of the datagram */
    bool           open; /* len is not known */
    uint32_t       jumbo;
    uint8_t        proto;
    bool           hopopts, fragment; /* seen */
};

static void show_fixed(struct pr *p, const uint8_t *at)
{
    uint32_t word = be32_load(at);
    unsigned class = word >> 20 & 0xff, label = word & 0xfffff;

    fmt_char(p->out, '(');
    if (class)
        fmt_f(p->out, "class 0x%02x, ", class);
    if (label)
        fmt_f(p->out, "flowlabel 0x%05x, ", label);
    fmt_f(p->out, "hlim %u, next-header ", at[7]);
    pr_proto_name(p->out, at[6]);
    fmt_f(p->out, " (%u) payload length: %u) ", at[6], be16_load(at + 4));
}

static void show_ends(struct pr *p, const uint8_t *ip6)
{
    pr_addr6(p->out, ip6 + 8);
    fmt_str(p->out, " > ");
    pr_addr6(p->out, ip6 + 24);
    fmt_str(p->out, ": ");
}

/* The datagram's end is that of what may be read, or lies beyond it. */
static void limit(struct pr *p, const struct chain *c)
{
    if (c->wire < c->len)
        fmt_f(p->out, "truncated-ip6 - %u bytes missing!",
              (unsigned)(c->len - c->wire));
    else if ((size_t)(p->end - c->ip6) > c->len)
        p->end = c->ip6 + c->len;
}

static size_t show_hopopts(struct pr *p, struct chain *c)
{
    size_t n;

    if (c->at != c->ip6 + IP6_BYTES) {
        fmt_str(p->out,
                c->hopopts ? "[The Hop-by-Hop Options header was already "
                             "found]"
                           : "[The Hop-by-Hop Options header don't follow "
                             "the IPv6 header]");
        pr_invalid(p);
        return 0;
    }
    c->hopopts = true;
    n = pr_hopopts(p, c->at, c->open ? &c->jumbo : NULL);
    if (c->open && c->jumbo == 0 && pr_has(p, c->at, 2)) {
        fmt_str(p->out, "[No valid Jumbo Payload Hop-by-Hop option found]");
        pr_invalid(p);
        return 0;
    }
    return n;
}

/* The last address of a routing header, if the chain has one. */
static void final_dst(struct pr *p, struct pr_ip *ip)
{
    const uint8_t *at = ip->hdr + IP6_BYTES;
    uint8_t        proto = ip->hdr[6];

    memcpy(ip->dst, ip->hdr + 24, 16);
    for (;;) {
        size_t n = 8;

        if (!pr_has(p, at, 8))
            return;
        switch (proto) {
        case PROTO_HOPOPTS:
        case PROTO_DSTOPTS:
            n = ((size_t)at[1] + 1) * 8;
            break;
        case PROTO_FRAGMENT:
            break;
        case PROTO_ROUTING:
            n = ((size_t)at[1] + 1) * 8;
            if (at[2] == 4 && pr_has(p, at, 24))
                memcpy(ip->dst, at + 8, 16);
            else if (at[2] != 4 && pr_has(p, at, n) && at[1] >= 2)
                memcpy(ip->dst, at + n - 16, 16);
            return;
        default:
            return;
        }
        proto = at[0];
        at += n;
    }
}

/* What is no extension header ends the chain; left: bytes on the wire. */
static void show_upper(struct pr *p, const struct chain *c, size_t left)
{
    struct pr_ip ip = {
        .hdr = c->ip6, .v6 = true, .fragment = c->fragment, .proto = c->ip6[6]
    };

    final_dst(p, &ip);
    switch (c->proto) {
    case PROTO_TCP:
        pr_tcp(p, &ip, c->at, left);
        break;
    case PROTO_UDP:
        pr_udp(p, &ip, c->at, left);
        break;
    case PROTO_ICMP6:
        pr_icmp6(p, &ip, c->at, left);
        break;
    case PROTO_ICMP4:
        fmt_str(p->out, "[ICMP requires IPv4]");
        pr_invalid(p);
        break;
    case PROTO_IPIP:
    case PROTO_IP6:
        p->next = (struct pr_next){ c->proto == PROTO_IPIP ? PR_IP4 : PR_IP6,
                                    c->at, left };
        break;
    case PROTO_NONE:
        fmt_str(p->out, "no next header");
        break;
    default:
        fmt_f(p->out, " ip-proto-%u %u", c->proto, (unsigned)left);
    }
}

/* The length is settled at last. */
static void show_last(struct pr *p, struct chain *c)
{
    size_t before = (size_t)(c->at - c->ip6);

    if (c->open) {
        c->len = IP6_BYTES + (size_t)c->jumbo;
        if (c->len >= before)
            limit(p, c);
    }
    if (c->len >= before) {
        show_upper(p, c, c->len - before);
        return;
    }
    p->proto = "ip6";
    pr_trunc(p);
}

/* One header of the chain; true: another follows. */
static bool show_step(struct pr *p, struct chain *c)
{
    size_t n;

    switch (c->proto) {
    case PROTO_HOPOPTS:
        n = show_hopopts(p, c);
        break;
    case PROTO_DSTOPTS:
        n = pr_dstopts(p, c->at);
        break;
    case PROTO_FRAGMENT:
        n = pr_frag6(p, c->ip6, c->at);
        c->fragment = true;
        if (n && p->end <= c->at + n)
            return false;
        break;
    case PROTO_ROUTING:
        n = pr_routing(p, c->at);
        break;
    default:
        show_last(p, c);
        return false;
    }
    if (n == 0)
        return false;
    INVARIANT(pr_has(p, c->at, n));
    c->proto = c->at[0];
    c->at += n;
    if (c->open || c->len >= (size_t)(c->at - c->ip6))
        return true;
    p->proto = "ip6";
    return pr_trunc(p);
}

void pr_ip6(struct pr *p, const uint8_t *at, size_t wire)
{
    struct chain c = { .ip6 = at, .at = at + IP6_BYTES, .wire = wire };

    p->proto = "ip6";
    if (wire < IP6_BYTES || !pr_has(p, at, IP6_BYTES)) {
        pr_trunc(p);
        return;
    }
    if (!p->o->ether)
        fmt_str(p->out, "IP6 ");
    if (at[0] >> 4 != 6) {
        fmt_f(p->out, "version error: %u != 6", at[0] >> 4);
        return;
    }
    c.proto = at[6];
    c.len = IP6_BYTES + (size_t)be16_load(at + 4);
    c.open = c.len == IP6_BYTES;
    if (!c.open)
        limit(p, &c);
    if (p->o->verbose)
        show_fixed(p, at);
    if (c.proto != PROTO_TCP && c.proto != PROTO_UDP)
        show_ends(p, at);
    while (c.at <= p->end && show_step(p, &c))
        INVARIANT(c.at > at);
}
