/* linux_info_test.c: the figures of a connection where a program built with
 * Linux's header looks for them.
 */
#include "obs/linux_info.h"
#include "t.h"

#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>

#define SAME(theirs, ours)                                 \
    {                                                      \
#theirs, offsetof(struct tcp_info, tcpi_##theirs), \
            offsetof(struct linux_info, ours),             \
            sizeof(((struct tcp_info *)0)->tcpi_##theirs), \
            sizeof(((struct linux_info *)0)->ours)         \
    }
#define S(name) SAME(name, name)

// clang-format off
static const struct {
    const char *name;
    size_t      theirs, ours, their_size, our_size;
} fields[] = {
    S(state), S(ca_state), S(retransmits), S(probes), S(backoff),
    S(options), S(rto), S(ato), S(snd_mss), S(rcv_mss), S(unacked),
    S(sacked), S(lost), S(retrans), S(fackets), S(last_data_sent),
    S(last_ack_sent), S(last_data_recv), S(last_ack_recv), S(pmtu),
    S(rcv_ssthresh), S(rtt), S(rttvar), S(snd_ssthresh), S(snd_cwnd),
    S(advmss), S(reordering), S(rcv_rtt), S(rcv_space), S(total_retrans),
    S(pacing_rate), S(max_pacing_rate), S(bytes_acked), S(bytes_received),
    S(segs_out), S(segs_in), S(notsent_bytes), S(min_rtt), S(data_segs_in),
    S(data_segs_out), S(delivery_rate), S(busy_time), S(rwnd_limited),
    S(sndbuf_limited), S(delivered), S(delivered_ce), S(bytes_sent),
    S(bytes_retrans), S(dsack_dups), S(reord_seen), S(rcv_ooopack),
    S(snd_wnd),
};
// clang-format on

static void every_field_in_its_place(void **unused)
{
    (void)unused;
    T_EACH (f, fields) {
        if (f->theirs != f->ours || f->their_size != f->our_size)
            FAIL("%s: at %zu, here at %zu", f->name, f->theirs, f->ours);
    }
}

/* The header's bit fields have no offset. */
static void bit_fields(void **unused)
{
    const struct cw_tcp_info i = { .snd_wscale = 7,
                                   .rcv_wscale = 10,
                                   .fastopen_fail = 2 };
    struct linux_info        ours;
    struct tcp_info          theirs;

    (void)unused;
    linux_info(&i, &ours);
    memset(&theirs, 0, sizeof theirs);
    memcpy(&theirs, &ours,
           sizeof theirs < sizeof ours ? sizeof theirs : sizeof ours);
    EXPECT_EQ(theirs.tcpi_snd_wscale, 7);
    EXPECT_EQ(theirs.tcpi_rcv_wscale, 10);
    EXPECT_EQ(theirs.tcpi_delivery_rate_app_limited, 0);
    EXPECT_EQ(theirs.tcpi_fastopen_client_fail, 2);
}

static void units(void **unused)
{
    const struct cw_tcp_info i = {
        .state = CW_ESTABLISHED,
        .timestamps = true,
        .wscale_ok = true,
        .snd_ssthresh = UINT32_MAX,
        .advmss = 1460,
        .srtt = 1500000,
        .min_rtt = 999,
        .rto = 200000001,
        .since_data_out = 2999999,
        .bytes_acked = UINT64_C(1) << 40,
        .segs_in = UINT64_C(1) << 33,
    };
    struct linux_info l;

    (void)unused;
    linux_info(&i, &l);
    EXPECT_EQ(l.options, TCPI_OPT_TIMESTAMPS | TCPI_OPT_WSCALE);
    EXPECT_EQ(l.snd_ssthresh, 0x7fffffff);
    EXPECT_EQ(l.rcv_mss, 536);
    EXPECT_EQ(l.rtt, 1500);
    EXPECT_EQ(l.min_rtt, 0);
    EXPECT_EQ(l.rto, 200000);
    EXPECT_EQ(l.last_data_sent, 2);
    EXPECT(l.bytes_acked == UINT64_C(1) << 40);
    EXPECT_EQ(l.segs_in, UINT32_MAX);
}

static void a_listener(void **unused)
{
    const struct cw_tcp_info i = { .state = CW_LISTEN,
                                   .unacked = 2,
                                   .sacked = 5 };
    struct linux_info        l;

    (void)unused;
    linux_info(&i, &l);
    EXPECT_EQ(l.state, CW_LISTEN);
    EXPECT_EQ(l.unacked, 2);
    EXPECT_EQ(l.sacked, 5);
    EXPECT_EQ(l.rcv_mss, 0);
}

/* What this machine's header need not know yet: as Linux 6.18 has it. */
static void marks(void **unused)
{
    const struct cw_tcp_info i = { .received_ce = 1,
                                   .delivered_ce = 2,
                                   .delivered_bytes = { 3, 4, 5 },
                                   .received_bytes = { 6, 7, 8 },
                                   .accecn_fail = 9,
                                   .accecn_seen = 2 };
    struct linux_info        l;

    (void)unused;
    EXPECT_EQ(sizeof l, 280);
    EXPECT_EQ(offsetof(struct linux_info, received_ce), 248);
    EXPECT_EQ(offsetof(struct linux_info, accecn_opt_seen), 278);
    linux_info(&i, &l);
    EXPECT_EQ(l.received_ce, 1);
    EXPECT_EQ(l.delivered_ce, 2);
    EXPECT_EQ(l.delivered_e0_bytes, 3);
    EXPECT_EQ(l.delivered_ce_bytes, 4);
    EXPECT_EQ(l.delivered_e1_bytes, 5);
    EXPECT_EQ(l.received_e0_bytes, 6);
    EXPECT_EQ(l.received_ce_bytes, 7);
    EXPECT_EQ(l.received_e1_bytes, 8);
    EXPECT_EQ(l.accecn_fail_mode, 9);
    EXPECT_EQ(l.accecn_opt_seen, 2);
}

/* struct tcp_bbr_info: gains are 2.77 and 2 in Startup. */
static void bbr(void **unused)
{
    struct cw_tcp_info i = {
        .cc = "bbr",
        .cc_arg = { UINT64_C(5) << 32 | 7,
                    UINT64_C(200) << 48 | UINT64_C(277) << 32 | 50123 }
    };
    struct linux_bbr_info b;
    struct tcp_bbr_info   l;

    (void)unused;
    EXPECT(linux_bbr_info(&i, &b));
    EXPECT_EQ(sizeof b, sizeof l);
    memcpy(&l, &b, sizeof l);
    EXPECT_EQ(l.bbr_bw_lo, 7);
    EXPECT_EQ(l.bbr_bw_hi, 5);
    EXPECT_EQ(l.bbr_min_rtt, 50123);
    EXPECT_EQ(l.bbr_pacing_gain, 277 * 256 / 100);
    EXPECT_EQ(l.bbr_cwnd_gain, 512);
    memcpy(i.cc, "bbr2", 5);
    EXPECT(!linux_bbr_info(&i, &b));
    memcpy(i.cc, "cubic", 6);
    EXPECT(!linux_bbr_info(&i, &b));
}

T_MAIN(T(bbr), T(marks), T(every_field_in_its_place), T(bit_fields), T(units),
       T(a_listener))
