/* drop_test.c: exact drops: the text of a rule, and what it takes. */
#include "emu_rig.h"

TEST(texts)
{
    static const struct {
        const char *in, *out;
        unsigned    kind;
    } rows[] = {
        { "data 1", "data 1", LINK_DATA },
        { "  syn   1,2 ", "syn 1,2", LINK_SYN },
        { "ack 3..5", "ack 3..5", LINK_ACK },
        { "ack 3..3", "ack 3", LINK_ACK },
        { "udp 4..", "udp 4..", LINK_UDP },
        { "fin 1,3..4,9..", "fin 1,3..4,9..", LINK_FIN },
        { "rst 01", "rst 1", LINK_RST },
        { "synack 2", "synack 2", LINK_SYNACK },
        { "icmp 1", "icmp 1", LINK_ICMP },
        { "arp 1", "arp 1", LINK_ARP },
        { "packet 5", "packet 5", LINK_PACKET },
        { "lose packet 5", "packet 5", LINK_PACKET },
        { "twice ack 2", "twice ack 2", LINK_ACK },
        { "late h1>h2 ack 2..3", "late h1>h2 ack 2..3", LINK_ACK },
        { "h1>h2 ack 3", "h1>h2 ack 3", LINK_ACK },
        { "web-1.a>c_2 data 1", "web-1.a>c_2 data 1", LINK_DATA },
        { "data 999999999", "data 999999999", LINK_DATA },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct link_rule rule, again;
        char             buf[256];
        struct fmt       err = fmt_of(buf, sizeof(buf));

        EXPECT(spec_drop_parse(rows[i].in, &rule, &err));
        EXPECT_STR(rule.text, rows[i].out);
        EXPECT_EQ(rule.kind, rows[i].kind);
        EXPECT_EQ(rule.dirs, 3);
        EXPECT(spec_drop_parse(rule.text, &again, &err));
        EXPECT_STR(again.text, rule.text);
        EXPECT_EQ(buf[0], 0);
    }
}

TEST(names_are_kept)
{
    struct link_rule rule;
    struct fmt       err = fmt_of(NULL, 0);

    EXPECT(spec_drop_parse("client>server fin 1", &rule, &err));
    EXPECT_STR(rule.from, "client");
    EXPECT_STR(rule.to, "server");
    EXPECT(spec_drop_parse("fin 1", &rule, &err));
    EXPECT_STR(rule.from, "");
}

TEST(refusals)
{
    static const struct {
        const char *in, *err;
    } rows[] = {
        { "", "the rule is empty. Write data 1" },
        { "twice", "twice: of what? Write twice data 1" },
        { "dada 1", "dada: no such kind of packet. Did you mean data?" },
        { "sin 1", "sin: no such kind of packet. Did you mean syn?" },
        { "everything 1",
          "everything: no such kind of packet. Write one of packet data ack "
          "syn synack fin rst udp icmp arp" },
        { "data", "data: the value is missing. Write data 1" },
        { "data 1 2", "2: one rule has one kind. Write a rule for each" },
        { "h1>h2", "h1>h2: of what? Write h1>h2 data 1" },
        { "h1> data 1",
          "h1>: no direction. Write two hosts, as in h1>h2 data 1" },
        { "h1>h1 data 1",
          "h1>h1: no direction. Write two hosts, as in h1>h2 data 1" },
        { "h1>h2>h3 data 1",
          "h1>h2>h3: no direction. Write two hosts, as in h1>h2 data 1" },
        { "a-name-of-sixteen>h2 data 1",
          "a-name-of-sixteen>h2: no direction. Write two hosts, as in h1>h2 "
          "data 1" },
    };
    static const char *const lists[] = {
        "0",  "1,",  ",1",   "x",          "1..0",
        "-1", "1;2", "1...", "1234567890", "1,2,3,4,5,6,7,8,9",
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct link_rule rule;
        char             buf[256];
        struct fmt       err = fmt_of(buf, sizeof(buf));

        EXPECT(!spec_drop_parse(rows[i].in, &rule, &err));
        EXPECT_STR(buf, rows[i].err);
    }
    for (unsigned i = 0; i < ARRAY_LEN(lists); i++) {
        struct link_rule rule;
        char             text[64], buf[256], want[256];
        struct fmt       err = fmt_of(buf, sizeof(buf));
        struct fmt       f = fmt_of(text, sizeof(text));
        struct fmt       w = fmt_of(want, sizeof(want));

        fmt_f(&f, "data %s", lists[i]);
        fmt_f(&w,
              "data %s: Write which ones, counted from 1: 1 or 1,3 or "
              "2..4 or 5.. (at most 8 of these)",
              lists[i]);
        EXPECT(!spec_drop_parse(text, &rule, &err));
        EXPECT_STR(buf, want);
    }
}

/* An Ethernet and IPv4 frame with a TCP segment. */
static void send_tcp(struct rig *r, unsigned dir, uint8_t flags, uint8_t text)
{
    uint8_t b[14 + 40 + 20] = { 0 };

    be16_store(b + 12, 0x0800);
    b[14] = 0x45;
    be16_store(b + 16, (uint16_t)(40 + text));
    b[23] = 6;
    b[14 + 20 + 12] = 0x50;
    b[14 + 20 + 13] = flags;
    link_send(r->link, dir, (struct cw_pkt[]){ rig_frame(r, b, 54u + text) },
              0);
}

static void expect_lost(const struct rig *r, const char *pattern)
{
    for (size_t i = 0; i < r->nfates; i++)
        EXPECT_EQ(pattern[i], r->fates[i].why == WHY_LINK_RULE ? 'x' : '.');
    EXPECT_EQ(pattern[r->nfates], 0);
}

enum { FIN = 1, SYN = 2, ACK = 16 };

/* A connection: forward S, back S., forward ack and data, back ack and
 * data, forward ack, both close. */
static void send_connection(struct rig *r)
{
    send_tcp(r, LINK_FWD, SYN, 0);
    send_tcp(r, LINK_BACK, SYN | ACK, 0);
    send_tcp(r, LINK_FWD, ACK, 0);
    send_tcp(r, LINK_FWD, ACK, 5);
    send_tcp(r, LINK_BACK, ACK, 0);
    send_tcp(r, LINK_BACK, ACK, 5);
    send_tcp(r, LINK_FWD, ACK, 0);
    send_tcp(r, LINK_FWD, FIN | ACK, 0);
    send_tcp(r, LINK_BACK, FIN | ACK, 3);
    send_tcp(r, LINK_FWD, ACK, 0);
}

TEST(what_rules_take)
{
    static const struct {
        const char *rule, *lost;
    } rows[] = {
        { "data 1", "...x......" },   { "data 2", ".....x...." },
        { "data 2..", ".....x..x." }, { "data 1,3", "...x....x." },
        { "syn 1", "x........." },    { "synack 1", ".x........" },
        { "ack 1", "..x......." },    { "ack 2", "....x....." },
        { "ack 2..3", "....x.x..." }, { "fin 1", ".......x.." },
        { "fin 2", "........x." },    { "packet 3..4,10", "..xx.....x" },
        { "udp 1", ".........." },    { "packet 1..", "xxxxxxxxxx" },
        { "data 4", ".........." },
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct rig r;

        rig_init_rule(&r, "", rows[i].rule, 0);
        send_connection(&r);
        expect_lost(&r, rows[i].lost);
        rig_free(&r);
    }
}

static void give_rule(struct rig *r, const char *text, unsigned dirs)
{
    struct link_rule rule;
    struct fmt       err = fmt_of(NULL, 0);

    EXPECT(spec_drop_parse(text, &rule, &err));
    rule.dirs = (uint8_t)dirs;
    EXPECT(link_drop(r->link, &rule));
}

TEST(one_direction_counts_alone)
{
    struct rig r;

    rig_init(&r, "", 1);
    give_rule(&r, "h2>h1 data 1", 1 << LINK_BACK);
    give_rule(&r, "h1>h2 ack 2", 1 << LINK_FWD);
    send_connection(&r);
    expect_lost(&r, ".....xx...");
    rig_free(&r);
}

/* Two copies one behind the other; a late one goes behind the next. */
TEST(copies_and_late_ones)
{
    static const uint64_t order[] = { 1, 2, 2, 4, 3, 5 };
    struct rig            r;

    rig_init(&r, "delay 5ms", 1);
    give_rule(&r, "twice packet 2", 1 << LINK_FWD);
    give_rule(&r, "late packet 3", 1 << LINK_FWD);
    rig_send(&r, 5, 100, 0);
    EXPECT_EQ(rig_run(&r, NS_S), ARRAY_LEN(order));
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        EXPECT_EQ(r.log[i].ordinal, order[i]);
    rig_check_conservation(&r);
    rig_free(&r);
}

/* Nobody comes behind it: it goes on by itself. */
TEST(the_last_one_is_late_for_a_while)
{
    struct rig r;

    rig_init(&r, "delay 5ms", 1);
    give_rule(&r, "late packet 1", 1 << LINK_FWD);
    rig_send(&r, 1, 100, 0);
    EXPECT_EQ(rig_run(&r, 5 * NS_MS + LINK_HOLD_MAX - 1), 0);
    EXPECT_EQ(rig_run(&r, 5 * NS_MS + LINK_HOLD_MAX), 1);
    rig_free(&r);
}

/* The fate names the first rule that matches, and which one it was. */
TEST(fates_name_the_rule)
{
    struct rig r;

    rig_init(&r, "loss 100%", 1);
    give_rule(&r, "data 2", 3);
    give_rule(&r, "packet 6", 3);
    send_connection(&r);
    EXPECT_STR(r.fates[5].rule, "data 2");
    EXPECT_EQ(r.fates[5].nth, 2);
    EXPECT_EQ(r.fates[0].why, WHY_LINK_RANDOM);
    EXPECT_NULL(r.fates[0].rule);
    rig_free(&r);
}

/* Rules count every packet, those of other rules too. */
TEST(two_rules_are_one_with_both)
{
    struct rig a, b;

    rig_init(&a, "", 1);
    rig_init(&b, "", 1);
    give_rule(&a, "data 1", 3);
    give_rule(&a, "data 2", 3);
    give_rule(&b, "data 1,2", 3);
    send_connection(&a);
    send_connection(&b);
    expect_lost(&a, "...x.x....");
    expect_lost(&b, "...x.x....");
    rig_free(&a);
    rig_free(&b);
}

/* A live rule counts from when it is given: "the next packet" is packet 1. */
TEST(live_rule_counts_from_now)
{
    struct rig r;

    rig_init(&r, "", 1);
    send_tcp(&r, LINK_FWD, ACK, 5);
    give_rule(&r, "data 1", 3);
    send_tcp(&r, LINK_FWD, ACK, 5);
    send_tcp(&r, LINK_FWD, ACK, 5);
    expect_lost(&r, ".x.");
    rig_free(&r);
}

TEST(rules_are_bounded)
{
    struct link_rule rule;
    struct fmt       err = fmt_of(NULL, 0);
    struct rig       r;

    rig_init(&r, "", 1);
    EXPECT(spec_drop_parse("data 1", &rule, &err));
    for (unsigned i = 0; i < LINK_RULES_MAX; i++)
        EXPECT(link_drop(r.link, &rule));
    EXPECT(!link_drop(r.link, &rule));
    rig_free(&r);
}

T_MAIN(T(texts), T(names_are_kept), T(refusals), T(what_rules_take),
       T(one_direction_counts_alone), T(fates_name_the_rule),
       T(copies_and_late_ones), T(the_last_one_is_late_for_a_while),
       T(two_rules_are_one_with_both), T(live_rule_counts_from_now),
       T(rules_are_bounded))
