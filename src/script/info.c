/* info.c: see info.h.  Times are in microseconds there, windows in segments,
 * and what was never set has a value of its own.
 */
#include "script/info.h"

#include "base/compiler.h"
#include "base/ns.h"

#include <string.h>

enum unit { PLAIN, USECS, MSECS, SSTHRESH, FLAGS };

struct figure {
    const char *name;
    uint16_t    at;
    uint8_t     size, unit;
};

#define F(name, field, unit)                                \
    {                                                       \
        "tcpi_" #name, offsetof(struct cw_tcp_info, field), \
            sizeof(((struct cw_tcp_info *)0)->field), unit  \
    }
#define S(name) F(name, name, PLAIN)

// clang-format off
static const struct figure figures[] = {
    S(state), S(ca_state), S(backoff), S(probes),
    F(retransmits, backoff, PLAIN), F(options, timestamps, FLAGS),
    S(snd_wscale), S(rcv_wscale), S(snd_mss), S(rcv_mss), S(advmss),
    S(unacked), S(sacked), S(lost), S(retrans), S(total_retrans),
    S(snd_cwnd), F(snd_ssthresh, snd_ssthresh, SSTHRESH), S(snd_wnd),
    S(rcv_wnd), S(reordering), S(dsack_dups), S(reord_seen),
    F(rto, rto, USECS), F(ato, ato, USECS), F(rtt, srtt, USECS),
    F(rttvar, rttvar, USECS), F(min_rtt, min_rtt, USECS),
    S(bytes_sent), S(bytes_retrans), S(bytes_acked), S(bytes_received),
    F(last_data_sent, since_data_out, MSECS),
    F(last_data_recv, since_data_in, MSECS),
    F(last_ack_recv, since_heard, MSECS), S(pmtu), S(rcv_space),
    F(notsent_bytes, notsent, PLAIN),
    S(segs_out), S(segs_in), S(data_segs_out), S(data_segs_in),
    F(fastopen_client_fail, fastopen_fail, PLAIN), S(pacing_rate),
    S(delivery_rate), F(delivery_rate_app_limited, rate_app_limited, PLAIN),
    S(received_ce), S(delivered_ce),
    F(received_e0_bytes, received_bytes.e0, PLAIN),
    F(received_ce_bytes, received_bytes.ce, PLAIN),
    F(received_e1_bytes, received_bytes.e1, PLAIN),
    F(delivered_e0_bytes, delivered_bytes.e0, PLAIN),
    F(delivered_ce_bytes, delivered_bytes.ce, PLAIN),
    F(delivered_e1_bytes, delivered_bytes.e1, PLAIN),
    F(accecn_fail_mode, accecn_fail, PLAIN),
    F(accecn_opt_seen, accecn_seen, PLAIN),
};
// clang-format on

static const struct {
    const char *name;
    double      value;
} constants[] = {
    { "TCP_ESTABLISHED", CW_ESTABLISHED },
    { "TCP_SYN_SENT", CW_SYN_SENT },
    { "TCP_SYN_RECV", CW_SYN_RECV },
    { "TCP_FIN_WAIT1", CW_FIN_WAIT1 },
    { "TCP_FIN_WAIT2", CW_FIN_WAIT2 },
    { "TCP_TIME_WAIT", CW_TIME_WAIT },
    { "TCP_CLOSE", CW_CLOSED },
    { "TCP_CLOSE_WAIT", CW_CLOSE_WAIT },
    { "TCP_LAST_ACK", CW_LAST_ACK },
    { "TCP_LISTEN", CW_LISTEN },
    { "TCP_CLOSING", CW_CLOSING },
    { "TCPI_OPT_TIMESTAMPS", 1 },
    { "TCPI_OPT_SACK", 2 },
    { "TCPI_OPT_WSCALE", 4 },
    { "TCPI_OPT_ECN", 8 },
    { "TCPI_OPT_ECN_SEEN", 16 },
    { "TCPI_OPT_SYN_DATA", 32 },
    { "TFO_STATUS_UNSPEC", 0 },
    { "TFO_COOKIE_UNAVAILABLE", 1 },
    { "TFO_DATA_NOT_ACKED", 2 },
    { "TFO_SYN_RETRANSMITTED", 3 },
    { "TCP_ACCECN_ACE_FAIL_SEND", 1 },
    { "TCP_ACCECN_ACE_FAIL_RECV", 2 },
    { "TCP_ACCECN_OPT_FAIL_SEND", 4 },
    { "TCP_ACCECN_OPT_FAIL_RECV", 8 },
    { "TCP_ACCECN_OPT_NOT_SEEN", 0 },
    { "TCP_ACCECN_OPT_EMPTY_SEEN", 1 },
    { "TCP_ACCECN_OPT_COUNTER_SEEN", 2 },
    { "TCP_CA_Open", 0 },
    { "TCP_CA_Disorder", 1 },
    { "TCP_CA_CWR", 2 },
    { "TCP_CA_Recovery", 3 },
    { "TCP_CA_Loss", 4 },
    { "TCP_INFINITE_SSTHRESH", 0x7fffffff },
};

static double load(const void *p, unsigned size)
{
    uint64_t v8;
    uint32_t v4;

    if (size == 1)
        return *(const uint8_t *)p;
    if (size == 4) {
        memcpy(&v4, p, 4);
        return v4;
    }
    memcpy(&v8, p, 8);
    return (double)v8;
}

static double figure_of(const struct cw_tcp_info *i, const struct figure *f)
{
    double v = load((const char *)i + f->at, f->size);

    switch ((enum unit)f->unit) {
    case USECS:
        return (double)((int64_t)v / NS_US);
    case MSECS:
        return (double)((int64_t)v / NS_MS);
    case SSTHRESH:
        return v >= UINT32_MAX ? 0x7fffffff : v;
    case FLAGS:
        return i->timestamps + 2 * i->sack + 4 * i->wscale_ok + 8 * i->ecn
            + 16 * i->ecn_seen + 32 * i->syn_data;
    case PLAIN:
        break;
    }
    return v;
}

static bool is(const char *want, const char *name, size_t len)
{
    return strlen(want) == len && memcmp(want, name, len) == 0;
}

bool info_find(const struct cw_tcp_info *info, const char *name, size_t len,
               double *value)
{
    for (size_t i = 0; i < ARRAY_LEN(constants); i++)
        if (is(constants[i].name, name, len)) {
            *value = constants[i].value;
            return true;
        }
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        if (is(figures[i].name, name, len)) {
            *value = figure_of(info, &figures[i]);
            return true;
        }
    return false;
}
