/* sockets_netstat.c: net-tools' netstat, to the column. */
#include "obs/sockets_own.h"

static const char *state_name(const struct run_row *row)
{
    static const char *const names[] = {
        [0] = "",
        [CW_ESTABLISHED] = "ESTABLISHED",
        [CW_SYN_SENT] = "SYN_SENT",
        [CW_SYN_RECV] = "SYN_RECV",
        [CW_FIN_WAIT1] = "FIN_WAIT1",
        [CW_FIN_WAIT2] = "FIN_WAIT2",
        [CW_TIME_WAIT] = "TIME_WAIT",
        [CW_CLOSED] = "CLOSE",
        [CW_CLOSE_WAIT] = "CLOSE_WAIT",
        [CW_LAST_ACK] = "LAST_ACK",
        [CW_LISTEN] = "LISTEN",
        [CW_CLOSING] = "CLOSING",
    };

    if (!row_is_tcp(row) && row->row.state != CW_ESTABLISHED)
        return "";
    return row->row.state < ARRAY_LEN(names) ? names[row->row.state] : "";
}

struct who {
    const struct run          *run;
    const struct sockets_opts *o;
    bool                       tcp;
};

static void put_port(struct fmt *f, const struct who *w, uint16_t port)
{
    const char *name = port && w->o->service ? w->o->service(port, w->tcp)
                                             : NULL;

    if (!port)
        fmt_char(f, '*');
    else if (name)
        put_name_safe(f, name);
    else
        fmt_u64(f, port);
}

/* A host's name if names are wanted; net-tools then has [::], too. */
static void put_host(struct fmt *f, const struct who *w,
                     const struct cw_addr *a)
{
    char        addr[ADDR_TEXT_MAX];
    const char *name = w->o->names ? run_name_of(w->run, a) : "";

    addr_print(a, addr);
    if (*name)
        put_name_safe(f, name);
    else if (w->o->names && addr_is_any(a) && !addr_is4(a))
        fmt_str(f, "[::]");
    else
        fmt_str(f, addr);
}

/* "ADDR:PORT" in 23 columns; a longer address is cut, as net-tools does. */
static void put_addr(struct fmt *f, const struct who *w,
                     const struct cw_sockaddr *a)
{
    char       host[64], port[16];
    struct fmt p = fmt_of(port, sizeof port);
    struct fmt h = fmt_of(host, sizeof host);
    size_t     start = f->len;

    put_host(&h, w, &a->addr);
    put_port(&p, w, a->port);
    fmt_strn(f, host, MIN(h.len, 22 - p.len));
    fmt_f(f, ":%s", port);
    fmt_pad_to(f, start + 23);
    fmt_char(f, ' ');
}

static const struct run_owner *owner_of(const struct run     *r,
                                        const struct run_row *row)
{
    for (size_t i = 0; row->row.owner && i < r->nowners; i++)
        if (r->owners[i].owner == row->row.owner)
            return &r->owners[i];
    return NULL;
}

/* "4710/python3" */
static void put_program(struct fmt *f, const struct run *r,
                        const struct run_row *row)
{
    const struct run_owner *w = owner_of(r, row);
    size_t                  start = f->len + 1;

    fmt_char(f, ' ');
    if (w) {
        fmt_f(f, "%d/", w->pid);
        put_name_safe(f, w->name);
    } else {
        fmt_char(f, '-');
    }
    fmt_pad_to(f, start + 20);
}

static void put_timer(struct fmt *f, const struct cw_sock_row *s)
{
    static const char *const kinds[] = { "off", "on", "keepalive", "timewait",
                                         "probe" };
    bool                     runs = s->timer < ARRAY_LEN(kinds) && s->timer;
    uint64_t                 cs = runs && s->timer_left > 0
                        ? (uint64_t)(s->timer_left / (10 * NS_MS))
                        : 0;

    fmt_f(f, " %s (%llu.%02u/%u/%u)", runs ? kinds[s->timer] : "off",
          (unsigned long long)(cs / 100), (unsigned)(cs % 100),
          s->has_info ? s->info.backoff : 0,
          s->has_info ? s->info.probes : 0);
}

static void put_row(const struct run *r, const struct sockets_opts *o,
                    const struct sockets_out *out, const struct run_row *row)
{
    const struct cw_sock_row *s = &row->row;
    char                      line[SOCKETS_LINE_MAX], proto[8];
    struct fmt                f = fmt_of(line, sizeof line);
    struct fmt                p = fmt_of(proto, sizeof proto);
    struct cw_sockaddr        peer = s->peer;
    const struct who          who = { r, o, row_is_tcp(row) };

    peer.addr = row_peer(row);
    fmt_f(&p, "%s%s", row_is_tcp(row) ? "tcp" : "udp",
          row_is_six(row) ? "6" : "");
    fmt_f(&f, "%-5s %6llu %6llu ", proto, (unsigned long long)s->recv_q,
          (unsigned long long)(s->state == CW_LISTEN ? 0 : s->send_q));
    put_addr(&f, &who, &s->local);
    put_addr(&f, &who, &peer);
    fmt_f(&f, "%-11s", state_name(row));
    if (o->extended)
        fmt_f(&f, " %-10u %-10llu", 0, (unsigned long long)s->owner);
    if (o->processes)
        put_program(&f, r, row);
    if (o->timers)
        put_timer(&f, s);
    out->line(out->ctx, line, f.len);
}

static void put_heads(const struct sockets_opts *o,
                      const struct sockets_out  *out)
{
    char       line[256];
    struct fmt f = fmt_of(line, sizeof line);

    fmt_f(&f, "Active Internet connections (%s)",
          o->listening ? "only servers"
              : o->all ? "servers and established"
                       : "w/o servers");
    out->line(out->ctx, line, f.len);
    fmt_reset(&f);
    fmt_f(&f, "%-5s %6s %6s %-23s %-23s %-11s", "Proto", "Recv-Q", "Send-Q",
          "Local Address", "Foreign Address", "State");
    if (o->extended)
        fmt_f(&f, " %-10s %-10s", "User", "Inode");
    if (o->processes)
        fmt_f(&f, " %-20s", "PID/Program name");
    if (o->timers)
        fmt_str(&f, " Timer");
    out->line(out->ctx, line, f.len);
}

/* Its own choice: TIME-WAIT is shown, a datagram socket is a server unless it
 * is connected. */
static bool shown(const struct sockets_opts *o, const struct run_row *row)
{
    bool serves = row->row.state == CW_LISTEN
        || (!row_is_tcp(row) && row->row.state != CW_ESTABLISHED);

    if (o->host && row->host != o->host)
        return false;
    if (o->all)
        return true;
    return serves == o->listening;
}

/* TCP before UDP, IPv4 before IPv6. */
void sockets_netstat(const struct run *r, const struct sockets_opts *o,
                     const struct sockets_out *out)
{
    bool both = o->tcp == o->udp, families = o->four == o->six;

    put_heads(o, out);
    for (unsigned turn = 0; turn < 4; turn++) {
        bool tcp = turn < 2, six = turn % 2;

        if ((!both && !(tcp ? o->tcp : o->udp))
            || (!families && !(six ? o->six : o->four)))
            continue;
        for (size_t i = 0; i < r->nrows; i++)
            if (row_is_tcp(&r->rows[i]) == tcp
                && row_is_six(&r->rows[i]) == six && shown(o, &r->rows[i]))
                put_row(r, o, out, &r->rows[i]);
    }
}
