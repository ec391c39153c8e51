/* tcpopt_test.c: TCP options: what is taken, what is ignored, what stops the
 * parser, and the order in which they are written.
 */
#include "base/limits.h"
#include "t.h"
#include "wire/tcpopt.h"

#define BYTES(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })
#define TS100      8, 10, 0, 0, 0, 100, 0, 0, 0, 7

struct row {
    const char   *what;
    bool          syn;
    uint8_t       opts[TCPOPT_MAX];
    size_t        len;
    bool          whole; /* parsed to the end */
    struct tcpopt expect;
};

/* Fields, not bytes: a struct has padding. */
static void check_same(const char *what, const struct tcpopt *a,
                       const struct tcpopt *b)
{
    bool same = a->has_mss == b->has_mss && a->mss == b->mss
        && a->has_wscale == b->has_wscale && a->wscale == b->wscale
        && a->sack_ok == b->sack_ok && a->has_ts == b->has_ts
        && a->ts_val == b->ts_val && a->ts_ecr == b->ts_ecr
        && a->nsack == b->nsack && a->nunknown == b->nunknown
        && a->has_fast == b->has_fast && a->fast_len == b->fast_len
        && memcmp(a->fast, b->fast, a->fast_len) == 0
        && a->has_accecn == b->has_accecn && a->accecn_has == b->accecn_has;

    for (size_t i = 0; same && i < ACCECN_COUNTS; i++)
        if (a->accecn_has & 1u << i)
            same = a->accecn[i] == b->accecn[i];
    for (size_t i = 0; same && i < a->nsack; i++)
        same = seq_eq(a->sack[i].left, b->sack[i].left)
            && seq_eq(a->sack[i].right, b->sack[i].right);
    if (!same)
        FAIL("%s: not as expected", what);
}

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = t_guard(rows[i].opts, rows[i].len);
        struct tcpopt  got;
        bool whole = tcpopt_parse(span_of(p, rows[i].len), rows[i].syn, &got);

        check_same(rows[i].what, &got, &rows[i].expect);
        if (whole != rows[i].whole)
            FAIL("%s: parsed to the end: %d", rows[i].what, whole);
    }
}

TEST(legal_options)
{
    // clang-format off
    static const struct row rows[] = {
        { "none", true, { 0 }, 0, true, { 0 } },
        { "mss", true, BYTES(2, 4, 5, 180), true,
          { .has_mss = true, .mss = 1460 } },
        { "all of a SYN", true,
          BYTES(2, 4, 5, 180, 4, 2, TS100, 1, 3, 3, 7), true,
          { .has_mss = true, .mss = 1460, .sack_ok = true, .has_ts = true,
            .ts_val = 100, .ts_ecr = 7, .has_wscale = true, .wscale = 7 } },
        { "timestamps alone", false, BYTES(1, 1, TS100), true,
          { .has_ts = true, .ts_val = 100, .ts_ecr = 7 } },
        { "timestamps, padded behind", false, BYTES(TS100, 0, 0), true,
          { .has_ts = true, .ts_val = 100, .ts_ecr = 7 } },
        { "one SACK block across zero", false,
          BYTES(1, 1, 5, 10, 255, 255, 255, 240, 0, 0, 0, 16), true,
          { .nsack = 1, .sack = { { { 0xfffffff0 }, { 16 } } } } },
        { "nothing counts after the end (RFC 9293 §3.1)", true,
          BYTES(0, 2, 4, 5), true, { 0 } },
        { "the last of two counts", true,
          BYTES(2, 4, 1, 0, 2, 4, 2, 0), true,
          { .has_mss = true, .mss = 512 } },
        { "a cookie is asked for (RFC 7413 §4.1.1)", true,
          BYTES(34, 2, 1, 1), true, { .has_fast = true } },
        { "the shortest cookie", true, BYTES(34, 6, 9, 8, 7, 6), true,
          { .has_fast = true, .fast_len = 4, .fast = { 9, 8, 7, 6 } } },
        { "the longest cookie", true,
          BYTES(34, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
          true,
          { .has_fast = true, .fast_len = 16,
            .fast = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                      16 } } },
        { "a cookie on no SYN says nothing", false,
          BYTES(34, 6, 9, 8, 7, 6), true, { 0 } },
        { "a shift beyond 14 counts as 14 (RFC 7323 §2.3)", true,
          BYTES(3, 3, 255, 0), true,
          { .has_wscale = true, .wscale = 14 } },
    };
    // clang-format on

    check_rows(rows, ARRAY_LEN(rows));
}

/* [RFC9768-3.2.3-a] RFC 9768 §3.2.3: fields by length and order; of a longer
 * option the whole fields that are known, of an odd length the whole fields. */
TEST(accurate_ecn)
{
    // clang-format off
    static const struct row rows[] = {
        { "empty", false, BYTES(172, 2, 1, 1), true, { .has_accecn = true } },
        { "one field", false, BYTES(172, 5, 1, 2, 3, 1, 1, 1), true,
          { .has_accecn = true, .accecn_has = 1, .accecn = { 0x010203 } } },
        { "two", false, BYTES(172, 8, 1, 2, 3, 255, 255, 254), true,
          { .has_accecn = true, .accecn_has = 3,
            .accecn = { 0x010203, 0xfffffe } } },
        { "three", true, BYTES(172, 11, 0, 0, 1, 0, 0, 2, 0, 0, 3, 1), true,
          { .has_accecn = true, .accecn_has = 7, .accecn = { 1, 2, 3 } } },
        { "one of the other order", false, BYTES(174, 5, 1, 2, 3, 0), true,
          { .has_accecn = true, .accecn_has = 4,
            .accecn = { 0, 0, 0x010203 } } },
        { "two", false, BYTES(174, 8, 0, 0, 1, 0, 0, 2), true,
          { .has_accecn = true, .accecn_has = 6, .accecn = { 0, 2, 1 } } },
        { "three", false, BYTES(174, 11, 0, 0, 1, 0, 0, 2, 0, 0, 3, 1), true,
          { .has_accecn = true, .accecn_has = 7, .accecn = { 3, 2, 1 } } },
        { "what is behind the third is padding", false,
          BYTES(174, 14, 0, 0, 1, 0, 0, 2, 0, 0, 3, 9, 9, 9, 1, 1), true,
          { .has_accecn = true, .accecn_has = 7, .accecn = { 3, 2, 1 } } },
        { "half a field is padding", false, BYTES(172, 7, 0, 0, 1, 9, 9, 0),
          true, { .has_accecn = true, .accecn_has = 1, .accecn = { 1 } } },
        { "not even one", false, BYTES(172, 4, 0, 1), true,
          { .has_accecn = true } },
    };
    static const struct {
        unsigned set, said;
        size_t   len;
    } sets[] = { { 0, 0, 4 }, { 1, 1, 8 }, { 2, 3, 8 }, { 3, 3, 8 },
                 { 4, 4, 8 }, { 5, 7, 12 }, { 6, 6, 8 }, { 7, 7, 12 } };
    // clang-format on

    check_rows(rows, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        EXPECT_EQ(tcpopt_accecn_set(sets[i].set), sets[i].said);
        EXPECT_EQ(tcpopt_accecn_len(sets[i].said), sets[i].len);
    }
}

/* [RFC9768-3.2.3-a] With the option there is room for two blocks beside
 * timestamps, and for one beside all three fields. */
TEST(accurate_ecn_and_sack)
{
    static const struct {
        bool     ts;
        unsigned set, blocks;
        size_t   len;
    } rows[] = { { true, 1, 2, 40 },
                 { true, 7, 1, 36 },
                 { false, 3, 3, 36 },
                 { false, 7, 3, 40 } };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tcpopt o = { .has_ts = rows[i].ts,
                            .nsack = 4,
                            .has_accecn = true,
                            .accecn_has = (uint8_t)rows[i].set };
        struct tcpopt back;
        uint8_t       out[TCPOPT_MAX];

        t_row("%zu", i);
        EXPECT_EQ(tcpopt_len(&o), rows[i].len);
        EXPECT_EQ(tcpopt_emit(out, sizeof out, &o), rows[i].len);
        EXPECT(tcpopt_parse(span_of(out, rows[i].len), false, &back));
        EXPECT_EQ(back.nsack, rows[i].blocks);
        EXPECT_EQ(back.accecn_has, rows[i].set);
    }
}

/* MUST-6: an option that is not implemented is stepped over; one of a wrong
 * length is such an option. */
TEST(unknown_options)
{
    static const struct row rows[] = {
        { "unknown, then MSS",
          true,
          BYTES(254, 4, 1, 1, 2, 4, 1, 0),
          true,
          { .has_mss = true, .mss = 256, .nunknown = 1 } },
        { "unknown without data",
          true,
          BYTES(99, 2, 3, 3, 1),
          true,
          { .has_wscale = true, .wscale = 1, .nunknown = 1 } },
        { "MSS of length 3",
          true,
          BYTES(2, 3, 5, 4, 2),
          true,
          { .sack_ok = true, .nunknown = 1 } },
        { "window scale of length 4",
          true,
          BYTES(3, 4, 7, 7),
          true,
          { .nunknown = 1 } },
        { "timestamps of length 9",
          false,
          BYTES(8, 9, 1, 1, 1, 1, 1, 1, 1),
          true,
          { .nunknown = 1 } },
        { "SACK without a block",
          false,
          BYTES(5, 2, 1, 1),
          true,
          { .nunknown = 1 } },
        { "SACK with half a block",
          false,
          BYTES(5, 6, 1, 1, 1, 1),
          true,
          { .nunknown = 1 } },
    };

    check_rows(rows, ARRAY_LEN(rows));
}

/* MUST-7: what stood before an illegal length is kept, nothing after it. */
TEST(illegal_lengths)
{
    static const struct row rows[] = {
        { "length 0",
          true,
          BYTES(2, 4, 1, 0, 3, 0, 3, 3, 7),
          false,
          { .has_mss = true, .mss = 256 } },
        { "length 1",
          true,
          BYTES(2, 4, 1, 0, 3, 1, 3, 3, 7),
          false,
          { .has_mss = true, .mss = 256 } },
        { "unknown of length 0",
          true,
          BYTES(77, 0, 2, 4, 1, 0),
          false,
          { 0 } },
        { "no length", true, BYTES(4, 2, 2), false, { .sack_ok = true } },
        { "one byte too long",
          true,
          BYTES(4, 2, 2, 4, 5),
          false,
          { .sack_ok = true } },
        { "far too long", false, BYTES(1, 1, 8, 255, 0, 0), false, { 0 } },
    };

    check_rows(rows, ARRAY_LEN(rows));
}

/* RFC 9293 §3.2, RFC 7323 §2.2, RFC 2018 §2: some options are a SYN's only,
 * and SACK blocks never are. */
TEST(options_where_they_do_not_belong)
{
    static const struct row rows[] = {
        { "a SYN's options elsewhere",
          false,
          BYTES(2, 4, 5, 180, 4, 2, TS100, 1, 3, 3, 7),
          true,
          { .has_ts = true, .ts_val = 100, .ts_ecr = 7 } },
        { "SACK in a SYN",
          true,
          BYTES(5, 10, 0, 0, 0, 1, 0, 0, 0, 2),
          true,
          { 0 } },
    };

    check_rows(rows, ARRAY_LEN(rows));
}

struct out_row {
    struct tcpopt opt;
    uint8_t       bytes[TCPOPT_MAX];
    size_t        len;
};

TEST(emitted_order)
{
    // clang-format off
    static const struct out_row rows[] = {
        { { 0 }, { 0 }, 0 },
        { { .has_mss = true, .mss = 1460, .sack_ok = true, .has_ts = true,
            .ts_val = 100, .ts_ecr = 7, .has_wscale = true, .wscale = 7 },
          BYTES(2, 4, 5, 180, 4, 2, TS100, 1, 3, 3, 7) },
        { { .has_mss = true, .mss = 1460, .sack_ok = true,
            .has_wscale = true, .wscale = 7 },
          BYTES(2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7) },
        { { .has_mss = true, .mss = 536 }, BYTES(2, 4, 2, 24) },
        { { .has_ts = true, .ts_val = 100, .ts_ecr = 7 },
          BYTES(1, 1, TS100) },
        { { .nsack = 2, .sack = { { { 1 }, { 2 } }, { { 3 }, { 4 } } } },
          BYTES(1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,
                4) },
        { { .has_ts = true, .ts_val = 100, .ts_ecr = 7, .nsack = 1,
            .sack = { { { 1 }, { 2 } } } },
          BYTES(1, 1, TS100, 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2) },
        { { .has_ts = true, .ts_val = 100, .ts_ecr = 7, .has_accecn = true,
            .accecn_has = 1, .accecn = { 0xabcdef } },
          BYTES(1, 1, TS100, 172, 5, 0xab, 0xcd, 0xef, 1, 1, 1) },
        { { .has_accecn = true, .accecn_has = 7, .accecn = { 1, 2, 3 } },
          BYTES(172, 11, 0, 0, 1, 0, 0, 2, 0, 0, 3, 1) },
        { { .has_accecn = true, .accecn_has = 6, .accecn = { 0, 2, 3 } },
          BYTES(174, 8, 0, 0, 3, 0, 0, 2) },
        { { .has_accecn = true }, BYTES(172, 2, 1, 1) },
    };
    // clang-format on

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t out[TCPOPT_MAX];

        t_row("%zu", i);
        EXPECT_EQ(tcpopt_len(&rows[i].opt), rows[i].len);
        EXPECT_EQ(tcpopt_emit(out, rows[i].len, &rows[i].opt), rows[i].len);
        EXPECT_MEM(out, rows[i].bytes, rows[i].len);
    }
}

/* Forty bytes hold four blocks, or three with timestamps: RFC 2018 §3. */
TEST(sack_blocks_that_do_not_fit)
{
    struct tcpopt o = { .nsack = 4 }, back;
    uint8_t       out[TCPOPT_MAX];

    for (uint32_t i = 0; i < 4; i++) {
        o.sack[i].left = seq_of(100 * i);
        o.sack[i].right = seq_of(100 * i + 50);
    }
    EXPECT_EQ(tcpopt_len(&o), 36);
    EXPECT_EQ(tcpopt_emit(out, 36, &o), 36);
    o.has_ts = true;
    EXPECT_EQ(tcpopt_len(&o), 40);
    EXPECT_EQ(tcpopt_emit(out, 40, &o), 40);
    EXPECT(tcpopt_parse(span_of(out, 40), false, &back));
    EXPECT_EQ(back.nsack, 3);
    EXPECT_EQ(back.sack[2].right.v, 250);
}

/* Each set of options comes back as it was, and the length is as foretold. */
TEST(all_sets_round_trip)
{
    for (unsigned set = 0; set < 128; set++) {
        struct tcpopt o = { .has_mss = set & 1,
                            .has_accecn = set >= 16,
                            .accecn_has = (uint8_t)tcpopt_accecn_set(set >> 4
                                                                     & 7),
                            .accecn = { 0xfedcba, 0, 0x000080 },
                            .sack_ok = set & 2,
                            .has_ts = set & 4,
                            .has_wscale = set & 8 };
        struct tcpopt back;
        uint8_t       out[TCPOPT_MAX];
        size_t        len;

        o.mss = o.has_mss ? 1220 : 0;
        o.wscale = o.has_wscale ? 14 : 0;
        o.ts_val = o.has_ts ? 0xdeadbeef : 0;
        o.ts_ecr = o.has_ts ? 0xffffffff : 0;
        len = tcpopt_emit(out, sizeof(out), &o);
        EXPECT_EQ(len, tcpopt_len(&o));
        EXPECT_EQ(len % 4, 0);
        EXPECT(tcpopt_parse(span_of(out, len), true, &back));
        check_same("round trip", &back, &o);
    }
}

/* The walk shows each option as it stands. */
TEST(walk)
{
    static const uint8_t bytes[] = { 1, 254, 3, 9, 4, 2, 0, 2, 4 };
    struct reader        r = reader_of(span_of(bytes, sizeof(bytes)));
    struct span          data;
    uint8_t              kind;

    EXPECT(tcpopt_next(&r, &kind, &data));
    EXPECT_EQ(kind, TCPOPT_NOP);
    EXPECT_EQ(data.len, 0);
    EXPECT(tcpopt_next(&r, &kind, &data));
    EXPECT_EQ(kind, 254);
    EXPECT_EQ(data.len, 1);
    EXPECT_EQ(data.p[0], 9);
    EXPECT(tcpopt_next(&r, &kind, &data));
    EXPECT_EQ(kind, TCPOPT_SACK_OK);
    EXPECT(tcpopt_next(&r, &kind, &data));
    EXPECT_EQ(kind, TCPOPT_END);
    EXPECT(!tcpopt_next(&r, &kind, &data));
    EXPECT(!r.bad);
}

T_MAIN(T(legal_options), T(accurate_ecn), T(accurate_ecn_and_sack),
       T(unknown_options), T(illegal_lengths),
       T(options_where_they_do_not_belong), T(emitted_order),
       T(sack_blocks_that_do_not_fit), T(all_sets_round_trip), T(walk))
