/* pr.c: see pr.h: addresses, names and the marks of a cut packet. */
#include "wire/pr.h"
#include "base/check.h"

bool pr_trunc(struct pr *p)
{
    fmt_f(p->out, " [|%s]", p->proto);
    p->cut = true;
    return false;
}

bool pr_jump(struct pr *p)
{
    p->link = 0;
    return pr_trunc(p);
}

bool pr_need(struct pr *p, const uint8_t *at, size_t n)
{
    return pr_has(p, at, n) || pr_jump(p);
}

void pr_invalid(struct pr *p)
{
    fmt_str(p->out, " (invalid)");
    p->cut = true;
}

void pr_addr4(struct fmt *f, const uint8_t *b4)
{
    fmt_f(f, "%u.%u.%u.%u", b4[0], b4[1], b4[2], b4[3]);
}

struct run {
    unsigned at, len;
};

/* The first of the longest runs of zero words, if it has two or more. */
static struct run longest_zeros(const uint8_t *b16)
{
    struct run best = { 8, 0 }, run = { 0, 0 };

    for (unsigned i = 0; i < 8; i++) {
        if (be16_load(b16 + 2 * i) != 0) {
            run.len = 0;
            continue;
        }
        if (run.len++ == 0)
            run.at = i;
        if (run.len > best.len)
            best = run;
    }
    if (best.len < 2)
        best = (struct run){ 8, 0 };
    return best;
}

/* The last 32 bits as an IPv4 address when 80 zero bits and 16 ones, or 96
 * zero bits alone, come first. */
static bool ends_in_ip4(const uint8_t *b16, struct run zeros)
{
    if (zeros.at != 0)
        return false;
    return zeros.len == 6
        || (zeros.len == 5 && be16_load(b16 + 10) == 0xffff);
}

void pr_addr6(struct fmt *f, const uint8_t *b16)
{
    struct run zeros = longest_zeros(b16);
    unsigned   words = ends_in_ip4(b16, zeros) ? 6 : 8;

    for (unsigned i = 0; i < words; i++) {
        if (i >= zeros.at && i < zeros.at + zeros.len) {
            if (i == zeros.at)
                fmt_char(f, ':');
            continue;
        }
        fmt_f(f, i ? ":%x" : "%x", be16_load(b16 + 2 * i));
    }
    if (zeros.len > 0 && zeros.at + zeros.len == 8)
        fmt_char(f, ':');
    if (words == 6) {
        fmt_char(f, ':');
        pr_addr4(f, b16 + 12);
    }
}

void pr_addr(struct fmt *f, const struct pr_ip *ip, bool dst)
{
    if (ip->v6)
        pr_addr6(f, ip->hdr + (dst ? 24 : 8));
    else
        pr_addr4(f, ip->hdr + (dst ? 16 : 12));
}

void pr_mac(struct fmt *f, const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fmt_f(f, i ? ":%02x" : "%02x", at[i]);
}

void pr_char(struct fmt *f, uint8_t c)
{
    if (c >= 0x80) {
        fmt_str(f, "M-");
        c &= 0x7f;
    }
    if (c < 0x20 || c == 0x7f) {
        fmt_char(f, '^');
        c ^= 0x40;
    }
    fmt_char(f, (char)c);
}

void pr_proto_name(struct fmt *f, uint8_t proto)
{
    /* clang-format off */
    static const struct {
        uint8_t     proto;
        const char *name;
    } names[] = {
        { 0, "Options" },
        { 1, "ICMP" },
        { 2, "IGMP" },
        { 4, "IPIP" },
        { 6, "TCP" },
        { 8, "EGP" },
        { 9, "IGRP" },
        { 17, "UDP" },
        { 33, "DCCP" },
        { 41, "IPv6" },
        { 43, "Routing" },
        { 44, "Fragment" },
        { 46, "RSVP" },
        { 47, "GRE" },
        { 50, "ESP" },
        { 51, "AH" },
        { 55, "Mobile IP" },
        { 58, "ICMPv6" },
        { 62, "Mobile IP (old)" },
        { 88, "EIGRP" },
        { 89, "OSPF" },
        { 103, "PIM" },
        { 108, "Compressed IP" },
        { 112, "VRRP" },
        { 113, "PGM" },
        { 132, "SCTP" },
        { 135, "Mobility" },
        { 143, "Ethernet" },
    };
    /* clang-format on */

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].proto == proto) {
            fmt_str(f, names[i].name);
            return;
        }
    fmt_str(f, "unknown");
}

void pr_bits(struct fmt *f, const struct pr_bit *t, size_t n, uint32_t v)
{
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        if (!(v & t[i].bit))
            continue;
        if (any)
            fmt_str(f, ", ");
        fmt_str(f, t[i].name);
        any = true;
    }
    if (!any)
        fmt_str(f, "none");
}
