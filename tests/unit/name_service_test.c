/* name_service_test.c: answers to DNS questions, good ones and others. */
#include "t.h"
#include "world/inner.h"
#include "world_rig.h"

enum { A = 1, SOA = 6, PTR = 12, AAAA = 28, ANY = 255, IN = 1, CHAOS = 3 };
enum { OK = 0, FORMAT = 1, NO_NAME = 3, NOT_IMPLEMENTED = 4, REFUSED = 5 };

/* A question for a name with dots; answers its length. */
static size_t question(uint8_t *out, const char *name, uint16_t type,
                       uint16_t class)
{
    struct writer w = writer_of(out, 512);

    write_be16(&w, 0xbeef);
    write_be16(&w, 0x0100);
    write_be16(&w, 1);
    write_be16(&w, 0);
    write_be32(&w, 0);
    while (*name) {
        size_t n = strcspn(name, ".");

        write_u8(&w, (uint8_t)n);
        write_bytes(&w, name, n);
        name += n + (name[n] == '.');
    }
    write_u8(&w, 0);
    write_be16(&w, type);
    write_be16(&w, class);
    assert_false(w.bad);
    return (size_t)(w.p - out);
}

static const char nibbles_of_2[] =
    "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f";

static const struct row {
    const char *name;
    uint16_t    type, class;
    unsigned    rcode, len; /* of the data; 0: no answer record */
    const char *data;
} rows[] = {
    { "h1", A, IN, OK, 4, "\x0a\0\0\x01" },
    { "h2", A, IN, OK, 4, "\x0a\0\0\x02" },
    { "H2", A, IN, OK, 4, "\x0a\0\0\x02" },
    { "h2", AAAA, IN, OK, 16, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02" },
    { "h2", SOA, IN, OK, 0, "" },
    { "h2", ANY, IN, OK, 0, "" },
    { "h3", A, IN, NO_NAME, 0, "" },
    { "h", A, IN, NO_NAME, 0, "" },
    { "h22", A, IN, NO_NAME, 0, "" },
    { "h2.example.org", A, IN, NO_NAME, 0, "" },
    { "", A, IN, NO_NAME, 0, "" },
    { "localhost", A, IN, OK, 4, "\x7f\0\0\x01" },
    { "localhost", AAAA, IN, OK, 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01" },
    { "2.0.0.10.in-addr.arpa", PTR, IN, OK, 4, "\x02h2" },
    { "2.0.0.10.in-addr.arpa", A, IN, OK, 0, "" },
    { "9.0.0.10.in-addr.arpa", PTR, IN, NO_NAME, 0, "" },
    { "1.0.0.127.in-addr.arpa", PTR, IN, OK, 11, "\x09localhost" },
    { "h2", A, CHAOS, REFUSED, 0, "" },
};

static void check(const struct world *w, const struct row *row)
{
    uint8_t q[512], a[512];
    size_t  n = question(q, row->name, row->type, row->class);
    size_t  m = names_answer(w, span_of(q, n), a, sizeof(a));

    t_row("%s type %u", row->name, row->type);
    EXPECT_EQ(be16_load(a), 0xbeef);
    EXPECT_EQ(be16_load(a + 2), 0x8580 | row->rcode);
    EXPECT_EQ(be16_load(a + 6), row->len != 0);
    if (row->rcode == REFUSED) {
        EXPECT_EQ(m, 12);
        return;
    }
    EXPECT_MEM(a + 12, q + 12, n - 12);
    EXPECT_EQ(m, n + (row->len ? 12 + row->len : 0));
    if (row->len == 0)
        return;
    EXPECT_EQ(be16_load(a + n), 0xc00c);
    EXPECT_EQ(be16_load(a + n + 2), row->type);
    EXPECT_EQ(be16_load(a + n + 10), row->len);
    EXPECT_MEM(a + n + 12, row->data, row->len);
}

TEST(names_mean_what_they_should)
{
    struct row ptr6 = { NULL, PTR, IN, OK, 4, "\x02h2" };
    char       name[80];
    struct rig r;

    rig_init(&r, 2, 0);
    T_EACH (row, rows)
        check(r.w, row);
    memcpy(name, nibbles_of_2, sizeof(nibbles_of_2));
    memcpy(name + sizeof(nibbles_of_2) - 1, ".ip6.arpa", 10);
    ptr6.name = name;
    check(r.w, &ptr6);
    rig_free(&r);
}

static unsigned rcode_of(const struct world *w, const uint8_t *q, size_t n)
{
    uint8_t a[512];
    size_t  m = names_answer(w, span_of(q, n), a, sizeof(a));

    return m == 0 ? 99 : be16_load(a + 2) & 15;
}

TEST(what_is_no_question_is_told_so)
{
    struct rig r;
    uint8_t    q[512];
    size_t     n = question(q, "h2", A, IN);

    rig_init(&r, 2, 0);
    q[2] |= 0x80; /* an answer: never answered */
    EXPECT_EQ(rcode_of(r.w, q, n), 99);
    q[2] = 0x29; /* opcode 5 */
    EXPECT_EQ(rcode_of(r.w, q, n), NOT_IMPLEMENTED);
    q[2] = 1;
    q[5] = 2; /* two questions */
    EXPECT_EQ(rcode_of(r.w, q, n), FORMAT);
    q[5] = 0;
    EXPECT_EQ(rcode_of(r.w, q, n), FORMAT);
    q[5] = 1;
    q[12] = 0xc0; /* a name that points to itself */
    q[13] = 0x0c;
    EXPECT_EQ(rcode_of(r.w, q, n), FORMAT);
    q[12] = 64; /* a label that is too long */
    EXPECT_EQ(rcode_of(r.w, q, n), FORMAT);
    q[12] = 2;
    q[13] = '.'; /* a dot inside a label is no dot */
    EXPECT_EQ(rcode_of(r.w, q, n), FORMAT);
    rig_free(&r);
}

TEST(every_truncation_is_survived)
{
    struct rig r;
    uint8_t    q[512];
    size_t     n = question(q, "2.0.0.10.in-addr.arpa", PTR, IN);

    rig_init(&r, 2, 0);
    for (size_t len = 0; len < n; len++) {
        const uint8_t *p = t_guard(q, len);

        t_row("%zu bytes", len);
        EXPECT_EQ(rcode_of(r.w, p, len), len < 12 ? 99 : FORMAT);
    }
    rig_free(&r);
}

/* A name of 255 bytes is the longest; a longer one is malformed. */
TEST(long_names_are_bounded)
{
    struct rig r;
    char       name[400];
    uint8_t    q[512];

    rig_init(&r, 2, 0);
    memset(name, 'x', sizeof(name));
    for (size_t i = 63; i < sizeof(name); i += 64)
        name[i] = '.';
    name[253] = 0; /* with the first length and the end: 255 bytes */
    EXPECT_EQ(rcode_of(r.w, q, question(q, name, A, IN)), NO_NAME);
    name[253] = 'x';
    name[254] = 0;
    EXPECT_EQ(rcode_of(r.w, q, question(q, name, A, IN)), FORMAT);
    rig_free(&r);
}

TEST(an_answer_that_has_no_room_is_none)
{
    struct rig r;
    uint8_t    q[512], a[512];
    size_t     n = question(q, "h2", AAAA, IN), full = n + 28;

    rig_init(&r, 2, 0);
    EXPECT_EQ(names_answer(r.w, span_of(q, n), a, full), full);
    for (size_t cap = 0; cap < full; cap++)
        EXPECT_EQ(names_answer(r.w, span_of(q, n), a, cap), 0);
    rig_free(&r);
}

T_MAIN(T(names_mean_what_they_should), T(what_is_no_question_is_told_so),
       T(every_truncation_is_survived), T(long_names_are_bounded),
       T(an_answer_that_has_no_room_is_none))
