/* linux_info.c: see linux_info.h. */
#include "obs/linux_info.h"

#include "base/compiler.h"
#include "base/ns.h"

#include <string.h>

enum {
    OPT_TIMESTAMPS = 1,
    OPT_SACK = 2,
    OPT_WSCALE = 4,
    OPT_ECN = 8,
    OPT_ECN_SEEN = 16,
    OPT_SYN_DATA = 32
};

/* As tcp_init_sock() leaves it: "no threshold yet". */
enum { INFINITE_SSTHRESH = 0x7fffffff };

static uint32_t low(uint64_t v)
{
    return (uint32_t)MIN(v, (uint64_t)UINT32_MAX);
}

static uint32_t us(cw_ns t)
{
    return t > 0 ? low((uint64_t)(t / NS_US)) : 0;
}

static uint32_t ms(cw_ns t)
{
    return t > 0 ? low((uint64_t)(t / NS_MS)) : 0;
}

static uint8_t options(const struct cw_tcp_info *i)
{
    return (
        uint8_t)((i->timestamps ? OPT_TIMESTAMPS : 0)
                 | (i->sack ? OPT_SACK : 0) | (i->wscale_ok ? OPT_WSCALE : 0)
                 | (i->ecn ? OPT_ECN : 0) | (i->ecn_seen ? OPT_ECN_SEEN : 0)
                 | (i->syn_data ? OPT_SYN_DATA : 0));
}

static void figures(const struct cw_tcp_info *i, struct linux_info *l)
{
    l->state = i->state;
    l->ca_state = i->ca_state;
    l->retransmits = (uint8_t)MIN(i->backoff, 255u);
    l->backoff = l->retransmits;
    l->probes = (uint8_t)MIN(i->probes, 255u);
    l->options = options(i);
    l->scales = (uint8_t)((i->snd_wscale & 15) | i->rcv_wscale << 4);
    l->flags = (uint8_t)(i->rate_app_limited | (i->fastopen_fail & 3) << 1);
    l->snd_mss = i->snd_mss;
    l->rcv_mss = MAX(i->rcv_mss, MIN(i->advmss, 536u)); /* a first guess */
    l->unacked = i->unacked;
    l->sacked = i->sacked;
    l->lost = i->lost;
    l->retrans = i->retrans;
    l->pmtu = i->pmtu;
    l->rcv_ssthresh = i->rcv_wnd;
    l->snd_ssthresh = MIN(i->snd_ssthresh, (uint32_t)INFINITE_SSTHRESH);
    l->snd_cwnd = i->snd_cwnd;
    l->advmss = i->advmss;
    l->reordering = i->reordering;
    l->dsack_dups = i->dsack_dups;
    l->reord_seen = i->reord_seen;
    l->rcv_space = i->rcv_space;
    l->total_retrans = i->total_retrans;
    l->notsent_bytes = i->notsent;
    l->snd_wnd = i->snd_wnd;
    l->rcv_wnd = i->rcv_wnd;
}

static void times(const struct cw_tcp_info *i, struct linux_info *l)
{
    l->rto = us(i->rto);
    l->ato = us(i->ato);
    l->rtt = us(i->srtt);
    l->rttvar = us(i->rttvar);
    l->min_rtt = us(i->min_rtt);
    l->last_data_sent = ms(i->since_data_out);
    l->last_data_recv = ms(i->since_data_in);
    l->last_ack_recv = ms(i->since_heard);
}

static void counts(const struct cw_tcp_info *i, struct linux_info *l)
{
    l->pacing_rate = i->pacing_rate ? i->pacing_rate : UINT64_MAX;
    l->max_pacing_rate = UINT64_MAX;
    l->delivery_rate = i->delivery_rate;
    l->bytes_acked = i->bytes_acked;
    l->bytes_received = i->bytes_received;
    l->bytes_sent = i->bytes_sent;
    l->bytes_retrans = i->bytes_retrans;
    l->segs_out = low(i->segs_out);
    l->segs_in = low(i->segs_in);
    l->data_segs_in = low(i->data_segs_in);
    l->data_segs_out = low(i->data_segs_out);
}

static void marks(const struct cw_tcp_info *i, struct linux_info *l)
{
    l->received_ce = i->received_ce;
    l->delivered_ce = i->delivered_ce;
    l->delivered_e0_bytes = i->delivered_bytes.e0;
    l->delivered_ce_bytes = i->delivered_bytes.ce;
    l->delivered_e1_bytes = i->delivered_bytes.e1;
    l->received_e0_bytes = i->received_bytes.e0;
    l->received_ce_bytes = i->received_bytes.ce;
    l->received_e1_bytes = i->received_bytes.e1;
    l->accecn_fail_mode = i->accecn_fail;
    l->accecn_opt_seen = i->accecn_seen;
}

void linux_info(const struct cw_tcp_info *i, struct linux_info *out)
{
    *out = (struct linux_info){ 0 };
    if (i->state
        == CW_LISTEN) { /* the accept queue, and how long it may be */
        out->state = i->state;
        out->unacked = i->unacked;
        out->sacked = i->sacked;
        return;
    }
    figures(i, out);
    times(i, out);
    counts(i, out);
    marks(i, out);
}

static uint32_t gain(uint64_t percent)
{
    return (uint32_t)((percent & 0xffff) * 256 / 100);
}

bool linux_bbr_info(const struct cw_tcp_info *i, struct linux_bbr_info *out)
{
    if (memcmp(i->cc, "bbr", sizeof "bbr") != 0)
        return false;
    *out = (struct linux_bbr_info){
        .bw_lo = (uint32_t)i->cc_arg[0],
        .bw_hi = (uint32_t)(i->cc_arg[0] >> 32),
        .min_rtt = (uint32_t)i->cc_arg[1],
        .pacing_gain = gain(i->cc_arg[1] >> 32),
        .cwnd_gain = gain(i->cc_arg[1] >> 48),
    };
    return true;
}
