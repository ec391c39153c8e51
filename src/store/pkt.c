/* pkt.c: packets as gather lists of references to buffers.
 *
 *   Invariant: pkt->len is the sum over the fragments.
 */
#include "base/check.h"
#include "store/pbuf.h"
#include "wire/cksum.h"

bool pkt_new(struct cw_pkt *pkt, struct pbufs *ps, uint32_t headroom,
             uint32_t len)
{
    struct cw_buf *b = pbuf_new(ps, (size_t)headroom + len);

    if (!b)
        return false;
    *pkt = (struct cw_pkt){ .len = len, .nfrags = 1 };
    pkt->frags[0] = (struct cw_frag){ b, headroom, len };
    return true;
}

uint8_t *pkt_push(struct cw_pkt *pkt, uint32_t n)
{
    struct cw_frag *f = &pkt->frags[0];

    INVARIANT(pkt->nfrags > 0 && f->off >= n && f->buf->refs == 1);
    f->off -= n;
    f->len += n;
    pkt->len += n;
    return f->buf->data + f->off;
}

static void drop_frag(struct cw_pkt *pkt, unsigned i)
{
    pbuf_put(pkt->frags[i].buf);
    pkt->nfrags--;
    memmove(&pkt->frags[i], &pkt->frags[i + 1],
            (pkt->nfrags - i) * sizeof pkt->frags[0]);
}

void pkt_pull(struct cw_pkt *pkt, uint32_t n)
{
    INVARIANT(n <= pkt->len);
    pkt->len -= n;
    while (n > 0) {
        struct cw_frag *f = &pkt->frags[0];
        uint32_t        k = MIN(n, f->len);

        f->off += k;
        f->len -= k;
        n -= k;
        if (f->len == 0 && pkt->nfrags > 1)
            drop_frag(pkt, 0);
    }
}

void pkt_trim(struct cw_pkt *pkt, uint32_t len)
{
    uint32_t have = 0;
    unsigned i;

    INVARIANT(len <= pkt->len);
    for (i = 0; i < pkt->nfrags; i++) {
        struct cw_frag *f = &pkt->frags[i];

        f->len = MIN(f->len, len - have);
        have += f->len;
    }
    while (pkt->nfrags > 1 && pkt->frags[pkt->nfrags - 1].len == 0)
        drop_frag(pkt, pkt->nfrags - 1u);
    pkt->len = len;
}

bool pkt_contiguous(struct cw_pkt *pkt, struct pbufs *ps, uint32_t n)
{
    struct cw_buf *b;
    uint32_t       head = PBUF_HEADROOM;

    INVARIANT(n <= pkt->len);
    if (pkt->frags[0].len >= n)
        return true;
    if (n + head > PBUF_MIDDLE)
        head = 0;
    if (n > PBUF_MIDDLE || pkt->nfrags == CW_FRAGS_MAX)
        return false;
    b = pbuf_new(ps, (size_t)head + n);
    if (!b)
        return false;
    pkt_copy_out(pkt, 0, b->data + head, n);
    pkt_pull(pkt, n);
    if (pkt->frags[0].len == 0) {
        pbuf_put(pkt->frags[0].buf);
    } else {
        memmove(&pkt->frags[1], &pkt->frags[0],
                pkt->nfrags * sizeof pkt->frags[0]);
        pkt->nfrags++;
    }
    pkt->frags[0] = (struct cw_frag){ b, head, n };
    pkt->len += n;
    return true;
}

bool pkt_append(struct cw_pkt *pkt, struct cw_buf *buf, uint32_t off,
                uint32_t len)
{
    if (pkt->nfrags == CW_FRAGS_MAX)
        return false;
    pbuf_get(buf);
    pkt->frags[pkt->nfrags++] = (struct cw_frag){ buf, off, len };
    pkt->len += len;
    return true;
}

void pkt_share(struct cw_pkt *to, const struct cw_pkt *from)
{
    *to = *from;
    for (unsigned i = 0; i < to->nfrags; i++)
        pbuf_get(to->frags[i].buf);
}

size_t pkt_copy_out(const struct cw_pkt *pkt, uint32_t off, void *dst,
                    size_t len)
{
    uint8_t *to = dst;
    size_t   done = 0;

    for (unsigned i = 0; i < pkt->nfrags && done < len; i++) {
        const struct cw_frag *f = &pkt->frags[i];
        size_t                n;

        if (off >= f->len) {
            off -= f->len;
            continue;
        }
        n = MIN((size_t)(f->len - off), len - done);
        memcpy(to + done, f->buf->data + f->off + off, n);
        done += n;
        off = 0;
    }
    return done;
}

uint32_t pkt_cksum(const struct cw_pkt *pkt, uint32_t off, uint32_t sum)
{
    bool odd = false;

    for (unsigned i = 0; i < pkt->nfrags; i++) {
        const struct cw_frag *f = &pkt->frags[i];
        const uint8_t        *p = f->buf->data + f->off;

        if (off >= f->len) {
            off -= f->len;
            continue;
        }
        sum = cksum_add_at(sum, p + off, f->len - off, odd);
        odd ^= (f->len - off) & 1;
        off = 0;
    }
    return sum;
}

void pkt_free(struct cw_pkt *pkt)
{
    for (unsigned i = 0; i < pkt->nfrags; i++)
        pbuf_put(pkt->frags[i].buf);
    pkt->nfrags = 0;
    pkt->len = 0;
}
