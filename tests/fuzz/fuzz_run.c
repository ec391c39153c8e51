/* fuzz_run.c: any bytes as a recording: read, and shown by every view.
 *
 * An input is the file itself (an even first byte), or what its blocks say:
 * blocks of the right form with numbers, texts and bytes of the input's.
 */
#include "rig.h"

#include "loop/loop.h"
#include "obs/block.h"
#include "obs/ladder.h"
#include "obs/plot.h"
#include "obs/sockets.h"
#include "obs/trace.h"

#include <stdlib.h>

enum { BLOCKS_MAX = 200, SHOWN_MAX = 64, FRAMES_MAX = 255 };

static struct print_state state;
static char               text[TRACE_TEXT_MAX];

/* ---- a file ----------------------------------------------------------------- */

static void put_config(struct blockbuf *b, struct said *s)
{
    static const char head[] = "seed=7\nclock=virtual\nstart=0\nwords=\n"
                               "host=h1 10.0.0.1 fd00::1\n"
                               "host=h2 10.0.0.2 fd00::2\n"
                               "link=lo 1 1\nlink=h1-h2 1 2\n";
    uint8_t           more[256];
    size_t            n = said_bytes(s, more, said8(s));
    size_t            at = block_begin_local(b, BLOCK_CONFIG);

    put_le32(b, (uint32_t)(sizeof head - 1 + n));
    put_bytes(b, head, sizeof head - 1);
    put_bytes(b, more, n);
    block_end(b, at);
}

static size_t skeleton(uint8_t *p, uint8_t how)
{
    static const uint8_t four[] = { 0x08, 0, 0x45, 0, 0, 200, 0,  0,
                                    0,    0, 64,   6, 0, 0,   10, 0,
                                    0,    1, 10,   0, 0, 2 };

    if (how & 1)
        return 0;
    memset(p, 2, 12);
    memcpy(p + 12, four, sizeof four);
    p[12 + 11] = how & 2 ? 6 : how & 4 ? 17 : 1;
    return 12 + sizeof four;
}

static void put_packet(struct blockbuf *b, struct said *s, uint32_t number)
{
    uint8_t how = said8(s), frame[64 + FRAMES_MAX];
    size_t  n = skeleton(frame, how), at;

    n += said_bytes(s, frame + n, said8(s));
    at = block_begin_local(b, BLOCK_PACKET);
    put_le32(b, how & 8 ? said32(s) : number);
    put_le16(b, said8(s));
    put_le16(b, said8(s) & 1);
    put_le16(b, said16(s));
    put_le16(b, said8(s));
    put_le32(b, said8(s));
    put_le64(b, said16(s));
    block_end(b, at);
    at = block_packet(b, said8(s), (cw_ns)number * NS_MS + said8(s),
                      (uint32_t)n);
    put_bytes(b, frame, n);
    block_end(b, at);
}

static void put_fate(struct blockbuf *b, struct said *s, uint32_t number)
{
    uint8_t rule[64];
    size_t  n, at = block_begin_local(b, BLOCK_FATE);

    put_le32(b, number - said8(s) % 4);
    put_le64(b, said16(s));
    put_le64(b, said8(s) & 1 ? (uint64_t)NS_NEVER : said32(s));
    put_le16(b, said8(s));
    put_le16(b, said8(s));
    put_le16(b, said8(s));
    put_le16(b, said8(s));
    n = said_bytes(s, rule, said8(s) % sizeof rule);
    put_blob(b, rule, n);
    block_end(b, at);
}

static void put_event(struct blockbuf *b, struct said *s, uint32_t number)
{
    struct cw_event e = { .t = (cw_ns)number * NS_MS,
                          .flow = said8(s),
                          .host = said8(s) % 4,
                          .kind = said8(s),
                          .why = said8(s),
                          .sub = said8(s),
                          .pkt = number - said8(s) % 4 };

    for (unsigned i = 0; i < 5; i++)
        e.v[i] = said16(s);
    block_event(b, &e);
}

/* A row has no form that could be wrong, but for its size. */
static void put_row(struct blockbuf *b, struct said *s)
{
    uint8_t body[600];
    size_t  at = block_begin_local(b, BLOCK_ROW);

    memset(body, 0, sizeof body);
    said_bytes(s, body, said16(s) % sizeof body);
    put_bytes(b, body, sizeof body);
    block_end(b, at);
}

static void put_any(struct blockbuf *b, struct said *s)
{
    uint8_t body[256], kind = said8(s);
    size_t  n = said_bytes(s, body, said8(s));
    size_t  at = kind & 128 ? block_begin(b, kind & 15)
                            : block_begin_local(b, kind & 15);

    put_bytes(b, body, n);
    block_end(b, at);
}

static void build(struct blockbuf *b, struct said *s)
{
    uint32_t number = 0;

    block_section(b);
    block_interface(b, "h1");
    put_config(b, s);
    for (int i = 0; i < BLOCKS_MAX && s->left > 0; i++) {
        uint8_t what = said8(s) % 8;

        if (what < 3)
            put_packet(b, s, ++number);
        else if (what == 3)
            put_fate(b, s, number);
        else if (what < 6)
            put_event(b, s, number);
        else if (what == 6)
            put_row(b, s);
        else
            put_any(b, s);
    }
}

/* ---- and what is seen of it ------------------------------------------------- */

/* Every byte is read, so that the sanitizer sees those that are not there. */
static void take_line(void *ctx, const char *line, size_t len)
{
    unsigned newlines = 0;

    (void)ctx;
    for (size_t i = 0; i < len; i++)
        newlines += line[i] == '\n';
    INVARIANT(newlines == 0);
}

static void take_note(void *ctx, const char *note)
{
    (void)ctx;
    INVARIANT(note != NULL);
}

static void show_packets(const struct run *r)
{
    static const struct trace_opts o = { .print.verbose = true,
                                         .notes = true,
                                         .colour = true };

    memset(&state, 0, sizeof state);
    for (size_t i = 0; i < r->npackets && i < SHOWN_MAX; i++) {
        struct fmt out = fmt_of(text, sizeof text);

        trace_text(&out, &state, &o, r, &r->packets[i]);
        trace_json(&out, &state, r, &r->packets[i]);
        INVARIANT(!out.cut);
    }
}

static void show_ladders(const struct run *r)
{
    static const struct ladder_out  out = { NULL, take_line, take_note };
    static const struct ladder_opts all[] = {
        { .columns = 80 },
        { .json = true },
        { .list = true },
        { .columns = 80, .windows = true, .absolute = true }
    };
    const char *why = "";

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        (void)ladder_draw(r, &all[i], &out, &why);
}

static void show_plots(const struct run *r)
{
    static const struct plot_out  out = { NULL, take_line, take_note };
    static const struct plot_opts all[] = { { .columns = 80 },
                                            { .columns = 80, .window = true },
                                            { .json = true, .sender = 1 },
                                            { .json = true, .window = true },
                                            { .list = true } };
    const char                   *why = "";

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        (void)plot_draw(r, &all[i], &out, &why);
}

static void show_sockets(const struct run *r)
{
    static const struct sockets_out  out = { NULL, take_line };
    static const struct sockets_opts o = { .all = true,
                                           .processes = true,
                                           .info = true,
                                           .extended = true,
                                           .timers = true,
                                           .memory = true };

    sockets_ss(r, &o, &out);
    sockets_summary(r, &o, &out);
    sockets_netstat(r, &o, &out);
    sockets_json(r, &o, &out);
    sockets_advice(r, &o, &out);
}

static void look(struct span file)
{
    struct run  r;
    const char *why = NULL;

    if (run_read(&r, file, memory_alloc(), &why)) {
        show_packets(&r);
        show_ladders(&r);
        show_plots(&r);
        show_sockets(&r);
        run_free(&r);
    } else {
        INVARIANT(why && *why);
    }
    if (capture_read(&r, file, memory_alloc(), &why)) {
        show_packets(&r);
        run_free(&r);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct said     s = { data, size };
    struct blockbuf b;
    uint8_t        *copy;

    if (said8(&s) & 1) {
        blockbuf_init(&b, memory_alloc());
        build(&b, &s);
        INVARIANT(!b.bad);
        look(span_of(b.p, b.len));
        blockbuf_free(&b);
        return 0;
    }
    copy = malloc(s.left + 1); /* its end is the memory's */
    INVARIANT(copy != NULL);
    memcpy(copy + 1, s.p, s.left);
    look(span_of(copy + 1, s.left));
    free(copy);
    return 0;
}
