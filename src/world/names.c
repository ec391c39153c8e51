/* names.c: answers to DNS questions: the hosts of the lab and localhost.
 *
 *   Owns:      the form of a DNS message with one question.
 *   Invariant: nothing is read beyond the message, nothing is followed:
 *              a question has no compression pointers, and whoever sends
 *              one is told that it is malformed.
 *   RFC 1035 §4.1 (messages), §3.4 (A, PTR); RFC 3596 (AAAA, ip6.arpa);
 *   RFC 6761 §6.3 (localhost); RFC 2308 §2 (no such name, no such type).
 */
#include "world/inner.h"

enum { DNS_HEADER = 12, LABEL_MAX = 63, NAME_MAX_BYTES = 255 };
enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, CLASS_IN = 1 };
enum {
    RCODE_OK = 0,
    RCODE_FORMAT = 1,
    RCODE_NO_NAME = 3,
    RCODE_NOT_IMPLEMENTED = 4,
    RCODE_REFUSED = 5,
};
enum {
    FLAG_RESPONSE = 0x8000,
    FLAG_AUTHORITY = 0x0400,
    FLAG_RA = 0x0080,
    FLAG_RD = 0x0100,
    OPCODE_SHIFT = 11,
    ANSWER_TTL = 60
};
enum { POINTER_TO_QUESTION = 0xc000 | DNS_HEADER };

struct question {
    char     name[NAME_MAX_BYTES + 1]; /* labels with dots, lower case */
    size_t   raw_len; /* name, type and class as they stand */
    uint16_t type, class;
};

/* What a name has: an address, a name, or nothing (there is such a name,
 * but not with this type). */
struct found {
    bool           exists, has_addr, has_name;
    struct cw_addr addr;
    char           name[WORLD_NAME_MAX];
};

static char lower(uint8_t c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* One label onto the text; false: no label, or a character that would make
 * the text ambiguous (no host has one). */
static bool read_label(struct reader *r, uint8_t len, struct fmt *text)
{
    const uint8_t *p;

    if (len > LABEL_MAX)
        return false; /* a pointer, or an obsolete kind (RFC 6891 §5) */
    p = reader_take(r, len);
    if (!p)
        return false;
    if (text->len)
        fmt_char(text, '.');
    for (uint8_t i = 0; i < len; i++) {
        if (p[i] == '.' || p[i] == 0)
            return false;
        fmt_char(text, lower(p[i]));
    }
    return true;
}

static bool read_question(struct reader *r, struct question *q)
{
    const uint8_t *start = r->p;
    struct fmt     text = fmt_of(q->name, sizeof(q->name));
    uint8_t        len;

    while ((len = read_u8(r)) != 0)
        if (!read_label(r, len, &text))
            return false;
    q->type = read_be16(r);
    q->class = read_be16(r);
    q->raw_len = (size_t)(r->p - start);
    return !r->bad && !text.cut
        && q->raw_len <= NAME_MAX_BYTES + 2 * sizeof(uint16_t);
}

/* ---- what names mean --------------------------------------------------- */

/* The name that leads back from an address. */
static void reverse_name(const struct cw_addr *a, struct fmt *f)
{
    if (addr_is4(a)) {
        fmt_f(f, "%u.%u.%u.%u.in-addr.arpa", a->b[15], a->b[14], a->b[13],
              a->b[12]);
        return;
    }
    for (unsigned i = 16; i-- > 0;)
        fmt_f(f, "%x.%x.", a->b[i] & 15u, a->b[i] >> 4);
    fmt_str(f, "ip6.arpa");
}

static bool leads_to(const char *name, const struct cw_addr *a)
{
    char       text[80]; /* 32 nibbles with dots, "ip6.arpa" */
    struct fmt f = fmt_of(text, sizeof(text));

    reverse_name(a, &f);
    INVARIANT(!f.cut);
    return text_same(name, text);
}

static void set_name(struct found *out, uint16_t type, const char *name)
{
    struct fmt f = fmt_of(out->name, sizeof(out->name));

    out->exists = true;
    out->has_name = type == TYPE_PTR;
    fmt_str(&f, name);
}

static void look_back(const struct world *w, const struct question *q,
                      struct found *out)
{
    struct cw_addr one4 = addr4(0x7f000001), one6 = { .b = { [15] = 1 } };

    for (unsigned n = 1; n <= w->nhosts; n++)
        if (leads_to(q->name, &w->hosts[n]->addr4)
            || leads_to(q->name, &w->hosts[n]->addr6))
            set_name(out, q->type, w->hosts[n]->name);
    if (leads_to(q->name, &one4) || leads_to(q->name, &one6))
        set_name(out, q->type, "localhost");
}

static void set_addr(struct found *out, uint16_t type, struct cw_addr a4,
                     struct cw_addr a6)
{
    out->exists = true;
    out->has_addr = type == TYPE_A || type == TYPE_AAAA;
    out->addr = type == TYPE_A ? a4 : a6;
}

static struct found look_up(const struct world *w, const struct question *q)
{
    struct found out = { 0 };
    unsigned     host = world_host_find(w, q->name);

    if (host)
        set_addr(&out, q->type, w->hosts[host]->addr4, w->hosts[host]->addr6);
    else if (text_same(q->name, "localhost"))
        set_addr(&out, q->type, addr4(0x7f000001),
                 (struct cw_addr){ .b = { [15] = 1 } });
    else
        look_back(w, q, &out);
    return out;
}

/* ---- the answer -------------------------------------------------------- */

static void write_name(struct writer *a, const char *name)
{
    size_t len = 0;

    while (name[len])
        len++;
    INVARIANT(len <= LABEL_MAX); /* a host's name is one label */
    write_u8(a, (uint8_t)len);
    write_bytes(a, name, len);
    write_u8(a, 0);
}

static void write_record(struct writer *a, const struct question *q,
                         const struct found *f)
{
    uint8_t       *len_at;
    const uint8_t *start;

    write_be16(a, POINTER_TO_QUESTION);
    write_be16(a, q->type);
    write_be16(a, CLASS_IN);
    write_be32(a, ANSWER_TTL);
    len_at = writer_take(a, 2);
    start = a->p;
    if (f->has_name)
        write_name(a, f->name);
    else if (q->type == TYPE_A)
        write_bytes(a, f->addr.b + 12, 4);
    else
        write_bytes(a, f->addr.b, 16);
    if (len_at && !a->bad)
        be16_store(len_at, (uint16_t)(a->p - start));
}

static void write_header(struct writer *a, struct span question,
                         unsigned rcode, bool asked, bool answered)
{
    uint16_t flags = be16_load(question.p + 2);
    uint16_t kept = (uint16_t)(flags & (FLAG_RD | 15u << OPCODE_SHIFT));

    write_be16(a, be16_load(question.p));
    write_be16(
        a,
        (uint16_t)(FLAG_RESPONSE | FLAG_AUTHORITY | FLAG_RA | kept | rcode));
    write_be16(a, asked);
    write_be16(a, answered);
    write_be16(a, 0);
    write_be16(a, 0);
}

size_t names_answer(const struct world *w, struct span question, uint8_t *out,
                    size_t cap)
{
    struct writer   a = writer_of(out, cap);
    struct reader   r = reader_of(question);
    struct question q;
    struct found    f;
    unsigned        rcode = RCODE_OK;

    if (question.len < DNS_HEADER
        || be16_load(question.p + 2) & FLAG_RESPONSE)
        return 0; /* nothing that may be answered */
    reader_take(&r, DNS_HEADER);
    if (be16_load(question.p + 2) >> OPCODE_SHIFT & 15)
        rcode = RCODE_NOT_IMPLEMENTED;
    else if (be16_load(question.p + 4) != 1 || !read_question(&r, &q))
        rcode = RCODE_FORMAT;
    else if (q.class != CLASS_IN)
        rcode = RCODE_REFUSED;
    if (rcode != RCODE_OK) {
        write_header(&a, question, rcode, false, false);
        return a.bad ? 0 : (size_t)(a.p - out);
    }
    f = look_up(w, &q);
    write_header(&a, question, f.exists ? RCODE_OK : RCODE_NO_NAME, true,
                 f.has_addr || f.has_name);
    write_bytes(&a, question.p + DNS_HEADER, q.raw_len);
    if (f.has_addr || f.has_name)
        write_record(&a, &q, &f);
    return a.bad ? 0 : (size_t)(a.p - out);
}
