/* trace_write.c: see trace_write.h.  A recording's blocks are copied as they
 * are; what is about the whole run (events, calls, sockets, the end) is left
 * out, for it would not fit a part.
 */
#include "cli/trace_write.h"

#include "loop/loop.h"
#include "obs/block.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct copy {
    FILE                  *to;
    const struct run_file *from;
    const bool            *chosen;
    size_t                 next; /* the packet whose block comes next */
    struct span            info; /* the PACKET block before it */
};

static bool put(struct copy *c, struct span s)
{
    return fwrite(s.p, 1, s.len, c->to) == s.len;
}

/* The frame of an enhanced packet block's body. */
static const uint8_t *frame_of(const struct block *b)
{
    return b->body.p + 20;
}

static bool copy_packet(struct copy *c, const struct block *b,
                        struct span whole)
{
    const struct run *r = &c->from->run;
    bool              yes;

    if (c->next == r->npackets || r->packets[c->next].frame.p != frame_of(b))
        return true; /* run_read() had no use for it */
    yes = c->chosen[c->next++];
    return !yes || (put(c, c->info) && put(c, whole));
}

static bool number_chosen(const struct copy *c, uint32_t number)
{
    const struct run_packet *packets = c->from->run.packets;
    size_t                   low = 0, high = c->from->run.npackets;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (packets[mid].number < number)
            low = mid + 1;
        else
            high = mid;
    }
    return low < c->from->run.npackets && packets[low].number == number
        && c->chosen[low];
}

static bool copy_local(struct copy *c, const struct block *b,
                       struct span whole)
{
    struct reader r = reader_of(b->body);

    if (b->kind == BLOCK_PACKET)
        c->info = whole;
    if (b->kind == BLOCK_CONFIG)
        return put(c, whole);
    if (b->kind == BLOCK_FATE && number_chosen(c, take_le32(&r)))
        return put(c, whole);
    return true;
}

static bool copy_recording(struct copy *c)
{
    struct reader f = reader_of(span_of(c->from->bytes, c->from->len));
    struct block  b;
    bool          ok = true;

    while (ok) {
        const uint8_t *at = f.p;
        struct span    whole;

        if (block_next(&f, &b) != BLOCK_OK)
            break;
        whole = span_of(at, (size_t)(f.p - at));
        if (b.type == BLOCK_EPB)
            ok = copy_packet(c, &b, whole);
        else if (b.type == BLOCK_LOCAL)
            ok = copy_local(c, &b, whole);
        else if (b.type == BLOCK_SHB || b.type == BLOCK_IDB
                 || b.type == BLOCK_NRB)
            ok = put(c, whole);
    }
    return ok;
}

/* Somebody else's capture: packets and times. */
static bool write_plain(struct copy *c)
{
    const struct run *r = &c->from->run;
    struct blockbuf   b;
    bool              ok = true;

    blockbuf_init(&b, memory_alloc());
    block_section(&b);
    block_interface(&b, "eth0");
    for (size_t i = 0; ok && i < r->npackets; i++) {
        const struct run_packet *p = &r->packets[i];
        size_t                   at;

        if (c->chosen[i]) {
            at = block_packet(&b, 0, p->t, (uint32_t)p->frame.len);
            b.len -= b.bad ? 0 : 4; /* the length before it was cut */
            put_le32(&b, p->wire_len);
            put_bytes(&b, p->frame.p, p->frame.len);
            block_end(&b, at);
        }
        ok = !b.bad && put(c, span_of(b.p, b.len));
        b.len = 0;
    }
    ok = ok && put(c, span_of(b.p, b.len));
    blockbuf_free(&b);
    return ok;
}

bool trace_write(const char *path, const struct run_file *from,
                 const bool *chosen)
{
    bool        out = strcmp(path, "-") == 0, ok;
    struct copy c = { .from = from, .chosen = chosen };

    c.to = out ? stdout : fopen(path, "we");
    if (!c.to)
        return false;
    ok = from->run.nhosts > 0 ? copy_recording(&c) : write_plain(&c);
    if (fflush(c.to) != 0)
        ok = false;
    if (!out && fclose(c.to) != 0)
        ok = false;
    return ok;
}
