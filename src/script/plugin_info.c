/* plugin_info.c: a connection's figures as Linux lays them out in memory.
 */
#include "script/plugin.h"

#include <linux/tcp.h>
#include <string.h>

static uint32_t usecs(cw_ns t)
{
    return (uint32_t)(t / NS_US);
}

/* Two fields of four bits each, the sender's first in memory order. */
static void put_scales(struct tcp_info *l, const struct cw_tcp_info *i)
{
    enum { AT = offsetof(struct tcp_info, tcpi_options) + 1 };
    uint8_t both = (uint8_t)((i->snd_wscale & 15) | i->rcv_wscale << 4);

    memcpy((char *)l + AT, &both, 1);
}

static void fill(struct tcp_info *l, const struct cw_tcp_info *i)
{
    memset(l, 0, sizeof *l);
    put_scales(l, i);
    l->tcpi_state = i->state;
    l->tcpi_ca_state = i->ca_state;
    l->tcpi_retransmits = (uint8_t)i->backoff;
    l->tcpi_backoff = (uint8_t)i->backoff;
    l->tcpi_probes = (uint8_t)i->probes;
    l->tcpi_options = (uint8_t)(i->timestamps | i->sack << 1
                                | i->wscale_ok << 2);
    l->tcpi_rto = usecs(i->rto);
    l->tcpi_ato = usecs(i->ato);
    l->tcpi_snd_mss = i->snd_mss;
    l->tcpi_rcv_mss = i->rcv_mss;
    l->tcpi_unacked = i->unacked;
    l->tcpi_sacked = i->sacked;
    l->tcpi_lost = i->lost;
    l->tcpi_retrans = i->retrans;
    l->tcpi_rtt = usecs(i->srtt);
    l->tcpi_rttvar = usecs(i->rttvar);
    l->tcpi_min_rtt = usecs(i->min_rtt);
    l->tcpi_snd_ssthresh = MIN(i->snd_ssthresh, (uint32_t)INT32_MAX);
    l->tcpi_snd_cwnd = i->snd_cwnd;
    l->tcpi_advmss = i->advmss;
    l->tcpi_reordering = i->reordering;
    l->tcpi_total_retrans = i->total_retrans;
    l->tcpi_bytes_acked = i->bytes_acked;
    l->tcpi_bytes_received = i->bytes_received;
    l->tcpi_bytes_sent = i->bytes_sent;
    l->tcpi_bytes_retrans = i->bytes_retrans;
    l->tcpi_segs_out = (uint32_t)i->segs_out;
    l->tcpi_segs_in = (uint32_t)i->segs_in;
    l->tcpi_data_segs_out = (uint32_t)i->data_segs_out;
    l->tcpi_data_segs_in = (uint32_t)i->data_segs_in;
}

/* packetdrill insists on all that its own structure has: what is newer than
 * this one is zero. */
socklen_t plugin_info(int sd, void *v, socklen_t len)
{
    struct cw_tcp_info info = { .state = CW_CLOSED };
    struct tcp_info    l;
    size_t             n = sizeof info;

    cw_getsockopt(plugin.run.host.st, sd, CW_IPPROTO_TCP, CW_TCP_INFO, &info,
                  &n);
    fill(&l, &info);
    memset(v, 0, len);
    memcpy(v, &l, MIN((size_t)len, sizeof l));
    return len;
}
