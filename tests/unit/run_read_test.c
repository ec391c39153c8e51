/* run_read_test.c: a recording's bytes and the run that comes of them; files
 * that are cut, changed or not recordings at all.
 */
#include "base/addr.h"
#include "obs/block.h"
#include "obs/run.h"
#include "t.h"

enum { PACKETS = 3, FRAME = 30 };

static const char config[] = "seed=42\nclock=virtual\nstart=0\n"
                             "words=delay 20ms\nhost=h1 10.0.0.1 fd00::1\n"
                             "host=h2 10.0.0.2 fd00::2\nlink=lo 1 1\n"
                             "link=h1-h2 1 2\nnew-key=of a later version\n";

static void put_packet(struct blockbuf *b, uint32_t number)
{
    uint8_t frame[FRAME];
    size_t  at = block_begin_local(b, BLOCK_PACKET);

    put_le32(b, number);
    put_le16(b, 2);
    put_le16(b, 1);
    put_le16(b, WHY_TX_RTO);
    put_le16(b, number == 2 ? 2 : 0); /* the second is about names */
    put_le32(b, 9);
    put_le64(b, 240 * NS_MS);
    block_end(b, at);
    memset(frame, (int)number, sizeof frame);
    at = block_packet(b, 3, (cw_ns)number * NS_MS, FRAME);
    put_bytes(b, frame, FRAME);
    block_end(b, at);
}

static void put_fate(struct blockbuf *b, uint32_t number, uint16_t why)
{
    size_t at = block_begin_local(b, BLOCK_FATE);

    put_le32(b, number);
    put_le64(b, (uint64_t)number * NS_MS);
    put_le64(b, (uint64_t)(why == WHY_LINK_ARRIVED ? 20 * NS_MS : NS_NEVER));
    put_le16(b, why);
    put_le16(b, 1);
    put_le16(b, 0);
    put_le16(b, 1);
    put_blob(b, "data 1", why == WHY_LINK_RULE ? 6 : 0);
    block_end(b, at);
}

static void put_owner(struct blockbuf *b)
{
    size_t at = block_begin_local(b, BLOCK_OWNER);

    put_le64(b, 77);
    put_le16(b, 1);
    put_le16(b, 0);
    put_le32(b, 4711);
    put_le32(b, 3);
    put_blob(b, "python3", 7);
    block_end(b, at);
}

static void put_end(struct blockbuf *b)
{
    size_t at = block_begin_local(b, BLOCK_END);

    put_le64(b, (uint64_t)NS_S);
    put_le32(b, 0xabcd1234);
    block_end(b, at);
}

static void put_all(struct blockbuf *b)
{
    struct cw_sock_row row = {
        .sd = 3, .state = CW_LISTEN, .has_info = true, .info.snd_cwnd = 10
    };
    struct cw_event e = {
        .t = NS_MS, .kind = EV_STATE, .host = 2, .why = WHY_CALL_OPEN
    };
    size_t at;

    block_section(b);
    block_interface(b, "h1");
    at = block_begin_local(b, BLOCK_CONFIG);
    put_blob(b, config, sizeof config - 1);
    block_end(b, at);
    for (uint32_t i = 1; i <= PACKETS; i++) {
        put_packet(b, i);
        put_fate(b, i, i == 1 ? WHY_LINK_RULE : WHY_LINK_ARRIVED);
    }
    block_event(b, &e);
    put_owner(b);
    block_row(b, 1, &row);
    at = block_begin_local(b, (enum block_kind)99); /* of a later version */
    put_le32(b, 1);
    block_end(b, at);
    put_end(b);
}

static struct blockbuf recording(void)
{
    struct blockbuf b;

    blockbuf_init(&b, t_alloc());
    put_all(&b);
    EXPECT(!b.bad);
    return b;
}

static bool read_it(struct run *r, struct span file)
{
    const char *why = "";
    bool        ok = run_read(r, file, t_alloc(), &why);

    EXPECT(ok || *why);
    return ok;
}

TEST(what_was_written_is_read)
{
    struct blockbuf b = recording();
    struct run      r;
    struct fmt      f;
    char            text[256];

    EXPECT(read_it(&r, span_of(b.p, b.len)));
    EXPECT_EQ(r.seed, 42);
    EXPECT(!r.real_time && r.complete);
    EXPECT_STR(r.link_words, "delay 20ms");
    EXPECT_EQ(r.nhosts, 2);
    EXPECT_STR(r.hosts[1].name, "h2");
    EXPECT_EQ(addr_u4(&r.hosts[1].addr4), 0x0a000002);
    EXPECT_EQ(r.nlinks, 2);
    EXPECT_EQ(r.npackets, PACKETS);
    EXPECT_EQ(r.packets[1].t, 2 * NS_MS);
    EXPECT_EQ(r.packets[1].frame.len, FRAME);
    EXPECT_EQ(r.packets[1].wire_len, FRAME);
    EXPECT_EQ(r.packets[1].frame.p[FRAME - 1], 2);
    EXPECT(r.packets[1].name && !r.packets[0].name);
    EXPECT(!run_arrived(&r.packets[0]) && run_arrived(&r.packets[2]));
    EXPECT_EQ(r.nevents, 1);
    EXPECT_EQ(r.nrows, 1);
    EXPECT_EQ(r.rows[0].row.info.snd_cwnd, 10);
    EXPECT_STR(r.owners[0].name, "python3");
    EXPECT_EQ(r.trace_id, 0xabcd1234);
    f = fmt_of(text, sizeof text);
    run_comment(&r, &r.packets[0], &f);
    EXPECT_STR(text,
               "retransmission: RTO 240 ms; lost on link h1-h2: rule "
               "data 1");
    run_free(&r);
    blockbuf_free(&b);
}

/* However it was cut, what stands before the cut is there. */
TEST(a_cut_file_is_read_as_far_as_it_goes)
{
    struct blockbuf b = recording();
    uint8_t        *region = t_guard(NULL, b.len);
    size_t          packets = 0;

    for (size_t n = 0; n < b.len; n++) {
        uint8_t   *at = region + b.len - n;
        struct run r;

        memcpy(at, b.p, n);
        t_row("%zu bytes of %zu", n, b.len);
        if (!read_it(&r, span_of(at, n)))
            continue;
        EXPECT(!r.complete);
        EXPECT_GE(r.npackets, packets);
        EXPECT_LE(r.npackets, packets + 1);
        packets = r.npackets;
        run_free(&r);
    }
    EXPECT_EQ(packets, PACKETS);
    blockbuf_free(&b);
}

TEST(any_byte_may_be_wrong)
{
    struct prng     rng = t_prng("change");
    struct blockbuf b = recording();
    uint8_t        *file = t_guard(b.p, b.len);

    for (unsigned i = 0; i < 20000; i++) {
        size_t      at = prng_below(&rng, b.len);
        uint8_t     was = file[at];
        struct run  r;
        const char *why = "";

        file[at] = (uint8_t)prng_u32(&rng);
        if (read_it(&r, span_of(file, b.len))) {
            EXPECT_LE(r.npackets, PACKETS);
            run_free(&r);
        }
        if (capture_read(&r, span_of(file, b.len), t_alloc(), &why))
            run_free(&r);
        file[at] = was;
    }
    blockbuf_free(&b);
}

TEST(no_memory_at_any_point)
{
    struct blockbuf b = recording();
    struct run      r;
    int             n = 0;

    for (;; n++) {
        bool ok;

        t_alloc_fail_after(n);
        ok = read_it(&r, span_of(b.p, b.len));
        t_alloc_fail_after(-1);
        if (ok)
            break;
        EXPECT_LT(n, 100);
    }
    EXPECT(n > 3);
    run_free(&r);
    blockbuf_free(&b);
}

/* What somebody else wrote is a capture, not a recording. */
TEST(a_capture_is_no_recording)
{
    struct blockbuf b;
    struct run      r;
    const char     *why = "";
    size_t          at;

    blockbuf_init(&b, t_alloc());
    block_section(&b);
    block_interface(&b, "eth0");
    at = block_packet(&b, 0, 5 * NS_MS, 4);
    put_le32(&b, 0);
    block_end(&b, at);
    EXPECT(!run_read(&r, span_of(b.p, b.len), t_alloc(), &why));
    EXPECT(strstr(why, "no recording of Causeway"));
    EXPECT(capture_read(&r, span_of(b.p, b.len), t_alloc(), &why));
    EXPECT_EQ(r.npackets, 1);
    EXPECT_EQ(r.packets[0].t, 5 * NS_MS);
    EXPECT_EQ(r.nhosts, 0);
    run_free(&r);
    EXPECT(!capture_read(&r, span_of("no capture at all, but long", 27),
                         t_alloc(), &why));
    EXPECT(strstr(why, "no capture"));
    blockbuf_free(&b);
}

T_MAIN(T(what_was_written_is_read), T(a_cut_file_is_read_as_far_as_it_goes),
       T(any_byte_may_be_wrong), T(no_memory_at_any_point),
       T(a_capture_is_no_recording))
