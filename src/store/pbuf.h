/* pbuf.h: packet buffers: three sizes, references, headroom; and packets as
 * gather lists of them.
 *
 * The small size holds headers or a tiny write, the middle one a frame of
 * an ordinary MTU, the large one a run of the send queue.
 */
#ifndef STORE_PBUF_H
#define STORE_PBUF_H

#include "base/bytes.h"
#include "store/arena.h"

enum {
    PBUF_HEADROOM = 128, /* Ethernet 14 + IPv6 40 + extension + TCP 60 */
    PBUF_SMALL = 224,    /* usable bytes; charged size is larger */
    PBUF_MIDDLE = 2016,
    PBUF_LARGE = CW_BUF_MAX,
};

/* The slabs of buffers and slices; one in each arena's owner. */
struct pbufs {
    struct slab small, middle, large, slice;
};

void pbufs_init(struct pbufs *ps, struct arena *a);

/* The smallest size that holds `size` bytes; NULL when memory is out or
 * size > PBUF_LARGE. */
struct cw_buf *pbuf_new(struct pbufs *ps, size_t size);
/* What the budget is charged for this buffer: its true size. */
uint32_t pbuf_truesize(const struct cw_buf *b);

static inline void pbuf_get(struct cw_buf *b)
{
    b->refs++;
}

void pbuf_put(struct cw_buf *b);

/* A run of bytes of a buffer, holding one reference; made from pbufs.slice.
 */
struct slice {
    struct slice  *next;
    struct cw_buf *buf;
    uint32_t       off, len;
};

enum { SLICE_SIZE = 32 }; /* of the objects in pbufs.slice */

static inline const uint8_t *slice_bytes(const struct slice *s)
{
    return s->buf->data + s->off;
}

/* Takes a reference of its own to buf. */
struct slice *slice_new(struct pbufs *ps, struct cw_buf *buf, uint32_t off,
                        uint32_t len);
/* Gives up the slice and its reference. */
void slice_free(struct slice *s);

/* ---- packets -------------------------------------------------------- */

/* A packet with one new buffer whose data begin after `headroom` bytes and
 * are `len` long; false when memory is out. Other fields are zeroed. */
bool pkt_new(struct cw_pkt *pkt, struct pbufs *ps, uint32_t headroom,
             uint32_t len);

static inline uint8_t *pkt_head(const struct cw_pkt *pkt)
{
    return pkt->frags[0].buf->data + pkt->frags[0].off;
}

static inline uint32_t pkt_head_len(const struct cw_pkt *pkt)
{
    return pkt->frags[0].len;
}

/* Room for n bytes in front of the first fragment; its new beginning.  The
 * headroom must be there (INVARIANT) and the buffer unshared. */
uint8_t *pkt_push(struct cw_pkt *pkt, uint32_t n);
/* Drop n bytes from the front, or keep only the first len. */
void pkt_pull(struct cw_pkt *pkt, uint32_t n);
void pkt_trim(struct cw_pkt *pkt, uint32_t len);
/* Makes at least n bytes (at most pkt->len and PBUF_MIDDLE) contiguous in
 * the first fragment, copying when they are not. False: memory is out. */
bool pkt_contiguous(struct cw_pkt *pkt, struct pbufs *ps, uint32_t n);
/* Appends a run; takes a reference of its own.  False: too many runs. */
bool pkt_append(struct cw_pkt *pkt, struct cw_buf *buf, uint32_t off,
                uint32_t len);
/* Another packet with references to the same bytes. */
void pkt_share(struct cw_pkt *to, const struct cw_pkt *from);
/* Bytes [off, off+len) to dst; answers how many there were. */
size_t pkt_copy_out(const struct cw_pkt *pkt, uint32_t off, void *dst,
                    size_t len);
/* The Internet checksum's partial sum over [off, end of packet). */
uint32_t pkt_cksum(const struct cw_pkt *pkt, uint32_t off, uint32_t sum);
void     pkt_free(struct cw_pkt *pkt);

#endif
