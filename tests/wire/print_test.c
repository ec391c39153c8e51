/* print_test.c: print_packet() by itself: lines that everybody knows, every
 * frame cut at every length, conversations, times.  What the lines must be
 * in general is tcpdump_test.c's.
 */
#include "t.h"
#include "wire/frames.h"
#include "wire/golden.h"
#include "wire/print.h"

enum { TEXT_MAX = 1 << 17, MODES = 8 };

static struct print_state seen;
static char               text[TEXT_MAX];

static const char *print(const struct print_opts *o, cw_ns t,
                         struct span frame, size_t wire_len)
{
    struct fmt out = fmt_of(text, sizeof(text));

    print_packet(&out, &seen, o, t, frame, wire_len);
    EXPECT(!out.cut);
    return text;
}

TEST(lines)
{
    static const struct {
        const char *golden, *line;
    } rows[] = {
        { "arp-request",
          "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, "
          "length 46" },
        { "arp-reply",
          "ARP, Reply 10.0.0.2 is-at 02:00:0a:00:00:02, length "
          "28" },
        { "udp4", "IP 10.0.0.1.40000 > 10.0.0.2.53: UDP, length 5" },
        { "tcp4-syn-mss",
          "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq "
          "4294967295, win 1, options [mss 536], length 0" },
    };
    static const struct print_opts o = { .time_mode = PRINT_TIME_NONE };

    memset(&seen, 0, sizeof(seen));
    T_EACH (row, rows) {
        const struct golden *g = golden_find(row->golden);
        uint8_t              b[GOLDEN_MAX];
        size_t               n;

        t_row("%s", row->golden);
        EXPECT(g);
        n = golden_bytes(g, b);
        EXPECT_STR(print(&o, 0, span_of(b, n), n), row->line);
    }
}

/* Every combination that changes what is looked at. */
static struct print_opts mode(unsigned i)
{
    return (struct print_opts){
        .verbose = i & 1, .ether = i & 2, .quiet = i & 4, .hex = (int)(i % 7)
    };
}

/* The last byte stands before a page that may not be touched. */
static void cut_everywhere(uint8_t *region, size_t cap, const uint8_t *bytes,
                           size_t len)
{
    for (size_t n = 0; n <= len; n++) {
        uint8_t *at = region + cap - n;

        memcpy(at, bytes, n);
        for (unsigned i = 0; i < MODES; i++) {
            struct print_opts o = mode(i);

            EXPECT(print(&o, NS_S, span_of(at, n), len)[0] != '\0');
            EXPECT(text[strlen(text) - 1] != '\n' || o.hex != 0);
        }
    }
}

TEST(goldens_cut_everywhere)
{
    uint8_t *region = t_guard(NULL, GOLDEN_MAX);

    for (size_t i = 0; i < golden_count; i++) {
        uint8_t b[GOLDEN_MAX];
        size_t  n = golden_bytes(&goldens[i], b);

        t_row("%s", goldens[i].name);
        cut_everywhere(region, GOLDEN_MAX, b, n);
    }
}

TEST(random_frames_cut_everywhere)
{
    struct prng r = t_prng("cut");
    uint8_t    *region = t_guard(NULL, FRAMES_MAX);

    for (unsigned i = 0; i < 100; i++) {
        struct frame f;

        frame_random(&r, &f);
        t_row("frame %u", i);
        cut_everywhere(region, FRAMES_MAX, f.bytes, MIN(f.len, (size_t)200));
    }
}

TEST(noise)
{
    struct prng r = t_prng("noise");
    uint8_t    *region = t_guard(NULL, GOLDEN_MAX);

    for (unsigned i = 0; i < 20000; i++) {
        size_t            n = prng_below(&r, GOLDEN_MAX);
        uint8_t          *at = region + GOLDEN_MAX - n;
        struct print_opts o = mode(i);

        for (size_t k = 0; k < n; k++)
            at[k] = (uint8_t)prng_u32(&r);
        if (n > 20) { /* mostly an IP header of some kind */
            static const uint8_t type[4][2] = {
                { 8, 0 }, { 0x86, 0xdd }, { 8, 6 }, { 0x81, 0 }
            };
            static const uint8_t proto[] = { 1, 6, 17, 58, 0, 43, 44, 60 };

            memcpy(at + 12, type[i % 4], 2);
            at[14] = i % 4 ? 0x60 : 0x45;
            at[i % 4 ? 20 : n > 23 ? 23 : 14] = proto[i / 4 % 8];
        }
        EXPECT(print(&o, 0, span_of(at, n), n + i % 3)[0] != '\0');
    }
}

static size_t segment(uint8_t *b, unsigned conversation, uint32_t seq,
                      uint8_t flags)
{
    size_t n = golden_bytes(golden_find("tcp4-ack"), b);

    b[14 + 20] = (uint8_t)(conversation >> 8);
    b[14 + 21] = (uint8_t)conversation;
    for (unsigned i = 0; i < 4; i++)
        b[14 + 24 + i] = (uint8_t)(seq >> (24 - 8 * i));
    b[14 + 33] = flags;
    return n;
}

/* Numbers are counted from the first of each conversation, however many
 * there are, and from a SYN anew. */
TEST(numbers_are_relative)
{
    static const struct print_opts o = { .time_mode = PRINT_TIME_NONE };
    enum { FLOWS = PRINT_FLOW_SETS, FIN_ACK = 0x11, SYN_ACK = 0x12 };
    uint8_t b[GOLDEN_MAX];
    size_t  n;

    memset(&seen, 0, sizeof(seen));
    for (unsigned i = 0; i < FLOWS; i++) {
        n = segment(b, 20000 + i, 1000000 + i, SYN_ACK);
        (void)print(&o, 0, span_of(b, n), n);
    }
    for (unsigned i = 0; i < FLOWS; i++) {
        n = segment(b, 20000 + i, 1000000 + i + 7, FIN_ACK);
        EXPECT(strstr(print(&o, 0, span_of(b, n), n), ", seq 7,"));
    }
    n = segment(b, 20000, 5, SYN_ACK);
    EXPECT(strstr(print(&o, 0, span_of(b, n), n), ", seq 5,"));
    n = segment(b, 20000, 6, FIN_ACK);
    EXPECT(strstr(print(&o, 0, span_of(b, n), n), ", seq 1,"));
}

TEST(times)
{
    static const struct {
        cw_ns       t;
        int         mode;
        const char *want;
    } rows[] = {
        { 0, PRINT_TIME_DAY, "00:00:00.000000 " },
        { INT64_C(1700000000) * NS_S + 1999, PRINT_TIME_DAY,
          "22:13:20.000001 " },
        { INT64_C(1700000000) * NS_S + 1999, PRINT_TIME_EPOCH,
          "1700000000.000001 " },
        { INT64_C(951782400) * NS_S, PRINT_TIME_DATE,
          "2000-02-29 00:00:00.000000 " },
        { INT64_C(946684799) * NS_S, PRINT_TIME_DATE,
          "1999-12-31 23:59:59.000000 " },
        { 5, PRINT_TIME_NONE, "ARP" },
        { 3 * NS_S, PRINT_TIME_DELTA, " 00:00:00.000000 " },
    };
    uint8_t b[GOLDEN_MAX];
    size_t  n = golden_bytes(golden_find("arp-reply"), b);

    T_EACH (row, rows) {
        struct print_opts o = { .time_mode = row->mode };

        t_row("%s", row->want);
        memset(&seen, 0, sizeof(seen));
        (void)print(&o, row->t, span_of(b, n), n);
        text[strlen(row->want)] = '\0';
        EXPECT_STR(text, row->want);
    }
}

T_MAIN(T(lines), T(goldens_cut_everywhere), T(random_frames_cut_everywhere),
       T(noise), T(numbers_are_relative), T(times))
