/* pr_icmp.c: ICMP for IPv4, and the packet inside an error.  RFC 792, 950,
 * 1191, 1256, 1812 §5.2.7.
 */
#include "base/check.h"
#include "wire/cksum.h"
#include "wire/pr.h"

enum {
    ICMP_REPLY = 0,
    ICMP_UNREACH = 3,
    ICMP_QUENCH = 4,
    ICMP_REDIRECT = 5,
    ICMP_ECHO = 8,
    ICMP_ADVERT = 9,
    ICMP_SOLICIT = 10,
    ICMP_EXCEEDED = 11,
    ICMP_PARAM = 12,
    ICMP_TIME = 13,
    ICMP_TIME_REPLY = 14,
    ICMP_INFO = 15,
    ICMP_INFO_REPLY = 16,
    ICMP_MASK = 17,
    ICMP_MASK_REPLY = 18,
};

enum {
    UNREACH_PROTO = 2,
    UNREACH_PORT = 3,
    UNREACH_FRAG = 4,
    INNER = 8, /* where the packet inside an error begins */
    IP4_BYTES = 20,
    MESSAGE_MAX = 163, /* characters */
};

/* The two halves around the address; NULL: no such code. */
struct phrase {
    const char *before, *after;
};

/* clang-format off */
static const struct phrase unreach[] = {
    [0] = { "net ", " unreachable" },
    [1] = { "host ", " unreachable" },
    [5] = { "", " unreachable - source route failed" },
    [6] = { "net ", " unreachable - unknown" },
    [7] = { "host ", " unreachable - unknown" },
    [8] = { "", " unreachable - source host isolated" },
    [9] = { "net ", " unreachable - admin prohibited" },
    [10] = { "host ", " unreachable - admin prohibited" },
    [11] = { "net ", " unreachable - tos prohibited" },
    [12] = { "host ", " unreachable - tos prohibited" },
    [13] = { "host ", " unreachable - admin prohibited filter" },
    [14] = { "host ", " unreachable - host precedence violation" },
    [15] = { "host ", " unreachable - precedence cutoff" },
};
/* clang-format on */

static bool show_port(struct pr *p, const uint8_t *at)
{
    const uint8_t *inner = at + INNER;
    size_t         hlen;
    unsigned       port;

    hlen = (size_t)(inner[0] & 0xf) * 4;
    if (!pr_need(p, inner + hlen + 2, 2))
        return false;
    port = be16_load(inner + hlen + 2);
    pr_addr4(p->out, inner + 16);
    if (inner[9] == PROTO_TCP || inner[9] == PROTO_UDP)
        fmt_f(p->out, " %s port %u unreachable",
              inner[9] == PROTO_TCP ? "tcp" : "udp", port);
    else
        fmt_f(p->out, " protocol %u port %u unreachable", inner[9], port);
    return true;
}

static bool show_unreach(struct pr *p, const uint8_t *at)
{
    const uint8_t *inner = at + INNER;
    uint8_t        code = at[1];

    if (code == UNREACH_PORT && !pr_has(p, inner + 9, 1))
        return false;
    if (!pr_need(p, inner + 16, 4))
        return false;
    if (code == UNREACH_PORT)
        return show_port(p, at);
    if (code < ARRAY_LEN(unreach) && unreach[code].before) {
        fmt_str(p->out, unreach[code].before);
        pr_addr4(p->out, inner + 16);
        fmt_str(p->out, unreach[code].after);
        return true;
    }
    pr_addr4(p->out, inner + 16);
    if (code == UNREACH_PROTO)
        fmt_f(p->out, " protocol %u unreachable", inner[9]);
    else if (code != UNREACH_FRAG)
        fmt_f(p->out, " unreachable - #%u", code);
    else {
        fmt_str(p->out, " unreachable - need to frag");
        if (be16_load(at + 6) != 0)
            fmt_f(p->out, " (mtu %u)", be16_load(at + 6));
    }
    return true;
}

static bool show_redirect(struct pr *p, const uint8_t *at)
{
    static const char *const kinds[] = { "redirect", "redirect",
                                         "redirect-tos", "redirect-tos" };
    uint8_t                  code = at[1];

    if (!pr_need(p, at + INNER + 16, 4))
        return false;
    if (code < 4)
        fmt_str(p->out, kinds[code]);
    else
        fmt_f(p->out, "redirect-#%u", code);
    fmt_char(p->out, ' ');
    pr_addr4(p->out, at + INNER + 16);
    fmt_str(p->out, code >= 4 ? " to " : code & 1 ? " to host " : " to net ");
    pr_addr4(p->out, at + 4);
    return true;
}

static void show_lifetime(struct fmt *f, unsigned s)
{
    if (s < 60)
        fmt_f(f, "%u", s);
    else if (s < 3600)
        fmt_f(f, "%u:%02u", s / 60, s % 60);
    else
        fmt_f(f, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
}

static bool show_advert(struct pr *p, const uint8_t *at)
{
    unsigned n;

    fmt_str(p->out, "router advertisement lifetime ");
    if (!pr_has(p, at + 6, 2))
        return false;
    show_lifetime(p->out, be16_load(at + 6));
    n = at[4];
    fmt_f(p->out, " %u:", n);
    if (at[5] != 2) {
        fmt_f(p->out, " [size %u]", at[5]);
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        const uint8_t *entry = at + 8 + 8 * i;

        if (!pr_has(p, entry, 8))
            return false;
        fmt_str(p->out, " {");
        pr_addr4(p->out, entry);
        fmt_f(p->out, " %u}", be32_load(entry + 4));
    }
    return true;
}

/* Milliseconds since midnight. */
static void show_ms(struct fmt *f, const char *name, uint32_t ms)
{
    fmt_f(f, "%s%02u:%02u:%02u.%03u", name, ms / 3600000, ms / 60000 % 60,
          ms / 1000 % 60, ms % 1000);
}

static bool show_simple(struct pr *p, const uint8_t *at)
{
    struct fmt *f = p->out;

    switch (at[0]) {
    case ICMP_QUENCH:
        fmt_str(f, "source quench");
        return true;
    case ICMP_SOLICIT:
        fmt_str(f, "router solicitation");
        return true;
    case ICMP_INFO:
        fmt_str(f, "information request");
        return true;
    case ICMP_INFO_REPLY:
        fmt_str(f, "information reply");
        return true;
    case ICMP_MASK:
        fmt_str(f, "address mask request");
        return true;
    case ICMP_MASK_REPLY:
        if (!pr_need(p, at + 8, 4))
            return false;
        fmt_f(f, "address mask is 0x%08x", be32_load(at + 8));
        return true;
    default:
        fmt_f(f, "type-#%u", at[0]);
        return true;
    }
}

static bool show_numbered(struct pr *p, const uint8_t *at, const char *what,
                          const char *comma)
{
    if (!pr_need(p, at + 4, 4))
        return false;
    fmt_f(p->out, "%s%s id %u%s seq %u", what, comma, be16_load(at + 4),
          comma, be16_load(at + 6));
    return true;
}

static bool show_time_reply(struct pr *p, const uint8_t *at)
{
    if (!pr_has(p, at + 8, 12))
        return false;
    if (!show_numbered(p, at, "time stamp reply", ""))
        return false;
    show_ms(p->out, ": org ", be32_load(at + 8));
    show_ms(p->out, ", recv ", be32_load(at + 12));
    show_ms(p->out, ", xmit ", be32_load(at + 16));
    return true;
}

static bool show_exceeded(struct pr *p, const uint8_t *at)
{
    uint8_t code = at[1];

    if (!pr_has(p, at + INNER + 16, 4))
        return false;
    if (code == 0)
        fmt_str(p->out, "time exceeded in-transit");
    else if (code == 1)
        fmt_str(p->out, "ip reassembly time exceeded");
    else
        fmt_f(p->out, "time exceeded-#%u", code);
    return true;
}

static bool show_problem(struct pr *p, const uint8_t *at)
{
    fmt_str(p->out, "parameter problem - ");
    if (at[1] != 0) {
        fmt_f(p->out, "code %u", at[1]);
        return true;
    }
    if (!pr_need(p, at + 4, 1))
        return false;
    fmt_f(p->out, "octet %u", at[4]);
    return true;
}

static bool show_message(struct pr *p, const uint8_t *at)
{
    switch (at[0]) {
    case ICMP_REPLY:
        return show_numbered(p, at, "echo reply", ",");
    case ICMP_ECHO:
        return show_numbered(p, at, "echo request", ",");
    case ICMP_UNREACH:
        return show_unreach(p, at);
    case ICMP_REDIRECT:
        return show_redirect(p, at);
    case ICMP_ADVERT:
        return show_advert(p, at);
    case ICMP_EXCEEDED:
        return show_exceeded(p, at);
    case ICMP_PARAM:
        return show_problem(p, at);
    case ICMP_TIME:
        return show_numbered(p, at, "time stamp query", "");
    case ICMP_TIME_REPLY:
        return show_time_reply(p, at);
    default:
        return show_simple(p, at);
    }
}

static bool is_error(uint8_t type)
{
    return type == ICMP_UNREACH || type == ICMP_QUENCH
        || type == ICMP_REDIRECT || type == ICMP_EXCEEDED
        || type == ICMP_PARAM;
}

static void show_sum(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
                     size_t len)
{
    uint16_t sum;

    if (ip->fragment || !pr_has(p, at, len))
        return;
    sum = cksum_fold(cksum_add(0, at, len));
    if (sum != 0 && pr_need(p, at + 2, 2))
        fmt_f(p->out, " (wrong icmp cksum %x (->%x)!)", be16_load(at + 2),
              pr_cksum_want(sum, be16_load(at + 2)));
}

/* Not all of the packet inside is here; its length is taken at its word. */
static void show_inner(struct pr *p, const uint8_t *at)
{
    fmt_str(p->out, "\n\t");
    if (!pr_need(p, at + 2, 2))
        return;
    if (be16_load(at + 2) < 4) {
        pr_jump(p);
        return;
    }
    p->next = (struct pr_next){ PR_IP4, at, be16_load(at + 2) };
    INVARIANT(p->next.at <= p->end);
}

/* tcpdump has room for so much. */
static void shorten(struct fmt *f, size_t from)
{
    if (f->len - from > MESSAGE_MAX) {
        f->len = from + MESSAGE_MAX;
        f->buf[f->len] = '\0';
    }
}

void pr_icmp4(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
              size_t len)
{
    struct fmt was = *p->out;
    size_t     from;

    p->proto = "icmp";
    if (!pr_need(p, at, 2))
        return;
    fmt_str(p->out, "ICMP ");
    from = p->out->len;
    if (!show_message(p, at)) {
        /* What is cut short is not begun. */
        *p->out = was;
        pr_trunc(p);
        return;
    }
    shorten(p->out, from);
    fmt_f(p->out, ", length %u", (unsigned)len);
    if (!p->o->verbose)
        return;
    show_sum(p, ip, at, len);
    if (is_error(at[0]) && !p->cut)
        show_inner(p, at + INNER);
}
