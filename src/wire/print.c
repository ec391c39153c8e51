/* print.c: see print.h.  The time in front, the frame's headers one after
 * the other, the hex dump behind.
 */
#include "wire/print.h"
#include "base/check.h"
#include "wire/pr.h"

enum { DAY_S = 86400 };

/* tcpdump keeps what it shows in 31 bits. */
#define TIME_MAX_S INT64_C(0x7fffffff)

struct moment {
    int64_t  s;
    unsigned us;
};

/* Rounds down, so that the microseconds are never negative. */
static struct moment moment_of(cw_ns t)
{
    int64_t s = t / NS_S, rest = t % NS_S;

    if (rest < 0) {
        s--;
        rest += NS_S;
    }
    return (struct moment){ s, (unsigned)(rest / NS_US) };
}

static void clock_of_day(struct fmt *f, struct moment m)
{
    unsigned s = (unsigned)(m.s % DAY_S);

    fmt_f(f, "%02u:%02u:%02u.%06u", s / 3600, s / 60 % 60, s % 60, m.us);
}

/* Days since 1970-01-01 as a date: years begin in March, so that the leap
 * day is the last; eras of 400 years have 146097 days. */
static void date_of(struct fmt *f, int64_t s)
{
    unsigned day = (unsigned)(s / DAY_S) + 719468;
    unsigned of_era = day % 146097;
    unsigned year = (of_era - of_era / 1460 + of_era / 36524
                     - of_era / 146096)
        / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153;

    year += day / 146097 * 400 + (month >= 10);
    fmt_f(f, "%04u-%02u-%02u ", year, month < 10 ? month + 3 : month - 9,
          of_year - (153 * month + 2) / 5 + 1);
}

/* Both ends are cut to microseconds first, as a capture file has them. */
static void elapsed(struct fmt *f, cw_ns since, cw_ns t)
{
    struct moment a = moment_of(since), b = moment_of(t);
    int64_t       us = (b.s - a.s) * 1000000 + (int64_t)b.us - (int64_t)a.us;
    int64_t       size = us < 0 ? -us : us;

    fmt_char(f, us < 0 ? '-' : ' ');
    clock_of_day(
        f, (struct moment){ size / 1000000, (unsigned)(size % 1000000) });
}

static void print_time(struct fmt *f, const struct print_state *st, int mode,
                       cw_ns t)
{
    struct moment m = moment_of(t);

    if (mode == PRINT_TIME_NONE)
        return;
    if (mode == PRINT_TIME_DELTA)
        elapsed(f, st->last, t);
    else if (mode == PRINT_TIME_SINCE)
        elapsed(f, st->first, t);
    else if (m.s < 0 || m.s > TIME_MAX_S)
        fmt_str(f, "[Error converting time]");
    else if (mode == PRINT_TIME_EPOCH)
        fmt_f(f, "%u.%06u", (unsigned)m.s, m.us);
    else {
        if (mode == PRINT_TIME_DATE)
            date_of(f, m.s);
        clock_of_day(f, m);
    }
    fmt_char(f, ' ');
}

/* Each step leaves in `next` a header that begins at least 20 bytes on. */
static void print_headers(struct pr *p, size_t wire_len)
{
    size_t before = p->caplen + 1;

    pr_ether(p, wire_len);
    while (p->next.kind != PR_NOTHING && !p->cut) {
        struct pr_next n = p->next;

        INVARIANT(n.at >= p->frame && n.at <= p->end);
        INVARIANT((size_t)(p->end - n.at) < before);
        before = (size_t)(p->end - n.at);
        p->next.kind = PR_NOTHING;
        if (n.kind == PR_IP4)
            pr_ip4(p, n.at, n.len);
        else
            pr_ip6(p, n.at, n.len);
    }
}

void print_packet(struct fmt *out, struct print_state *st,
                  const struct print_opts *o, cw_ns t, struct span frame,
                  size_t wire_len)
{
    struct pr p = {
        .out = out,
        .st = st,
        .o = o,
        .frame = frame.p,
        .caplen = frame.len,
        .end = frame.p + frame.len,
        .proto = "ether",
    };

    INVARIANT(out && st && o);
    INVARIANT(frame.p || frame.len == 0);
    if (!st->started) {
        st->started = true;
        st->first = st->last = t;
    }
    print_time(out, st, o->time_mode, t);
    st->last = t;
    if (frame.len == 0) {
        fmt_str(out, "[Invalid header: caplen==0");
        fmt_str(out, wire_len == 0 ? ", len==0]" : "]");
        return;
    }
    print_headers(&p, MAX(wire_len, frame.len));
    pr_hex_dump(&p);
}
