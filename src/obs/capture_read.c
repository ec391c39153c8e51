/* capture_read.c: captures that others wrote, pcap and pcapng of either byte
 * order: their packets, as far as the file goes.  Everything in them is
 * hostile.  draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 */
#include "obs/block.h"
#include "obs/run_own.h"

enum {
    PCAP_HEAD = 24,
    PCAP_PACKET = 16,
    NG_IDB = 1,
    NG_SPB = 3,
    NG_EPB = 6,
    OPT_TSRESOL = 9,
    LINK_ETHERNET = 1,
    INTERFACES_MAX = 64,
};

#define PCAP_MICRO 0xa1b2c3d4u
#define PCAP_NANO  0xa1b23c4du

struct interface {
    bool     ethernet;
    uint8_t  resolution; /* if_tsresol: 10^-n, or 2^-n with the high bit */
    uint32_t snaplen;
};

struct capture {
    struct run      *run;
    struct reader    file;
    bool             big, no_memory;
    const char      *why;
    struct interface ifs[INTERFACES_MAX];
    size_t           nifs;
};

static uint16_t take16(const struct capture *c, struct reader *r)
{
    return c->big ? read_be16(r) : take_le16(r);
}

static uint32_t take32(const struct capture *c, struct reader *r)
{
    return c->big ? read_be32(r) : take_le32(r);
}

static void add(struct capture *c, cw_ns t, struct span frame, uint32_t len)
{
    struct run_packet *p = RUN_GROW(c->run, packets);

    if (!p) {
        c->no_memory = true;
        return;
    }
    p->t = t - BLOCK_EPOCH;
    p->number = (uint32_t)c->run->npackets + 1;
    p->netif = 1;
    p->frame = frame;
    p->wire_len = len < frame.len ? (uint32_t)frame.len : len;
    c->run->npackets++;
}

/* ---- pcap ----------------------------------------------------------------- */

static bool pcap_magic(struct capture *c, const uint8_t *p, cw_ns *unit)
{
    struct reader r = reader_of(span_of(p, 4));
    uint32_t      little = take_le32(&r), big = be32_load(p), magic;

    c->big = big == PCAP_MICRO || big == PCAP_NANO;
    magic = c->big ? big : little;
    *unit = magic == PCAP_NANO ? 1 : NS_US;
    return magic == PCAP_MICRO || magic == PCAP_NANO;
}

static void read_pcap(struct capture *c, cw_ns unit)
{
    struct reader r = reader_of(span_of(c->file.p, PCAP_HEAD));

    reader_take(&r, PCAP_HEAD - 4);
    /* The upper bits say whether a checksum follows the frame. */
    if ((take32(c, &r) & 0xffff) != LINK_ETHERNET) {
        c->why = "it is a capture, but not of Ethernet";
        return;
    }
    reader_take(&c->file, PCAP_HEAD);
    while (!c->no_memory && reader_left(&c->file) >= PCAP_PACKET) {
        uint32_t       s = take32(c, &c->file), part = take32(c, &c->file);
        uint32_t       n = take32(c, &c->file), len = take32(c, &c->file);
        const uint8_t *p = reader_take(&c->file, n);

        if (!p)
            return; /* it was cut short */
        add(c, (cw_ns)s * NS_S + (cw_ns)part * unit, span_of(p, n), len);
    }
}

/* ---- pcapng --------------------------------------------------------------- */

/* Units of time since 1970 as nanoseconds; what does not fit is cut. */
static cw_ns time_of(uint64_t units, uint8_t resolution)
{
    uint64_t per_s = 1, s, rest;
    unsigned n = resolution & 0x7f;

    if (n > (resolution & 0x80 ? 30 : 9))
        return 0;
    for (unsigned i = 0; i < n; i++)
        per_s *= resolution & 0x80 ? 2 : 10;
    s = units / per_s;
    rest = units % per_s;
    if (s > INT64_MAX / NS_S - 1)
        return 0;
    return (cw_ns)s * NS_S + (cw_ns)(rest * (uint64_t)NS_S / per_s);
}

static void read_idb(struct capture *c, struct reader r)
{
    struct interface i = { .resolution = 6 };

    i.ethernet = take16(c, &r) == LINK_ETHERNET;
    take16(c, &r);
    i.snaplen = take32(c, &r);
    for (;;) {
        uint16_t       code = take16(c, &r), n = take16(c, &r);
        const uint8_t *p = reader_take(&r, (n + 3u) & ~3u);

        if (!p || code == 0)
            break;
        if (code == OPT_TSRESOL && n == 1)
            i.resolution = p[0];
    }
    if (c->nifs < INTERFACES_MAX)
        c->ifs[c->nifs++] = i;
}

static const struct interface *interface_of(struct capture *c, uint32_t i)
{
    if (i >= c->nifs)
        return NULL;
    if (!c->ifs[i].ethernet) {
        c->why = "it is a capture, but not of Ethernet";
        return NULL;
    }
    return &c->ifs[i];
}

static void read_epb(struct capture *c, struct reader r)
{
    const struct interface *i = interface_of(c, take32(c, &r));
    uint32_t       hi = take32(c, &r), lo = take32(c, &r), n = take32(c, &r);
    uint32_t       len = take32(c, &r);
    const uint8_t *p = reader_take(&r, n);

    if (i && p)
        add(c, time_of((uint64_t)hi << 32 | lo, i->resolution), span_of(p, n),
            len);
}

/* A packet without a time: its block is as long as what was kept. */
static void read_spb(struct capture *c, struct reader r)
{
    const struct interface *i = interface_of(c, 0);
    uint32_t                len = take32(c, &r);
    size_t                  n = reader_left(&r);

    if (len < n)
        n = len;
    if (i && i->snaplen && i->snaplen < n)
        n = i->snaplen;
    if (i && !r.bad)
        add(c, 0, span_of(r.p, n), len);
}

/* A section's byte order is that of the magic in its head. */
static bool section_order(struct capture *c)
{
    struct reader r = c->file;
    uint32_t      magic;

    reader_take(&r, 8);
    magic = take_le32(&r);
    c->big = magic != BLOCK_MAGIC;
    c->nifs = 0;
    return !r.bad && (!c->big || be32_load(r.p - 4) == BLOCK_MAGIC);
}

static bool read_block(struct capture *c)
{
    struct reader  r = c->file;
    uint32_t       type = take32(c, &r), n;
    const uint8_t *body;

    if (type == BLOCK_SHB && !section_order(c))
        return false;
    n = take32(c, &r);
    if (r.bad || n < 12 || n % 4 || n > reader_left(&c->file))
        return false;
    body = reader_take(&c->file, n) + 8;
    r = reader_of(span_of(body, n - 12));
    if (type == NG_IDB)
        read_idb(c, r);
    else if (type == NG_EPB)
        read_epb(c, r);
    else if (type == NG_SPB)
        read_spb(c, r);
    return !c->no_memory;
}

bool capture_read(struct run *run, struct span file,
                  const struct cw_alloc *alloc, const char **why)
{
    struct capture c = { .run = run, .file = reader_of(file), .why = NULL };
    cw_ns          unit;

    *run = (struct run){ .alloc = alloc };
    if (file.len >= PCAP_HEAD && pcap_magic(&c, file.p, &unit))
        read_pcap(&c, unit);
    else if (file.len >= 12 && be32_load(file.p) == BLOCK_SHB)
        while (read_block(&c))
            ;
    else if (file.len == 0)
        c.why = "nothing stands in it yet";
    else
        c.why = "it is no capture (neither pcapng nor pcap)";
    if (c.no_memory)
        c.why = "out of memory";
    if (!c.why)
        return true;
    *why = c.why;
    run_free(run);
    return false;
}
