/* builtin_perf.c: bulk data: @source, and @perf with iperf3's table.
 *
 * The bytes are the alphabet over and over, so that a reader of a trace sees
 * where he is.
 */
#include "world/builtin.h"

enum { ALPHABET = 26, HUNDREDTHS = 100, KIBI = 1024, KILO = 1000 };

/* ---- the table --------------------------------------------------------- */

/* v in units of 1, K, M ... with three significant digits. */
static void print_scaled(struct fmt *f, uint64_t v, unsigned base,
                         const char *unit)
{
    static const char *const prefix[] = { "", "K", "M", "G", "T", "P", "E" };
    uint64_t                 scale = 1, h;
    unsigned                 i = 0;

    while (v / scale >= base && i + 1 < ARRAY_LEN(prefix)) {
        scale *= base;
        i++;
    }
    h = v / scale * HUNDREDTHS + v % scale * HUNDREDTHS / scale;
    if (h >= 10000)
        fmt_f(f, "%4llu", (unsigned long long)(h / HUNDREDTHS));
    else if (h >= 1000)
        fmt_f(f, "%2llu.%llu", (unsigned long long)(h / HUNDREDTHS),
              (unsigned long long)(h % HUNDREDTHS / 10));
    else
        fmt_f(f, "%llu.%02llu", (unsigned long long)(h / HUNDREDTHS),
              (unsigned long long)(h % HUNDREDTHS));
    fmt_f(f, " %s%s", prefix[i], unit);
}

/* bytes in `time` as bits a second; exact below 2 GB. */
static uint64_t bit_rate(uint64_t bytes, cw_ns time)
{
    uint64_t ns = (uint64_t)ns_max(time, 1);

    if (bytes <= UINT64_MAX / 8 / (uint64_t)NS_S)
        return bytes * 8 * (uint64_t)NS_S / ns;
    return bytes / MAX(ns / (uint64_t)NS_MS, (uint64_t)1) * 8
        * (uint64_t)(NS_S / NS_MS);
}

/* One line: an interval, and what TCP did in it. */
static void report_line(struct builtin *b, cw_ns from, cw_ns to,
                        uint64_t bytes, const char *tail)
{
    char       text[128], t0[24], t1[24];
    struct fmt f = fmt_of(text, sizeof(text));
    struct fmt f0 = fmt_of(t0, sizeof(t0)), f1 = fmt_of(t1, sizeof(t1));

    fmt_ns(&f0, from, 2);
    fmt_ns(&f1, to, 2);
    fmt_f(&f, "[  1] %6s-%-6s sec  ", t0, t1);
    print_scaled(&f, bytes, KIBI, "Bytes");
    fmt_str(&f, "  ");
    print_scaled(&f, bit_rate(bytes, to - from), KILO, "bits/sec");
    fmt_str(&f, tail);
    b_say(b, "%s\n", text);
}

static void tcp_facts(struct builtin *b, struct conn *c,
                      struct cw_tcp_info *info)
{
    struct wcall   ask = { .op = EVC_GETSOCKOPT,
                           .sd = c->sd,
                           .a = CW_IPPROTO_TCP,
                           .b = CW_TCP_INFO,
                           .out = info,
                           .out_len = sizeof(*info) };
    struct wresult res;

    memset(info, 0, sizeof(*info));
    b_call(b, &ask, &res);
}

static void report_interval(struct builtin *b, struct conn *c)
{
    struct report     *r = &b->report;
    struct cw_tcp_info info;
    char               text[64];
    struct fmt         tail = fmt_of(text, sizeof(text));

    tcp_facts(b, c, &info);
    fmt_f(&tail, "  %3u   ", info.total_retrans - r->retrans);
    print_scaled(&tail, info.cwnd_bytes, KIBI, "Bytes");
    report_line(b, r->last - r->begun, b->w->now - r->begun,
                c->out - r->bytes, text);
    r->last = b->w->now;
    r->bytes = c->out;
    r->retrans = info.total_retrans;
}

/* ---- sending ----------------------------------------------------------- */

static void fill(struct builtin *b)
{
    size_t n = ALPHABET;

    for (size_t i = 0; i < ALPHABET; i++)
        b->scratch[i] = (uint8_t)('a' + i);
    for (; n < sizeof(b->scratch); n *= 2)
        memcpy(b->scratch + n, b->scratch, MIN(n, sizeof(b->scratch) - n));
}

/* Sends on; true when there is nothing more to send. */
static bool pour(struct builtin *b, struct conn *c)
{
    const uint64_t size = b->args.size;

    while (size == 0 || c->out < size) {
        size_t    off = (size_t)(c->out % ALPHABET);
        size_t    len = sizeof(b->scratch) - off;
        ptrdiff_t n;

        if (size && size - c->out < len)
            len = (size_t)(size - c->out);
        n = b_send(b, c->sd, b->scratch + off, len);
        if (n == -CW_EAGAIN)
            return false;
        if (n < 0) {
            b_fail(b, "send", n);
            return false;
        }
        c->out += (uint64_t)n;
    }
    return true;
}

/* All is sent: says so to the peer and waits for his end; true when he has
 * read everything. */
static bool wind_up(struct builtin *b, struct conn *c)
{
    ptrdiff_t n;

    if (!c->finishing) {
        c->finishing = true;
        b_shut(b, c->sd);
    }
    while ((n = b_recv(b, c->sd, b->scratch, sizeof(b->scratch))) > 0)
        c->in += (uint64_t)n; /* nothing is sent from there any more */
    if (n < 0 && n != -CW_EAGAIN)
        b_fail(b, "close", n);
    return n == 0;
}

static void source_conn(struct builtin *b, struct conn *c)
{
    cw_ns      time;
    char       text[32], rate[32];
    struct fmt f = fmt_of(text, sizeof(text));
    struct fmt g = fmt_of(rate, sizeof(rate));

    if (!conn_ready(b, c))
        return;
    if (c->out == 0)
        fill(b);
    if (!c->enough && !pour(b, c))
        return;
    c->enough = true;
    if (!conn_waited(b, c, b->args.wait) || !wind_up(b, c))
        return;
    time = b->w->now - b->report.begun;
    fmt_ns(&f, time, 3);
    print_scaled(&g, bit_rate(c->out, time), KILO, "bit/s");
    b_say(b, "%llu bytes sent in %s s = %s\n", (unsigned long long)c->out,
          text, rate);
    b_exit(b, 0);
}

const struct builtin_kind builtin_source = {
    .name = "@source",
    .want = WANT_PEER_SIZE,
    .conn = source_conn,
    .options = "w",
    .usage = "@source [-w TIME] HOST PORT SIZE, for example @source h1 9 1MB",
};

/* Each second a line, and at the end of the time the end. */
static void perf_turn(struct builtin *b)
{
    struct list *it = list_first(&b->conns);
    struct conn *c = it ? list_entry(it, struct conn, link) : NULL;
    cw_ns        over = ns_add(b->report.begun, b->args.time);

    if (!c || !c->connected)
        return;
    if (b->w->now >= b->report.last + NS_S)
        report_interval(b, c);
    if (b->args.time && b->w->now >= over)
        c->enough = true;
    c->heard = true;
    b->timer = b->report.last + NS_S;
    if (!c->enough && b->args.time)
        b->timer = ns_min(b->timer, over);
}

static void perf_begin(struct builtin *b)
{
    fill(b);
    b_say(b,
          "[ ID] Interval           Transfer     Bitrate         Retr  "
          "Cwnd\n");
    b->timer = b->w->now + NS_S;
    if (b->args.time)
        b->timer = b->w->now + ns_min(b->args.time, NS_S);
}

static void perf_end(struct builtin *b, struct conn *c)
{
    char               text[64];
    struct fmt         tail = fmt_of(text, sizeof(text));
    struct cw_tcp_info info;

    tcp_facts(b, c, &info);
    if (b->w->now > b->report.last)
        report_interval(b, c);
    fmt_f(&tail, "  %3u             sender", info.total_retrans);
    report_line(b, 0, b->w->now - b->report.begun, c->out, text);
    b_exit(b, 0);
}

static void perf_conn(struct builtin *b, struct conn *c)
{
    bool begun = c->connected;

    if (!conn_ready(b, c))
        return;
    if (!begun)
        perf_begin(b);
    if (!c->enough && !pour(b, c))
        return;
    c->enough = true;
    if (wind_up(b, c))
        perf_end(b, c);
}

static void perf_server_conn(struct builtin *b, struct conn *c)
{
    ptrdiff_t n;

    while ((n = b_recv(b, c->sd, b->scratch, sizeof(b->scratch))) > 0)
        c->in += (uint64_t)n;
    if (n != -CW_EAGAIN)
        conn_end(b, c);
}

/* The endpoint is found under its name as @perf of either kind. */
const struct builtin_kind builtin_perf_client = {
    .name = "@perf",
    .want = WANT_PERF,
    .conn = perf_conn,
    .turn = perf_turn,
    .usage = "@perf -s [-p PORT], or "
             "@perf -c HOST [-p PORT] [-n SIZE | -t TIME]",
};

const struct builtin_kind builtin_perf_server = {
    .name = "@perf",
    .serves = true,
    .want = WANT_PERF,
    .conn = perf_server_conn,
    .usage = "@perf -s [-p PORT]",
};
