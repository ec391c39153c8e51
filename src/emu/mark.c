/* mark.c: a router that marks packets instead of losing them: RFC 3168 §5.
 *
 *   `ecn Q` marks what finds Q or more waiting in the queue, `mark P` by
 *   chance; only packets whose sender says that they can be marked.  The
 *   bytes are copied first: the sender's own must stay as they are.
 */
#include "emu/node.h"
#include "wire/cksum.h"
#include "wire/etherhdr.h"

enum { HEAD = ETHER_LEN + 12, ECN_FIELD = 3, CE = 3 };

static bool is_queue_long(const struct way *w)
{
    switch ((enum link_queue)w->spec.ecn_kind) {
    case LINK_QUEUE_UNSET:
        return false;
    case LINK_QUEUE_PKTS:
        return w->waiting_pkts >= w->spec.ecn;
    case LINK_QUEUE_BYTES:
    case LINK_QUEUE_BDP:
        return w->waiting_bytes >= w->ecn_bytes;
    }
    return false;
}

/* The checksum of the header follows its second octet (RFC 1624 eq. 3). */
static void mark4(uint8_t *ip)
{
    uint32_t before = be16_load(ip), sum;

    ip[1] |= CE;
    sum = (uint16_t)~be16_load(ip + 10) + (0xffff - before) + be16_load(ip);
    be16_store(ip + 10, cksum_fold(sum));
}

/* The traffic class lies across two octets. */
static void mark6(uint8_t *ip)
{
    ip[1] |= CE << 4;
}

/* Can it be marked, or is it already?  0: neither. */
static unsigned field_of(const struct cw_pkt *pkt)
{
    const uint8_t *b = pkt->frags[0].buf->data + pkt->frags[0].off;

    if (pkt->frags[0].len < HEAD)
        return 0;
    if (be16_load(b + ETHER_LEN - 2) == ETHER_IP4)
        return b[ETHER_LEN + 1] & ECN_FIELD;
    if (be16_load(b + ETHER_LEN - 2) == ETHER_IP6)
        return b[ETHER_LEN + 1] >> 4 & ECN_FIELD;
    return 0;
}

enum why mark_step(struct link *l, struct way *w, struct passing *p,
                   bool *done)
{
    unsigned field;
    uint8_t *b;

    *done = false;
    if (w->spec.ecn_kind == LINK_QUEUE_UNSET && w->spec.mark_p == 0)
        return GO_ON;
    field = field_of(&p->pkt);
    if (field == 0 || field == CE)
        return GO_ON;
    if (!(w->busy_until > p->t && is_queue_long(w))
        && !(w->spec.mark_p
             && draw_hits(way_draw(w, "mark", p), w->spec.mark_p)))
        return GO_ON;
    if (!link_own(l, &p->pkt, 0))
        return WHY_LINK_FULL;
    b = p->pkt.frags[0].buf->data + p->pkt.frags[0].off;
    if (be16_load(b + ETHER_LEN - 2) == ETHER_IP4)
        mark4(b + ETHER_LEN);
    else
        mark6(b + ETHER_LEN);
    *done = true;
    return GO_ON;
}
