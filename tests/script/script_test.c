/* The runner of packet scripts: what passes, what fails and where, what is
 * said of it, and that a script which asks for more never passes.
 */
#include "script/script.h"
#include "t.h"

#include <stdlib.h>

#define PASSIVE                                     \
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n" \
    "+0 bind(3, ..., ...) = 0\n"                    \
    "+0 listen(3, 1) = 0\n"                         \
    "+0 < S 0:0(0) win 65535 <mss 1000>\n"          \
    "+0 > S. 0:0(0) ack 1 <mss 1460>\n"             \
    "+.1 < . 1:1(0) ack 1 win 65535\n"              \
    "+0 accept(3, ..., ...) = 4\n"
enum { PASSIVE_LINES = 7 };

#define ACTIVE                                      \
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n" \
    "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n" \
    "+0 connect(3, ..., ...) = -1 EINPROGRESS (On its way)\n"

struct row {
    const char *script;
    int         line; /* counted from 1 behind PASSIVE, if that is first */
    const char *text; /* a part of the message */
};

/* In memory of exactly this size, so that a sanitizer sees the end. */
static void play_text(const char *text, size_t n, struct script_options *o,
                      struct script_result *r)
{
    char *copy = malloc(n ? n : 1);

    EXPECT(copy);
    memcpy(copy, text, n);
    script_run("a.pkt", copy, n, o, r);
    free(copy);
}

static struct script_result play_with(const char            *script,
                                      struct script_options *o)
{
    struct script_result r;

    play_text(script, strlen(script), o, &r);
    return r;
}

static struct script_result play(const char *script)
{
    struct script_options o = { .exact = true };

    t_row("%s", script);
    return play_with(script, &o);
}

static void expect(const struct row *row, enum script_verdict verdict)
{
    struct script_result r = play(row->script);
    bool after = strncmp(row->script, PASSIVE, strlen(PASSIVE)) == 0;

    t_row("%s\n--> %s", row->script + (after ? strlen(PASSIVE) : 0), r.text);
    EXPECT_EQ(r.verdict, verdict);
    EXPECT_EQ(r.line, row->line + (after ? PASSIVE_LINES : 0));
    EXPECT(strstr(r.text, row->text));
}

TEST(what_holds_passes)
{
    static const char *const scripts[] = {
        PASSIVE,
        PASSIVE "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n",
        /* any time, a range, comments, several lines for one event */
        PASSIVE "* write(4, ..., 10) = 10 // a\n* > P. 1:11(10)\n ack 1 # b",
        PASSIVE "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n"
                "+.1~+1 > P. /* again */ 1:11(10) ack 1 win 65535\n",
        /* a call that blocks, with events between */
        PASSIVE "+0...0.5 read(4, ..., 10) = 10\n"
                "+.5 < P. 1:11(10) ack 1 win 5\n+0 > . 1:1(0) ack 11\n",
        /* several segments for one that is longer */
        PASSIVE "+0 write(4, ..., 3000) = 3000\n+0 > P. 1:3001(3000) ack 1",
        /* options in another order, without padding */
        ACTIVE "+0 > S 0:0(0) <wscale 7,sackOK,mss 1460,TS val 1 ecr 0>\n",
        ACTIVE "+0 > S 0:0(0) <...>\n",
        /* the script's numbers may begin anywhere */
        ACTIVE "+0 > S 700:700(0) <...>\n"
               "+.1 < S. 4000000000:4000000000(0) ack 701 win 99 <mss 9>\n"
               "+0 > . 701:701(0) ack 4000000001\n",
        /* values of options; structures; sums of names */
        "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
        "+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=7}, 8) = 0"
        "+0 getsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=7}, [8])=0"
        "+0 getsockopt(3, SOL_SOCKET, SO_TYPE, [1], [4]) = 0\n"
        "+0 fcntl(3, F_GETFL) = 0x802\n"
        "+0 bind(3, {sa_family = AF_INET, sin_port = htons(99),\n"
        "  sin_addr = inet_addr(\"192.168.0.1\")}, ...) = 0\n",
        PASSIVE "+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}],"
                " 1, 0) = 1\n"
                "+0...1 poll([{fd=4, events=POLLIN}], 1, 1000) = 0\n",
        PASSIVE "+0 epoll_create(1) = 5\n"
                "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, ptr=4})"
                " = 0\n+0 epoll_wait(5, {...}, 1, 0) = 0\n",
        PASSIVE "+0 %{ assert tcpi_state == TCP_ESTABLISHED and 1 < 2 <= 2\n"
                "x = 1 + 2 * 3 ** 2; assert x == 19, 'why'\nprint x\n"
                "assert (x in (18,\n 19)) if x else False }%\n",
        "`sysctl -q net.ipv4.tcp_timestamps=0 net.ipv4.tcp_sack=\"0\"`\n" ACTIVE
        "+0 > S 0:0(0) <mss 1460,nop,wscale 7>\n",
        "`../common/defaults.sh\n ../common/set_sysctls.py "
        "/proc/sys/net/ipv4/tcp_timestamps=0`\n" ACTIVE
        "+0 > S 0:0(0) <mss 1460,nop,nop,sackOK,nop,wscale 8>\n",
        "`sysctl -q net.ipv4.tcp_rmem=\"4096 65536 300000\"`\n" PASSIVE
        "+0 < P. 1:11(10) ack 1 win 9\n+0 > . 1:1(0) ack 11\n",
        "--ip_version=ipv4-mapped-ipv6\n" PASSIVE,
        "--ip_version=ipv6\n--mtu=1280\n" ACTIVE
        "+0 > S 0:0(0) <mss 1220,sackOK,TS val 5 ecr 0,nop,wscale 7>\n",
        "--tolerance_usecs=5000\n" PASSIVE "+0 write(4, ..., 1) = 1\n"
        "+0.004 > P. 1:2(1) ack 1\n",
        /* stamps that run in milliseconds */
        "--tcp_ts_tick_usecs=1000\n" ACTIVE
        "+0 > S 0:0(0) <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>\n"
        "+1 > S 0:0(0) <mss 1460,sackOK,TS val 1005 ecr 0,nop,wscale 7>\n",
    };

    T_EACH (text, scripts) {
        struct script_result r = play(*text);

        t_row("%s\n--> %s", r.text, *text);
        EXPECT_EQ(r.verdict, SCRIPT_PASSED);
    }
}

TEST(what_does_not_hold_fails)
{
    static const struct row rows[] = {
        { PASSIVE "+0 > . 1:1(0) ack 1", 1, "nothing was sent" },
        { PASSIVE "+0 write(4, ..., 9) = 9\n+0 > P. 1:11(10) ack 1", 2,
          "expected  P. 1:11(10) ack 1\n"
          "    came      P. 1:10(9)  ack 1 win 65535\n"
          "                 ^^^^^^^^" },
        { PASSIVE "+0 write(4, ..., 9) = 9\n+0 > . 1:10(9) ack 1", 2,
          "another packet" },
        { PASSIVE "+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 2", 2,
          "ack 2" },
        { PASSIVE "+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 1 win 7", 2,
          "came      P. 1:10(9) ack 1 win 65535" },
        { PASSIVE "+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 1 <nop,nop,"
                  "sackOK>",
          2, "sackOK" },
        { PASSIVE "+0 write(4, ..., 9) = 9\n+.1 > P. 1:10(9) ack 1", 2,
          "expected at 0.200000, came at 0.100000" },
        { PASSIVE "+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 1\n"
                  "+.1 > P. 1:10(9) ack 1",
          3, "came at 0.4" },
        { PASSIVE "+0 write(4, ..., 9) = 9", 1, "the script ends" },
        { PASSIVE "+0 write(4, ..., 9) = 8\n", 1, "expected  8" },
        { PASSIVE "+0 close(4) = -1 EBADF\n", 1, "expected  -1 EBADF" },
        { PASSIVE "+0 close(7) = 0\n", 1, "came      -1 EBADF" },
        { PASSIVE "+0 read(4, ..., 9) = 9\n", 1, "would block" },
        { PASSIVE "+0...1 read(4, ..., 9) = 9\n", 1, "it still blocks" },
        { PASSIVE "+0...1 read(4, ..., 9) = 10\n+.1 < P. 1:11(10) ack 1"
                  " win 9\n+0 > . 1:1(0) ack 11",
          1, "another result" },
        { PASSIVE "+0...1 read(4, ..., 10) = 10\n+.1 < P. 1:11(10) ack 1"
                  " win 9\n+0 > . 1:1(0) ack 11",
          1, "it ended at 0.2" },
        { PASSIVE "0.05 close(4) = 0\n", 1, "its time is over" },
        { PASSIVE "+0 %{ assert 1 + 1 == 3 }%", 1, "1 + 1 == 3" },
        { PASSIVE "+0 %{\nassert True\nassert tcpi_snd_mss == 9 }%", 3,
          "tcpi_snd_mss is 1000" },
        { PASSIVE "+0 getsockopt(4, SOL_SOCKET, SO_TYPE, [2], [4]) = 0", 1,
          "expected  2" },
        { PASSIVE "+0 poll([{fd=4, events=POLLOUT, revents=POLLIN}], 1, 0)"
                  " = 1",
          1, "revents" },
        { "--strict_segments\n" PASSIVE "+0 write(4, ..., 3000) = 3000\n"
          "+0 > P. 1:3001(3000) ack 1\n",
          10, "1:1001(1000)" },
        { "--tcp_ts_tick_usecs=1000\n" ACTIVE
          "+0 > S 0:0(0) <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>\n"
          "+1 > S 0:0(0) <mss 1460,sackOK,TS val 1006 ecr 0,nop,wscale 7>\n",
          6, "TS val 1005" },
    };

    T_EACH (row, rows)
        expect(row, SCRIPT_FAILED);
}

TEST(what_cannot_be_read_fails)
{
    static const struct row rows[] = {
        { "", 1, "no event" },
        { "// nothing\n/* at all */", 2, "no event" },
        { "/* open", 1, "no end" },
        { "socket() = 3", 1, "begins with its time" },
        { "0 < S 0:1(0) win 0", 1, "0:1 is not (0)" },
        { "0\n< X 0:0(0) win 0", 2, "no flags" },
        { "0 < S 0:0(0) ack 1 win 0", 1, "no flag for it" },
        { "0 < . 0:0(0) win 0", 1, "no ack follows" },
        { "0 < S 0:0(0) win 65536", 1, "16 bits" },
        { "0 < S 0:0(0) win 5 <mss 1", 1, "',' should come" },
        { "0 < S 0:0(0) win 5 <FO 123>", 1, "no bytes" },
        { "0 socket(1, 2, 3", 1, "')' should come" },
        { "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3 EWHAT", 1, "EWHAT" },
        { "0 socket([[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]])", 1, "brackets" },
        { "0 `sleep", 1, "no '`'" },
        { "0 %{ assert", 1, "no '}%'" },
        { "0.5~0.1 > . 0:0(0) ack 1", 1, "ends before" },
        { "0...1 < . 0:0(0) ack 1", 1, "only calls" },
        { "0 < icmp whatever", 1, "no type" },
    };

    T_EACH (row, rows)
        expect(row, SCRIPT_FAILED);
}

TEST(what_we_lack_never_passes)
{
    static const struct row rows[] = {
        { "0 pipe([3, 4]) = 0", 1, "unsupported: pipe()" },
        { "0 socket(AF_UNIX, SOCK_STREAM, 0) = 3", 1, "family" },
        { PASSIVE "+0 setsockopt(4, SOL_TCP, 9999, [1], 4) = 0", 1,
          "unsupported" },
        { PASSIVE "+0 setsockopt(4, SOL_TCP, TCP_FUTURE, [1], 4) = 0", 1,
          "TCP_FUTURE" },
        { "--udp_encaps=sctp\n0 close(3) = 0", 1, "--udp_encaps" },
        { "`rm -rf x`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3", 1,
          "rm -rf x" },
        { "`sysctl -q net.ipv4.tcp_unheard_of=1`\n0 close(3) = -1 EBADF", 1,
          "tcp_unheard_of" },
        { "`sysctl -q net.ipv4.tcp_stdurg=1`\n0 close(3) = -1 EBADF", 1,
          "tcp_stdurg" },
        { PASSIVE "+0 `sysctl -q net.ipv4.tcp_sack=0`", 1, "tcp_sack" },
        { PASSIVE "+0 `grep -q x /proc/net/tcp`", 1, "grep" },
        { PASSIVE "+0 %{ assert tcpi_unheard_of == 0 }%", 1,
          "tcpi_unheard_of" },
        { PASSIVE "+0 %{ for x in y: pass }%", 1, "for x in y" },
        { PASSIVE "+0 %{ assert 1 == 1 == }%", 1, "missing" },
        { "0 < ipv4 1.2.3.4 > 5.6.7.8: . 1:1(0) ack 1", 1, "ipv4" },
        { "0 < S 0:0(0) win 5 <md5 abc>", 1, "md5" },
    };

    T_EACH (row, rows)
        expect(row, SCRIPT_UNSUPPORTED);
}

/* The same scripts at the ends of all number spaces. */
TEST(numbers_wrap)
{
    struct script_options o = { .exact = true, .wrap = true };
    struct script_result  r;

    r = play_with(
        PASSIVE
        "+0 write(4, ..., 1000) = 1000\n+0 > P. 1:1001(1000) ack 1\n"
        "+0 < P. 1:1001(1000) ack 1001 win 65535\n"
        "+0 > . 1001:1001(0) ack 1001\n+0 read(4, ..., 1000) = 1000\n",
        &o);
    t_row("%s", r.text);
    EXPECT_EQ(r.verdict, SCRIPT_PASSED);
}

/* Flags from outside are where a script begins; it may say otherwise. */
TEST(flags_from_outside)
{
    static const char *const flags[] = { "--mtu=1400" };
    struct script_options o = { .exact = true, .flags = flags, .nflags = 1 };

    EXPECT_EQ(play_with(ACTIVE "+0 > S 0:0(0) <mss 1360,sackOK,"
                               "TS val 1 ecr 0,nop,wscale 7>",
                        &o)
                  .verdict,
              SCRIPT_PASSED);
    EXPECT_EQ(play_with("--mtu=1300\n" ACTIVE "+0 > S 0:0(0) <mss 1260,"
                        "sackOK,TS val 1 ecr 0,nop,wscale 7>",
                        &o)
                  .verdict,
              SCRIPT_PASSED);
}

/* Without `exact`, as in the original, what nobody mentions is let go. */
TEST(not_exact)
{
    struct script_options o = { .exact = false };

    EXPECT_EQ(play_with(PASSIVE "+0 write(4, ..., 9) = 9", &o).verdict,
              SCRIPT_PASSED);
}

/* Cut and damaged scripts are read to their end and no further. */
TEST(hostile_text)
{
    static const char whole[] =
        "--mtu=1400\n" PASSIVE
        "+0 < [ect0] P. 1:11(10) ack 1 win 9 urg 1 <sack 1:2 3:4,FO 1234>\n"
        "+0...1 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 5) = 1\n"
        "+0 < icmp unreachable frag_needed mtu 1400 [1:2(1)]\n"
        "+0 %{ assert (tcpi_snd_cwnd in (1, 2)) == 1 }% `sysctl -q a=1`\n";
    struct prng           rng = prng_stream((struct sipkey){ 1, 2 }, 0, "x");
    struct script_options o = { .exact = true };
    struct script_result  r;

    for (size_t n = 0; n < sizeof whole; n++)
        play_text(whole, n, &o, &r);
    for (int i = 0; i < 3000; i++) {
        char text[sizeof whole];

        memcpy(text, whole, sizeof whole);
        for (int k = 0; k < 4; k++)
            text[prng_below(&rng, sizeof whole)] =
                whole[prng_below(&rng, sizeof whole)];
        play_text(text, sizeof whole, &o, &r);
    }
}

T_MAIN(T(what_holds_passes), T(what_does_not_hold_fails),
       T(what_cannot_be_read_fails), T(what_we_lack_never_passes),
       T(numbers_wrap), T(flags_from_outside), T(not_exact), T(hostile_text))
