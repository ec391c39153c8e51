/* pr_ether.c: the Ethernet header with its VLAN tags, and the dispatch by
 * ethertype.  Frames with a length in place of a type (802.3) are shown like
 * those of an unknown type: their LLC is not ours.
 */
#include "base/check.h"
#include "wire/pr.h"

enum {
    ETHER_BYTES = 14,
    VLAN_BYTES = 4,
    ETHER_LENGTH_MAX = 1500,
    ETYPE_IP4 = 0x0800,
    ETYPE_ARP = 0x0806,
    ETYPE_REVARP = 0x8035,
    ETYPE_IP6 = 0x86dd,
    ETYPE_VLAN = 0x8100,
    ETYPE_QINQ = 0x88a8,
    ETYPE_QINQ9100 = 0x9100,
    ETYPE_QINQ9200 = 0x9200,
};

/* clang-format off */
static const struct {
    uint16_t    type;
    const char *name;
} ether_names[] = {
    { 0x0600, "NS" },              { ETYPE_IP4, "IPv4" },
    { ETYPE_ARP, "ARP" },          { 0x1000, "Trail" },
    { 0x6001, "MOP DL" },          { 0x6002, "MOP RC" },
    { 0x6003, "DN" },              { 0x6004, "LAT" },
    { 0x6007, "SCA" },             { 0x6558, "TEB" },
    { ETYPE_REVARP, "Reverse ARP" }, { 0x8038, "Lanbridge" },
    { 0x803c, "DEC DNS" },         { 0x803e, "DEC DTS" },
    { 0x805b, "VEXP" },            { 0x805c, "VPROD" },
    { 0x809b, "Appletalk" },       { 0x80f3, "Appletalk ARP" },
    { ETYPE_VLAN, "802.1Q" },      { 0x8137, "IPX" },
    { ETYPE_IP6, "IPv6" },         { 0x8808, "MPCP" },
    { 0x8809, "Slow Protocols" },  { 0x880b, "PPP" },
    { 0x8847, "MPLS unicast" },    { 0x8848, "MPLS multicast" },
    { 0x8863, "PPPoE D" },         { 0x8864, "PPPoE S" },
    { 0x888e, "EAPOL" },           { 0x88a2, "AoE" },
    { ETYPE_QINQ, "802.1Q-QinQ" }, { 0x88cc, "LLDP" },
    { 0x88e5, "802.1AE MACsec" },  { 0x88f7, "PTP" },
    { 0x8902, "CFM" },             { 0x893a, "IEEE1905.1" },
    { ETYPE_QINQ9100, "802.1Q-9100" }, { 0x9000, "Loopback" },
    { ETYPE_QINQ9200, "802.1Q-9200" }, { 0xabcd, "CFM (old)" },
};
/* clang-format on */

const char *pr_ether_name(uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(ether_names); i++)
        if (ether_names[i].type == type)
            return ether_names[i].name;
    return NULL;
}

static bool is_vlan(uint16_t type)
{
    return type == ETYPE_VLAN || type == ETYPE_QINQ || type == ETYPE_QINQ9100
        || type == ETYPE_QINQ9200;
}

static void show_macs(struct pr *p)
{
    pr_mac(p->out, p->frame + 6, 6);
    fmt_str(p->out, " > ");
    pr_mac(p->out, p->frame, 6);
    fmt_str(p->out, ", ");
}

static void show_type(struct pr *p, uint16_t type)
{
    const char *name = pr_ether_name(type);

    if (type <= ETHER_LENGTH_MAX)
        fmt_str(p->out, "802.3");
    else if (!p->o->quiet)
        fmt_f(p->out, "ethertype %s (0x%04x)", name ? name : "Unknown", type);
    else if (name)
        fmt_str(p->out, name);
    else
        fmt_f(p->out, "Unknown Ethertype (0x%04x)", type);
}

static void show_length(struct pr *p, size_t wire_len)
{
    fmt_f(p->out, ", length %u: ", (unsigned)wire_len);
}

static void show_tag(struct pr *p, uint16_t tag)
{
    fmt_f(p->out, "vlan %u, p %u%s, ", tag & 0xfff, tag >> 13,
          tag & 0x1000 ? ", DEI" : "");
}

static bool dumps_hex(int mode)
{
    return mode != PRINT_HEX_NONE && mode != PRINT_HEX_A
        && mode != PRINT_HEX_AA;
}

static void dispatch(struct pr *p, uint16_t type, size_t wire_len)
{
    const uint8_t *at = p->frame + p->link;
    size_t         len = wire_len - p->link;

    if (type == ETYPE_ARP || type == ETYPE_REVARP) {
        pr_arp(p, at, len);
        return;
    }
    if (type == ETYPE_IP4 || type == ETYPE_IP6) {
        p->next = (struct pr_next){ type == ETYPE_IP4 ? PR_IP4 : PR_IP6, at,
                                    len };
        return;
    }
    if (!p->o->ether) {
        show_macs(p);
        show_type(p, type);
        show_length(p, wire_len);
    }
    /* A hex dump that is to come takes its place. */
    if (!p->o->quiet && !dumps_hex(p->o->hex))
        pr_hex_unknown(p, at, len, true);
}

void pr_ether(struct pr *p, size_t wire_len)
{
    uint16_t type;

    p->link = p->caplen;
    if (p->caplen < ETHER_BYTES) {
        pr_trunc(p);
        return;
    }
    if (p->o->ether)
        show_macs(p);
    type = be16_load(p->frame + 12);
    for (size_t off = ETHER_BYTES;; off += VLAN_BYTES) {
        bool vlan = is_vlan(type);

        if (vlan && !pr_has(p, p->frame + off, VLAN_BYTES)) {
            p->proto = "vlan";
            pr_trunc(p);
            return;
        }
        if (p->o->ether) {
            show_type(p, type);
            if (off == ETHER_BYTES)
                show_length(p, wire_len);
            else
                fmt_str(p->out, ", ");
        }
        if (!vlan) {
            p->link = off;
            break;
        }
        if (p->o->ether)
            show_tag(p, be16_load(p->frame + off));
        type = be16_load(p->frame + off + 2);
    }
    INVARIANT(p->link <= p->caplen && p->caplen <= wire_len);
    dispatch(p, type, wire_len);
}
