/* The ladder's pictures, line for line. */
#include "base/ns.h"
#include "obs/cells.h"
#include "run_rig.h"
#include "t.h"

#include <stdlib.h>
#include <string.h>

// clang-format off
#define HANDSHAKE                                                            \
    "  time ms  h2 client   10.0.0.2:49152        10.0.0.1:12000 h1 server\n" \
    "           CLOSED      │                                  │ LISTEN\n"   \
    "    0.000  SYN-SENT    ├─ SYN 0 ─────────────────────────▶│ SYN-RCVD\n" \
    "   20.000  ESTAB       │◀─────────────── SYN,ACK 0 ack 1 ─┤\n"          \
    "   40.000              ├─ ACK 1 ─────────────────────────▶│ ESTAB\n"
// clang-format on

enum { PA = RIG_PSH | RIG_ACK, FA = RIG_FIN | RIG_ACK };

static struct run_rig           rig;
static const struct ladder_opts as_it_is;

static struct rig_seg seg(unsigned flags, uint32_t number, uint32_t ack,
                          const char *text)
{
    return (struct rig_seg){
        .flags = (uint8_t)flags, .seq = number, .ack = ack, .text = text
    };
}

/* The whole picture of the handshake and this. */
static void expect_after_handshake(const char *want)
{
    EXPECT(strncmp(rig.out, HANDSHAKE, sizeof HANDSHAKE - 1) == 0);
    EXPECT_STR(rig.out + sizeof HANDSHAKE - 1, want);
}

TEST(a_lost_segment_its_timer_and_the_four_way_close)
{
    const char *big = "HELLO TRANSPORT LAYER";
    uint32_t    n;

    rig_init(&rig);
    rig_handshake(&rig);
    rig_tcp(&rig, 40000, 2, seg(PA, 1, 1, "hello transport layer"));
    rig_lost(&rig, WHY_LINK_RULE, "data 1");
    rig_tcp(&rig, 280000, 2, seg(PA, 1, 1, "hello transport layer"));
    rig_why(&rig, WHY_TX_RTO, 240 * NS_MS);
    rig_tcp(&rig, 300000, 1, seg(RIG_ACK, 1, 22, NULL));
    rig_tcp(&rig, 300000, 1, seg(PA, 1, 22, big));
    rig_state(&rig, 300000, 1, 0, CW_ESTABLISHED, CW_FIN_WAIT1,
              WHY_CALL_CLOSE);
    n = rig_tcp(&rig, 300000, 1, seg(FA, 22, 22, NULL));
    rig_state(&rig, 320000, 2, n, CW_ESTABLISHED, CW_CLOSE_WAIT, WHY_GOT_FIN);
    n = rig_tcp(&rig, 320000, 2, seg(RIG_ACK, 22, 23, NULL));
    rig_state(&rig, 320000, 2, 0, CW_CLOSE_WAIT, CW_LAST_ACK, WHY_CALL_CLOSE);
    rig_state(&rig, 340000, 1, n, CW_FIN_WAIT1, CW_FIN_WAIT2,
              WHY_GOT_ACK_OF_FIN);
    n = rig_tcp(&rig, 320000, 2, seg(FA, 22, 23, NULL));
    rig_state(&rig, 340000, 1, n, CW_FIN_WAIT2, CW_TIME_WAIT, WHY_GOT_FIN);
    rig_time_wait(&rig, 340000, 1);
    n = rig_tcp(&rig, 340000, 1, seg(RIG_ACK, 23, 23, NULL));
    rig_state(&rig, 360000, 2, n, CW_LAST_ACK, CW_CLOSED, WHY_GOT_ACK_OF_FIN);
    EXPECT(rig_draw(&rig, as_it_is));
    expect_after_handshake(
        "   40.000              ├─ PSH 1:22 \"hello…\" ─────✗        │\n"
        "           RTO 240 ms  │       lost: rule \"data 1\"        │\n"
        "  280.000  RTO x2      ├─ PSH 1:22 again ────────────────▶│\n"
        "  300.000              │◀──────────────────────── ACK 22 ─┤\n"
        "  300.000              │◀────── PSH 1:22 \"HELLO TRANSP…\" ─┤\n"
        "  300.000  CLOSE-WAIT  │◀───────────────── FIN 22 ack 22 ─┤ "
        "FIN-WAIT-1\n"
        "  320.000              ├─ ACK 23 ────────────────────────▶│ "
        "FIN-WAIT-2\n"
        "  320.000  LAST-ACK    ├─ FIN 22 ack 23 ─────────────────▶│ "
        "TIME-WAIT\n"
        "  340.000  CLOSED      │◀──────────────────────── ACK 23 ─┤\n");
    EXPECT_STR(
        rig.notes,
        "times are when a packet is sent; a state beside an arrow head "
        "holds once it has arrived.\n"
        "the server closed first, so the server stays in TIME-WAIT "
        "for 60 s, until 60.340 s.\n");
}

/* RFC 9293 Figure 13: both end up in TIME-WAIT. */
TEST(a_simultaneous_close)
{
    uint32_t a, b;

    rig_init(&rig);
    rig_handshake(&rig);
    for (unsigned h = 2; h >= 1; h--)
        rig_state(&rig, 100000, h, 0, CW_ESTABLISHED, CW_FIN_WAIT1,
                  WHY_CALL_CLOSE);
    a = rig_tcp(&rig, 100000, 2, seg(FA, 1, 1, NULL));
    b = rig_tcp(&rig, 100000, 1, seg(FA, 1, 1, NULL));
    rig_state(&rig, 120000, 1, a, CW_FIN_WAIT1, CW_CLOSING, WHY_GOT_FIN);
    rig_state(&rig, 120000, 2, b, CW_FIN_WAIT1, CW_CLOSING, WHY_GOT_FIN);
    a = rig_tcp(&rig, 120000, 2, seg(RIG_ACK, 2, 2, NULL));
    b = rig_tcp(&rig, 120000, 1, seg(RIG_ACK, 2, 2, NULL));
    rig_state(&rig, 140000, 1, a, CW_CLOSING, CW_TIME_WAIT,
              WHY_GOT_ACK_OF_FIN);
    rig_time_wait(&rig, 140000, 1);
    rig_state(&rig, 140000, 2, b, CW_CLOSING, CW_TIME_WAIT,
              WHY_GOT_ACK_OF_FIN);
    rig_time_wait(&rig, 140000, 2);
    EXPECT(rig_draw(&rig, as_it_is));
    expect_after_handshake(
        "  100.000  FIN-WAIT-1  ├─ FIN 1 ack 1 ───────────────────▶│ "
        "CLOSING\n"
        "  100.000  CLOSING     │◀─────────────────── FIN 1 ack 1 ─┤ "
        "FIN-WAIT-1\n"
        "  120.000              ├─ ACK 2 ─────────────────────────▶│ "
        "TIME-WAIT\n"
        "  120.000  TIME-WAIT   │◀───────────────────────── ACK 2 ─┤\n");
    EXPECT(strstr(rig.notes, "both closed at once, so both stay"));
}

TEST(a_refused_connection)
{
    uint32_t n;

    rig_init(&rig);
    n = rig_tcp(&rig, 0, 2, seg(RIG_SYN, 0, 0, NULL));
    rig_state(&rig, 0, 2, 0, CW_CLOSED, CW_SYN_SENT, WHY_CALL_OPEN);
    rig_drop(&rig, 1, n, WHY_TCP_NO_PORT);
    n = rig_tcp(&rig, 20000, 1, seg(RIG_RST | RIG_ACK, 0u - 8000u, 1, NULL));
    rig_why(&rig, WHY_TX_RST_NO_PORT, 0);
    rig.packets[1].flow = 0;
    rig_state(&rig, 40000, 2, n, CW_SYN_SENT, CW_CLOSED, WHY_RST_ACCEPTED);
    EXPECT(rig_draw(&rig, as_it_is));
    EXPECT_STR(
        rig.out,
        "  time ms  h2 client   10.0.0.2:49152        10.0.0.1:12000 h1 "
        "server\n"
        "           CLOSED      │                                  │ CLOSED\n"
        "    0.000  SYN-SENT    ├─ SYN 0 ─────────────────────────▶│\n"
        "                       │  no connection or listener here  │\n"
        "   20.000  CLOSED      │◀─────────────── RST,ACK 0 ack 1 ─┤ "
        "refused\n");
}

TEST(datagrams_and_an_unreachable_port)
{
    uint32_t n;

    rig_init(&rig);
    rig_udp(&rig, 0, 2, "hello udp", 9);
    rig_lost(&rig, WHY_LINK_RANDOM, NULL);
    n = rig_udp(&rig, 1000000, 2, "hello\n", 6);
    rig_drop(&rig, 1, n, WHY_UDP_NO_PORT);
    rig_unreachable(&rig, 1020000, n);
    EXPECT(rig_draw(&rig, as_it_is));
    EXPECT_STR(
        rig.out,
        "  time ms  h2 client   10.0.0.2:49152        10.0.0.1:12000 h1 "
        "server\n"
        "    0.000              ├─ UDP 9 \"hello udp\" ─────✗        │\n"
        "                       │        lost: random loss         │\n"
        " 1000.000              ├─ UDP 6 \"hello\\n\" ───────────────▶│\n"
        "                       │    no socket on this UDP port    │\n"
        " 1020.000              │◀───────── ICMP port unreachable ─┤\n");
    EXPECT_STR(rig.notes,
               "1 datagram was lost: UDP does not send again, that "
               "is the program's job.\n");
}

/* The course's three segments: the hole is filled, nothing else is sent
 * again (RFC 2018). */
TEST(a_hole_with_sack_and_three_duplicates)
{
    rig_init(&rig);
    rig_handshake(&rig);
    rig_tcp(&rig, 40000, 2, seg(RIG_ACK, 1, 1, "aaaaaaaaaa"));
    rig_tcp(&rig, 40000, 2, seg(RIG_ACK, 11, 1, "bbbbbbbbbb"));
    rig_lost(&rig, WHY_LINK_BURST, NULL);
    rig_tcp(&rig, 40000, 2, seg(PA, 21, 1, "cccccccccc"));
    rig_tcp(&rig, 60000, 1,
            (struct rig_seg){ .flags = RIG_ACK,
                              .seq = 1,
                              .ack = 11,
                              .sack_left = 21,
                              .sack_right = 31 });
    rig_why(&rig, WHY_TX_DUPACK_OF_3, 1);
    rig_tcp(&rig, 80000, 2, seg(RIG_ACK, 11, 1, "bbbbbbbbbb"));
    rig_why(&rig, WHY_TX_FAST, 3);
    rig_tcp(&rig, 100000, 1, seg(RIG_ACK, 1, 31, NULL));
    rig_why(&rig, WHY_TX_ACK_HOLE, 0);
    EXPECT(rig_draw(&rig, as_it_is));
    expect_after_handshake(
        "   40.000              ├─ DATA 1:11 \"aaaaaaaaaa\" ────────▶│\n"
        "   40.000              ├─ DATA 11:21 ────────────✗        │\n"
        "                       │         lost: loss burst         │\n"
        "   40.000              ├─ PSH 21:31 \"cccccccccc\" ────────▶│\n"
        "   60.000              │◀─────── ACK 11 dup 1 SACK 21:31 ─┤\n"
        "   80.000  3 dup ACKs  ├─ DATA 11:21 again ──────────────▶│\n"
        "  100.000              │◀──────────────────────── ACK 31 ─┤ hole "
        "filled\n");
}

/* Timer after timer, until the connection is given up. */
TEST(a_state_without_a_packet_stands_alone)
{
    rig_init(&rig);
    rig_tcp(&rig, 0, 2, seg(RIG_SYN, 0, 0, NULL));
    rig_state(&rig, 0, 2, 0, CW_CLOSED, CW_SYN_SENT, WHY_CALL_OPEN);
    rig_lost(&rig, WHY_LINK_DOWN, NULL);
    rig_tcp(&rig, 1000000, 2, seg(RIG_SYN, 0, 0, NULL));
    rig_why(&rig, WHY_TX_RTO, NS_S);
    rig_lost(&rig, WHY_LINK_DOWN, NULL);
    rig_tcp(&rig, 3000000, 2, seg(RIG_SYN, 0, 0, NULL));
    rig_why(&rig, WHY_TX_RTO, 2 * NS_S);
    rig_lost(&rig, WHY_LINK_DOWN, NULL);
    rig_state(&rig, 7000000, 2, 0, CW_SYN_SENT, CW_CLOSED, WHY_UNREACHABLE);
    EXPECT(rig_draw(&rig, as_it_is));
    EXPECT_STR(
        rig.out,
        "  time ms  h2 client   10.0.0.2:49152        10.0.0.1:12000 h1 "
        "server\n"
        "           CLOSED      │                                  │ CLOSED\n"
        "    0.000  SYN-SENT    ├─ SYN 0 ─────────────────✗        │\n"
        "           RTO 1 s     │         lost: link down          │\n"
        " 1000.000  RTO x2      ├─ SYN 0 again ───────────✗        │\n"
        "           RTO 2 s     │         lost: link down          │\n"
        " 3000.000  RTO x4      ├─ SYN 0 again ───────────✗        │\n"
        "                       │         lost: link down          │\n"
        " 7000.000  CLOSED      │  the network says: unreachable   │\n");
}

TEST(many_alike_are_one_line)
{
    char     text[11] = "0123456789";
    uint32_t at = 1;

    rig_init(&rig);
    rig_handshake(&rig);
    for (unsigned i = 0; i < 10; i++, at += 10)
        rig_tcp(&rig, 40000, 2, seg(RIG_ACK, at, 1, text));
    for (unsigned i = 1; i <= 6; i++)
        rig_tcp(&rig, 60000, 1, seg(RIG_ACK, 1, 41 + 10 * i, NULL));
    for (unsigned i = 0; i < 10; i++, at += 10) {
        rig_tcp(&rig, 80000 + i * 1000, 2, seg(RIG_ACK, at, 1, text));
        if (i % 2)
            rig_tcp(&rig, 80000 + i * 1000, 1, seg(RIG_ACK, 1, at, NULL));
    }
    for (unsigned i = 0; i < 7; i++, at += 10) {
        rig_tcp(&rig, 100000, 2, seg(RIG_ACK, at, 1, text));
        rig_lost(&rig, WHY_LINK_DOWN, NULL);
    }
    EXPECT(rig_draw(&rig, as_it_is));
    expect_after_handshake(
        "   40.000              ├─ 10 segments 1-101 ─────────────▶│\n"
        "   60.000              │◀───────────────── 6 ACKs 51-101 ─┤\n"
        "   80.000  to 89.000   ├─ 10 segments 101-201 ───────────▶│\n"
        "   81.000              │◀──────────────── 5 ACKs 111-191 ─┤ to "
        "89.000\n"
        "  100.000              ├─ 7 segments 201-271 ────✗        │\n"
        "                       │         lost: link down          │\n");
}

TEST(ascii_has_no_other_bytes)
{
    rig_init(&rig);
    rig_handshake(&rig);
    rig_tcp(&rig, 40000, 2, seg(PA, 1, 1, "你好, hello transport"));
    rig_tcp(&rig, 40000, 1, seg(PA, 1, 1, "x"));
    rig_lost(&rig, WHY_LINK_QUEUE, NULL);
    EXPECT(rig_draw(&rig, (struct ladder_opts){ .ascii = true }));
    EXPECT_STR(
        rig.out,
        "  time ms  h2 client   10.0.0.2:49152        10.0.0.1:12000 h1 "
        "server\n"
        "           CLOSED      |                                  | LISTEN\n"
        "    0.000  SYN-SENT    |- SYN 0 ------------------------->| "
        "SYN-RCVD\n"
        "   20.000  ESTAB       |<--------------- SYN,ACK 0 ack 1 -|\n"
        "   40.000              |- ACK 1 ------------------------->| ESTAB\n"
        "   40.000              |- PSH 1:24 \".., hello t...\" ----->|\n"
        "   40.000              |        X----------- PSH 1:2 \"x\" -|\n"
        "                       |         lost: queue full         |\n");
}

/* 24 cells are left between the bars, and no line is longer than 60. */
TEST(a_narrow_terminal_is_obeyed)
{
    rig_init(&rig);
    rig_handshake(&rig);
    rig_tcp(&rig, 40000, 2, seg(PA, 1, 1, "hello transport layer"));
    rig_tcp(&rig, 60000, 1, seg(RIG_ACK, 1, 22, NULL));
    rig_why(&rig, WHY_TX_ACK_DELAYED, 40 * NS_MS);
    EXPECT(rig_draw(&rig, (struct ladder_opts){ .columns = 60 }));
    EXPECT_STR(
        rig.out,
        "  time ms  h2 client   10.0.0.2:49152\n"
        "                                  10.0.0.1:12000 h1 server\n"
        "           CLOSED      │                       │ LISTEN\n"
        "    0.000  SYN-SENT    ├─ SYN 0 ──────────────▶│ SYN-RCVD\n"
        "   20.000  ESTAB       │◀──── SYN,ACK 0 ack 1 ─┤\n"
        "   40.000              ├─ ACK 1 ──────────────▶│ ESTAB\n"
        "   40.000              ├─ PSH 1:22 ───────────▶│\n"
        "   60.000              │◀───────────── ACK 22 ─┤ held 40 ms\n");
}

/* What a payload says must not reach the terminal as a command. */
TEST(hostile_payloads_stay_text)
{
    static const struct {
        const char *text;
        size_t      len;
        const char *want; /* between the bars, up to the dashes */
    } rows[] = {
        { "\033[2Jgone", 0, "UDP 8 \".[2Jgone\" " },
        { "a\033]0;title\a", 0, "UDP 11 \"a.]0;title.\" " },
        { "\xc2\x9b"
          "2Jabcdef",
          0, "UDP 10 \".2Jabcdef\" " }, /* C1 CSI */
        { "\xe2\x80\xae"
          "txt.exe",
          0, "UDP 10 \".txt.exe\" " }, /* RLO */
        { "ab\0cd", 5, "UDP 5 \"ab.cd\" " },
        { "say \"hi\"\\", 0, "UDP 9 \"say \\\"hi\\\"\\\\\" " },
        { "1\r\n2\t3", 0, "UDP 6 \"1\\r\\n2\\t3\" " },
        { "你好世界你好世界", 0, "UDP 24 \"你好世界你好…\" " },
        { "caf\xc3\xa9 \xff!", 0, "UDP 8 \"café .!\" " },
        { "\xc0\xaf\xed\xa0\x80\x01\x02", 0, "UDP 7 ─" }, /* no text */
        { "\x01\x02\x03\x04", 0, "UDP 4 ─" },
    };

    T_EACH (row, rows) {
        const char *line;

        t_row("%s", row->want);
        rig_init(&rig);
        rig_udp(&rig, 0, 2, row->text, row->len ?: strlen(row->text));
        EXPECT(rig_draw(&rig, as_it_is));
        line = strstr(rig.out, "├─ ");
        EXPECT(line != NULL);
        EXPECT(strncmp(line + strlen("├─ "), row->want, strlen(row->want))
               == 0);
        /* and the bar on the right stands where it stands */
        line = strchr(rig.out, '\n') + 1;
        EXPECT_EQ(cells_width(line, strcspn(line, "\n")), 59);
    }
}

/* Names and rules come from the file as well. */
TEST(hostile_names_stay_text)
{
    rig_init(&rig);
    strcpy(rig.hosts[1].name, "\033[31mred");
    rig_udp(&rig, 0, 2, "x", 1);
    rig_lost(&rig, WHY_LINK_RULE, "\033[2J\xff");
    EXPECT(rig_draw(&rig, as_it_is));
    EXPECT(strchr(rig.out, '\033') == NULL);
    EXPECT(strstr(rig.out, "lost: rule \".[2J.\""));
}

TEST(several_conversations_and_one_of_them)
{
    rig_init(&rig);
    rig_udp(&rig, 0, 2, "one", 3);
    rig.client_port = 50000;
    rig_udp(&rig, 5000, 2, "two", 3);
    rig.client_port = 49152;
    rig_udp(&rig, 20000, 1, "ONE", 3);
    EXPECT(rig_draw(&rig, as_it_is));
    EXPECT_STR(
        rig.out,
        "conversation 1 of 2: UDP\n"
        "  time ms  h2 client   10.0.0.2:49152        10.0.0.1:12000 h1 "
        "server\n"
        "    0.000              ├─ UDP 3 \"one\" ───────────────────▶│\n"
        "   20.000              │◀─────────────────── UDP 3 \"ONE\" ─┤\n"
        "\n"
        "conversation 2 of 2: UDP\n"
        "  time ms  h2 client   10.0.0.2:50000        10.0.0.1:12000 h1 "
        "server\n"
        "    5.000              ├─ UDP 3 \"two\" ───────────────────▶│\n");
    EXPECT(rig_draw(&rig, (struct ladder_opts){ .conn = 2 }));
    EXPECT(strncmp(rig.out, "  time ms", 9) == 0);
    EXPECT(strstr(rig.out, "two") && !strstr(rig.out, "one"));
    EXPECT(!rig_draw(&rig, (struct ladder_opts){ .conn = 3 }));
    EXPECT(strstr(rig.notes, "no such conversation"));
}

/* The SYN came to the listener; what becomes of that is another story. */
TEST(a_listener_that_closes_is_not_the_connection)
{
    struct cw_event *e;

    rig_init(&rig);
    rig_handshake(&rig);
    e = &rig.events[rig.run.nevents++];
    *e = (struct cw_event){
        .host = 1, .flow = 3, .kind = EV_SEG_IN, .pkt = 1
    };
    rig_state(&rig, 90000, 1, 0, CW_LISTEN, CW_CLOSED, WHY_CALL_CLOSE);
    rig.events[rig.run.nevents - 1].flow = 3;
    EXPECT(rig_draw(&rig, as_it_is));
    expect_after_handshake("");
}

/* Arrows do not cross: who is overtaken says when it arrives. */
TEST(an_overtaken_packet_says_so)
{
    rig_init(&rig);
    rig_udp(&rig, 0, 2, "one", 3);
    rig.packets[0].fates[0].arrive_at = 25 * NS_MS;
    rig_udp(&rig, 1000, 2, "two", 3);
    EXPECT(rig_draw(&rig, as_it_is));
    EXPECT_STR(
        rig.out,
        "  time ms  h2 client   10.0.0.2:49152        10.0.0.1:12000 h1 "
        "server\n"
        "    0.000              ├─ UDP 3 \"one\" ───────────────────▶│\n"
        "                       │   overtaken, arrives at 25.000   │\n"
        "    1.000              ├─ UDP 3 \"two\" ───────────────────▶│\n");
}

TEST(a_lost_arrow_is_as_long_as_its_label)
{
    rig_init(&rig);
    rig_handshake(&rig);
    rig_tcp(&rig, 40000, 2, seg(RIG_ACK, 123451, 1, "0123456789"));
    rig_tcp(&rig, 50000, 2, seg(RIG_ACK, 123451, 1, "0123456789"));
    rig_lost(&rig, WHY_LINK_QUEUE, NULL);
    EXPECT(rig_draw(&rig, as_it_is));
    expect_after_handshake(
        "   40.000              ├─ DATA 123451:123461 ────────────▶│\n"
        "   50.000              ├─ DATA 123451:123461 again ─✗     │\n"
        "                       │         lost: queue full         │\n");
}

TEST(the_same_ports_again_are_another_connection)
{
    rig_init(&rig);
    rig_tcp(&rig, 0, 2, seg(RIG_SYN, 0, 0, NULL));
    rig_tcp(&rig, 1000, 2, seg(RIG_SYN, 0, 0, NULL)); /* the same one */
    rig_tcp(&rig, 2000, 2, seg(RIG_SYN, 5000, 0, NULL));
    EXPECT(rig_draw(&rig, (struct ladder_opts){ .list = true }));
    EXPECT_STR(rig.out,
               "    1  TCP   10.0.0.2:49152 > 10.0.0.1:12000  2 packets\n"
               "    2  TCP   10.0.0.2:49152 > 10.0.0.1:12000  1 packet\n");
}

TEST(addresses_of_the_sixth_version)
{
    rig_init(&rig);
    rig.six = true;
    rig_udp(&rig, 0, 2, "six", 3);
    EXPECT(rig_draw(&rig, as_it_is));
    EXPECT_STR(
        rig.out,
        "  time ms  h2 client   [fd00::2]:49152      [fd00::1]:12000 h1 "
        "server\n"
        "    0.000              ├─ UDP 3 \"six\" ───────────────────▶│\n");
}

TEST(colours_never_stand_alone)
{
    rig_init(&rig);
    rig_udp(&rig, 0, 2, "x", 1);
    rig_lost(&rig, WHY_LINK_RANDOM, NULL);
    EXPECT(rig_draw(&rig, (struct ladder_opts){ .colour = true }));
    EXPECT(strstr(rig.out, "\033[38;5;166m├─ UDP 1"));
    EXPECT(strstr(rig.out, "✗\033[0m"));
    EXPECT(strstr(rig.out, "lost: random loss\033[0m"));
}

TEST(json_is_one_object_a_line)
{
    rig_init(&rig);
    rig_udp(&rig, 1500, 2, "a\n\xff", 3);
    rig_why(&rig, WHY_TX_UDP, 0);
    EXPECT(rig_draw(&rig, (struct ladder_opts){ .json = true }));
    EXPECT_STR(
        rig.out,
        "{\"schema\":\"causeway.ladder/1\",\"kind\":\"conversation\","
        "\"conversation\":1,\"proto\":\"udp\",\"client\":{\"host\":\"h2\","
        "\"address\":\"10.0.0.2\",\"port\":49152},\"server\":{\"host\":"
        "\"h1\",\"address\":\"10.0.0.1\",\"port\":12000},\"packets\":1,"
        "\"lost\":0}\n"
        "{\"schema\":\"causeway.ladder/1\",\"kind\":\"packet\","
        "\"conversation\":1,\"number\":1,\"t_ns\":1500000,\"from\":"
        "\"client\",\"label\":\"UDP 3\",\"len\":3,\"text\":"
        "\"a\\n\\ufffd\",\"why\":\"tx-udp\",\"why_text\":\"datagram\","
        "\"again\":false,\"lost\":false,\"fates\":[{\"what\":"
        "\"link-arrived\",\"arrive_ns\":21500000}]}\n");
}

/* Any bytes at all, cut anywhere, as frames: some picture, and no line that
 * is too long. */
TEST(random_frames_never_harm)
{
    struct prng rnd = t_prng("ladder frames");

    for (unsigned round = 0; round < 300; round++) {
        rig_init(&rig);
        rig_handshake(&rig);
        rig_tcp(&rig, 40000, 2, seg(PA, 1, 1, "hello"));
        rig_udp(&rig, 50000, 2, "hello", 5);
        rig_unreachable(&rig, 60000, 5);
        for (unsigned i = 0; i < rig.run.npackets; i++) {
            struct span *f = &rig.packets[i].frame;
            unsigned     n = (unsigned)prng_below(&rnd, 4);

            while (n-- > 0)
                rig.frames[i][prng_below(&rnd, f->len)] = (uint8_t)prng_below(
                    &rnd, 256);
            f->len = prng_below(&rnd, f->len + 1);
            f->p = t_guard(rig.frames[i], f->len);
        }
        EXPECT(rig_draw(&rig, (struct ladder_opts){ .columns = 70 }));
        for (const char *line = rig.out; *line; line = strchr(line, '\n') + 1)
            EXPECT_LE(cells_width(line, strcspn(line, "\n")), 80);
    }
}

TEST(no_memory_is_said)
{
    for (int n = 0; n < 5; n++) {
        rig_init(&rig);
        rig_handshake(&rig);
        t_alloc_fail_after(n);
        EXPECT(!rig_draw(&rig, as_it_is));
        t_alloc_fail_after(-1);
        EXPECT_STR(rig.notes, "out of memory\n");
    }
}

T_MAIN(T(a_lost_segment_its_timer_and_the_four_way_close),
       T(a_simultaneous_close), T(a_refused_connection),
       T(datagrams_and_an_unreachable_port),
       T(a_hole_with_sack_and_three_duplicates),
       T(a_state_without_a_packet_stands_alone), T(many_alike_are_one_line),
       T(ascii_has_no_other_bytes), T(a_narrow_terminal_is_obeyed),
       T(hostile_payloads_stay_text), T(hostile_names_stay_text),
       T(several_conversations_and_one_of_them),
       T(a_listener_that_closes_is_not_the_connection),
       T(a_lost_arrow_is_as_long_as_its_label),
       T(an_overtaken_packet_says_so),
       T(the_same_ports_again_are_another_connection),
       T(addresses_of_the_sixth_version), T(colours_never_stand_alone),
       T(json_is_one_object_a_line), T(random_frames_never_harm),
       T(no_memory_is_said))
