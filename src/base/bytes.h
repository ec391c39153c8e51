/* bytes.h: big-endian loads and stores, and a bounded reader and writer.
 *
 * A reader or writer never leaves its span: past the end it reads zeros (or
 * writes nothing) and `bad` stays set, so that a parser checks once.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/compiler.h"
#include <string.h>

static inline uint16_t be16_load(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}

static inline uint32_t be32_load(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16)
        | ((uint32_t)p[2] << 8) | p[3];
}

static inline uint64_t be64_load(const uint8_t *p)
{
    return ((uint64_t)be32_load(p) << 32) | be32_load(p + 4);
}

static inline void be16_store(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void be32_store(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/* A borrowed run of bytes. */
struct span {
    const uint8_t *p;
    size_t         len;
};

static inline struct span span_of(const void *p, size_t len)
{
    return (struct span){ (const uint8_t *)p, len };
}

struct reader {
    const uint8_t *p, *end;
    bool           bad;
};

static inline struct reader reader_of(struct span s)
{
    return (struct reader){ s.p, s.p + s.len, false };
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->p);
}

/* The next n bytes, or NULL (and bad). */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
    const uint8_t *at = r->p;

    if (r->bad || reader_left(r) < n) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    return at;
}

static inline uint8_t read_u8(struct reader *r)
{
    const uint8_t *p = reader_take(r, 1);

    return p ? p[0] : 0;
}

static inline uint16_t read_be16(struct reader *r)
{
    const uint8_t *p = reader_take(r, 2);

    return p ? be16_load(p) : 0;
}

static inline uint32_t read_be32(struct reader *r)
{
    const uint8_t *p = reader_take(r, 4);

    return p ? be32_load(p) : 0;
}

struct writer {
    uint8_t *p, *end;
    bool     bad;
};

static inline struct writer writer_of(void *p, size_t cap)
{
    return (struct writer){ (uint8_t *)p, (uint8_t *)p + cap, false };
}

static inline uint8_t *writer_take(struct writer *w, size_t n)
{
    uint8_t *at = w->p;

    if (w->bad || (size_t)(w->end - w->p) < n) {
        w->bad = true;
        return NULL;
    }
    w->p += n;
    return at;
}

static inline void write_u8(struct writer *w, uint8_t v)
{
    uint8_t *p = writer_take(w, 1);

    if (p)
        p[0] = v;
}

static inline void write_be16(struct writer *w, uint16_t v)
{
    uint8_t *p = writer_take(w, 2);

    if (p)
        be16_store(p, v);
}

static inline void write_be32(struct writer *w, uint32_t v)
{
    uint8_t *p = writer_take(w, 4);

    if (p)
        be32_store(p, v);
}

static inline void write_bytes(struct writer *w, const void *src, size_t n)
{
    uint8_t *p = writer_take(w, n);

    if (p && n)
        memcpy(p, src, n);
}

#endif
