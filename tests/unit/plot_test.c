/* The plots of a sender's windows, from events made by hand. */
#include "run_rig.h"
#include "t.h"

#include "base/check.h"
#include "base/fmt.h"
#include "base/ns.h"
#include "obs/plot.h"

#include <string.h>

static struct run_rig rig;

static void put(int64_t us, unsigned host, uint16_t kind, uint16_t why,
                const uint64_t v[5])
{
    struct cw_event *e = &rig.events[rig.run.nevents++];

    INVARIANT(rig.run.nevents <= RIG_EVENTS);
    *e = (struct cw_event){ .t = us * 1000,
                            .kind = kind,
                            .host = (uint16_t)host,
                            .flow = 7,
                            .why = why };
    if (kind == EV_FLOW_ADDR)
        e->sub = 6;
    if (kind == EV_TIMER_FIRE)
        e->sub = EVT_PERSIST;
    memcpy(e->v, v, sizeof e->v);
}

#define V(...) ((const uint64_t[5]){ __VA_ARGS__ })

static void begin(void)
{
    const uint64_t hi = 0, lo = UINT64_C(0xffff0a000000);

    rig_init(&rig);
    put(0, 2, EV_FLOW_ADDR, 0, V(hi, lo | 2, hi, lo | 1, 5000 << 16 | 9));
    put(0, 1, EV_FLOW_ADDR, 0, V(hi, lo | 1, hi, lo | 2, 9 << 16 | 5000));
}

static void put_line(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    strncat(rig.out, text, len);
    strcat(rig.out, "\n");
}

static void put_note(void *ctx, const char *text)
{
    (void)ctx;
    strcat(rig.notes, text);
}

static const char *draw(struct plot_opts o)
{
    const struct plot_out out = { NULL, put_line, put_note };
    const char           *why = "";

    rig.out[0] = rig.notes[0] = '\0';
    o.ascii = true;
    return plot_draw(&rig.run, &o, &out, &why) ? rig.out : why;
}

TEST(strips)
{
    begin();
    put(0, 2, EV_SEG_OUT, 0, V(0, 0, 4000, 0, 0));
    put(40000, 2, EV_SND_WND, 0, V(1, 4001, 4000, 4000));
    put(60000, 2, EV_SND_WND, 0, V(2001, 4001, 4000, 4000));
    put(60000, 2, EV_SND_WND, 0, V(2001, 4001, 4000, 4000)); /* no news */
    put(60000, 1, EV_SND_WND, 0, V(1, 1, 9, 9)); /* the other side's */
    put(70000, 2, EV_SND_WND, 0, V(4001, 4001, 0, 4000));
    put(310000, 2, EV_TIMER_FIRE, 0, V((uint64_t)(240 * NS_MS), 1));
    EXPECT_STR(draw((struct plot_opts){ .window = true, .columns = 58 }),
               "send window of h2 10.0.0.2:5000 > 10.0.0.1:9\n"
               "# acknowledged  > in flight  _ may be sent  . must wait; a "
               "cell is 500 bytes\n"
               "  time ms      una      nxt   window\n"
               "   40.000        1     4001     4000  >>>>>>>>........\n"
               "   60.000     2001     4001     4000  ####>>>>____....\n"
               "   70.000     4001     4001        0  ########........\n"
               "  310.000  the window is shut: a probe, after 0.240 s\n");
    draw((struct plot_opts){ .window = true, .columns = 58, .most = 1 });
    EXPECT_STR(rig.notes, "3 more lines are left out; --all draws them");
}

TEST(congestion_window)
{
    begin();
    put(0, 2, EV_SEG_OUT, 0, V(0, 0, 4000, 0, 0));
    put(0, 2, EV_CWND, WHY_CC_SLOW_START, V(1000, UINT32_MAX));
    put(100000, 2, EV_CWND, WHY_CC_SLOW_START, V(8000, UINT32_MAX));
    put(150000, 2, EV_CWND, WHY_CC_SLOW_START, V(15000, UINT32_MAX));
    put(200000, 2, EV_CWND, WHY_CC_TIMEOUT, V(1000, 7000));
    put(250000, 2, EV_CWND, WHY_CC_SLOW_START, V(7000, 7000));
    put(300000, 2, EV_CWND, WHY_CC_AVOIDANCE, V(8000, 7000));
    EXPECT_STR(draw((struct plot_opts){ .columns = 36 }),
               "cwnd of h2 10.0.0.2:5000 > 10.0.0.1:9, bytes (- ssthresh)\n"
               "   15000 |            ****|\n"
               "         |            |   |\n"
               "         |            |   |\n"
               "         |            |   |\n"
               "         |            |   |\n"
               "   10000 |            |   |\n"
               "         |            |   |\n"
               "         |        ****    |       *\n"
               "         |        |       |---****-\n"
               "         |        |       |   |\n"
               "    5000 |        |       |   |\n"
               "         |        |       |   |\n"
               "         |        |       |   |\n"
               "         |        |       |   |\n"
               "         |********        ****\n"
               "       0 |\n"
               "         +-------------------------\n"
               "phase     ssssssssssssssssTsssssssa\n"
               "ms    0.000                300.000\n"
               "\n"
               "  time ms  phase                     cwnd                "
               "ssthresh\n"
               "    0.000  slow start               15000               -\n"
               "  200.000  retransmission timeout   15000 -> 1000       "
               "7000\n"
               "  250.000  slow start               1000 -> 7000        "
               "7000\n"
               "  300.000  congestion avoidance     7000 -> 8000        "
               "7000\n");
    draw((struct plot_opts){ .json = true });
    EXPECT(strstr(rig.out,
                  "{\"schema\":\"causeway.cwnd/1\",\"t_ns\":0,"
                  "\"cwnd\":1000,")
           == rig.out);
}

/* BBR's states: one line each, with cwnd as it went within it. */
TEST(states_of_bbr)
{
    const char *out;

    begin();
    put(0, 2, EV_SEG_OUT, 0, V(0, 0, 10, 0, 0));
    put(0, 2, EV_CWND, WHY_CC_BBR_STARTUP, V(1000, UINT32_MAX));
    put(20000, 2, EV_CWND, WHY_CC_BBR, V(4000, UINT32_MAX));
    put(40000, 2, EV_CWND, WHY_CC_BBR_PLATEAU, V(4000, UINT32_MAX));
    put(60000, 2, EV_CWND, WHY_CC_BBR_DRAINED, V(4000, UINT32_MAX));
    put(80000, 2, EV_CWND, WHY_CC_BBR_CRUISE, V(4000, UINT32_MAX));
    put(100000, 2, EV_CWND, WHY_CC_BBR_REFILL, V(4000, UINT32_MAX));
    put(120000, 2, EV_CWND, WHY_CC_BBR_UP, V(4000, UINT32_MAX));
    put(140000, 2, EV_CWND, WHY_CC_BBR, V(5000, UINT32_MAX));
    put(160000, 2, EV_CWND, WHY_CC_BBR_TOO_HIGH, V(5000, UINT32_MAX));
    put(200000, 2, EV_CWND, WHY_CC_BBR_PROBE_RTT, V(500, UINT32_MAX));
    put(240000, 2, EV_CWND, WHY_CC_BBR_RTT_KNOWN, V(5000, UINT32_MAX));
    out = draw((struct plot_opts){ .columns = 36 });
    EXPECT(strstr(out, "phase     ssssddvv==++^^^^vvvvppppp\n"));
    EXPECT(
        strstr(out,
               "    0.000  startup: twice as fast each round trip          "
               "4000                -\n"
               "   40.000  drain: it gets no faster, the pipe is full      "
               "4000                -\n"));
    EXPECT(
        strstr(out,
               "  120.000  probe up: the pipe is full, is there more?      "
               "4000 -> 5000        -\n"
               "  160.000  probe down: the probe lost more than 2 %        "
               "5000                -\n"));
}

TEST(senders)
{
    begin();
    EXPECT_STR(draw((struct plot_opts){ .columns = 80 }),
               "nobody sent any data over TCP");
    put(0, 1, EV_SEG_OUT, 0, V(0, 0, 10, 0, 0));
    EXPECT_STR(draw((struct plot_opts){ .list = true }),
               "    1  h2 10.0.0.2:5000 > 10.0.0.1:9  0 bytes\n"
               "    2  h1 10.0.0.1:9 > 10.0.0.2:5000  10 bytes\n");
    EXPECT_STR(draw((struct plot_opts){ .sender = 3 }),
               "there is no such sender; --list says which there are");
    EXPECT_STR(draw((struct plot_opts){ .sender = 1 }),
               "the recording says nothing about this sender's windows");
}

/* A recording is hostile: figures that mean nothing, times without end. */
TEST(nonsense)
{
    begin();
    put(0, 2, EV_SEG_OUT, 0, V(0, 0, 1, 0, 0));
    put(INT64_MAX / 1000, 2, EV_CWND, 999, V(UINT64_MAX, UINT64_MAX));
    put(0, 2, EV_CWND, WHY_CC_IDLE, V(0, 0));
    put(0, 2, EV_SND_WND, 0, V(UINT64_MAX, 0, UINT64_MAX, UINT64_MAX));
    EXPECT(draw((struct plot_opts){ .columns = 0 }) == rig.out);
    EXPECT(draw((struct plot_opts){ .columns = 1000, .window = true })
           == rig.out);
}

T_MAIN(T(strips), T(congestion_window), T(states_of_bbr), T(senders),
       T(nonsense))
