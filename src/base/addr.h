/* addr.h: IP and Ethernet addresses.  IPv4 lives inside as ::ffff:a.b.c.d.
 *
 * RFC 4291 (IPv6 addressing), RFC 5952 (text form).
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/bytes.h"
#include <causeway/socket.h>

/* "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%4294967295" and a NUL */
#define ADDR_TEXT_MAX 64
#define MAC_TEXT_MAX  18

static inline bool addr_eq(const struct cw_addr *a, const struct cw_addr *b)
{
    return memcmp(a->b, b->b, 16) == 0;
}

static inline bool addr_is4(const struct cw_addr *a)
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0,    0,
                                        0, 0, 0, 0, 0xff, 0xff };

    return memcmp(a->b, mapped, 12) == 0;
}

static inline struct cw_addr addr4(uint32_t host_order)
{
    struct cw_addr a = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } };

    be32_store(a.b + 12, host_order);
    return a;
}

/* The IPv4 address inside, in host order; only if addr_is4(). */
static inline uint32_t addr_u4(const struct cw_addr *a)
{
    return be32_load(a->b + 12);
}

/* From the 4 or 16 bytes of a packet. */
struct cw_addr addr_from4(const uint8_t *b4);
struct cw_addr addr_from6(const uint8_t *b16);

/* 0.0.0.0 or ::, of either family. */
bool addr_is_any(const struct cw_addr *a);
/* 127/8 or ::1. */
bool addr_is_loopback(const struct cw_addr *a);
/* 224/4 or ff00::/8. */
bool addr_is_multicast(const struct cw_addr *a);
/* 255.255.255.255 only; subnet broadcast is an interface's knowledge. */
bool addr_is_bcast(const struct cw_addr *a);
/* 169.254/16 or fe80::/10. */
bool addr_is_linklocal(const struct cw_addr *a);
/* Do the first `prefix` bits agree?  IPv4 prefixes count from the IPv4
 * address's own first bit; families must agree. */
bool addr_in_prefix(const struct cw_addr *a, const struct cw_addr *net,
                    unsigned prefix);
/* How many leading bits two addresses of a family share. */
unsigned addr_common_bits(const struct cw_addr *a, const struct cw_addr *b);
int      addr_cmp(const struct cw_addr *a, const struct cw_addr *b);

/* Text into an address; false if it is none.  Strict dotted quad for IPv4.
 */
bool addr_parse(const char *text, struct cw_addr *out);
/* RFC 5952 text; IPv4 as dotted quad.  Answers the length. */
size_t addr_print(const struct cw_addr *a, char out[static ADDR_TEXT_MAX]);

static inline bool mac_eq(const struct cw_mac *a, const struct cw_mac *b)
{
    return memcmp(a->b, b->b, 6) == 0;
}

bool   mac_parse(const char *text, struct cw_mac *out);
size_t mac_print(const struct cw_mac *m, char out[static MAC_TEXT_MAX]);
/* 02:00 followed by the IPv4 address (the labs' convention). */
struct cw_mac mac_of_addr4(uint32_t host_order);
/* RFC 1112 §6.4, RFC 2464 §7. */
struct cw_mac mac_of_multicast(const struct cw_addr *group);

#endif
