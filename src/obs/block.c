/* block.c: see block.h. */
#include "obs/block.h"
#include "base/check.h"

void blockbuf_init(struct blockbuf *b, const struct cw_alloc *alloc)
{
    *b = (struct blockbuf){ .alloc = alloc };
}

void blockbuf_free(struct blockbuf *b)
{
    if (b->p)
        b->alloc->free(b->alloc->ctx, b->p, b->cap);
    b->p = NULL;
    b->len = b->cap = 0;
}

static uint8_t *room(struct blockbuf *b, size_t n)
{
    size_t   cap = b->cap ? b->cap : 4096;
    uint8_t *p;

    if (b->bad)
        return NULL;
    while (cap - b->len < n)
        cap *= 2;
    if (cap != b->cap) {
        p = b->alloc->alloc(b->alloc->ctx, cap, 16);
        if (!p) {
            b->bad = true;
            return NULL;
        }
        if (b->len)
            memcpy(p, b->p, b->len);
        if (b->p)
            b->alloc->free(b->alloc->ctx, b->p, b->cap);
        b->p = p;
        b->cap = cap;
    }
    p = b->p + b->len;
    b->len += n;
    return p;
}

static void le_store(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static void put_le(struct blockbuf *b, uint64_t v, unsigned n)
{
    uint8_t *p = room(b, n);

    if (p)
        le_store(p, v, n);
}

void put_le16(struct blockbuf *b, uint16_t v)
{
    put_le(b, v, 2);
}

void put_le32(struct blockbuf *b, uint32_t v)
{
    put_le(b, v, 4);
}

void put_le64(struct blockbuf *b, uint64_t v)
{
    put_le(b, v, 8);
}

void put_bytes(struct blockbuf *b, const void *p, size_t n)
{
    uint8_t *to = room(b, n);

    if (to && n)
        memcpy(to, p, n);
}

void put_blob(struct blockbuf *b, const void *p, size_t n)
{
    put_le32(b, (uint32_t)n);
    put_bytes(b, p, n);
}

size_t block_begin(struct blockbuf *b, uint32_t type)
{
    size_t at = b->len;

    put_le32(b, type);
    put_le32(b, 0); /* the length, when it is known */
    return at;
}

size_t block_begin_local(struct blockbuf *b, enum block_kind kind)
{
    size_t at = block_begin(b, BLOCK_LOCAL);

    put_le16(b, BLOCK_VERSION);
    put_le16(b, (uint16_t)kind);
    return at;
}

void block_pad(struct blockbuf *b)
{
    static const uint8_t zeros[4];

    put_bytes(b, zeros, (4 - b->len % 4) % 4);
}

void block_end(struct blockbuf *b, size_t at)
{
    uint32_t n;

    block_pad(b);
    n = (uint32_t)(b->len - at + 4);
    put_le32(b, n);
    if (!b->bad)
        le_store(b->p + at + 4, n, 4);
}

void block_option(struct blockbuf *b, uint16_t code, const void *p, size_t n)
{
    put_le16(b, code);
    put_le16(b, (uint16_t)MIN(n, (size_t)UINT16_MAX));
    put_bytes(b, p, MIN(n, (size_t)UINT16_MAX));
    block_pad(b);
}

void block_section(struct blockbuf *b)
{
    static const char appl[] = "Causeway";
    size_t            at = block_begin(b, BLOCK_SHB);

    put_le32(b, BLOCK_MAGIC);
    put_le16(b, 1); /* major */
    put_le16(b, 0);
    put_le64(b, UINT64_MAX); /* section length: not given */
    block_option(b, 4, appl, sizeof appl - 1);
    put_le32(b, 0);
    block_end(b, at);
}

static size_t text_len(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

void block_interface(struct blockbuf *b, const char *name)
{
    static const uint8_t nanoseconds = 9;
    size_t               at = block_begin(b, BLOCK_IDB);

    put_le16(b, 1); /* LINKTYPE_ETHERNET */
    put_le16(b, 0);
    put_le32(b, 0); /* no snapshot limit */
    block_option(b, 2, name, text_len(name));
    block_option(b, 9, &nanoseconds, 1);
    put_le32(b, 0);
    block_end(b, at);
}

size_t block_packet(struct blockbuf *b, uint32_t interface, cw_ns t,
                    uint32_t len)
{
    size_t   at = block_begin(b, BLOCK_EPB);
    uint64_t ns = (uint64_t)(t + BLOCK_EPOCH);

    put_le32(b, interface);
    put_le32(b, (uint32_t)(ns >> 32));
    put_le32(b, (uint32_t)ns);
    put_le32(b, len);
    put_le32(b, len);
    return at;
}

void block_event(struct blockbuf *b, const struct cw_event *e)
{
    size_t at = block_begin_local(b, BLOCK_EVENT);

    put_le64(b, (uint64_t)e->t);
    put_le32(b, e->flow);
    put_le16(b, e->host);
    put_le16(b, e->kind);
    put_le16(b, e->why);
    put_le16(b, e->sub);
    put_le32(b, e->pkt);
    for (unsigned i = 0; i < 5; i++)
        put_le64(b, e->v[i]);
    block_end(b, at);
}

/* ---- rows ----------------------------------------------------------------- */

/* The fields of a row, so that writing and reading cannot disagree and no
 * padding is written. */
// clang-format off
#define F(name) { offsetof(struct cw_sock_row, name), \
                  sizeof(((struct cw_sock_row *)0)->name), \
                  _Generic(((struct cw_sock_row *)0)->name, bool: true, \
                           default: false) }

static const struct {
    uint16_t at, size;
    bool     truth; /* read back as 0 or 1, whatever stands there */
} fields[] = {
    F(sd), F(flow), F(domain), F(type), F(state), F(timer), F(timer_left),
    F(local.addr), F(local.scope), F(local.port), F(peer.addr),
    F(peer.scope), F(peer.port), F(recv_q), F(send_q), F(drops), F(owner),
    F(syn_queue), F(has_info), F(info.state), F(info.ca_state),
    F(info.snd_wscale), F(info.rcv_wscale), F(info.timestamps),
    F(info.sack), F(info.wscale_ok), F(info.cwnd_limited), F(info.snd_mss),
    F(info.rcv_mss), F(info.advmss), F(info.unacked), F(info.sacked),
    F(info.lost), F(info.retrans), F(info.total_retrans), F(info.snd_cwnd),
    F(info.snd_ssthresh), F(info.cwnd_bytes), F(info.snd_wnd),
    F(info.rcv_wnd), F(info.backoff), F(info.probes), F(info.reordering),
    F(info.dupacks), F(info.rto), F(info.ato), F(info.srtt),
    F(info.rttvar), F(info.min_rtt), F(info.bytes_sent),
    F(info.bytes_retrans), F(info.bytes_acked), F(info.bytes_received),
    F(info.segs_out), F(info.segs_in), F(info.data_segs_out),
    F(info.data_segs_in), F(info.iss), F(info.irs), F(info.snd_una),
    F(info.snd_nxt), F(info.rcv_nxt), F(info.cc), F(info.cc_arg[0]),
    F(info.cc_arg[1]), F(info.pacing_rate), F(info.delivery_rate),
    F(info.rate_app_limited), F(info.ecn), F(info.ecn_seen),
    F(info.ecn_accurate), F(info.accecn_fail), F(info.accecn_seen),
    F(info.received_ce), F(info.delivered_ce), F(info.received_bytes.e0),
    F(info.received_bytes.ce), F(info.received_bytes.e1),
    F(info.delivered_bytes.e0), F(info.delivered_bytes.ce),
    F(info.delivered_bytes.e1),
};
// clang-format on

static uint64_t field_load(const uint8_t *p, unsigned size)
{
    uint8_t  v1;
    uint16_t v2;
    uint32_t v4;
    uint64_t v8;

    switch (size) {
    case 1:
        memcpy(&v1, p, 1);
        return v1;
    case 2:
        memcpy(&v2, p, 2);
        return v2;
    case 4:
        memcpy(&v4, p, 4);
        return v4;
    default:
        memcpy(&v8, p, 8);
        return v8;
    }
}

static void field_store(uint8_t *p, unsigned size, uint64_t v)
{
    uint8_t  v1 = (uint8_t)v;
    uint16_t v2 = (uint16_t)v;
    uint32_t v4 = (uint32_t)v;

    if (size == 1)
        memcpy(p, &v1, 1);
    else if (size == 2)
        memcpy(p, &v2, 2);
    else if (size == 4)
        memcpy(p, &v4, 4);
    else
        memcpy(p, &v, 8);
}

void block_row(struct blockbuf *b, uint16_t host,
               const struct cw_sock_row *row)
{
    size_t         at = block_begin_local(b, BLOCK_ROW);
    const uint8_t *p = (const uint8_t *)row;

    put_le16(b, host);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (fields[i].size == 16)
            put_bytes(b, p + fields[i].at, 16);
        else
            put_le(b, field_load(p + fields[i].at, fields[i].size),
                   fields[i].size);
    }
    block_end(b, at);
}

void block_count(struct blockbuf *b, uint16_t host, const char *name,
                 uint64_t value)
{
    size_t at = block_begin_local(b, BLOCK_COUNT);

    put_le64(b, value);
    put_le16(b, host);
    put_blob(b, name, text_len(name));
    block_end(b, at);
}

void block_counts(struct blockbuf *b, uint16_t host,
                  const struct cw_stack *st)
{
    for (unsigned i = 0; i < cw_counter_count(); i++)
        if (cw_counter_value(st, i) > 0)
            block_count(b, host, cw_counter_name(i), cw_counter_value(st, i));
}

/* ---- reading -------------------------------------------------------------- */

static uint64_t take_le(struct reader *r, unsigned n)
{
    const uint8_t *p = reader_take(r, n);
    uint64_t       v = 0;

    for (unsigned i = 0; p && i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint16_t take_le16(struct reader *r)
{
    return (uint16_t)take_le(r, 2);
}

uint32_t take_le32(struct reader *r)
{
    return (uint32_t)take_le(r, 4);
}

uint64_t take_le64(struct reader *r)
{
    return take_le(r, 8);
}

struct span take_blob(struct reader *r)
{
    uint32_t       n = take_le32(r);
    const uint8_t *p = reader_take(r, n);

    return p ? span_of(p, n) : span_of(r->end, 0);
}

enum block_next block_next(struct reader *file, struct block *out)
{
    size_t         left = reader_left(file);
    const uint8_t *p = file->p;
    uint32_t       n;
    struct reader  r;

    if (left == 0)
        return BLOCK_DONE;
    if (left < 12)
        return BLOCK_CUT;
    r = reader_of(span_of(p, 8));
    out->type = take_le32(&r);
    n = take_le32(&r);
    if (n < 12 || n % 4 || n > BLOCK_MAX)
        return BLOCK_BAD;
    if (n > left)
        return BLOCK_CUT;
    reader_take(file, n);
    out->body = span_of(p + 8, n - 12);
    out->kind = 0;
    if (out->type != BLOCK_LOCAL)
        return BLOCK_OK;
    r = reader_of(out->body);
    if (take_le16(&r) != BLOCK_VERSION) {
        out->type = 0; /* of a later version: skipped */
        return BLOCK_OK;
    }
    out->kind = take_le16(&r);
    out->body = span_of(r.p, reader_left(&r));
    return r.bad ? BLOCK_BAD : BLOCK_OK;
}

void read_event(struct reader *r, struct cw_event *e)
{
    e->t = (cw_ns)take_le64(r);
    e->flow = take_le32(r);
    e->host = take_le16(r);
    e->kind = take_le16(r);
    e->why = take_le16(r);
    e->sub = take_le16(r);
    e->pkt = take_le32(r);
    for (unsigned i = 0; i < 5; i++)
        e->v[i] = take_le64(r);
}

/* A name, whatever stands there: letters and digits, then zeros. */
static void clean_name(char name[static 16])
{
    bool over = false;

    for (unsigned i = 0; i < 16; i++) {
        bool fine = (name[i] >= 'a' && name[i] <= 'z')
            || (name[i] >= '0' && name[i] <= '9');

        over |= !fine || i == 15;
        if (over)
            name[i] = '\0';
    }
}

bool read_row(struct reader *r, uint16_t *host, struct cw_sock_row *row)
{
    uint8_t *p = (uint8_t *)row;

    memset(row, 0, sizeof *row);
    *host = take_le16(r);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (fields[i].size == 16) {
            const uint8_t *a = reader_take(r, 16);

            if (a)
                memcpy(p + fields[i].at, a, 16);
        } else {
            uint64_t v = take_le(r, fields[i].size);

            field_store(p + fields[i].at, fields[i].size,
                        fields[i].truth ? v != 0 : v);
        }
    }
    clean_name(row->info.cc);
    return !r->bad;
}
