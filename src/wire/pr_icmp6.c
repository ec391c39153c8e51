/* pr_icmp6.c: ICMPv6's messages.  RFC 4443, RFC 4861 §4, RFC 3122, RFC 6275
 * §6.5-6.8.  Of node information (RFC 4620), renumbering (RFC 2894) and RPL
 * (RFC 6550) only the type is shown.
 */
#include "base/check.h"
#include "wire/pr.h"

enum {
    UNREACH = 1,
    TOO_BIG = 2,
    EXCEEDED = 3,
    PROBLEM = 4,
    ECHO = 128,
    ECHO_REPLY = 129,
    MLD_QUERY = 130,
    MLD_REPORT = 131,
    MLD_DONE = 132,
    NDP_RS = 133,
    NDP_RA = 134,
    NDP_NS = 135,
    NDP_NA = 136,
    NDP_REDIRECT = 137,
    IND_SOLICIT = 141,
    IND_ADVERT = 142,
    MLD_REPORT_V2 = 143,
    HA_REQUEST = 144,
    HA_REPLY = 145,
    MOBILE_SOLICIT = 146,
    MOBILE_ADVERT = 147,
    MTRACE_REPLY = 200,
    MTRACE = 201,
};

enum { INNER = 8, IP6_BYTES = 40 };

static const char *name_of(uint8_t type)
{
    switch (type) {
    case UNREACH:
        return "destination unreachable";
    case TOO_BIG:
        return "packet too big";
    case EXCEEDED:
        return "time exceeded in-transit";
    case PROBLEM:
        return "parameter problem";
    case ECHO:
        return "echo request";
    case ECHO_REPLY:
        return "echo reply";
    case MLD_QUERY:
        return "multicast listener query";
    case MLD_REPORT:
        return "multicast listener report";
    case MLD_DONE:
        return "multicast listener done";
    case NDP_RS:
        return "router solicitation";
    case NDP_RA:
        return "router advertisement";
    case NDP_NS:
        return "neighbor solicitation";
    case NDP_NA:
        return "neighbor advertisement";
    case NDP_REDIRECT:
        return "redirect";
    case IND_SOLICIT:
        return "inverse neighbor solicitation";
    case IND_ADVERT:
        return "inverse neighbor advertisement";
    case MLD_REPORT_V2:
        return "multicast listener report v2";
    case HA_REQUEST:
        return "ha discovery request";
    case HA_REPLY:
        return "ha discovery reply";
    case MOBILE_SOLICIT:
        return "mobile router solicitation";
    case MOBILE_ADVERT:
        return "mobile router advertisement";
    case MTRACE_REPLY:
        return "mtrace response";
    case MTRACE:
        return "mtrace message";
    default:
        return NULL;
    }
}

/* The transport header of the packet inside an error: its protocol and
 * place, or NULL where the chain leads past the capture or not to one. */
static const uint8_t *inner_transport(const struct pr *p, const uint8_t *ip6,
                                      uint8_t *proto)
{
    const uint8_t *at = ip6 + IP6_BYTES;
    size_t         n;

    *proto = ip6[6];
    while (pr_has(p, at, 4)) {
        switch (*proto) {
        case PROTO_TCP:
        case PROTO_UDP:
            return at;
        case PROTO_HOPOPTS:
        case PROTO_DSTOPTS:
        case PROTO_ROUTING:
            n = ((size_t)at[1] + 1) * 8;
            break;
        case PROTO_FRAGMENT:
            if ((be16_load(at + 2) & 0xfff8) != 0)
                return NULL;
            n = 8;
            break;
        default:
            return NULL;
        }
        if (!pr_has(p, at, n))
            return NULL;
        *proto = at[0];
        at += n;
    }
    return NULL;
}

static bool show_port(struct pr *p, const uint8_t *inner)
{
    uint8_t        proto;
    const uint8_t *tp = inner_transport(p, inner, &proto);

    if (!tp)
        return pr_trunc(p);
    fmt_str(p->out, ", ");
    pr_addr6(p->out, inner + 24);
    fmt_f(p->out, " %s port %u", proto == PROTO_TCP ? "tcp" : "udp",
          be16_load(tp + 2));
    return true;
}

static bool show_unreach(struct pr *p, const uint8_t *at, size_t len)
{
    static const char *const names[] = {
        "unreachable route", " unreachable prohibited", "beyond scope",
        "unreachable address", "unreachable port"
    };
    const uint8_t *inner = at + INNER;
    uint8_t        code = at[1];

    if (code >= ARRAY_LEN(names)) {
        fmt_f(p->out, ", unknown unreach code (%u)", code);
        pr_hex_unknown(p, at, len, false);
        return false;
    }
    fmt_f(p->out, ", %s", names[code]);
    if (!pr_has(p, inner + 24, 16))
        return code == 4 ? pr_trunc(p) : pr_jump(p);
    if (code == 4)
        return show_port(p, inner);
    fmt_char(p->out, ' ');
    pr_addr6(p->out, inner + 24);
    if (code == 2) {
        fmt_str(p->out, ", source address ");
        pr_addr6(p->out, inner + 8);
    }
    return true;
}

static bool show_exceeded(struct pr *p, const uint8_t *at)
{
    switch (at[1]) {
    case 0:
        if (!pr_has(p, at + INNER + 24, 16))
            return pr_jump(p);
        fmt_str(p->out, " for ");
        pr_addr6(p->out, at + INNER + 24);
        break;
    case 1:
        fmt_str(p->out, " (reassembly)");
        break;
    default:
        fmt_f(p->out, ", unknown code (%u)", at[1]);
    }
    return true;
}

static bool show_problem(struct pr *p, const uint8_t *at)
{
    static const char *const names[] = { "erroneous", "next header", "option",
                                         "incomplete header chain" };

    if (!pr_has(p, at + INNER + 24, 16))
        return pr_trunc(p);
    if (at[1] < ARRAY_LEN(names))
        fmt_f(p->out, ", %s - octet %u", names[at[1]], be32_load(at + 4));
    else
        fmt_f(p->out, ", code-#%u", at[1]);
    return true;
}

/* -v: where tcpdump shows options, the length stands before them. */
static bool length_first(uint8_t type)
{
    return (type >= NDP_RS && type <= NDP_REDIRECT) || type == HA_REPLY
        || type == MOBILE_ADVERT;
}

static bool show_id(struct pr *p, const uint8_t *at)
{
    if (!pr_need(p, at + 4, 2))
        return false;
    fmt_f(p->out, ", id 0x%04x", be16_load(at + 4));
    return true;
}

static bool show_agents(struct pr *p, const uint8_t *at, size_t len)
{
    if (!p->o->verbose)
        return true;
    if (!show_id(p, at))
        return false;
    for (size_t i = 8; i < len; i += 16) {
        if (!pr_need(p, at + i, 16))
            return false;
        fmt_str(p->out, ", ");
        pr_addr6(p->out, at + i);
    }
    return true;
}

static bool show_mobile(struct pr *p, const uint8_t *at, size_t len)
{
    if (!p->o->verbose)
        return true;
    if (!show_id(p, at))
        return false;
    if (!pr_need(p, at + 6, 2))
        return false;
    if (at[6] & 0xc0)
        fmt_f(p->out, " %s%s", at[6] & 0x80 ? "M" : "",
              at[6] & 0x40 ? "O" : "");
    pr_ndp_options(p, at + 8, len - MIN(len, (size_t)8));
    return !p->cut;
}

static bool show_other(struct pr *p, const uint8_t *at, size_t len)
{
    switch (at[0]) {
    case HA_REQUEST:
    case MOBILE_SOLICIT:
        return show_id(p, at);
    case HA_REPLY:
        return show_agents(p, at, len);
    case MOBILE_ADVERT:
        return show_mobile(p, at, len);
    case IND_SOLICIT:
    case IND_ADVERT:
        return true;
    default:
        fmt_f(p->out, ", length %u", (unsigned)len);
        pr_hex_unknown(p, at, len, false);
        return false;
    }
}

/* The text behind the name; false: the line ends with it. */
static bool show_message(struct pr *p, const uint8_t *at, size_t len)
{
    switch (at[0]) {
    case UNREACH:
        return show_unreach(p, at, len);
    case TOO_BIG:
        if (!pr_need(p, at + 4, 4))
            return false;
        fmt_f(p->out, ", mtu %u", be32_load(at + 4));
        return true;
    case EXCEEDED:
        return show_exceeded(p, at);
    case PROBLEM:
        return show_problem(p, at);
    case ECHO:
    case ECHO_REPLY:
        if (!pr_need(p, at + 4, 4))
            return false;
        fmt_f(p->out, ", id %u, seq %u", be16_load(at + 4),
              be16_load(at + 6));
        return true;
    case MLD_QUERY:
    case MLD_REPORT:
    case MLD_DONE:
    case MLD_REPORT_V2:
        return pr_mld(p, at, len);
    case NDP_RS:
    case NDP_RA:
    case NDP_NS:
    case NDP_NA:
    case NDP_REDIRECT:
        return pr_ndp(p, at, len);
    default:
        return show_other(p, at, len);
    }
}

static void show_sum(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
                     size_t len)
{
    uint16_t sum, field;

    if (!p->o->verbose || ip->fragment || !pr_has(p, at, len))
        return;
    if (!pr_need(p, at + 2, 2))
        return;
    field = be16_load(at + 2);
    sum = pr_cksum(ip, PROTO_ICMP6, at, len);
    if (sum == 0)
        fmt_str(p->out, "[icmp6 sum ok] ");
    else
        fmt_f(p->out, "[bad icmp6 cksum 0x%04x -> 0x%04x!] ", field,
              pr_cksum_want(sum, field));
}

void pr_icmp6(struct pr *p, const struct pr_ip *ip, const uint8_t *at,
              size_t len)
{
    const char *name;

    p->proto = "icmp6";
    if (len == 0) {
        fmt_str(p->out, "ICMP6, length 0");
        pr_invalid(p);
        return;
    }
    show_sum(p, ip, at, len);
    if (p->cut)
        return;
    if (!pr_has(p, at, 1)) {
        pr_jump(p);
        return;
    }
    name = name_of(at[0]);
    if (name)
        fmt_f(p->out, "ICMP6, %s", name);
    else
        fmt_f(p->out, "ICMP6, unknown icmp6 type (%u)", at[0]);
    if (p->o->verbose && length_first(at[0]))
        fmt_f(p->out, ", length %u", (unsigned)len);
    if (!pr_need(p, at + 1, 1))
        return;
    if (!show_message(p, at, len) || p->o->verbose)
        return;
    INVARIANT(!p->cut);
    fmt_f(p->out, ", length %u", (unsigned)len);
}
