/* counters.c: see counters.h.  RFC 4293, 4022, 4113; Linux's TcpExt. */
#include "obs/counters.h"
#include "base/check.h"
#include "base/fmt.h"
#include "obs/sockets_own.h"

enum { LINE_MAX = 160, DOC_LINE_MAX = 8192 };

/* The words that net-tools has for a counter; `always`: even if it is 0. */
struct phrase {
    const char *name, *text;
    bool        always;
};

// clang-format off
static const struct phrase ip[] = {
    { "IpInReceives", "total packets received", true },
    { "IpInHdrErrors", "with invalid headers", false },
    { "IpInAddrErrors", "with invalid addresses", false },
    { "IpInUnknownProtos", "with unknown protocol", false },
    { "IpInDiscards", "incoming packets discarded", true },
    { "IpInDelivers", "incoming packets delivered", true },
    { "IpOutRequests", "requests sent out", true },
    { "IpOutDiscards", "outgoing packets dropped", false },
    { "IpOutNoRoutes", "dropped because of missing route", false },
    { "IpReasmTimeout", "fragments dropped after timeout", false },
    { "IpReasmReqds", "reassemblies required", false },
    { "IpReasmOKs", "packets reassembled ok", false },
    { "IpReasmFails", "packet reassemblies failed", false },
    { "IpFragOKs", "fragments received ok", false },
    { "IpFragFails", "fragments failed", false },
    { "IpFragCreates", "fragments created", false },
};
static const struct phrase icmp[] = {
    { "IcmpInMsgs", "ICMP messages received", true },
    { "IcmpInErrors", "input ICMP message failed", true },
    { "IcmpInEchos", "echo requests received", false },
    { "IcmpOutMsgs", "ICMP messages sent", true },
    { "IcmpOutEchoReps", "echo replies sent", false },
    { "IcmpOutRateLimitHost", "ICMP messages held back", false },
};
static const struct phrase tcp[] = {
    { "TcpActiveOpens", "active connection openings", true },
    { "TcpPassiveOpens", "passive connection openings", true },
    { "TcpAttemptFails", "failed connection attempts", true },
    { "TcpEstabResets", "connection resets received", true },
    { "TcpCurrEstab", "connections established", true },
    { "TcpInSegs", "segments received", true },
    { "TcpOutSegs", "segments sent out", true },
    { "TcpRetransSegs", "segments retransmitted", true },
    { "TcpInErrs", "bad segments received", true },
    { "TcpOutRsts", "resets sent", true },
    { "TcpInCsumErrors", "segments with a wrong checksum", false },
};
static const struct phrase udp[] = {
    { "UdpInDatagrams", "packets received", true },
    { "UdpNoPorts", "packets to unknown port received", true },
    { "UdpInErrors", "packet receive errors", true },
    { "UdpOutDatagrams", "packets sent", true },
    { "UdpRcvbufErrors", "receive buffer errors", true },
    { "UdpInCsumErrors", "packets with a wrong checksum", false },
};
static const struct phrase ext[] = {
    { "TW", "TCP sockets finished time wait in fast timer", false },
    { "TWRecycled", "time wait sockets recycled by time stamp", false },
    { "DelayedACKs", "delayed acks sent", false },
    { "PAWSEstab", "packets rejected in established connections because of "
                   "timestamp", false },
    { "EmbryonicRsts", "resets received for embryonic SYN_RECV sockets",
      false },
    { "ListenOverflows", "times the listen queue of a socket overflowed",
      false },
    { "ListenDrops", "SYNs to LISTEN sockets dropped", false },
    { "SyncookiesSent", "SYN cookies sent", false },
    { "SyncookiesRecv", "SYN cookies received", false },
    { "SyncookiesFailed", "invalid SYN cookies received", false },
    { "OutOfWindowIcmps", "ICMP packets dropped because they were "
                          "out-of-window", false },
};

static const struct group {
    const char          *title, *prefix;
    const struct phrase *phrases;
    size_t               n;
    bool                 tcp, udp; /* shown for -t, for -u */
} groups[] = {
    { "Ip:", "Ip", ip, ARRAY_LEN(ip), false, false },
    { "Icmp:", "Icmp", icmp, ARRAY_LEN(icmp), false, false },
    { "Tcp:", "Tcp", tcp, ARRAY_LEN(tcp), true, false },
    { "Udp:", "Udp", udp, ARRAY_LEN(udp), false, true },
    /* whatever is not of the others */
    { "TcpExt:", "TcpExt", ext, ARRAY_LEN(ext), true, false },
};
// clang-format on

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* "TcpInSegs" is Tcp's; "TCPTimeouts" is not. */
static bool has_prefix(const char *name, const char *prefix)
{
    while (*prefix && *name == *prefix) {
        name++;
        prefix++;
    }
    return !*prefix && *name >= 'A' && *name <= 'Z';
}

/* Whose counter it is: a group with that prefix; else the last. */
static const struct group *group_of(const char *name)
{
    for (size_t i = 0; i + 1 < ARRAY_LEN(groups); i++)
        if (has_prefix(name, groups[i].prefix))
            return &groups[i];
    return &groups[ARRAY_LEN(groups) - 1];
}

/* Ours alone: neither a MIB nor Linux has it. */
static bool is_own(const char *name)
{
    static const char *const own[] = { "TimeBackward", "NoMemory" };

    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (same(name, own[i]))
            return true;
    return has_prefix(name, "If");
}

static uint64_t value_of(const struct run *r, unsigned host, const char *name)
{
    for (size_t i = 0; i < r->ncounts; i++)
        if (r->counts[i].host == host && same(r->counts[i].name, name))
            return r->counts[i].value;
    return 0;
}

static void put_number(const struct sockets_out *out, uint64_t v,
                       const char *text)
{
    char       line[LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    fmt_str(&f, "    ");
    fmt_u64(&f, v);
    fmt_f(&f, " %s", text);
    out->line(out->ctx, line, f.len);
}

static bool has_phrase(const struct group *g, const char *name)
{
    for (size_t i = 0; i < g->n; i++)
        if (same(g->phrases[i].name, name))
            return true;
    return false;
}

/* Those without a phrase stand by their names, as net-tools has it. */
static void put_names(const struct run *r, unsigned host,
                      const struct group *g, const struct sockets_out *out)
{
    char       line[LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    for (size_t i = 0; i < r->ncounts; i++) {
        const struct run_count *c = &r->counts[i];

        if (c->host != host || c->value == 0 || is_own(c->name)
            || group_of(c->name) != g || has_phrase(g, c->name))
            continue;
        fmt_reset(&f);
        fmt_f(&f, "    %s: ", c->name);
        fmt_u64(&f, c->value);
        out->line(out->ctx, line, f.len);
    }
}

static void put_group(const struct run *r, unsigned host,
                      const struct group *g, const struct sockets_out *out)
{
    char       line[LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    fmt_str(&f, g->title);
    out->line(out->ctx, line, f.len);
    for (size_t i = 0; i < g->n; i++) {
        uint64_t v = value_of(r, host, g->phrases[i].name);

        if (v > 0 || g->phrases[i].always)
            put_number(out, v, g->phrases[i].text);
    }
    put_names(r, host, g, out);
}

static bool wanted(const struct group *g, const struct sockets_opts *o)
{
    if (!o->tcp && !o->udp)
        return true;
    return (o->tcp && g->tcp) || (o->udp && g->udp);
}

void counters_netstat(const struct run *r, const struct sockets_opts *o,
                      const struct sockets_out *out)
{
    char       line[LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    for (unsigned h = 1; h <= r->nhosts; h++) {
        if (o->host && o->host != h)
            continue;
        if (r->nhosts > 1 && !o->host) {
            fmt_reset(&f);
            fmt_f(&f, "%s%s", h > 1 ? "\n" : "", r->hosts[h - 1].name);
            out->line(out->ctx, line, f.len);
        }
        for (size_t i = 0; i < ARRAY_LEN(groups); i++)
            if (wanted(&groups[i], o))
                put_group(r, h, &groups[i], out);
    }
}

/* As nstat calls it. */
static void put_member(struct json *j, const struct run_count *c)
{
    const struct group *g = group_of(c->name);
    char                key[2 * RUN_COUNT_MAX];
    struct fmt          f = fmt_of(key, sizeof key);

    if (!is_own(c->name) && !has_prefix(c->name, g->prefix))
        fmt_str(&f, g->prefix);
    fmt_str(&f, c->name);
    json_u64(j, key, c->value);
}

static void put_host(struct fmt *f, const struct run *r, unsigned host)
{
    struct json j = json_of(f);

    json_open(&j, NULL);
    json_str(&j, "host", r->hosts[host - 1].name);
    json_open(&j, "counters");
    for (size_t i = 0; i < r->ncounts; i++)
        if (r->counts[i].host == host && r->counts[i].value > 0)
            put_member(&j, &r->counts[i]);
    json_close(&j);
    json_close(&j);
}

void counters_json(const struct run *r, const struct sockets_opts *o,
                   const struct sockets_out *out)
{
    static const char begin[] =
        "{\"schema\":\"causeway.counters/1\",\"hosts\":[";
    char       line[DOC_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);
    bool       more = false;

    out->line(out->ctx, begin, sizeof begin - 1);
    for (unsigned h = 1; h <= r->nhosts; h++) {
        if (o->host && o->host != h)
            continue;
        fmt_reset(&f);
        if (more)
            fmt_char(&f, ',');
        put_host(&f, r, h);
        out->line(out->ctx, line, f.len);
        more = true;
    }
    out->line(out->ctx, "]}", 2);
}
