/* pr_arp.c: ARP and its relatives.  RFC 826, RFC 903, RFC 2390. */
#include "base/check.h"
#include "wire/pr.h"

enum {
    ARP_FIXED = 8,
    ARP_HW_STRIP = 15, /* Frame Relay */
    ARP_PROTO_IP4 = 0x0800,
    ARP_PROTO_TRAIL = 0x1000,
};

struct arp {
    const uint8_t *sha, *spa, *tha, *tpa;
    uint16_t       hw, proto, op;
    uint8_t        hlen, plen;
};

static struct arp arp_of(const uint8_t *at)
{
    struct arp a = {
        .hw = be16_load(at),
        .proto = be16_load(at + 2),
        .hlen = at[4],
        .plen = at[5],
        .op = be16_load(at + 6),
        .sha = at + ARP_FIXED,
    };

    a.spa = a.sha + a.hlen;
    a.tha = a.spa + a.plen;
    a.tpa = a.tha + a.hlen;
    return a;
}

static void show_kinds(struct fmt *f, const struct arp *a)
{
    const char *name = pr_ether_name(a->proto);

    switch (a->hw) {
    case 1:
        fmt_str(f, "Ethernet");
        break;
    case 6:
        fmt_str(f, "TokenRing");
        break;
    case 7:
        fmt_str(f, "ArcNet");
        break;
    case ARP_HW_STRIP:
        fmt_str(f, "FrameRelay");
        break;
    case 23:
        fmt_str(f, "Strip");
        break;
    case 24:
        fmt_str(f, "IEEE 1394");
        break;
    case 32:
        fmt_str(f, "InfiniBand");
        break;
    default:
        fmt_f(f, "Unknown Hardware (%u)", a->hw);
    }
    fmt_f(f, " (len %u), ", a->hlen);
    if (name)
        fmt_str(f, name);
    else
        fmt_f(f, "Unknown Protocol (0x%04x)", a->proto);
    fmt_f(f, " (len %u)", a->plen);
}

static void show_ip(struct fmt *f, const struct arp *a, const uint8_t *at)
{
    if (a->proto != ARP_PROTO_IP4 && a->proto != ARP_PROTO_TRAIL)
        fmt_str(f, "<wrong proto type>");
    else if (a->plen != 4)
        fmt_str(f, "<wrong len>");
    else
        pr_addr4(f, at);
}

static void show_hw(struct fmt *f, const struct arp *a, const uint8_t *at)
{
    if (a->hlen == 0)
        fmt_str(f, "<empty>");
    else
        pr_mac(f, at, a->hlen);
}

/* A request usually leaves the target's hardware address open. */
static bool names_target(const struct arp *a)
{
    for (size_t i = 0; i < a->hlen; i++)
        if (a->tha[i] != 0)
            return true;
    return false;
}

static void show_request(struct fmt *f, const struct arp *a)
{
    fmt_str(f, "Request who-has ");
    show_ip(f, a, a->tpa);
    if (names_target(a)) {
        fmt_str(f, " (");
        show_hw(f, a, a->tha);
        fmt_char(f, ')');
    }
    fmt_str(f, " tell ");
    show_ip(f, a, a->spa);
}

/* False: an operation without a form of its own. */
static bool show_operation(struct fmt *f, const struct arp *a)
{
    switch (a->op) {
    case 1:
        show_request(f, a);
        return true;
    case 2:
        fmt_str(f, "Reply ");
        show_ip(f, a, a->spa);
        fmt_str(f, " is-at ");
        show_hw(f, a, a->sha);
        return true;
    case 3:
    case 8:
        fmt_str(f, a->op == 3 ? "Reverse" : "Inverse");
        fmt_str(f, " Request who-is ");
        show_hw(f, a, a->tha);
        fmt_str(f, " tell ");
        show_hw(f, a, a->sha);
        return true;
    case 4:
        fmt_str(f, "Reverse Reply ");
        show_hw(f, a, a->tha);
        fmt_str(f, " at ");
        show_ip(f, a, a->tpa);
        return true;
    case 9:
        fmt_str(f, "Inverse Reply ");
        show_hw(f, a, a->sha);
        fmt_str(f, " at ");
        show_ip(f, a, a->spa);
        return true;
    case 10:
        fmt_str(f, "NACK Reply ");
        return false;
    default:
        fmt_f(f, "Unknown (%u) ", a->op);
        return false;
    }
}

void pr_arp(struct pr *p, const uint8_t *at, size_t len)
{
    struct arp a;
    bool       plain;

    p->proto = "arp";
    if (!pr_need(p, at, ARP_FIXED))
        return;
    a = arp_of(at);
    INVARIANT(a.tpa >= a.sha);
    if (!pr_has(p, at, ARP_FIXED + 2 * (size_t)(a.hlen + a.plen))) {
        pr_jump(p);
        return;
    }
    if (!p->o->ether)
        fmt_str(p->out, "ARP, ");
    plain = a.plen == 4
        && (a.proto == ARP_PROTO_IP4 || a.proto == ARP_PROTO_TRAIL)
        && a.hlen != 0;
    if (!plain || p->o->verbose) {
        show_kinds(p->out, &a);
        if (!p->o->verbose) {
            fmt_f(p->out, ", length %u", (unsigned)len);
            return;
        }
        fmt_str(p->out, ", ");
    }
    if (show_operation(p->out, &a))
        fmt_f(p->out, ", length %u", (unsigned)len);
    else
        pr_hex_unknown(p, at, len, true);
}
