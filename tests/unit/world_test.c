/* world_test.c: worlds in virtual time: exact pictures, replay of calls,
 * names, built-in endpoints.
 */
#include "world_rig.h"
#include "t.h"

#include <stdio.h>

static const char *const upper[] = { "@upper", "1000" };
static const char *const send_hello[] = { "@send", "h1", "1000", "hello" };

/* ---- the picture of the course's echo ---------------------------------- */

TEST(echo_has_the_expected_packets)
{
    static const struct {
        int         ms;
        unsigned    host;
        const char *flags;
        uint32_t    len;
    } t[] = {
        { 0, 2, "S", 0 },   { 20, 1, "SA", 0 }, { 40, 2, "A", 0 },
        { 40, 2, "PA", 5 }, { 60, 1, "A", 0 },  { 60, 1, "PA", 5 },
        { 60, 1, "FA", 0 }, { 80, 2, "A", 0 },  { 80, 2, "FA", 0 },
        { 100, 1, "A", 0 },
    };
    struct rig r;

    rig_init(&r, 2, 20 * NS_MS);
    rig_add(&r, 1, ARRAY_LEN(upper), upper);
    rig_add(&r, 2, ARRAY_LEN(send_hello), send_hello);
    assert_int_equal(0, world_run_builtins(r.w, 60 * NS_S));
    assert_string_equal("h2: From Server: HELLO\n", r.out);
    assert_int_equal(ARRAY_LEN(t), r.npackets);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_int_equal(t[i].ms * NS_MS, r.packets[i].t);
        assert_int_equal(t[i].host, r.packets[i].host);
        assert_string_equal(t[i].flags, r.packets[i].flags);
        assert_int_equal(t[i].len, r.packets[i].len);
        assert_int_equal(i + 1, r.packets[i].number);
    }
    assert_int_equal(120 * NS_MS, world_now(r.w));
    assert_true(world_quiet(r.w));
    rig_free(&r);
}

/* A lost first segment: RTO = SRTT 40 ms + 200 ms after it was sent, and no
 * later than that a loss probe (RFC 8985 §7.2). */
TEST(a_lost_segment_comes_again_after_240_ms)
{
    struct link_rule rule = { .kind = LINK_DATA,
                              .dirs = 3,
                              .nranges = 1,
                              .ranges = { { 1, 1 } },
                              .text = "data 1" };
    struct rig       r;

    rig_defaults(&r, 2, 20 * NS_MS);
    r.lab.rules = &rule;
    r.lab.nrules = 1;
    rig_make(&r);
    assert_int_equal(0, rig_lab(&r, "@upper 1000 : @send h1 1000 hello"));
    assert_string_equal("h2: From Server: HELLO\n", r.out);
    assert_int_equal(40 * NS_MS, r.packets[3].t);
    assert_int_equal(WHY_LINK_RULE, r.fates[3].why);
    assert_int_equal(r.packets[3].number, r.fates[3].number);
    assert_string_equal("data 1", r.fates[3].rule);
    assert_int_equal(280 * NS_MS, r.packets[4].t);
    assert_int_equal(WHY_TX_TLP, r.packets[4].why);
    assert_int_equal(11, r.npackets);
    rig_free(&r);
}

/* Each frame is told once and has one end. */
static void check_fates(const struct rig *r)
{
    for (size_t i = 0; i < r->npackets; i++) {
        unsigned ends = 0;

        assert_int_equal(i + 1, r->packets[i].number);
        for (size_t k = 0; k < r->nfates; k++)
            if (r->fates[k].number == i + 1 && r->fates[k].copy == 0) {
                assert_int_equal(r->fates[k].from,
                                 r->packets[i].inward ? 0
                                                      : r->packets[i].host);
                ends++;
            }
        assert_int_equal(1, ends);
    }
}

/* ---- endpoints --------------------------------------------------------- */

static const struct {
    const char *words, *out, *ready;
    int         status;
} endpoint_rows[] = {
    { "@upper 1000 : @send h1 1000 two words", "h2: From Server: TWO WORDS\n",
      "1L2X", 0 },
    { "@echo-upper 1000 : @send -1 h1 1000 once", "h2: From Server: ONCE\n",
      "1L2X", 0 },
    { "@hello 7 : @recv h1 7", "h2: Hello from h1\n", "1L2X", 0 },
    { "@hello 7 : @recv fd00::1 7", "h2: Hello from h1\n", "1L2X", 0 },
    { "@udp-upper 12000 : @udp-send h1 12000 hello udp", "h2: HELLO UDP\n",
      "1B2X", 0 },
    { "@sink 9 : @source h1 9 10kB",
      "h1: 10000 bytes received\n"
      "h2: 10000 bytes sent in 0.040 s = 2.00 Mbit/s\n",
      "1L2X", 0 },
    { "@upper 1000 : @send h1 1001 closed",
      "h2: @send: connect: ECONNREFUSED\n", "1L2X", 1 },
    { "@udp-upper 5 : @udp-send h1 6 closed", "", "1B", 124 },
    { "@udp-upper 5 : @udp-send -t 1s h1 6 closed",
      "h2: @udp-send: timed out\n", "1B2X", 1 },
    { "@hello 7 : @hello 7 : @recv h2 7", "h3: Hello from h2\n", "1L2L3X",
      0 },
    { "@hello 7 : @recv localhost 7", "h2: @recv: connect: ECONNREFUSED\n",
      "1L2X", 1 },
    { "@echo 7 : @send -1 h1 7 As it is", "h2: From Server: As it is\n",
      "1L2X", 0 },
    { "@answer 7 always this : @send -1 h1 7 whatever",
      "h2: From Server: always this\n", "1L2X", 0 },
    { "@hello 7 hi : @recv -w 1s -n 2 -e 1s h1 7", "h2: hihi", "1L2X", 0 },
    { "@hello -a 5s -q 1 7 hi : @recv h1 7", "h2: hi", "1L2X", 0 },
    { "@leak 9 : @send -1 -n 2 h1 9 x",
      "h2: From Server: X\nh2: From Server: X\n", "1L2X", 0 },
    { "@sink -s 1s -k 4 -v 9 : @source h1 9 10",
      "h1: read: \"abcd\"\nh1: read: \"efgh\"\nh1: read: \"ij\"\n"
      "h1: 10 bytes received\n"
      "h2: 10 bytes sent in 1.040 s = 76.0 bit/s\n",
      "1L2X", 0 },
    { "@sink -s 1s -u -v 9 : @send -0 -w 2s -u h1 9 abcX",
      "h1: urgent: \"X\"\nh1: read: \"abc\"\n"
      "h1: 3 bytes received\n",
      "1L2X", 0 },
    { "@sink -i -v 9 : @send -0 -w 2s -u h1 9 abcX",
      "h1: read: \"abc\"\nh1: read: \"X\"\nh1: 4 bytes received\n", "1L2X",
      0 },
    { "@udp-sink -k 6 9 : @udp-source -n 2 -e 1s h1 9 10",
      "h1: datagram 1: 6 bytes, 4 more are cut off\n"
      "h2: 2 datagrams sent\n"
      "h1: datagram 2: 6 bytes, 4 more are cut off\n",
      "1B2X", 0 },
    { "@udp-sink -s 1s -r 2KiB 9 : @udp-source -n 3 -w 2s h1 9 1000",
      "h2: 3 datagrams sent\n"
      "h1: datagram 1: 1000 bytes\n"
      "h1: datagram 2: 1000 bytes\n",
      "1B2X", 0 },
    { "@hello 7 hi : @recv -b 4000 h1 7", "h2: hi", "1L2X", 0 },
};

TEST(every_endpoint_does_its_work)
{
    for (size_t i = 0; i < ARRAY_LEN(endpoint_rows); i++) {
        struct rig r;
        int        status;

        rig_init(&r, 3, 20 * NS_MS);
        status = rig_lab(&r, endpoint_rows[i].words);
        if (status != endpoint_rows[i].status
            || strcmp(endpoint_rows[i].out, r.out) != 0)
            print_error("%s: %d\n%s", endpoint_rows[i].words, status, r.out);
        assert_int_equal(endpoint_rows[i].status, status);
        assert_string_equal(endpoint_rows[i].out, r.out);
        assert_string_equal(endpoint_rows[i].ready, r.ready);
        check_fates(&r);
        rig_free(&r);
    }
}

TEST(perf_prints_its_table)
{
    struct rig r;

    rig_defaults(&r, 2, 20 * NS_MS);
    r.lab.fwd.rate_bps = r.lab.back.rate_bps = 10000000;
    rig_make(&r);
    assert_int_equal(0, rig_lab(&r, "@perf -s : @perf -c h1 -t 2s"));
    assert_non_null(strstr(r.out,
                           "[ ID] Interval           Transfer     "
                           "Bitrate         Retr  Cwnd\n"));
    assert_non_null(strstr(r.out, "[  1]   0.00-1.00   sec "));
    assert_non_null(strstr(r.out, "[  1]   1.00-2.00   sec "));
    assert_non_null(strstr(r.out, " Mbits/sec    0             sender\n"));
    rig_free(&r);
}

/* Two endpoints that could go on for ever while no time passes. */
TEST(a_perfect_link_does_not_stop_the_clock)
{
    struct rig r;

    rig_defaults(&r, 2, 0);
    r.config.hooks.packet = NULL;
    r.config.hooks.event = NULL;
    r.config.hooks.fate = NULL;
    r.config.hooks.call = NULL;
    rig_make(&r);
    assert_int_equal(0, rig_lab(&r, "@perf -s : @perf -c h1 -t 10us"));
    assert_in_range(world_now(r.w), 10000, NS_MS);
    rig_free(&r);
}

TEST(words_that_are_not_understood)
{
    static const struct {
        const char *words[5], *says;
    } t[] = {
        { { "@uper", "1000" }, "@uper: no such built-in endpoint" },
        { { "@upper" }, "@upper: not understood: write @upper [-a" },
        { { "@upper", "0" }, "@upper: 0 is no port" },
        { { "@upper", "65536" }, "@upper: 65536 is no port" },
        { { "@upper", "1x" }, "@upper: 1x is no port" },
        { { "@upper", "99999999999999999999" }, "is no port" },
        { { "@send", "h9", "1", "x" }, "@send: h9 is no host of this lab" },
        { { "@send", "h1", "1" }, "@send: not understood" },
        { { "@source", "h1", "9", "1mb" }, "@source: 1mb is no size" },
        { { "@source", "h1", "9", "0" }, "@source: 0 is no size" },
        { { "@udp-send", "-t", "5", "h1" }, "@udp-send: -t 5 is no time" },
        { { "@send", "-x", "h1", "1", "x" }, "@send: not understood" },
        { { "@send", "-1x", "h1", "1", "x" }, "@send: not understood" },
        { { "@recv", "-1", "h1", "1" }, "@recv: not understood" },
        { { "@recv", "-n", "0", "h1", "1" }, "@recv: -n 0: write a number" },
        { { "@recv", "-n" }, "@recv: not understood" },
        { { "@recv", "-b", "0", "h1", "1" }, "@recv: -b 0 is no port" },
        { { "@sink", "-s", "5", "9" }, "@sink: -s 5 is no time" },
        { { "@sink", "-k", "17MiB", "9" }, "@sink: -k 17MiB is no size" },
        { { "@answer", "7" }, "@answer: not understood" },
        { { "@perf" }, "@perf: not understood" },
        { { "@perf", "-s", "-c", "h1" }, "@perf: not understood" },
        { { "@perf", "-c", "h1", "-n1MB", "-t1s" }, "not understood" },
    };
    struct rig r;
    char       text[256];

    rig_init(&r, 2, 0);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct fmt err = fmt_of(text, sizeof(text));
        unsigned   argc = 0;

        while (argc < 5 && t[i].words[argc])
            argc++;
        assert_int_equal(-1,
                         world_builtin_add(r.w, 1, argc, t[i].words, &err));
        if (!strstr(text, t[i].says))
            fail_msg("\"%s\" does not say \"%s\"", text, t[i].says);
        assert_null(strchr(text, '\n'));
    }
    assert_int_equal(0, world_builtins(r.w));
    rig_free(&r);
}

/* ---- determinism and replay -------------------------------------------- */

static const char big_lab[] = "@sink 9 : @source h1 9 300kB";

/* A lab in which everything goes wrong. */
static void hard_lab(struct rig *r, uint64_t seed)
{
    struct world_hooks hooks;

    rig_defaults(r, 2, 10 * NS_MS);
    hooks = r->config.hooks;
    world_config_init(&r->config, seed, &r->alloc);
    r->config.hooks = hooks;
    r->lab.fwd.jitter = 2 * NS_MS;
    r->lab.fwd.loss_p = r->lab.back.loss_p = LINK_ALWAYS / 30;
    r->lab.fwd.reorder_p = r->lab.back.reorder_p = LINK_ALWAYS / 20;
    r->lab.fwd.reorder_by = r->lab.back.reorder_by = 3;
    r->lab.fwd.dup_p = LINK_ALWAYS / 50;
    r->lab.back.corrupt_p = LINK_ALWAYS / 50;
}

static uint64_t digest_of(uint8_t pattern, uint64_t seed, bool events)
{
    struct rig r;
    uint64_t   d;

    hard_lab(&r, seed);
    r.pattern = pattern;
    if (!events)
        r.config.hooks.event = NULL;
    rig_make(&r);
    assert_int_equal(0, rig_lab(&r, big_lab));
    assert_non_null(strstr(r.out, "h1: 300000 bytes received\n"));
    check_fates(&r);
    d = rig_digest(&r);
    rig_free(&r);
    return d;
}

TEST(equal_seeds_give_equal_packets)
{
    uint64_t d = digest_of(0xa5, 7, true);

    assert_true(d == digest_of(0xa5, 7, true));
    assert_true(d == digest_of(0x00, 7, true));  /* whatever memory held */
    assert_true(d == digest_of(0xa5, 7, false)); /* whoever watches */
    assert_true(d != digest_of(0xa5, 8, true));
}

/* The calls alone, at their times, give every packet again. */
TEST(calls_replay)
{
    struct rig live, again;

    hard_lab(&live, 3);
    rig_make(&live);
    assert_int_equal(0, rig_lab(&live, big_lab));
    hard_lab(&again, 3);
    rig_make(&again);
    for (size_t i = 0; i < live.ncalls; i++) {
        const struct rig_call *c = &live.calls[i];
        static uint8_t         room[65536];
        struct wcall           call = c->call;
        struct wresult         res;

        call.out = room;
        assert_true(call.out_len <= sizeof(room));
        world_advance(again.w, c->t);
        world_call(again.w, c->host, &call, &res);
        assert_int_equal(c->res.ret, res.ret);
        assert_int_equal(c->res.addr.port, res.addr.port);
    }
    world_advance(again.w, world_now(live.w));
    assert_int_equal(live.npackets, again.npackets);
    assert_true(rig_digest(&live) == rig_digest(&again));
    assert_int_equal(live.nevents, again.nevents);
    rig_free(&live);
    rig_free(&again);
}

/* In real time one is late: what was due runs at its own time. */
TEST(being_late_changes_nothing)
{
    struct rig a, b;

    rig_init(&a, 2, 20 * NS_MS);
    rig_init(&b, 2, 20 * NS_MS);
    for (int i = 0; i < 2; i++) {
        struct rig *r = i ? &b : &a;
        int         l = (int)rig_call(
                    r, 1, (struct wcall){ .op = EVC_SOCKET, .a = 2, .b = 1 });
        int c = (int)rig_call(
            r, 2, (struct wcall){ .op = EVC_SOCKET, .a = 2, .b = 1 });
        struct cw_sockaddr at = { .addr = world_host_addr4(r->w, 1),
                                  .port = 80 };

        rig_call(r, 1,
                 (struct wcall){
                     .op = EVC_BIND, .sd = l, .addr = at, .has_addr = true });
        rig_call(r, 1, (struct wcall){ .op = EVC_LISTEN, .sd = l, .a = 1 });
        rig_call(
            r, 2,
            (struct wcall){
                .op = EVC_CONNECT, .sd = c, .addr = at, .has_addr = true });
    }
    world_advance(a.w, 5 * NS_S);     /* in one stride */
    while (world_now(b.w) < 5 * NS_S) /* in small ones */
        world_advance(b.w, world_now(b.w) + 777777);
    assert_int_equal(a.npackets, b.npackets);
    assert_int_equal(3, a.npackets);
    assert_true(rig_digest(&a) == rig_digest(&b));
    world_advance(a.w, 1); /* never backward */
    assert_int_equal(5 * NS_S, world_now(a.w));
    rig_free(&a);
    rig_free(&b);
}

/* ---- shapes ------------------------------------------------------------ */

TEST(one_host_alone)
{
    static const char *const local[] = { "@send", "127.0.0.1", "1000",
                                         "hello" };
    struct rig               r;
    unsigned                 a, b;

    rig_defaults(&r, 1, 20 * NS_MS);
    r.lab.lo_link = true;
    r.lab.name = "local";
    rig_make(&r);
    assert_string_equal("local", world_host_name(r.w, 1));
    assert_int_equal(1, world_links(r.w));
    assert_string_equal("lo", world_link_name(r.w, 0));
    world_link_ends(r.w, 0, &a, &b);
    assert_true(a == 1 && b == 1);
    rig_add(&r, 1, ARRAY_LEN(upper), upper);
    rig_add(&r, 1, ARRAY_LEN(local), local);
    assert_int_equal(0, world_run_builtins(r.w, 60 * NS_S));
    assert_string_equal("h1: From Server: HELLO\n", r.out);
    assert_int_equal(10, r.npackets);
    assert_int_equal(WORLD_LO, r.packets[0].netif);
    assert_int_equal(120 * NS_MS, world_now(r.w));
    rig_free(&r);
}

TEST(lo_of_a_lab_is_perfect)
{
    static const char *const self[] = { "@send", "h1", "1000", "hello" };
    struct rig               r;

    rig_init(&r, 2, 20 * NS_MS);
    assert_int_equal(3, world_links(r.w));
    assert_string_equal("h1-lo", world_link_name(r.w, 0));
    assert_string_equal("h1-h2", world_link_name(r.w, 1));
    rig_add(&r, 1, ARRAY_LEN(upper), upper);
    rig_add(&r, 1, ARRAY_LEN(self), self);
    assert_int_equal(0, world_run_builtins(r.w, 60 * NS_S));
    assert_int_equal(0, world_now(r.w));
    assert_string_equal("h1: From Server: HELLO\n", r.out);
    rig_free(&r);
}

TEST(neighbours_may_speak)
{
    static const char *const where[] = { "10.0.0.1", "fd00::1" };

    for (size_t i = 0; i < ARRAY_LEN(where); i++) {
        struct rig r;
        char       words[64];

        rig_defaults(&r, 2, 20 * NS_MS);
        r.lab.arp = true;
        rig_make(&r);
        snprintf(words, sizeof(words), "@upper 1 : @send %s 1 hi", where[i]);
        assert_int_equal(0, rig_lab(&r, words));
        assert_string_equal("h2: From Server: HI\n", r.out);
        assert_int_equal(i ? WHY_TX_NS : WHY_TX_ARP_ASK, r.packets[0].why);
        assert_int_equal(i ? WHY_TX_NA : WHY_TX_ARP_TELL, r.packets[1].why);
        assert_true(r.npackets > 11);
        rig_free(&r);
    }
}

TEST(checksums_may_be_left_out)
{
    struct link_spec harmful = { .corrupt_p = 1 }, slow = { .delay = 5 };
    struct rig       r;

    rig_defaults(&r, 2, 20 * NS_MS);
    r.config.csum_offload = true;
    rig_make(&r);
    assert_false(world_link_set(r.w, 1, LINK_FWD, &harmful));
    assert_true(world_link_set(r.w, 1, LINK_FWD, &slow));
    assert_int_equal(0, rig_lab(&r, "@sink 9 : @source h1 9 50kB"));
    assert_non_null(strstr(r.out, "h1: 50000 bytes received\n"));
    rig_free(&r);
}

TEST(rules_name_hosts_of_the_lab)
{
    struct link_rule rule = { .kind = LINK_SYN,
                              .dirs = 3,
                              .nranges = 1,
                              .ranges = { { 1, 1 } },
                              .from = "h1",
                              .to = "h2",
                              .text = "h1>h2 syn 1" };
    const char      *why = NULL;
    struct rig       r;

    rig_defaults(&r, 2, 20 * NS_MS);
    r.lab.rules = &rule;
    r.lab.nrules = 1;
    rig_make(&r); /* h2 opens: the rule does not see it */
    assert_int_equal(0, rig_lab(&r, "@upper 1000 : @send h1 1000 hello"));
    assert_int_equal(10, r.npackets);
    rig_free(&r);
    rig_defaults(&r, 2, 20 * NS_MS);
    rule.to[1] = '7';
    r.lab.rules = &rule;
    r.lab.nrules = 1;
    r.w = world_new(&r.config, &why);
    assert_false(world_lab(r.w, &r.lab, &why));
    assert_string_equal(
        "--drop: a rule names a host that is not in this lab; "
        "they are h1, h2 ..., one for each program",
        why);
    rig_free(&r);
}

/* ---- beyond the lab ---------------------------------------------------- */

TEST(beyond_the_gateway_is_nothing)
{
    static const char *const where[] = { "9.9.9.9", "2001:db8::1" };
    struct rig               r;

    rig_init(&r, 2, 20 * NS_MS);
    for (size_t i = 0; i < ARRAY_LEN(where); i++) {
        struct cw_sockaddr to = { .port = 80 };
        struct wcall       c = { .op = EVC_SOCKET,
                                 .a = CW_AF_INET6,
                                 .b = CW_SOCK_STREAM };

        assert_true(addr_parse(where[i], &to.addr));
        c.sd = (int)rig_call(&r, 1, c);
        c.op = EVC_CONNECT;
        c.addr = to;
        c.has_addr = true;
        assert_int_equal(-CW_EINPROGRESS, rig_call(&r, 1, c));
        assert_int_equal(-CW_ENETUNREACH, rig_call(&r, 1, c));
        assert_int_equal(2 * (i + 1), r.npackets);
        assert_true(r.packets[2 * i + 1].inward);
        assert_false(r.packets[2 * i].name || r.packets[2 * i + 1].name);
    }
    check_fates(&r);
    rig_free(&r);
}

/* A datagram from h1's own socket; true if an answer came. */
static bool ask(struct rig *r, const char *server, const uint8_t *question,
                size_t len, struct wresult *res, uint8_t answer[static 512])
{
    struct wcall c = { .op = EVC_SOCKET,
                       .a = CW_AF_INET6,
                       .b = CW_SOCK_DGRAM };

    c.sd = (int)rig_call(r, 1, c);
    c.op = EVC_SEND;
    c.a = 0;
    assert_true(addr_parse(server, &c.addr.addr));
    c.addr.port = 53;
    c.has_addr = true;
    c.in = question;
    c.in_len = len;
    assert_int_equal(len, rig_call(r, 1, c));
    c.op = EVC_RECV;
    c.out = answer;
    c.out_len = 512;
    return world_call(r->w, 1, &c, res) > 0;
}

/* Who is h2, of type A? */
static const uint8_t who_is_h2[] = { 0x12, 0x34, 1, 0,   0,   1, 0, 0, 0, 0,
                                     0,    0,    2, 'h', '2', 0, 0, 1, 0, 1 };

static void every_name_server_answers(struct rig *r)
{
    static const char *const servers[] = {
        "10.0.0.254", "8.8.8.8",  "2001:db8::53", "127.0.0.53", "::1",
        "10.0.0.1",   "10.0.0.2", "fd00::2",      "fd00::fe",
    };
    uint8_t        answer[512];
    struct wresult res;

    for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
        struct cw_addr from;

        addr_parse(servers[i], &from);
        t_row("server %s", servers[i]);
        EXPECT(
            ask(r, servers[i], who_is_h2, sizeof(who_is_h2), &res, answer));
        EXPECT_EQ(res.len, sizeof(who_is_h2) + 16);
        EXPECT(addr_eq(&res.addr.addr, &from) && res.addr.port == 53);
        EXPECT_MEM(answer + res.len - 4, ((uint8_t[]){ 10, 0, 0, 2 }), 4);
    }
}

TEST(names_are_answered_everywhere_and_at_once)
{
    struct rig r;

    rig_defaults(&r, 2, 20 * NS_MS);
    r.lab.fwd.loss_p = r.lab.back.loss_p = LINK_ALWAYS;
    rig_make(&r);
    every_name_server_answers(&r);
    assert_int_equal(0, world_now(r.w));
    for (size_t i = 0; i < r.npackets; i++)
        assert_true(r.packets[i].name);
    check_fates(&r);
    rig_free(&r);
}

TEST(a_socket_on_port_53_is_no_name_service)
{
    struct wcall   bind = { .op = EVC_SOCKET,
                            .a = CW_AF_INET6,
                            .b = CW_SOCK_DGRAM };
    uint8_t        answer[512];
    struct wresult res;
    struct rig     r;

    rig_init(&r, 2, 0);
    bind.sd = (int)rig_call(&r, 2, bind);
    bind.op = EVC_BIND;
    bind.addr.port = 53;
    bind.has_addr = true;
    assert_int_equal(0, rig_call(&r, 2, bind));
    EXPECT(!ask(&r, "10.0.0.2", who_is_h2, sizeof(who_is_h2), &res, answer));
    EXPECT(world_ready(r.w, 2, bind.sd) & CW_POLLIN);
    EXPECT(!r.packets[0].name);
    EXPECT(ask(&r, "10.0.0.1", who_is_h2, sizeof(who_is_h2), &res, answer));
    rig_free(&r);
}

T_MAIN(T(echo_has_the_expected_packets),
       T(a_lost_segment_comes_again_after_240_ms),
       T(every_endpoint_does_its_work), T(perf_prints_its_table),
       T(a_perfect_link_does_not_stop_the_clock),
       T(words_that_are_not_understood), T(equal_seeds_give_equal_packets),
       T(calls_replay), T(being_late_changes_nothing), T(one_host_alone),
       T(lo_of_a_lab_is_perfect), T(neighbours_may_speak),
       T(checksums_may_be_left_out), T(rules_name_hosts_of_the_lab),
       T(beyond_the_gateway_is_nothing),
       T(names_are_answered_everywhere_and_at_once),
       T(a_socket_on_port_53_is_no_name_service))
