/* addr.c: what an address is, and its bits.
 *
 * Owns classes and prefixes (RFC 4291, RFC 1122 §3.2.1.3) and Ethernet
 * addresses made from IP ones; addrtext.c owns the text.  IPv4 lives inside
 * as ::ffff:a.b.c.d; its prefixes count from bit 96.
 */
#include "base/addr.h"
#include "base/check.h"

struct cw_addr addr_from4(const uint8_t *b4)
{
    return addr4(be32_load(b4));
}

struct cw_addr addr_from6(const uint8_t *b16)
{
    struct cw_addr a;

    memcpy(a.b, b16, 16);
    return a;
}

bool addr_is_any(const struct cw_addr *a)
{
    static const uint8_t zero[16];

    if (addr_is4(a))
        return addr_u4(a) == 0;
    return memcmp(a->b, zero, 16) == 0;
}

bool addr_is_loopback(const struct cw_addr *a)
{
    static const uint8_t one[16] = { [15] = 1 };

    if (addr_is4(a))
        return a->b[12] == 127;
    return memcmp(a->b, one, 16) == 0;
}

bool addr_is_multicast(const struct cw_addr *a)
{
    if (addr_is4(a))
        return (a->b[12] & 0xf0) == 0xe0;
    return a->b[0] == 0xff;
}

bool addr_is_bcast(const struct cw_addr *a)
{
    return addr_is4(a) && addr_u4(a) == UINT32_MAX;
}

bool addr_is_linklocal(const struct cw_addr *a)
{
    if (addr_is4(a))
        return a->b[12] == 169 && a->b[13] == 254;
    return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

unsigned addr_common_bits(const struct cw_addr *a, const struct cw_addr *b)
{
    bool     v4 = addr_is4(a);
    unsigned n = 0;

    if (v4 != addr_is4(b))
        return 0;
    for (unsigned i = v4 ? 12 : 0; i < 16; i++) {
        unsigned diff = a->b[i] ^ b->b[i];

        if (diff)
            return n + (unsigned)__builtin_clz(diff) - 24;
        n += 8;
    }
    return n;
}

bool addr_in_prefix(const struct cw_addr *a, const struct cw_addr *net,
                    unsigned prefix)
{
    INVARIANT(prefix <= (addr_is4(net) ? 32u : 128u));
    return addr_is4(a) == addr_is4(net) && addr_common_bits(a, net) >= prefix;
}

int addr_cmp(const struct cw_addr *a, const struct cw_addr *b)
{
    return memcmp(a->b, b->b, 16);
}

struct cw_mac mac_of_addr4(uint32_t host_order)
{
    struct cw_mac m = { { 0x02, 0x00 } };

    be32_store(m.b + 2, host_order);
    return m;
}

struct cw_mac mac_of_multicast(const struct cw_addr *group)
{
    struct cw_mac m = { { 0x33, 0x33 } };

    INVARIANT(addr_is_multicast(group));
    if (addr_is4(group)) {
        be16_store(m.b, 0x0100);
        be32_store(m.b + 2, 0x5e000000 | (addr_u4(group) & 0x7fffff));
    } else {
        memcpy(m.b + 2, group->b + 12, 4);
    }
    return m;
}
