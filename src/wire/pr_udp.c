/* pr_udp.c: the UDP header.  RFC 768.  Payloads are not looked into. */
#include "base/check.h"
#include "wire/cksum.h"
#include "wire/pr.h"

enum { UDP_BYTES = 8 };

void pr_ports(struct pr *p, const struct pr_ip *ip, const uint8_t *at)
{
    unsigned from = be16_load(at), to = be16_load(at + 2);

    /* Behind extension headers the addresses have been shown already. */
    if (ip->v6 && ip->proto != PROTO_TCP && ip->proto != PROTO_UDP) {
        fmt_f(p->out, "%u > %u: ", from, to);
        return;
    }
    pr_addr(p->out, ip, false);
    fmt_f(p->out, ".%u > ", from);
    pr_addr(p->out, ip, true);
    fmt_f(p->out, ".%u: ", to);
}

uint16_t pr_cksum(const struct pr_ip *ip, uint8_t proto, const uint8_t *at,
                  size_t len)
{
    uint32_t sum = cksum_add(0, at, len);

    if (ip->v6) {
        sum = cksum_add(sum, ip->hdr + 8, 16);
        sum = cksum_add(sum, ip->dst, 16);
    } else {
        sum = cksum_add(sum, ip->hdr + 12, 4);
        sum = cksum_add(sum, ip->dst, 4);
    }
    sum += (uint32_t)(len >> 16) + (uint32_t)(len & 0xffff) + proto;
    return cksum_fold(sum);
}

uint16_t pr_cksum_want(uint16_t sum, uint16_t field)
{
    uint32_t s = (uint32_t)sum + field;

    s = (s & 0xffff) + (s >> 16);
    return s == 0 ? 0xffff : (uint16_t)s;
}

static void show_sum6(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
                      size_t len)
{
    uint16_t field = be16_load(at + 6), sum;

    if (!p->o->verbose || ip->fragment || !pr_has(p, at, len))
        return;
    sum = pr_cksum(ip, PROTO_UDP, at, len);
    if (sum == 0)
        fmt_str(p->out, "[udp sum ok] ");
    else
        fmt_f(p->out, "[bad udp cksum 0x%04x -> 0x%04x!] ", field,
              pr_cksum_want(sum, field));
}

void pr_udp(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
            size_t len)
{
    unsigned ulen;

    p->proto = "udp";
    if (!pr_has(p, at, 4)) {
        if (!ip->v6 || ip->proto == PROTO_UDP) {
            pr_addr(p->out, ip, false);
            fmt_str(p->out, " > ");
            pr_addr(p->out, ip, true);
            fmt_str(p->out, ": ");
        }
        pr_trunc(p);
        return;
    }
    pr_ports(p, ip, at);
    if (len < UDP_BYTES) {
        fmt_f(p->out, "truncated-udp %u", (unsigned)len);
        return;
    }
    if (!pr_has(p, at + 4, 2)) {
        pr_trunc(p);
        return;
    }
    ulen = be16_load(at + 4);
    if (ulen < UDP_BYTES) {
        fmt_f(p->out, "truncated-udplength %u", ulen);
        return;
    }
    if (!pr_has(p, at, UDP_BYTES)) {
        pr_trunc(p);
        return;
    }
    if (ip->v6)
        show_sum6(p, ip, at, MIN(len, (size_t)ulen));
    fmt_str(p->out, "UDP, ");
    if (ulen > len && !ip->fragment)
        fmt_f(p->out, "bad length %u > %u", ulen - UDP_BYTES,
              (unsigned)len - UDP_BYTES);
    else
        fmt_f(p->out, "length %u", ulen - UDP_BYTES);
}
