/* sockets_info.c: ss -i: what the stack knows of a connection, with the keys
 * and in the order of iproute2; and what each key means.
 */
#include "obs/sockets_own.h"

/* ss prints times in milliseconds, %g of microseconds. */
static void put_ms(struct fmt *f, const char *key, cw_ns t)
{
    uint64_t us = t > 0 ? (uint64_t)(t / NS_US) : 0, rest = us % 1000;
    unsigned digits = 3;

    fmt_f(f, "%s%llu", key, (unsigned long long)(us / 1000));
    if (rest == 0)
        return;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    fmt_char(f, '.');
    fmt_u64_pad(f, rest, digits, '0');
}

static void put_some(struct fmt *f, const char *key, uint64_t v)
{
    if (v)
        fmt_f(f, " %s:%llu", key, (unsigned long long)v);
}

static void put_timing(struct fmt *f, const struct cw_tcp_info *i)
{
    put_ms(f, " rto:", i->rto);
    put_some(f, "backoff", i->backoff);
    if (i->srtt > 0) {
        put_ms(f, " rtt:", i->srtt);
        put_ms(f, "/", i->rttvar);
    }
    if (i->ato > 0 && i->bytes_received > 0)
        put_ms(f, " ato:", i->ato);
}

static void put_counts(struct fmt *f, const struct cw_tcp_info *i)
{
    put_some(f, "bytes_sent", i->bytes_sent);
    put_some(f, "bytes_retrans", i->bytes_retrans);
    put_some(f, "bytes_acked", i->bytes_acked);
    put_some(f, "bytes_received", i->bytes_received);
    put_some(f, "segs_out", i->segs_out);
    put_some(f, "segs_in", i->segs_in);
    put_some(f, "data_segs_out", i->data_segs_out);
    put_some(f, "data_segs_in", i->data_segs_in);
}

/* %g of hundredths */
static void put_gain(struct fmt *f, const char *key, uint64_t percent)
{
    fmt_f(f, "%s%llu", key, (unsigned long long)(percent / 100));
    if (percent % 10)
        fmt_f(f, ".%llu%llu", (unsigned long long)(percent / 10 % 10),
              (unsigned long long)(percent % 10));
    else if (percent % 100)
        fmt_f(f, ".%llu", (unsigned long long)(percent / 10 % 10));
}

/* cc_arg: docs/sockets.md */
static void put_bbr(struct fmt *f, const struct cw_tcp_info *i)
{
    if (memcmp(i->cc, "bbr", sizeof "bbr") != 0 || i->cc_arg[0] == 0)
        return;
    fmt_f(f, " bbr:(bw:%llubps",
          (unsigned long long)MIN(i->cc_arg[0], UINT64_MAX / 8) * 8);
    put_ms(f, ",mrtt:", (cw_ns)(uint32_t)i->cc_arg[1] * NS_US);
    put_gain(f, ",pacing_gain:", i->cc_arg[1] >> 32 & 0xffff);
    put_gain(f, ",cwnd_gain:", i->cc_arg[1] >> 48);
    fmt_char(f, ')');
}

/* The rate at which a window goes out each round trip. */
static void put_rate(struct fmt *f, const struct cw_tcp_info *i)
{
    uint64_t us = i->srtt > 0 ? (uint64_t)(i->srtt / NS_US) : 0;
    uint64_t bits = (uint64_t)i->snd_mss * i->snd_cwnd * 8;

    if (us > 0 && bits > 0)
        fmt_f(f, " send %llubps", (unsigned long long)(bits * 1000000 / us));
    if (i->pacing_rate)
        fmt_f(f, " pacing_rate %llubps",
              (unsigned long long)i->pacing_rate * 8);
    if (i->delivery_rate)
        fmt_f(f, " delivery_rate %llubps%s",
              (unsigned long long)i->delivery_rate * 8,
              i->rate_app_limited ? " app_limited" : "");
}

static void put_loss(struct fmt *f, const struct cw_tcp_info *i)
{
    put_some(f, "unacked", i->unacked);
    if (i->retrans || i->total_retrans)
        fmt_f(f, " retrans:%u/%u", i->retrans, i->total_retrans);
    put_some(f, "lost", i->lost);
    put_some(f, "sacked", i->sacked);
    if (i->reordering != 3)
        put_some(f, "reordering", i->reordering);
}

/* Packets that were marked: CE. */
static void put_marks(struct fmt *f, const struct cw_tcp_info *i)
{
    put_some(f, "delivered_ce", i->delivered_ce);
    put_some(f, "delivered_ce_bytes", i->delivered_bytes.ce);
    put_some(f, "received_ce", i->received_ce);
    put_some(f, "received_ce_bytes", i->received_bytes.ce);
}

void sockets_info(struct fmt *f, const struct run_row *row)
{
    const struct cw_tcp_info *i = &row->row.info;

    if (!row->row.has_info)
        return;
    if (i->timestamps)
        fmt_str(f, " ts");
    if (i->sack)
        fmt_str(f, " sack");
    if (i->ecn)
        fmt_str(f, i->ecn_accurate ? " ecn accecn" : " ecn");
    if (i->ecn_seen)
        fmt_str(f, " ecnseen");
    if (i->cc[0])
        fmt_f(f, " %.15s", i->cc);
    if (i->wscale_ok)
        fmt_f(f, " wscale:%u,%u", i->snd_wscale, i->rcv_wscale);
    put_timing(f, i);
    put_some(f, "mss", i->snd_mss);
    put_some(f, "rcvmss", i->rcv_mss);
    put_some(f, "advmss", i->advmss);
    put_some(f, "cwnd", i->snd_cwnd);
    if (i->snd_ssthresh < 0xffff)
        put_some(f, "ssthresh", i->snd_ssthresh);
    put_counts(f, i);
    put_bbr(f, i);
    put_rate(f, i);
    put_loss(f, i);
    put_marks(f, i);
    if (i->min_rtt > 0)
        put_ms(f, " minrtt:", i->min_rtt);
    put_some(f, "snd_wnd", i->snd_wnd);
    put_some(f, "rcv_wnd", i->rcv_wnd);
}

/* ---- --explain ---------------------------------------------------------------- */

static const struct {
    const char *key, *meaning;
} meanings[] = {
    { "ts", "timestamps: each segment is timed (RFC 7323)" },
    { "sack",
      "the receiver says which segments it has behind a hole "
      "(RFC 2018)" },
    { "ecn", "routers may mark packets instead of losing them (RFC 3168)" },
    { "accecn", "... and every mark is counted and fed back (RFC 9768)" },
    { "delivered_ce", "packets of ours that the peer says came marked" },
    { "delivered_ce_bytes", "and the bytes in them" },
    { "received_ce", "packets that came marked: there is a queue" },
    { "received_ce_bytes", "and the bytes in them" },
    { "ecnseen", "packets came that could be marked" },
    { "reno", "who governs cwnd: Reno (RFC 5681)" },
    { "cubic", "who governs cwnd: CUBIC (RFC 9438)" },
    { "dctcp", "who governs cwnd: DCTCP (RFC 8257)" },
    { "bbr",
      "who governs cwnd: BBR version 3 (draft-ietf-ccwg-bbr); what it knows" },
    { "wscale", "windows count in units of 2^n: the peer's n, ours" },
    { "rto", "ms without an ACK until the oldest segment is sent again" },
    { "backoff", "timeouts in a row; each has doubled rto" },
    { "rtt", "ms there and back: smoothed / its mean deviation" },
    { "ato", "ms that an ACK may wait for data to ride on" },
    { "mss", "bytes of data in a full segment" },
    { "rcvmss", "the largest segment that came" },
    { "advmss", "the largest segment that we said we take" },
    { "cwnd", "segments that may be in flight: what the path bears" },
    { "ssthresh",
      "below it cwnd doubles each round trip, above it adds one" },
    { "bytes_sent", "data bytes sent, those sent again included" },
    { "bytes_retrans", "data bytes sent again" },
    { "bytes_acked", "bytes that the peer has acknowledged" },
    { "bytes_received", "bytes that came, in order" },
    { "segs_out", "segments sent" },
    { "segs_in", "segments that came" },
    { "data_segs_out", "segments with data sent" },
    { "data_segs_in", "segments with data that came" },
    { "send", "mss * cwnd / rtt: what cwnd allows" },
    { "pacing_rate", "segments are spaced to this" },
    { "delivery_rate", "what the path has lately delivered" },
    { "app_limited", "the program offered less than the path may take" },
    { "unacked", "segments in flight" },
    { "retrans", "segments sent again: now unacknowledged / in all" },
    { "lost", "segments believed lost" },
    { "sacked", "segments in flight that the peer has behind a hole" },
    { "reordering", "how far segments overtake each other" },
    { "minrtt", "the shortest round trip, ms" },
    { "snd_wnd", "bytes that the peer has room for" },
    { "rcv_wnd", "bytes that we have room for" },
};

/* The length of the key that the word begins with. */
static size_t key_len(struct span word)
{
    size_t n = 0;

    while (n < word.len && word.p[n] != ':' && word.p[n] != ' ')
        n++;
    return n;
}

static const char *meaning_of(struct span word)
{
    size_t n = key_len(word);

    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        const char *k = meanings[i].key;
        size_t      len = 0;

        while (k[len])
            len++;
        if (len == n && memcmp(k, word.p, n) == 0)
            return meanings[i].meaning;
    }
    return "";
}

/* The next word; "send 123bps" is one. */
static struct span next_word(struct span *s)
{
    struct span w;
    size_t      n = 0;

    while (s->len > 0 && *s->p == ' ')
        *s = span_of(s->p + 1, s->len - 1);
    n = key_len(*s);
    if (n + 1 < s->len && s->p[n] == ' ' && s->p[n + 1] >= '0'
        && s->p[n + 1] <= '9')
        n++;
    while (n < s->len && s->p[n] != ' ')
        n++;
    w = span_of(s->p, n);
    *s = span_of(s->p + n, s->len - n);
    return w;
}

static void explain_one(const struct run *r, const struct sockets_out *out,
                        const struct run_row *row)
{
    char        line[512], info[SOCKETS_LINE_MAX], a[ADDR_TEXT_MAX];
    char        b[ADDR_TEXT_MAX];
    struct fmt  f = fmt_of(line, sizeof line);
    struct fmt  i = fmt_of(info, sizeof info);
    struct span rest, w;

    addr_print(&row->row.local.addr, a);
    addr_print(&row->row.peer.addr, b);
    fmt_f(&f, "%s %s %u to %s %u", sockets_state_name(row->row.state), a,
          row->row.local.port, b, row->row.peer.port);
    if (r->nhosts > 1) {
        fmt_str(&f, " on ");
        put_name_safe(&f, row_host(r, row));
    }
    out->line(out->ctx, line, f.len);
    sockets_info(&i, row);
    rest = span_of(info, i.len);
    for (w = next_word(&rest); w.len > 0; w = next_word(&rest)) {
        fmt_reset(&f);
        fmt_str(&f, "  ");
        fmt_strn(&f, (const char *)w.p, w.len);
        fmt_pad_to(&f, 25);
        fmt_f(&f, " %s", meaning_of(w));
        out->line(out->ctx, line, f.len);
    }
}

void sockets_explain(const struct run *r, const struct sockets_opts *o,
                     const struct sockets_out *out)
{
    struct sockets_walk   w = { .run = r, .o = o };
    const struct run_row *row;

    while ((row = sockets_next(&w)) != NULL)
        if (row->row.has_info)
            explain_one(r, out, row);
}
