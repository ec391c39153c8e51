/* run_read.c: a recording's bytes into a struct run.  Everything in the file
 * is hostile: lengths and numbers are checked, arrays grow by what is there.
 */
#include "obs/run.h"
#include "base/addr.h"
#include "base/check.h"
#include "obs/block.h"
#include "obs/run_own.h"

struct loader {
    struct run            *run;
    const struct cw_alloc *alloc;
    struct run_packet      next; /* what PACKET said of the block to come */
    bool                   has_next, out_of_memory;
};

void *run_grow(const struct cw_alloc *alloc, void **array, size_t n,
               size_t *cap, size_t size)
{
    if (n == *cap) {
        size_t more = *cap ? *cap * 2 : 16;
        void  *p = alloc->alloc(alloc->ctx, more * size, 16);

        if (!p)
            return NULL;
        if (n > 0)
            memcpy(p, *array, n * size);
        if (*array)
            alloc->free(alloc->ctx, *array, *cap * size);
        *array = p;
        *cap = more;
    }
    memset((uint8_t *)*array + n * size, 0, size);
    return (uint8_t *)*array + n * size;
}

static void *noticed(struct loader *l, void *p)
{
    l->out_of_memory |= p == NULL;
    return p;
}

#define GROW(l, field) noticed(l, RUN_GROW((l)->run, field))

static void copy_text(char *to, size_t cap, struct span from)
{
    size_t n = MIN(from.len, cap - 1);

    memcpy(to, from.p, n);
    to[n] = '\0';
}

/* ---- CONFIG: lines of key=value ------------------------------------------- */

static bool key_is(struct span line, const char *key, struct span *value)
{
    size_t n = 0;

    while (key[n]) {
        if (n >= line.len || line.p[n] != (uint8_t)key[n])
            return false;
        n++;
    }
    if (n >= line.len || line.p[n] != '=')
        return false;
    *value = span_of(line.p + n + 1, line.len - n - 1);
    return true;
}

/* The next word of a value, up to a blank. */
static struct span word(struct span *s)
{
    size_t      n = 0;
    struct span w;

    while (n < s->len && s->p[n] != ' ')
        n++;
    w = span_of(s->p, n);
    if (n < s->len)
        n++;
    *s = span_of(s->p + n, s->len - n);
    return w;
}

static uint64_t number(struct span w)
{
    uint64_t v = 0;

    for (size_t i = 0; i < w.len; i++) {
        if (w.p[i] < '0' || w.p[i] > '9')
            break;
        v = v * 10 + (uint64_t)(w.p[i] - '0');
    }
    return v;
}

static struct cw_addr address(struct span w)
{
    char           text[ADDR_TEXT_MAX];
    struct cw_addr a = { { 0 } };

    copy_text(text, sizeof text, w);
    addr_parse(text, &a);
    return a;
}

static void config_line(struct loader *l, struct span line)
{
    struct span      v;
    struct run_host *h;
    struct run_link *k;

    if (key_is(line, "seed", &v))
        l->run->seed = number(v);
    else if (key_is(line, "clock", &v))
        l->run->real_time = v.len > 0 && v.p[0] == 'r';
    else if (key_is(line, "start", &v))
        l->run->start = (cw_ns)number(v);
    else if (key_is(line, "words", &v))
        copy_text(l->run->link_words, sizeof l->run->link_words, v);
    else if (l->run->nhosts < RUN_HOSTS_MAX && key_is(line, "host", &v)
             && (h = GROW(l, hosts)) != NULL) {
        copy_text(h->name, sizeof h->name, word(&v));
        h->addr4 = address(word(&v));
        h->addr6 = address(word(&v));
        l->run->nhosts++;
    } else if (l->run->nlinks < RUN_LINKS_MAX && key_is(line, "link", &v)
               && (k = GROW(l, links)) != NULL) {
        copy_text(k->name, sizeof k->name, word(&v));
        k->a = (uint16_t)number(word(&v));
        k->b = (uint16_t)number(word(&v));
        l->run->nlinks++;
    }
}

static void read_config(struct loader *l, struct span text)
{
    size_t at = 0;

    while (at < text.len) {
        size_t n = at;

        while (n < text.len && text.p[n] != '\n')
            n++;
        config_line(l, span_of(text.p + at, n - at));
        at = n + 1;
    }
}

/* ---- the others ------------------------------------------------------------ */

static void read_packet_info(struct loader *l, struct reader *r)
{
    uint8_t flags;

    l->next = (struct run_packet){ 0 };
    l->next.number = take_le32(r);
    l->next.host = take_le16(r);
    l->next.netif = take_le16(r);
    l->next.why = take_le16(r);
    flags = (uint8_t)take_le16(r);
    l->next.inward = flags & 1;
    l->next.name = (flags & 2) != 0;
    l->next.more = (flags & 4) != 0;
    l->next.flow = take_le32(r);
    l->next.why_arg = take_le64(r);
    if (l->next.why >= WHY_COUNT_OF)
        l->next.why = WHY_NONE;
    l->has_next = !r->bad;
}

static void read_packet(struct loader *l, struct reader *r)
{
    uint32_t           hi, lo, len, wire_len;
    struct run_packet *p;
    const uint8_t     *bytes;

    take_le32(r); /* the interface stands in PACKET, too */
    hi = take_le32(r);
    lo = take_le32(r);
    len = take_le32(r);
    wire_len = take_le32(r);
    bytes = reader_take(r, len);
    if (!bytes || !l->has_next || (p = GROW(l, packets)) == NULL)
        return;
    *p = l->next;
    p->t = (cw_ns)(((uint64_t)hi << 32 | lo) - (uint64_t)BLOCK_EPOCH);
    p->frame = span_of(bytes, len);
    p->wire_len = MAX(wire_len, len);
    l->run->npackets++;
    l->has_next = false;
}

/* Numbers ascend; in a file where they do not, some are not found. */
static struct run_packet *packet_numbered(struct run *r, uint32_t number)
{
    size_t low = 0, high = r->npackets;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (r->packets[mid].number < number)
            low = mid + 1;
        else
            high = mid;
    }
    return low < r->npackets && r->packets[low].number == number
        ? &r->packets[low]
        : NULL;
}

static void read_fate(struct loader *l, struct reader *r)
{
    struct run_packet *p = packet_numbered(l->run, take_le32(r));
    struct run_fate    f = { 0 };

    f.t = (cw_ns)take_le64(r);
    f.arrive_at = (cw_ns)take_le64(r);
    f.why = take_le16(r);
    f.to = take_le16(r);
    f.copy = (uint8_t)take_le16(r);
    take_le16(r); /* final: the last one is */
    copy_text(f.rule, sizeof f.rule, take_blob(r));
    if (f.why >= WHY_COUNT_OF)
        f.why = WHY_NONE;
    if (!p || r->bad)
        return;
    if (p->nfates == RUN_FATES_MAX) /* the last one counts */
        p->fates[RUN_FATES_MAX - 1] = f;
    else
        p->fates[p->nfates++] = f;
}

static void read_owner(struct loader *l, struct reader *r)
{
    struct run_owner *o = GROW(l, owners);

    if (!o)
        return;
    o->owner = take_le64(r);
    o->host = take_le16(r);
    take_le16(r);
    o->pid = (int32_t)take_le32(r);
    o->fd = (int32_t)take_le32(r);
    copy_text(o->name, sizeof o->name, take_blob(r));
    l->run->nowners += !r->bad;
}

static void read_count(struct loader *l, struct reader *r)
{
    struct run_count *c = GROW(l, counts);

    if (!c)
        return;
    c->value = take_le64(r);
    c->host = take_le16(r);
    copy_text(c->name, sizeof c->name, take_blob(r));
    l->run->ncounts += !r->bad;
}

static void read_local(struct loader *l, const struct block *b)
{
    struct reader    r = reader_of(b->body);
    struct cw_event *e;
    struct run_row  *row;

    switch ((enum block_kind)b->kind) {
    case BLOCK_CONFIG:
        read_config(l, take_blob(&r));
        break;
    case BLOCK_PACKET:
        read_packet_info(l, &r);
        break;
    case BLOCK_FATE:
        read_fate(l, &r);
        break;
    case BLOCK_EVENT:
        if ((e = GROW(l, events)) != NULL) {
            read_event(&r, e);
            l->run->nevents += !r.bad && e->kind < EV_COUNT_OF
                && e->why < WHY_COUNT_OF;
        }
        break;
    case BLOCK_OWNER:
        read_owner(l, &r);
        break;
    case BLOCK_ROW:
        if ((row = GROW(l, rows)) != NULL)
            l->run->nrows += read_row(&r, &row->host, &row->row);
        break;
    case BLOCK_COUNT:
        read_count(l, &r);
        break;
    case BLOCK_END:
        l->run->end = (cw_ns)take_le64(&r);
        l->run->trace_id = take_le32(&r);
        l->run->complete = !r.bad;
        break;
    case BLOCK_CALL:
    case BLOCK_CHANGE:
        break; /* the input log is for replay */
    }
}

bool run_read(struct run *run, struct span file, const struct cw_alloc *alloc,
              const char **why)
{
    struct reader f = reader_of(file);
    struct loader l = { .run = run, .alloc = alloc };
    struct block  b;

    *run = (struct run){ .alloc = alloc };
    *why = file.len == 0
        ? "nothing stands in it yet"
        : "it is no recording of Causeway (no pcapng section header)";
    if (block_next(&f, &b) != BLOCK_OK || b.type != BLOCK_SHB)
        return false;
    while (block_next(&f, &b) == BLOCK_OK && !l.out_of_memory) {
        struct reader r = reader_of(b.body);

        if (b.type == BLOCK_EPB)
            read_packet(&l, &r);
        else if (b.type == BLOCK_LOCAL)
            read_local(&l, &b);
    }
    if (run->nhosts == 0)
        *why = "it is a capture, but no recording of Causeway: it does not "
               "say which hosts there were";
    if (l.out_of_memory)
        *why = "out of memory";
    if (run->nhosts == 0 || l.out_of_memory) {
        run_free(run);
        return false;
    }
    if (run->npackets > 0)
        run->end = MAX(run->end, run->packets[run->npackets - 1].t);
    return true;
}

void run_free(struct run *r)
{
#define GIVE(field)                                           \
    do {                                                      \
        if (r->field)                                         \
            r->alloc->free(r->alloc->ctx, r->field,           \
                           r->room.field * sizeof *r->field); \
        r->field = NULL;                                      \
        r->n##field = r->room.field = 0;                      \
    } while (0)
    GIVE(hosts);
    GIVE(links);
    GIVE(packets);
    GIVE(events);
    GIVE(rows);
    GIVE(owners);
    GIVE(counts);
#undef GIVE
}
