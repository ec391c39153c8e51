/* block.h: the blocks of a recording: pcapng's own and ours, as bytes.
 *
 * A recording is a pcapng file, little-endian, Ethernet, nanoseconds.  Our
 * blocks are of the local-use type 0x80000001, which readers that do not know
 * it skip; each holds a version, a kind and fields in a fixed order.
 *
 *     section header, interfaces, names            once
 *     CONFIG  text, one key=value a line           once, before anything
 *     PACKET  what the next packet block is        before each packet block
 *     FATE    what became of a copy of it          after it, in order
 *     EVENT   a struct cw_event                    as it happened
 *     CALL    a call on a socket, with its bytes   the input log
 *     CHANGE  a live change of a link              the input log
 *     OWNER   a label's program                    real programs only
 *     ROW     a socket at the end
 *     COUNT   a counter of a host at the end, if it is not 0
 *     END     time, counts, trace id               once; without it: cut
 *
 * Nothing here depends on the machine: no path, process or wall time stands in
 * CONFIG, PACKET, FATE, EVENT, CALL, CHANGE, ROW, COUNT or END.
 */
#ifndef OBS_BLOCK_H
#define OBS_BLOCK_H

#include "base/bytes.h"
#include "base/event.h"
#include "base/ns.h"

#define BLOCK_SHB   0x0a0d0d0au
#define BLOCK_IDB   1u
#define BLOCK_NRB   4u
#define BLOCK_EPB   6u
#define BLOCK_LOCAL 0x80000001u
#define BLOCK_MAGIC 0x1a2b3c4du

enum { BLOCK_VERSION = 1, BLOCK_MAX = 1 << 20 };

/* Virtual time 0 is 2000-01-01 00:00 UTC. */
#define BLOCK_EPOCH (INT64_C(946684800) * NS_S)

enum block_kind {
    BLOCK_CONFIG = 1,
    BLOCK_PACKET,
    BLOCK_FATE,
    BLOCK_EVENT,
    BLOCK_CALL,
    BLOCK_CHANGE,
    BLOCK_OWNER,
    BLOCK_ROW,
    BLOCK_END,
    BLOCK_COUNT,
};

/* What a CALL holds beside its fixed fields. */
enum { CALL_ADDR = 1, CALL_ANC = 2 };

/* Bytes under construction; grows by the allocator; `bad` when that failed.
 */
struct blockbuf {
    const struct cw_alloc *alloc;
    uint8_t               *p;
    size_t                 len, cap;
    bool                   bad;
};

void blockbuf_init(struct blockbuf *b, const struct cw_alloc *alloc);
void blockbuf_free(struct blockbuf *b);
void put_le16(struct blockbuf *b, uint16_t v);
void put_le32(struct blockbuf *b, uint32_t v);
void put_le64(struct blockbuf *b, uint64_t v);
void put_bytes(struct blockbuf *b, const void *p, size_t n);
/* A length and the bytes. */
void put_blob(struct blockbuf *b, const void *p, size_t n);

/* Begins a block; answers where, for block_end(). */
size_t block_begin(struct blockbuf *b, uint32_t type);
size_t block_begin_local(struct blockbuf *b, enum block_kind kind);
void   block_end(struct blockbuf *b, size_t at);

void block_section(struct blockbuf *b);
void block_interface(struct blockbuf *b, const char *name);
/* A packet block's fixed part and the frame; options may follow, then
 * block_end(). */
size_t block_packet(struct blockbuf *b, uint32_t interface, cw_ns t,
                    uint32_t len);
void   block_pad(struct blockbuf *b);
void block_option(struct blockbuf *b, uint16_t code, const void *p, size_t n);
void block_event(struct blockbuf *b, const struct cw_event *e);
void block_row(struct blockbuf *b, uint16_t host,
               const struct cw_sock_row *row);
void block_count(struct blockbuf *b, uint16_t host, const char *name,
                 uint64_t value);
/* All of a host's that are not 0. */
struct cw_stack;
void block_counts(struct blockbuf *b, uint16_t host,
                  const struct cw_stack *st);

/* ---- reading -------------------------------------------------------------- */

/* Little-endian reads with the rules of struct reader. */
uint16_t    take_le16(struct reader *r);
uint32_t    take_le32(struct reader *r);
uint64_t    take_le64(struct reader *r);
struct span take_blob(struct reader *r);

struct block {
    uint32_t    type;
    uint16_t    kind; /* of a local block */
    struct span body; /* behind version and kind */
};

enum block_next { BLOCK_OK, BLOCK_DONE, BLOCK_CUT, BLOCK_BAD };
enum block_next block_next(struct reader *file, struct block *out);

void read_event(struct reader *r, struct cw_event *e);
bool read_row(struct reader *r, uint16_t *host, struct cw_sock_row *row);

#endif
