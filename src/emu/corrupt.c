/* corrupt.c: flips one bit above the Ethernet header, which its own frame
 * check would protect.
 *
 *   Shared bytes are immutable: the fragment that holds the bit is copied
 *   first, into memory of the link's own, or the sender would retransmit the
 *   damage.  A checksum that was left to the medium is completed before, or
 *   it would cover the damage up.  When that memory is out the packet is lost
 *   (FULL) rather than spared, so that what arrives is never better than
 *   asked for.
 */
#include "emu/node.h"
#include "wire/etherhdr.h"
#include "wire/udphdr.h"

/* Makes the bytes of fragment i ours to write. */
bool link_own(struct link *l, struct cw_pkt *pkt, unsigned i)
{
    struct cw_frag *f = &pkt->frags[i];
    struct cw_buf  *mine = pbuf_new(&l->pbufs, f->len);

    if (!mine)
        return false;
    memcpy(mine->data, f->buf->data + f->off, f->len);
    pbuf_put(f->buf);
    *f = (struct cw_frag){ .buf = mine, .len = f->len };
    return true;
}

/* What the medium would have done at csum_start + csum_off. */
static bool complete_checksum(struct link *l, struct cw_pkt *pkt)
{
    uint32_t at = (uint32_t)pkt->csum_start + pkt->csum_off, sum;
    uint8_t *field;

    if (pkt->csum_state != CW_CSUM_PARTIAL || at + 2 > pkt->frags[0].len)
        return true;
    if (!link_own(l, pkt, 0))
        return false;
    sum = pkt_cksum(pkt, pkt->csum_start, 0);
    field = pkt->frags[0].buf->data + pkt->frags[0].off + at;
    /* UDP's way with a sum of zero does for the others, too. */
    be16_store(field, udphdr_cksum(sum));
    return true;
}

static bool flip(struct link *l, struct cw_pkt *pkt, uint64_t bit)
{
    struct cw_frag *f = pkt->frags;
    uint32_t        byte = (uint32_t)(bit / 8);
    unsigned        i = 0;

    for (; byte >= f[i].len; i++) {
        byte -= f[i].len;
        INVARIANT(i + 1 < pkt->nfrags);
    }
    if (!link_own(l, pkt, i))
        return false;
    f[i].buf->data[f[i].off + byte] ^= (uint8_t)(1u << (bit % 8));
    return true;
}

enum why corrupt_step(struct link *l, struct way *w, struct passing *p,
                      bool *done)
{
    uint32_t skip = p->pkt.len > ETHER_LEN ? ETHER_LEN : 0;
    uint64_t draw, where;

    *done = false;
    if (w->spec.corrupt_p == 0 || p->pkt.len == 0)
        return GO_ON;
    draw = way_draw(w, "corrupt", p);
    if (!draw_hits(draw, w->spec.corrupt_p))
        return GO_ON;
    where = way_draw(w, "corrupt-bit", p);
    where = skip * UINT64_C(8) + where % ((p->pkt.len - skip) * UINT64_C(8));
    if (!complete_checksum(l, &p->pkt) || !flip(l, &p->pkt, where))
        return WHY_LINK_FULL;
    p->pkt.csum_state = CW_CSUM_NONE;
    *done = true;
    return GO_ON;
}
