/* pr_tcp.c: the TCP header.  RFC 9293 §3.1. */
#include "base/check.h"
#include "wire/pr.h"

enum {
    TCP_BYTES = 20,
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    RST_TEXT_MAX = 30,
};

/* tcpdump's order: by bit, from the lowest. */
static void show_flags(struct fmt *f, uint8_t flags)
{
    static const char letters[8] = "FSRP.UEW";

    fmt_str(f, "Flags [");
    for (unsigned i = 0; i < 8; i++)
        if (flags >> i & 1)
            fmt_char(f, letters[i]);
    fmt_str(f, flags ? "]" : "none]");
}

static bool too_long(struct pr *p, size_t hlen, size_t len)
{
    if (hlen <= len)
        return false;
    fmt_f(p->out, " [bad hdr length %u - too long, > %u]", (unsigned)hlen,
          (unsigned)len);
    return true;
}

static void show_sum(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
                     size_t len)
{
    uint16_t field = be16_load(at + 16), sum;

    if (!p->o->verbose || ip->fragment || !pr_has(p, at, len))
        return;
    sum = pr_cksum(ip, PROTO_TCP, at, len);
    fmt_f(p->out, ", cksum 0x%04x", field);
    if (sum == 0)
        fmt_str(p->out, " (correct)");
    else
        fmt_f(p->out, " (incorrect -> 0x%04x)", pr_cksum_want(sum, field));
}

/* RFC 9293 §3.5.2 lets a reset say why, in text; tcpdump shows it. */
static void show_reason(struct pr *p, const uint8_t *at, size_t len)
{
    fmt_str(p->out, pr_has(p, at, len) ? " [RST" : " [!RST");
    fmt_str(p->out, len > RST_TEXT_MAX ? "+ " : " ");
    for (size_t i = 0; i < MIN(len, (size_t)RST_TEXT_MAX); i++) {
        if (!pr_has(p, at + i, 1))
            break;
        pr_char(p->out, at[i]);
    }
    fmt_char(p->out, ']');
}

static void show_body(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
                      size_t len)
{
    uint8_t        flags = at[13];
    size_t         hlen = (size_t)(at[12] >> 4) * 4;
    uint32_t       data = (uint32_t)(len - hlen);
    struct pr_seqs s = { be32_load(at + 4), be32_load(at + 8), 0 };

    if (!p->o->abs_seq && (flags & TCP_ACK))
        pr_flow_relative(p, ip, at, &s);
    if (too_long(p, hlen, len))
        return;
    show_sum(p, ip, at, len);
    if (data > 0 || (flags & (TCP_SYN | TCP_FIN | TCP_RST)))
        fmt_f(p->out, ", seq %u", s.seq);
    if (data > 0)
        fmt_f(p->out, ":%u", s.seq + data);
    if (flags & TCP_ACK)
        fmt_f(p->out, ", ack %u", s.ack);
    fmt_f(p->out, ", win %u", be16_load(at + 14));
    if (flags & TCP_URG)
        fmt_f(p->out, ", urg %u", be16_load(at + 18));
    if (hlen > TCP_BYTES && !pr_tcp_options(p, at, len, s.peer_base))
        return;
    fmt_f(p->out, ", length %u", data);
    if (data == 0)
        return;
    if (!pr_has(p, at, hlen)) {
        fmt_f(p->out, " [remaining caplen(%u) < header length(%u)]",
              (unsigned)(p->end - at), (unsigned)hlen);
        pr_jump(p);
    } else if (p->o->verbose && (flags & TCP_RST))
        show_reason(p, at + hlen, data);
}

/* Too little for the ports: the addresses alone, whatever was shown. */
static void show_nothing(struct pr *p, const struct pr_ip *ip)
{
    pr_addr(p->out, ip, false);
    fmt_str(p->out, " > ");
    pr_addr(p->out, ip, true);
    fmt_str(p->out, ": [|tcp]");
    p->cut = true;
}

void pr_tcp(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
            size_t len)
{
    size_t hlen;

    p->proto = "tcp";
    if (!pr_has(p, at, 4)) {
        show_nothing(p, ip);
        return;
    }
    pr_ports(p, ip, at);
    if (!pr_has(p, at, TCP_BYTES)) {
        pr_trunc(p);
        return;
    }
    hlen = (size_t)(at[12] >> 4) * 4;
    INVARIANT(hlen <= 60);
    if (hlen < TCP_BYTES) {
        fmt_f(p->out, " tcp %u [bad hdr length %u - too short, < %u]",
              (unsigned)(len - hlen), (unsigned)hlen, TCP_BYTES);
        return;
    }
    if (p->o->quiet) {
        fmt_f(p->out, "tcp %u", (unsigned)(len - hlen));
        (void)too_long(p, hlen, len);
        return;
    }
    show_flags(p->out, at[13]);
    show_body(p, ip, at, len);
}
