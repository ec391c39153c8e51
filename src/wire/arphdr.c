/* arphdr.c: see arphdr.h.  RFC 826, "Packet format". */
#include "wire/arphdr.h"
#include "base/check.h"

/* ar$hrd Ethernet, ar$pro IPv4, ar$hln 6, ar$pln 4. */
static const uint8_t ether_ip4[6] = { 0, 1, 8, 0, 6, 4 };

/* [RFC826-In-c] */
enum why arphdr_parse(struct span pkt, struct arp_repr *out)
{
    const uint8_t *p = pkt.p;
    uint16_t       op;

    if (pkt.len < ARP_LEN || memcmp(p, ether_ip4, sizeof(ether_ip4)) != 0)
        return WHY_ARP_BAD;
    op = be16_load(p + 6);
    if (op != ARP_REQUEST && op != ARP_REPLY)
        return WHY_ARP_BAD;
    out->op = op == ARP_REQUEST ? ARP_REQUEST : ARP_REPLY;
    memcpy(out->sha.b, p + 8, 6);
    out->spa = addr4(be32_load(p + 14));
    memcpy(out->tha.b, p + 18, 6);
    out->tpa = addr4(be32_load(p + 24));
    return GO_ON;
}

size_t arphdr_emit(uint8_t *p, size_t cap, const struct arp_repr *r)
{
    INVARIANT(cap >= ARP_LEN);
    INVARIANT(r->op == ARP_REQUEST || r->op == ARP_REPLY);
    INVARIANT(addr_is4(&r->spa) && addr_is4(&r->tpa));
    memcpy(p, ether_ip4, sizeof(ether_ip4));
    be16_store(p + 6, (uint16_t)r->op);
    memcpy(p + 8, r->sha.b, 6);
    memcpy(p + 14, r->spa.b + 12, 4);
    memcpy(p + 18, r->tha.b, 6);
    memcpy(p + 24, r->tpa.b + 12, 4);
    return ARP_LEN;
}
