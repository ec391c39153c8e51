/* frames_igmp.c: IGMP messages by chance: mostly right, with numbers of
 * records and sources that may not be.
 */
#include "wire/frames.h"

#include "base/bytes.h"
#include "base/check.h"
#include "wire/cksum.h"

enum { QUERY = 0x11, REPORT3 = 0x22 };

static uint32_t below(struct prng *r, uint32_t n)
{
    return (uint32_t)prng_below(r, n);
}

static bool percent(struct prng *r, uint32_t share)
{
    return below(r, 100) < share;
}

static void addresses(struct prng *r, struct writer *w, uint32_t n)
{
    while (n-- > 0)
        write_be32(w,
                   percent(r, 50) ? 0x0a000001 + below(r, 3) : prng_u32(r));
}

/* RFC 3376 §4.2: records of a type, a number of sources, a group. */
static void records(struct prng *r, struct writer *w)
{
    uint32_t n = below(r, 4);

    write_be16(w, 0);
    write_be16(w, (uint16_t)(percent(r, 90) ? n : below(r, 65536)));
    while (n-- > 0) {
        uint32_t sources = below(r, 4);

        write_u8(w,
                 (uint8_t)(percent(r, 95) ? 1 + below(r, 6) : below(r, 256)));
        write_u8(w, 0);
        write_be16(w, (uint16_t)(percent(r, 95) ? sources : below(r, 65536)));
        addresses(r, w, 1 + sources);
    }
}

/* A group, and of a newer query what stands behind it (§4.1). */
static void group(struct prng *r, struct writer *w, uint8_t type)
{
    uint32_t sources = below(r, 4);

    if (percent(r, 30))
        write_be32(w, 0);
    else
        addresses(r, w, 1);
    if (type != QUERY || percent(r, 50))
        return;
    write_be16(w, (uint16_t)below(r, 65536));
    write_be16(w, (uint16_t)(percent(r, 90) ? sources : below(r, 65536)));
    addresses(r, w, sources);
}

size_t frame_igmp(struct prng *r, uint8_t out[static FRAME_IGMP_MAX])
{
    static const uint8_t types[] = { QUERY,   QUERY,   0x12, 0x16, 0x17,
                                     REPORT3, REPORT3, 0x15, 0x80 };
    struct writer        w = writer_of(out, FRAME_IGMP_MAX);
    uint8_t              type = types[below(r, ARRAY_LEN(types))];
    size_t               len;

    write_u8(&w, type);
    write_u8(&w,
             (uint8_t)(percent(r, 30)       ? 0
                           : percent(r, 50) ? 100
                                            : below(r, 256)));
    write_be16(&w, 0);
    if (type == REPORT3)
        records(r, &w);
    else
        group(r, &w, type);
    if (percent(r, 8))
        write_u8(&w, 0x55);
    len = (size_t)(w.p - out);
    if (percent(r, 85))
        be16_store(out + 2, cksum_fold(cksum_add(0, out, len)));
    return len;
}
