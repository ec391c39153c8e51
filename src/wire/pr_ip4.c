/* pr_ip4.c: the IPv4 header.  RFC 791 §3.1, RFC 3168 §5. */
#include "base/check.h"
#include "wire/cksum.h"
#include "wire/pr.h"

enum { IP4_BYTES = 20, IP4_MF = 0x2000, IP4_OFFSET = 0x1fff };

enum { OPT_LSRR = 131, OPT_SSRR = 137 };

static const struct pr_bit flag_names[] = {
    { 0x2000, "+" },
    { 0x4000, "DF" },
    { 0x8000, "rsvd" },
};

static void show_tos(struct fmt *f, uint8_t tos)
{
    static const char *const ecn[] = { "", ",ECT(1)", ",ECT(0)", ",CE" };

    fmt_f(f, "(tos 0x%x%s", tos, ecn[tos & 3]);
}

/* -v: the first line.  False: nothing follows. */
static bool show_header(struct pr *p, const uint8_t *at, size_t hlen,
                        size_t len, bool *cut)
{
    struct fmt *f = p->out;
    uint16_t    off = be16_load(at + 6), sum;

    show_tos(f, at[1]);
    if (at[8] >= 1)
        fmt_f(f, ", ttl %u", at[8]);
    fmt_f(f, ", id %u, offset %u, flags [", be16_load(at + 4),
          (off & IP4_OFFSET) * 8u);
    pr_bits(f, flag_names, ARRAY_LEN(flag_names), off);
    fmt_str(f, "], proto ");
    pr_proto_name(f, at[9]);
    fmt_f(f, " (%u), length %u", at[9], (unsigned)len);
    if (hlen > IP4_BYTES) {
        fmt_str(f, ", options (");
        if (!pr_ip4_options(p, at + IP4_BYTES, hlen - IP4_BYTES, cut))
            return false;
        fmt_char(f, ')');
    }
    if (pr_has(p, at, hlen)) {
        uint16_t field = be16_load(at + 10);

        sum = cksum_fold(cksum_add(0, at, hlen));
        if (sum != 0)
            fmt_f(f, ", bad cksum %x (->%x)!", field,
                  pr_cksum_want(sum, field));
    }
    fmt_str(f, ")\n    ");
    return true;
}

static void show_ends(struct pr *p, const struct pr_ip *ip)
{
    pr_addr(p->out, ip, false);
    fmt_str(p->out, " > ");
    pr_addr(p->out, ip, true);
    fmt_str(p->out, ": ");
}

/* With a source route the checksum is for the last address on it. */
static void final_dst(struct pr *p, struct pr_ip *ip, size_t hlen)
{
    const uint8_t *at = ip->hdr + IP4_BYTES;
    const uint8_t *end = ip->hdr + hlen;

    memcpy(ip->dst, ip->hdr + 16, 4);
    while (at < end && pr_has(p, at, 1) && at[0] != 0) {
        size_t n = 1;

        if (at[0] != 1) {
            if (!pr_has(p, at, 2) || at[1] < 2 || at[1] > (size_t)(end - at))
                return;
            n = at[1];
        }
        if ((at[0] == OPT_LSRR || at[0] == OPT_SSRR) && n >= 7
            && pr_has(p, at, n)) {
            memcpy(ip->dst, at + n - 4, 4);
            return;
        }
        at += n;
    }
}

static void show_payload(struct pr *p, struct pr_ip *ip, const uint8_t *at,
                         size_t len)
{
    uint8_t proto = ip->hdr[9];
    bool    ports = proto == PROTO_TCP || proto == PROTO_UDP;

    if (!ports)
        show_ends(p, ip);
    if (at > p->end) {
        fmt_f(p->out, " [remaining caplen(%u) < header length(%u)]",
              (unsigned)(p->end - ip->hdr), (unsigned)(at - ip->hdr));
        pr_jump(p);
        return;
    }
    switch (proto) {
    case PROTO_TCP:
        pr_tcp(p, ip, at, len);
        break;
    case PROTO_UDP:
        pr_udp(p, ip, at, len);
        break;
    case PROTO_ICMP4:
        pr_icmp4(p, ip, at, len);
        break;
    case PROTO_IGMP:
        pr_igmp(p, at, len);
        break;
    case 4:
    case 41:
        p->next = (struct pr_next){ proto == 4 ? PR_IP4 : PR_IP6, at, len };
        break;
    case PROTO_ICMP6:
        fmt_str(p->out, "[ICMPv6 requires IPv6]");
        pr_invalid(p);
        break;
    case PROTO_NONE:
        fmt_str(p->out, "no next header");
        break;
    default:
        fmt_f(p->out, " ip-proto-%u %u", proto, (unsigned)len);
    }
}

/* Is there a header to print at all?  hlen and len answer its lengths. */
static bool check_header(struct pr *p, const uint8_t *at, size_t wire,
                         size_t *hlen, size_t *len)
{
    uint8_t version;

    p->proto = "ip";
    if (!pr_need(p, at, 1))
        return false;
    version = at[0] >> 4;
    if (version != 4) {
        fmt_f(p->out,
              version == 6 ? "IP%u, wrong link-layer encapsulation" : "IP%u",
              version);
        pr_invalid(p);
        return false;
    }
    if (!p->o->ether)
        fmt_str(p->out, "IP ");
    if (wire < IP4_BYTES || !pr_has(p, at, IP4_BYTES))
        return pr_trunc(p);
    *hlen = (size_t)(at[0] & 0xf) * 4;
    if (*hlen < IP4_BYTES) {
        fmt_f(p->out, "bad-hlen %u", (unsigned)*hlen);
        return false;
    }
    *len = be16_load(at + 2);
    if (wire < *len)
        fmt_f(p->out, "truncated-ip - %u bytes missing! ",
              (unsigned)(*len - wire));
    if (*len < *hlen) {
        fmt_f(p->out, "bad-len %u", (unsigned)*len);
        return false;
    }
    return true;
}

void pr_ip4(struct pr *p, const uint8_t *at, size_t wire)
{
    struct pr_ip ip = { .hdr = at, .v6 = false };
    size_t       hlen = 0, len = 0;
    bool         cut = false;
    uint16_t     off;

    if (!check_header(p, at, wire, &hlen, &len))
        return;
    INVARIANT(hlen >= IP4_BYTES && len >= hlen);
    if ((size_t)(p->end - at) > len)
        p->end = at + len;
    if (p->o->verbose && !show_header(p, at, hlen, len, &cut))
        return;
    if (cut) {
        show_ends(p, &ip);
        pr_trunc(p);
        return;
    }
    off = be16_load(at + 6);
    if (off & IP4_OFFSET) {
        show_ends(p, &ip);
        fmt_f(p->out, "ip-proto-%u", at[9]);
        return;
    }
    ip.fragment = (off & IP4_MF) != 0;
    ip.proto = at[9];
    final_dst(p, &ip, hlen);
    show_payload(p, &ip, at + hlen, len - hlen);
}
