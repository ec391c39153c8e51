/* sockets_json.c: the socket table as one JSON document, causeway.ss/1. */
#include "obs/sockets_own.h"

enum { JSON_MAX = 16384 };

static void put_end(struct json *j, const char *key,
                    const struct cw_sockaddr *a)
{
    char text[ADDR_TEXT_MAX];

    addr_print(&a->addr, text);
    json_open(j, key);
    json_str(j, "address", text);
    json_u64(j, "port", a->port);
    json_close(j);
}

static void put_timer(struct json *j, const struct cw_sock_row *s)
{
    static const char *const kinds[] = { "off",        "on",      "keepalive",
                                         "timewait",   "persist", "delack",
                                         "reordering", "probe" };

    if (s->timer == 0 || s->timer >= ARRAY_LEN(kinds))
        return;
    json_open(j, "timer");
    json_str(j, "kind", kinds[s->timer]);
    json_i64(j, "left_ns", s->timer_left);
    json_close(j);
}

static void put_processes(struct json *j, const struct run *r, uint64_t owner)
{
    unsigned n = 0;

    json_array(j, "processes");
    for (size_t i = 0; owner && i < r->nowners; i++) {
        if (r->owners[i].owner != owner || n++ >= SOCKETS_USERS_MAX)
            continue;
        json_open(j, NULL);
        json_str(j, "name", r->owners[i].name);
        json_i64(j, "pid", r->owners[i].pid);
        json_i64(j, "fd", r->owners[i].fd);
        json_close(j);
    }
    json_end(j);
}

/* Only accurate ECN counts them. */
static void put_marks(struct json *j, const struct cw_tcp_info *i)
{
    if (!i->ecn_accurate)
        return;
    json_u64(j, "delivered_ce", i->delivered_ce);
    json_u64(j, "delivered_ce_bytes", i->delivered_bytes.ce);
    json_u64(j, "delivered_e0_bytes", i->delivered_bytes.e0);
    json_u64(j, "delivered_e1_bytes", i->delivered_bytes.e1);
    json_u64(j, "received_ce", i->received_ce);
    json_u64(j, "received_ce_bytes", i->received_bytes.ce);
    json_u64(j, "received_e0_bytes", i->received_bytes.e0);
    json_u64(j, "received_e1_bytes", i->received_bytes.e1);
}

static void put_info(struct json *j, const struct cw_tcp_info *i)
{
    json_open(j, "info");
    json_bool(j, "ts", i->timestamps);
    json_bool(j, "ecn", i->ecn);
    json_bool(j, "ecnseen", i->ecn_seen);
    json_bool(j, "accecn", i->ecn_accurate);
    put_marks(j, i);
    json_bool(j, "sack", i->sack);
    json_str(j, "cc", i->cc);
    if (i->wscale_ok) {
        json_u64(j, "snd_wscale", i->snd_wscale);
        json_u64(j, "rcv_wscale", i->rcv_wscale);
    }
    json_i64(j, "rto_ns", i->rto);
    json_u64(j, "backoff", i->backoff);
    json_i64(j, "rtt_ns", i->srtt);
    json_i64(j, "rttvar_ns", i->rttvar);
    json_i64(j, "minrtt_ns", i->min_rtt);
    json_u64(j, "mss", i->snd_mss);
    json_u64(j, "rcvmss", i->rcv_mss);
    json_u64(j, "advmss", i->advmss);
    json_u64(j, "cwnd", i->snd_cwnd);
    json_u64(j, "cwnd_bytes", i->cwnd_bytes);
    if (i->snd_ssthresh != UINT32_MAX)
        json_u64(j, "ssthresh", i->snd_ssthresh);
    json_u64(j, "bytes_sent", i->bytes_sent);
    json_u64(j, "bytes_retrans", i->bytes_retrans);
    json_u64(j, "bytes_acked", i->bytes_acked);
    json_u64(j, "bytes_received", i->bytes_received);
    json_u64(j, "segs_out", i->segs_out);
    json_u64(j, "segs_in", i->segs_in);
    json_u64(j, "data_segs_out", i->data_segs_out);
    json_u64(j, "data_segs_in", i->data_segs_in);
    if (i->pacing_rate > 0)
        json_u64(j, "pacing_rate", i->pacing_rate);
    if (i->delivery_rate > 0) {
        json_u64(j, "delivery_rate", i->delivery_rate);
        json_bool(j, "app_limited", i->rate_app_limited);
    }
    json_u64(j, "unacked", i->unacked);
    json_u64(j, "retrans", i->retrans);
    json_u64(j, "retrans_total", i->total_retrans);
    json_u64(j, "lost", i->lost);
    json_u64(j, "sacked", i->sacked);
    json_u64(j, "snd_wnd", i->snd_wnd);
    json_u64(j, "rcv_wnd", i->rcv_wnd);
    json_close(j);
}

static void put_row(struct json *j, const struct run *r,
                    const struct run_row *row)
{
    const struct cw_sock_row *s = &row->row;
    struct cw_sockaddr        peer = s->peer;

    peer.addr = row_peer(row);
    json_open(j, NULL);
    json_str(j, "host", row_host(r, row));
    json_str(j, "netid", row_is_tcp(row) ? "tcp" : "udp");
    json_str(j, "family", row_is_six(row) ? "inet6" : "inet");
    json_str(j, "state", sockets_state_name(s->state));
    json_u64(j, "recv_q", s->recv_q);
    json_u64(j, "send_q", s->send_q);
    put_end(j, "local", &s->local);
    put_end(j, "peer", &peer);
    if (s->state == CW_LISTEN)
        json_u64(j, "syn_queue", s->syn_queue);
    if (!row_is_tcp(row))
        json_u64(j, "drops", s->drops);
    put_timer(j, s);
    put_processes(j, r, s->owner);
    if (s->has_info)
        put_info(j, &s->info);
    json_close(j);
}

static void put_line(const struct sockets_out *out, const struct fmt *f)
{
    out->line(out->ctx, f->buf, f->len);
}

void sockets_json(const struct run *r, const struct sockets_opts *o,
                  const struct sockets_out *out)
{
    struct sockets_walk   w = { .run = r, .o = o };
    const struct run_row *row, *after;
    char                  line[JSON_MAX];
    struct fmt            f = fmt_of(line, sizeof line);

    fmt_f(&f, "{\"schema\":\"causeway.ss/1\",\"t_ns\":%lld,\"sockets\":[",
          (long long)r->end);
    put_line(out, &f);
    for (row = sockets_next(&w); row; row = after) {
        struct json j = json_of(&f);

        after = sockets_next(&w);
        fmt_reset(&f);
        put_row(&j, r, row);
        if (after)
            fmt_char(&f, ',');
        put_line(out, &f);
    }
    fmt_reset(&f);
    fmt_str(&f, "]}");
    put_line(out, &f);
}
