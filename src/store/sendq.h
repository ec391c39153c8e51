/* sendq.h: bytes from the application, as slices, kept until acknowledged.
 *
 * Offsets count from the oldest byte that is kept (SND.UNA's, when TCP keeps
 * its data here).  Bytes are written once, into buffers that the queue owns;
 * a segment borrows references to them.  The free tail of the last buffer
 * may be written although the buffer is shared: nobody else sees that part.
 */
#ifndef STORE_SENDQ_H
#define STORE_SENDQ_H

#include "store/pbuf.h"

/* Of a queue that is not empty; from pbufs.slice, whose size it has. */
struct sendq_body {
    struct slice *head, *tail;
    struct slice *cur;        /* cursor: the slice last used ... */
    uint32_t      cur_off;    /* ... and its offset in the queue */
    bool          tail_owned; /* the last buffer may be written behind it */
};

struct sendq {
    struct sendq_body *body; /* NULL: empty */
    uint32_t           len;  /* bytes kept */
    uint32_t           note; /* its owner's, where padding would be */
};

void sendq_init(struct sendq *q);
void sendq_fini(struct sendq *q);
/* Copies up to n bytes in; answers how many (fewer when memory is out). */
size_t sendq_write(struct sendq *q, struct pbufs *ps, const void *src,
                   size_t n);
/* Appends a caller's buffer without copying; takes a reference. */
bool sendq_append(struct sendq *q, struct pbufs *ps, struct cw_buf *buf,
                  uint32_t off, uint32_t len);
/* Adds references to bytes [off, off+len) to the packet, at most as many
 * runs as it still holds; answers how many bytes were added. */
uint32_t sendq_attach(struct sendq *q, uint32_t off, uint32_t len,
                      struct cw_pkt *pkt);
/* The n oldest bytes are done with. n <= len. */
void sendq_drop(struct sendq *q, uint32_t n);

#endif
