/* spec_test.c: words into links, links into words, and what is refused. */
#include "emu_rig.h"

/* p/2^32 of a share in hundred-thousandths, rounded to the nearest. */
static uint32_t share(uint64_t e5)
{
    return (uint32_t)(((e5 << 32) + 50000) / 100000);
}

TEST(all_words)
{
    struct link_spec s = rig_spec(
        "delay 20ms 5ms loss 3% burst 4 reorder 1% by 2 duplicate 1.5% "
        "corrupt 0.1% rate 10mbit queue 50p down 2s..2500ms down 3s..4s");

    EXPECT_EQ(s.delay, 20 * NS_MS);
    EXPECT_EQ(s.jitter, 5 * NS_MS);
    EXPECT_EQ(s.loss_p, share(3000));
    EXPECT_EQ(s.burst, 4);
    EXPECT_EQ(s.reorder_p, share(1000));
    EXPECT_EQ(s.reorder_by, 2);
    EXPECT_EQ(s.dup_p, share(1500));
    EXPECT_EQ(s.corrupt_p, share(100));
    EXPECT_EQ(s.rate_bps, 10000000);
    EXPECT_EQ(s.queue, 50);
    EXPECT_EQ(s.queue_kind, LINK_QUEUE_PKTS);
    EXPECT_EQ(s.ndowns, 2);
    EXPECT_EQ(s.downs[0].from, 2 * NS_S);
    EXPECT_EQ(s.downs[0].to, 2500 * NS_MS);
    EXPECT_EQ(s.downs[1].from, 3 * NS_S);
    EXPECT_EQ(s.downs[1].to, 4 * NS_S);
}

TEST(canonical_words)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "", "" },
        { " \t\n ", "" },
        { "delay 0", "" },
        { "loss 0% reorder 0% corrupt 0%", "" },
        { "loss 0% burst 4 reorder 0% by 3", "" },
        { "rtt 40ms", "delay 20ms" },
        { "rtt 1us", "delay 500ns" },
        { "delay 1500ms", "delay 1500ms" },
        { "delay 1.5s", "delay 1500ms" },
        { "delay 2000ms", "delay 2s" },
        { "delay 1m", "delay 60s" },
        { "delay 20ms 0ms", "delay 20ms" },
        { "delay 0.125ms", "delay 125us" },
        { "loss 100%", "loss 100%" },
        { "loss 3%", "loss 3%" },
        { "loss 0.03%", "loss 0.03%" },
        { "loss 33.333%", "loss 33.333%" },
        { "burst 4 loss 3%", "loss 3% burst 4" },
        { "reorder 1%", "reorder 1%" },
        { "reorder 1% by 1", "reorder 1%" },
        { "by 3 reorder 1%", "reorder 1% by 3" },
        { "rate 1000kbit", "rate 1mbit" },
        { "rate 1.5gbit", "rate 1500mbit" },
        { "rate 1.25MB/s", "rate 10mbit" },
        { "rate 10mbit queue 64kB", "rate 10mbit queue 64kB" },
        { "rate 10mbit queue 64KiB", "rate 10mbit queue 65536B" },
        { "queue 1bdp rate 10mbit delay 1ms",
          "delay 1ms rate 10mbit queue 1bdp" },
        { "queue 0.25bdp rate 10mbit delay 1ms",
          "delay 1ms rate 10mbit queue 0.25bdp" },
        { "pmtu 1400", "pmtu 1400" },
        { "ecn 20p rate 10mbit", "rate 10mbit ecn 20p" },
        { "mark 0.5%", "mark 0.5%" },
        { "blackhole pmtu 68 delay 1ms", "delay 1ms pmtu 68 blackhole" },
        { "rate 10mbit queue 0p", "rate 10mbit queue 0p" },
        { "down 0..500ms", "down 0s..500ms" },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct link_spec s = rig_spec(rows[i].in), again;
        char             buf[LINK_SPEC_TEXT_MAX];
        struct fmt       f = fmt_of(buf, sizeof(buf));

        spec_print(&s, &f);
        EXPECT_STR(buf, rows[i].out);
        again = rig_spec(buf);
        EXPECT(spec_equal(&s, &again));
    }
}

static cw_ns random_time(struct prng *r, uint64_t max)
{
    static const uint64_t grain[] = { 1, 1000, 1000000, 1000000000 };
    uint64_t              g = grain[prng_below(r, 4)];

    return (cw_ns)(prng_below(r, max / g + 1) * g);
}

static uint32_t random_share(struct prng *r)
{
    switch (prng_below(r, 4)) {
    case 0:
        return 0;
    case 1:
        return share(prng_below(r, 100000));
    case 2:
        return prng_u32(r) >> prng_below(r, 32);
    default:
        return LINK_ALWAYS - (uint32_t)prng_below(r, 4);
    }
}

static void random_queue(struct prng *r, struct link_spec *s)
{
    if (s->rate_bps == 0)
        return;
    s->queue_kind = (uint8_t)prng_below(r, s->delay ? 4 : 3);
    if (s->queue_kind == LINK_QUEUE_BDP)
        s->queue = 1 + prng_below(r, LINK_BDP_MAX * 1000);
    else if (s->queue_kind != LINK_QUEUE_UNSET)
        s->queue = prng_below(r, LINK_QUEUE_MAX) >> prng_below(r, 39);
}

static struct link_spec random_spec(struct prng *r)
{
    struct link_spec s = { 0 };

    s.delay = random_time(r, LINK_TIME_MAX);
    s.jitter = random_time(r, (uint64_t)s.delay);
    s.loss_p = random_share(r);
    if (s.loss_p && prng_below(r, 2))
        s.burst = 1 + (uint32_t)prng_below(r, 20);
    s.reorder_p = random_share(r);
    if (s.reorder_p)
        s.reorder_by = 1 + (uint32_t)prng_below(r, LINK_REORDER_BY_MAX);
    s.dup_p = random_share(r);
    s.corrupt_p = random_share(r);
    s.mark_p = random_share(r);
    if (prng_below(r, 2))
        s.rate_bps = 1 + (prng_below(r, LINK_RATE_MAX) >> prng_below(r, 30));
    random_queue(r, &s);
    if (prng_below(r, 2)) {
        s.pmtu = (uint16_t)(68 + prng_below(r, 65535 - 67));
        s.silent = prng_below(r, 2);
    }
    s.ndowns = (uint8_t)prng_below(r, LINK_DOWNS_MAX + 1);
    for (unsigned i = 0; i < s.ndowns; i++) {
        s.downs[i].from = random_time(r, 86400u * (uint64_t)NS_S);
        s.downs[i].to = s.downs[i].from + 1
            + random_time(r, 86400u * (uint64_t)NS_S);
    }
    return s;
}

TEST(parse_of_print_is_identity)
{
    struct prng r = t_prng("specs");
    unsigned    tried = 0;

    while (tried < 5000) {
        struct link_spec s = random_spec(&r), again;
        char             buf[LINK_SPEC_TEXT_MAX];
        struct fmt       f = fmt_of(buf, sizeof(buf));

        if (!spec_valid(&s)) /* a burst that cannot be */
            continue;
        tried++;
        spec_print(&s, &f);
        EXPECT(!f.cut);
        again = rig_spec(buf);
        EXPECT(spec_equal(&s, &again));
    }
}

static void refused(const char *words, const char *want)
{
    struct link_spec s, before;
    char             buf[256];
    struct fmt       err = fmt_of(buf, sizeof(buf));

    memset(&s, 0x5a, sizeof(s));
    before = s;
    EXPECT(!spec_parse(words, &s, &err));
    EXPECT_STR(buf, want);
    EXPECT_MEM(&s, &before, sizeof(s)); /* untouched */
}

static const struct {
    const char *in, *err;
} refusal_rows[] = {
    { "dealy 20ms", "dealy: no such word. Did you mean delay?" },
    { "delay 20ms los 3%", "los: no such word. Did you mean loss?" },
    { "bandwidth 10mbit",
      "bandwidth: no such word. Write one of delay rtt loss burst "
      "reorder by duplicate corrupt rate queue down pmtu blackhole ecn "
      "mark" },
    { "delay", "delay: the value is missing. Write delay 20ms" },
    { "loss", "loss: the value is missing. Write loss 3%" },
    { "rate", "rate: the value is missing. Write rate 10mbit" },
    { "down", "down: the value is missing. Write down 2s..2500ms" },
    { "loss 3% loss 4%", "loss: said twice. Write it once" },
    { "delay 1ms rtt 2ms", "rtt: delay says it already. Write one of them" },
    { "delay 20", "delay 20: the unit is missing. Write 20ms or 20s" },
    { "delay 20ms 5 loss 1%",
      "delay 5: the unit is missing. Write 5ms or 5s" },
    { "rate 10mbps",
      "rate 10mbps: unclear: tc means megabytes by it, most people "
      "megabits. Write 10mbit or 10MB/s" },
    { "loss 0.03", "loss 0.03: the % is missing. Write 3% (or 0.03%)" },
    { "loss 101%", "loss 101%: is more than everything. Write at most 100%" },
    { "rate 10mbit queue 64k",
      "queue 64k: is no size. Write 64kB (64000 bytes) or 64KiB "
      "(65536)" },
    { "down 2s..3", "down 2s..3: the unit is missing. Write 3ms or 3s" },
    { "delay 601s", "delay 601s: no link is that slow. Write at most 600s" },
    { "delay 1ms 2ms",
      "delay: the jitter is more than the delay, and nothing arrives "
      "before it is sent. Write delay 20ms 5ms" },
    { "burst 4", "burst: of what? Write loss 3% burst 4" },
    { "loss 3% burst 0", "burst 0: Write a number from 1 to 1000000" },
    { "loss 90% burst 2",
      "burst: bursts of that length with one packet between them lose "
      "less. Write a lower loss or a longer burst" },
    { "ecn 20p",
      "ecn: without a rate nothing ever waits. Write rate 10mbit, too" },
    { "blackhole",
      "blackhole: for which packets? Write pmtu 1400 blackhole" },
    { "pmtu 67",
      "pmtu 67: Write bytes from 68 (RFC 791; IPv6 wants 1280) to "
      "65535" },
    { "by 2", "by: what? Write reorder 3% by 2" },
    { "reorder 1% by 1001", "by 1001: Write a number from 1 to 1000" },
    { "queue 50p",
      "queue: without a rate nothing ever waits. Write rate 10mbit, "
      "too" },
    { "rate 10mbit queue 1bdp",
      "queue: rate x delay is nothing without a delay. Write delay "
      "20ms, too, or a queue in packets: 50p" },
    { "rate 10mbit queue 1001bdp delay 1ms",
      "queue 1001bdp: Write at most 1000bdp" },
    { "rate 101gbit", "rate 101gbit: Write at most 100gbit" },
    { "rate 0kbit",
      "rate 0kbit: nothing would ever arrive. Write loss 100% for that, "
      "or no rate at all for an unlimited one" },
    { "down 2s", "down 2s: Write from..to, as in 2s..2500ms" },
    { "down 3s..2s",
      "down 3s..2s: it ends before it begins. Write the earlier time "
      "first" },
    { "down 1s..1s",
      "down 1s..1s: it ends before it begins. Write the earlier time "
      "first" },
    { "down 1s..2s down 1s..2s down 1s..2s down 1s..2s down 1s..2s "
      "down 1s..2s down 1s..2s down 1s..2s down 1s..2s",
      "down 1s..2s: no more than 8 of these on a link" },
    { "delay "
      "1111111111111111111111111111111111111111111111111111111111111111",
      "1111111111111111111111111111111111111111111111111111111111111"
      "11...: the word is too long" },
};

TEST(refusals)
{
    T_EACH (row, refusal_rows)
        refused(row->in, row->err);
}

/* Random words never do anything but parse or be refused with a reason. */
TEST(nonsense_is_refused)
{
    // clang-format off
    static const char *const words[] = {
        "delay",  "loss", "burst",  "rate", "queue",     "down",  "20ms",
        "3%",     "4",    "10mbit", "50p",  "2s..2500ms", "bdp",   "..",
        "1..2",   "p",    "%",      "-1",   "1.2.3ms",   "0.5bdp", "1e9s",
        "999999999999999999999s", "by", "reorder", "corrupt", ".bdp", "1.bdp",
    };
    // clang-format on
    struct prng r = t_prng("words");

    for (unsigned i = 0; i < 20000; i++) {
        char             buf[512], why[256];
        struct fmt       f = fmt_of(buf, sizeof(buf));
        struct fmt       err = fmt_of(why, sizeof(why));
        struct link_spec s;
        unsigned         n = (unsigned)prng_below(&r, 9);

        for (unsigned k = 0; k < n; k++)
            fmt_f(&f, "%s ", words[prng_below(&r, ARRAY_LEN(words))]);
        if (spec_parse(buf, &s, &err))
            EXPECT(spec_valid(&s) && why[0] == '\0');
        else
            EXPECT(why[0] != '\0');
    }
}

T_MAIN(T(all_words), T(canonical_words), T(parse_of_print_is_identity),
       T(refusals), T(nonsense_is_refused))
