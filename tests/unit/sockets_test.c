/* The socket tables: columns and choice of rows are those that ss (iproute2
 * 6.1) and netstat (net-tools 2.10) gave for the same sockets on Linux.
 */
#include "base/addr.h"
#include "base/ns.h"
#include "obs/sockets.h"
#include "run_rig.h"
#include "t.h"

#include <string.h>

static struct run_rig        rig;
static struct sockets_filter filter;

static void put_line(void *ctx, const char *text, size_t len)
{
    struct run_rig *r = ctx;
    size_t          at = strlen(r->out);

    assert_true(at + len + 2 < sizeof r->out);
    memcpy(r->out + at, text, len);
    memcpy(r->out + at + len, "\n", 2);
}

static const struct sockets_out out = { &rig, put_line };

static void address(struct cw_sockaddr *a, const char *text, uint16_t port)
{
    EXPECT(addr_parse(text, &a->addr));
    a->port = port;
}

static struct cw_sock_row *add(unsigned type, enum cw_state state,
                               const char *local, uint16_t lport,
                               const char *peer, uint16_t pport)
{
    struct cw_sock_row *s = &rig_row(&rig, 1, type, state)->row;

    address(&s->local, local, lport);
    address(&s->peer, peer, pport);
    s->domain = addr_is4(&s->local.addr) ? CW_AF_INET : CW_AF_INET6;
    return s;
}

static void owner(struct cw_sock_row *s, uint64_t label, int pid, int fd)
{
    struct run_owner *o = &rig.owners[rig.run.nowners++];

    s->owner = label;
    *o = (struct run_owner){
        .owner = label, .host = 1, .pid = pid, .fd = fd, .name = "python3"
    };
}

/* What a real host had. */
static void some_sockets(void)
{
    struct cw_sock_row *s;

    rig_init(&rig);
    rig.run.nhosts = 1;
    s = add(CW_SOCK_STREAM, CW_LISTEN, "127.0.0.1", 12345, "0.0.0.0", 0);
    s->send_q = 5;
    owner(s, 11, 23829, 3);
    s = add(CW_SOCK_STREAM, CW_LISTEN, "::", 12346, "::", 0);
    s->recv_q = 1;
    s->send_q = 3;
    owner(s, 12, 23829, 4);
    s = add(CW_SOCK_STREAM, CW_ESTABLISHED, "127.0.0.1", 48432, "127.0.0.1",
            12345);
    s->recv_q = 5000;
    s->timer = 5;
    s->timer_left = 40 * NS_MS;
    s = add(CW_SOCK_STREAM, CW_ESTABLISHED, "::1", 45482, "::1", 12346);
    s->timer = 1;
    s->timer_left = 1200 * NS_MS;
    s = add(CW_SOCK_STREAM, CW_TIME_WAIT, "127.0.0.1", 12345, "127.0.0.1",
            48444);
    s->sd = -1;
    s->timer = 3;
    s->timer_left = 59790 * NS_MS;
    s = add(CW_SOCK_DGRAM, CW_CLOSED, "0.0.0.0", 12347, "::", 0);
    s->recv_q = 832;
    add(CW_SOCK_DGRAM, CW_ESTABLISHED, "127.0.0.1", 45933, "127.0.0.1",
        12347);
}

static const char *ss(struct sockets_opts o)
{
    rig.out[0] = '\0';
    sockets_ss(&rig.run, &o, &out);
    return rig.out;
}

static const char *netstat(struct sockets_opts o)
{
    rig.out[0] = '\0';
    sockets_netstat(&rig.run, &o, &out);
    return rig.out;
}

TEST(ss_has_the_columns_of_linux)
{
    some_sockets();
    EXPECT_STR(
        ss((struct sockets_opts){ .tcp = true, .udp = true, .all = true }),
        "Netid State     Recv-Q Send-Q Local Address:Port  Peer Address:Port "
        "Process\n"
        "udp   UNCONN    832    0            0.0.0.0:12347      0.0.0.0:*\n"
        "udp   ESTAB     0      0          127.0.0.1:45933    "
        "127.0.0.1:12347\n"
        "tcp   LISTEN    0      5          127.0.0.1:12345      0.0.0.0:*\n"
        "tcp   LISTEN    1      3                  *:12346            *:*\n"
        "tcp   ESTAB     5000   0          127.0.0.1:48432    "
        "127.0.0.1:12345\n"
        "tcp   ESTAB     0      0              [::1]:45482        "
        "[::1]:12346\n"
        "tcp   TIME-WAIT 0      0          127.0.0.1:12345    "
        "127.0.0.1:48444\n");
}

TEST(ss_shows_the_rows_that_linux_shows)
{
    static const struct {
        struct sockets_opts o;
        unsigned            rows;
    } t[] = {
        { { .tcp = true }, 2 }, /* connected ones */
        { { .udp = true }, 1 },
        { { .listening = true }, 3 },
        { { .tcp = true, .listening = true }, 2 },
        { { .all = true }, 7 },
        { { .all = true, .four = true }, 5 },
        { { .all = true, .six = true }, 2 },
        { { .all = true, .four = true, .six = true }, 7 },
        { { .all = true, .host = 2 }, 0 },
    };

    T_EACH (row, t) {
        unsigned n = 0;

        t_row("%d", (int)(row - t));
        some_sockets();
        for (const char *s = ss(row->o); *s; s++)
            n += *s == '\n';
        EXPECT_EQ(n, row->rows + 1);
    }
}

TEST(ss_says_whose_and_which_timer)
{
    some_sockets();
    EXPECT_STR(ss((struct sockets_opts){ .tcp = true,
                                         .listening = true,
                                         .four = true,
                                         .processes = true,
                                         .no_header = true }),
               "LISTEN 0 5 127.0.0.1:12345 0.0.0.0:* "
               "users:((\"python3\",pid=23829,fd=3))\n");
    EXPECT_STR(
        ss((struct sockets_opts){
            .tcp = true, .all = true, .timers = true, .no_header = true }),
        "LISTEN    0    5 127.0.0.1:12345   0.0.0.0:*\n"
        "LISTEN    1    3         *:12346         *:*\n"
        "ESTAB     5000 0 127.0.0.1:48432 127.0.0.1:12345\n"
        "ESTAB     0    0     [::1]:45482     [::1]:12346 "
        "timer:(on,1.200ms,0)\n"
        "TIME-WAIT 0    0 127.0.0.1:12345 127.0.0.1:48444 "
        "timer:(timewait,59sec,0)\n");
}

/* Keys and order of iproute2's tcp_stats_print(). */
TEST(ss_has_the_keys_of_linux)
{
    struct cw_sock_row *s;

    rig_init(&rig);
    s = add(CW_SOCK_STREAM, CW_ESTABLISHED, "10.0.0.2", 49152, "10.0.0.1",
            5201);
    rig.run.nhosts = 1;
    s->send_q = 81088;
    s->has_info = true;
    // clang-format off
    s->info = (struct cw_tcp_info){
        .cc = "reno", .timestamps = true, .sack = true, .wscale_ok = true,
        .snd_wscale = 7,
        .rcv_wscale = 7, .rto = 264 * NS_MS, .srtt = 62900 * NS_US,
        .rttvar = 5400 * NS_US, .snd_mss = 1448, .snd_cwnd = 28,
        .snd_ssthresh = 28, .bytes_sent = 201272, .bytes_retrans = 5792,
        .bytes_acked = 114392, .unacked = 55, .retrans = 3,
        .total_retrans = 4, .reordering = 3, .min_rtt = 40 * NS_MS,
        .snd_wnd = 65536,
    };
    // clang-format on
    EXPECT_STR(ss((struct sockets_opts){ .tcp = true, .info = true }),
               "State Recv-Q Send-Q Local Address:Port  Peer Address:Port "
               "Process\n"
               "ESTAB 0      81088       10.0.0.2:49152     10.0.0.1:5201\n"
               "\t ts sack reno wscale:7,7 rto:264 rtt:62.9/5.4 mss:1448 "
               "cwnd:28 ssthresh:28 bytes_sent:201272 bytes_retrans:5792 "
               "bytes_acked:114392 send 5156629bps unacked:55 retrans:3/4 "
               "minrtt:40 snd_wnd:65536\n");
    rig.out[0] = '\0';
    sockets_explain(&rig.run, &(struct sockets_opts){ .tcp = true }, &out);
    EXPECT(strstr(rig.out,
                  "ESTAB 10.0.0.2 49152 to 10.0.0.1 5201\n"
                  "  ts                      timestamps: "));
    EXPECT(strstr(rig.out,
                  "  retrans:3/4             segments sent again: "
                  "now unacknowledged / in all\n"));
    /* each key has its words */
    EXPECT(!strstr(rig.out, " \n"));
}

TEST(ss_filters)
{
    static const struct {
        const char *words[8];
        const char *ports; /* local ones of the rows, in order */
    } t[] = {
        { { "state", "established" }, "45933 48432 45482 " },
        { { "state", "listening", "state", "time-wait" },
          "12345 12346 12345 " },
        { { "exclude", "established", "exclude", "closed" },
          "12345 12346 12345 " },
        { { "sport", "=", ":12345" }, "12345 12345 " },
        { { "sport=:12345" }, "12345 12345 " },
        { { "sport", "12345" }, "12345 12345 " },
        { { "dport = :12345 or sport = 12346" }, "12346 48432 " },
        { { "( dport eq 12345 )", "||", "(sport==12346)" }, "12346 48432 " },
        { { "not", "sport", "<", ":45000" }, "45933 48432 45482 " },
        { { "! ( sport < 45000 | sport > 48000 )" }, "45933 45482 " },
        { { "sport", "ge", "45000", "sport", "le", "46000" },
          "45933 45482 " },
        { { "dst", "127.0.0.1" }, "45933 48432 12345 " },
        { { "dst", "127.0.0.1:12345" }, "48432 " },
        { { "src", "[::1]:45482" }, "45482 " },
        { { "src", "::1" }, "45482 " },
        { { "dst", "127.0.0.0/8" }, "45933 48432 12345 " },
        { { "dst", "!=", "127.0.0.1", "sport", "!=", ":12347" },
          "12345 12346 45482 " },
        { { "state", "time-wait", "sport", "=", ":12345" }, "12345 " },
    };

    T_EACH (row, t) {
        char                ports[256] = "";
        unsigned            n = 0;
        struct fmt          err = fmt_of(rig.notes, sizeof rig.notes);
        struct sockets_opts o = { .all = true,
                                  .no_header = true,
                                  .filter = &filter };

        t_row("%s %s", row->words[0], row->words[1] ?: "");
        while (n < 8 && row->words[n])
            n++;
        some_sockets();
        EXPECT(sockets_filter_parse(&filter, n, row->words, &err));
        for (const char *s = ss(o); *s; s = strchr(s, '\n') + 1) {
            const char *c = s + strcspn(s, ":");

            if (c[1] == ':' || c[-1] == '[') /* [::1]:PORT */
                c = strchr(s, ']') + 1;
            strncat(ports, c + 1, strcspn(c + 1, " "));
            strcat(ports, " ");
        }
        EXPECT_STR(ports, row->ports);
    }
}

TEST(bad_filters_are_named)
{
    static const struct {
        const char *words[4];
        const char *want;
    } t[] = {
        { { "state", "establishd" },
          "filter: state establishd: no such state; did you mean "
          "established?" },
        { { "state" }, "filter: state : no such state; one is established" },
        { { "sport", "=", "http" },
          "filter: http: a port is a number like :80" },
        { { "sport", "=", "65536" },
          "filter: 65536: a port is a number like :80" },
        { { "sport", "=" }, "filter: a port is a number like :80" },
        { { "port", "80" },
          "filter: port: not understood; there are state, sport, dport, src "
          "and dst" },
        { { "( sport = 1" }, "filter: a parenthesis is not closed" },
        { { "sport = 1 )" }, "filter: ): this parenthesis was not opened" },
        { { "sport = 1 or" }, "filter: the expression is not complete" },
        { { "or sport = 1" }, "filter: or: something is missing before it" },
        { { "( )" }, "filter: ): something is missing before it" },
        { { "not" }, "filter: the expression is not complete" },
        { { "dst", "10.0.0.0/33" },
          "filter: 10.0.0.0: the prefix is too long" },
        { { "dst", "10.0.0" },
          "filter: 10.0.0: an address is like 10.0.0.1 or [fd00::1]:80" },
        { { "dst", ">", "10.0.0.1" },
          "filter: 10.0.0.1: addresses are = or !=" },
    };

    T_EACH (row, t) {
        struct fmt err = fmt_of(rig.notes, sizeof rig.notes);
        unsigned   n = 0;

        t_row("%s", row->want);
        while (n < 4 && row->words[n])
            n++;
        EXPECT(!sockets_filter_parse(&filter, n, row->words, &err));
        EXPECT_STR(rig.notes, row->want);
    }
}

/* Words in any order: refused, or a filter that can be asked. */
TEST(random_filters_never_harm)
{
    static const char *const words[] = {
        "state",    "established", "exclude",    "sport", "dport", "src",
        "dst",      "=",           "!=",         ">",     "(",     ")",
        "and",      "or",          "not",        "!",     ":80",   "12345",
        "10.0.0.1", "[::1]:5",     "10.0.0.0/8", "((",    "))",    "&&",
        "",         " ",
    };
    struct prng rnd = t_prng("filters");
    unsigned    good = 0;

    for (unsigned round = 0; round < 30000; round++) {
        const char         *pick[80];
        unsigned            n = (unsigned)prng_below(&rnd, 12);
        struct fmt          err = fmt_of(rig.notes, sizeof rig.notes);
        struct sockets_opts o = { .all = true, .filter = &filter };

        if (round % 100 == 0)
            n = 80;
        for (unsigned i = 0; i < n; i++)
            pick[i] = words[prng_below(&rnd, ARRAY_LEN(words))];
        some_sockets();
        if (sockets_filter_parse(&filter, n, pick, &err)) {
            ss(o);
            good++;
        } else {
            EXPECT(err.len > 0);
        }
    }
    EXPECT_LT(500, good);
}

TEST(netstat_has_the_columns_of_net_tools)
{
    some_sockets();
    EXPECT_STR(
        netstat((struct sockets_opts){
            .tcp = true, .listening = true, .processes = true }),
        "Active Internet connections (only servers)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         "
        "State       PID/Program name    \n"
        "tcp        0      0 127.0.0.1:12345         0.0.0.0:*               "
        "LISTEN      23829/python3       \n"
        "tcp6       1      0 :::12346                :::*                    "
        "LISTEN      23829/python3       \n");
    EXPECT_STR(
        netstat((struct sockets_opts){ .all = true, .timers = true }),
        "Active Internet connections (servers and established)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         "
        "State       Timer\n"
        "tcp        0      0 127.0.0.1:12345         0.0.0.0:*               "
        "LISTEN      off (0.00/0/0)\n"
        "tcp     5000      0 127.0.0.1:48432         127.0.0.1:12345         "
        "ESTABLISHED off (0.00/0/0)\n"
        "tcp        0      0 127.0.0.1:12345         127.0.0.1:48444         "
        "TIME_WAIT   timewait (59.79/0/0)\n"
        "tcp6       1      0 :::12346                :::*                    "
        "LISTEN      off (0.00/0/0)\n"
        "tcp6       0      0 ::1:45482               ::1:12346               "
        "ESTABLISHED on (1.20/0/0)\n"
        "udp      832      0 0.0.0.0:12347           0.0.0.0:*               "
        "            off (0.00/0/0)\n"
        "udp        0      0 127.0.0.1:45933         127.0.0.1:12347         "
        "ESTABLISHED off (0.00/0/0)\n");
    EXPECT_STR(
        netstat((struct sockets_opts){
            .udp = true, .listening = true, .processes = true }),
        "Active Internet connections (only servers)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         "
        "State       PID/Program name    \n"
        "udp      832      0 0.0.0.0:12347           0.0.0.0:*               "
        "            -                   \n");
    EXPECT_STR(
        netstat((struct sockets_opts){ .tcp = true, .four = true }),
        "Active Internet connections (w/o servers)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         "
        "State      \n"
        "tcp     5000      0 127.0.0.1:48432         127.0.0.1:12345         "
        "ESTABLISHED\n"
        "tcp        0      0 127.0.0.1:12345         127.0.0.1:48444         "
        "TIME_WAIT  \n");
}

TEST(a_lab_says_which_host)
{
    some_sockets();
    rig.run.nhosts = 2;
    EXPECT_STR(ss((struct sockets_opts){ .udp = true, .no_header = true }),
               "ESTAB 0 0 127.0.0.1:45933 127.0.0.1:12347 host:h1\n");
}

TEST(hostile_names_stay_text)
{
    some_sockets();
    strcpy(rig.owners[0].name, "a\033[2J\" b");
    EXPECT(strstr(
        ss((struct sockets_opts){ .listening = true, .processes = true }),
        "users:((\"a.[2J..b\",pid="));
    EXPECT(strstr(netstat((struct sockets_opts){ .listening = true,
                                                 .processes = true }),
                  "23829/a.[2J..b"));
}

TEST(the_summary_counts)
{
    some_sockets();
    rig.out[0] = '\0';
    sockets_summary(&rig.run, &(struct sockets_opts){ .tcp = false }, &out);
    EXPECT_STR(rig.out,
               "Total: 7\n"
               "TCP:   5 (estab 2, closed 1, orphaned 0, timewait 1)\n"
               "\n"
               "Transport Total     IP        IPv6\n"
               "UDP\t  2         2         0\n"
               "TCP\t  4         2         2\n"
               "INET\t  6         4         2\n");
}

TEST(json_is_one_document)
{
    some_sockets();
    rig.out[0] = '\0';
    rig.run.end = 100 * NS_MS;
    sockets_json(
        &rig.run,
        &(struct sockets_opts){ .tcp = true, .all = true, .six = true },
        &out);
    EXPECT_STR(
        rig.out,
        "{\"schema\":\"causeway.ss/1\",\"t_ns\":100000000,\"sockets\":[\n"
        "{\"host\":\"h1\",\"netid\":\"tcp\",\"family\":\"inet6\",\"state\":"
        "\"LISTEN\",\"recv_q\":1,\"send_q\":3,\"local\":{\"address\":\"::\","
        "\"port\":12346},\"peer\":{\"address\":\"::\",\"port\":0},"
        "\"syn_queue\":0,\"processes\":[{\"name\":\"python3\",\"pid\":23829,"
        "\"fd\":4}]},\n"
        "{\"host\":\"h1\",\"netid\":\"tcp\",\"family\":\"inet6\",\"state\":"
        "\"ESTAB\",\"recv_q\":0,\"send_q\":0,\"local\":{\"address\":\"::1\","
        "\"port\":45482},\"peer\":{\"address\":\"::1\",\"port\":12346},"
        "\"timer\":{\"kind\":\"on\",\"left_ns\":1200000000},\"processes\":"
        "[]}\n"
        "]}\n");
}

TEST(advice_for_what_a_program_should_do)
{
    struct cw_sock_row *s;

    rig_init(&rig);
    rig.run.nhosts = 1;
    add(CW_SOCK_STREAM, CW_TIME_WAIT, "10.0.0.1", 80, "10.0.0.2", 1);
    s = add(CW_SOCK_STREAM, CW_LISTEN, "0.0.0.0", 7, "0.0.0.0", 0);
    s->recv_q = s->send_q = 1;
    s = add(CW_SOCK_DGRAM, CW_CLOSED, "::1", 53, "::", 0);
    sockets_advice(&rig.run, &(struct sockets_opts){ .tcp = false }, &out);
    EXPECT_STR(rig.out, ""); /* nothing is wrong */
    s->drops = 3;
    rig.rows[1].row.recv_q = 2;
    rig.rows[1].row.syn_queue = 4;
    add(CW_SOCK_STREAM, CW_CLOSE_WAIT, "10.0.0.1", 9, "10.0.0.2", 2);
    add(CW_SOCK_STREAM, CW_CLOSE_WAIT, "10.0.0.1", 9, "10.0.0.2", 3);
    sockets_advice(&rig.run, &(struct sockets_opts){ .tcp = false }, &out);
    EXPECT(strstr(rig.out,
                  "3 datagrams for [::1]:53 dropped, because its "
                  "receive queue was full"));
    EXPECT(strstr(rig.out,
                  "the accept queue of *:7 is full (2 wait, the "
                  "backlog is 1): new SYNs are dropped and 4 "));
    EXPECT(strstr(rig.out, "2 connections in CLOSE-WAIT, at 10.0.0.1:9: "));
    rig.out[0] = '\0';
    sockets_advice(&rig.run, &(struct sockets_opts){ .udp = true }, &out);
    EXPECT(!strstr(rig.out, "CLOSE-WAIT"));
    EXPECT(strstr(rig.out, "3 datagrams"));
}

T_MAIN(T(advice_for_what_a_program_should_do), T(ss_has_the_columns_of_linux),
       T(ss_shows_the_rows_that_linux_shows),
       T(ss_says_whose_and_which_timer), T(ss_has_the_keys_of_linux),
       T(ss_filters), T(bad_filters_are_named), T(random_filters_never_harm),
       T(netstat_has_the_columns_of_net_tools), T(a_lab_says_which_host),
       T(hostile_names_stay_text), T(the_summary_counts),
       T(json_is_one_document))
