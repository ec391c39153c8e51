/* sockets.c: the table of ss, its summary, and which rows there are.
 *
 * Columns are as wide as what is in them, measured in a first walk over the
 * rows; addresses stand to the right of theirs, ports to the left, so that
 * the colons line up.
 */
#include "obs/sockets_own.h"

#include "obs/cells.h"

enum { CELL_MAX = 128 };

const char *row_host(const struct run *r, const struct run_row *row)
{
    return row->host >= 1 && row->host <= r->nhosts
        ? r->hosts[row->host - 1].name
        : "?";
}

void put_name_safe(struct fmt *f, const char *name)
{
    struct span s = span_of(name, 0);

    while (name[s.len])
        s.len++;
    while (s.len > 0) {
        size_t  n;
        int32_t c = cells_decode(s, &n);

        if (cells_of(c) > 0 && c < 0x80 && c != '"' && c != ' ')
            fmt_char(f, (char)c);
        else
            fmt_char(f, '.');
        s = span_of(s.p + n, s.len - n);
    }
}

/* ---- which rows ------------------------------------------------------------- */

/* What ss shows if it is not told: all, listeners, or what is connected. */
static uint32_t states_shown(const struct sockets_opts *o)
{
    const uint32_t listen = 1u << CW_LISTEN | 1u << CW_CLOSED;
    const uint32_t half = 1u << CW_TIME_WAIT | 1u << CW_SYN_RECV;

    if (o->filter && o->filter->states)
        return o->filter->states;
    if (o->all)
        return 0xffe;
    return o->listening ? listen : 0xffe & ~(listen | half);
}

static bool shown(const struct sockets_walk *w, const struct run_row *row)
{
    const struct sockets_opts *o = w->o;
    bool                       tcp = row_is_tcp(row), six = row_is_six(row);

    if (tcp != (w->turn == 1) || (o->host && row->host != o->host))
        return false;
    if ((o->tcp || o->udp) && !(tcp ? o->tcp : o->udp))
        return false;
    if ((o->four || o->six) && !(six ? o->six : o->four))
        return false;
    if (row->row.state >= 16 || !(states_shown(o) & 1u << row->row.state))
        return false;
    return !o->filter || sockets_match(o->filter, row);
}

const struct run_row *sockets_next(struct sockets_walk *w)
{
    for (; w->turn < 2; w->turn++, w->at = 0)
        while (w->at < w->run->nrows) {
            const struct run_row *row = &w->run->rows[w->at++];

            if (shown(w, row))
                return row;
        }
    return NULL;
}

/* ---- cells -------------------------------------------------------------------- */

enum column {
    NETID,
    STATE,
    RECVQ,
    SENDQ,
    LADDR,
    LPORT,
    PADDR,
    PPORT,
    COLUMNS
};

static const char *const heads[COLUMNS] = {
    "Netid",         "State", "Recv-Q",       "Send-Q",
    "Local Address", "Port",  "Peer Address", "Port",
};

/* iproute2's: IPv6's wildcard that takes IPv4 too is a star. */
static void put_addr(struct fmt *f, const struct run *r,
                     const struct sockets_opts *o, const struct cw_addr *a)
{
    char text[ADDR_TEXT_MAX];

    if (o->names && *run_name_of(r, a)) {
        put_name_safe(f, run_name_of(r, a));
        return;
    }
    addr_print(a, text);
    if (addr_is4(a))
        fmt_str(f, text);
    else if (addr_is_any(a))
        fmt_char(f, '*');
    else
        fmt_f(f, "[%s]", text);
}

static void put_port(struct fmt *f, uint16_t port)
{
    if (port)
        fmt_f(f, "%u", port);
    else
        fmt_char(f, '*');
}

static void put_cell(struct fmt *f, enum column c, const struct run *r,
                     const struct sockets_opts *o, const struct run_row *row)
{
    const struct cw_sock_row *s = &row->row;
    struct cw_addr            peer = row_peer(row);

    switch (c) {
    case NETID:
        fmt_str(f, row_is_tcp(row) ? "tcp" : "udp");
        break;
    case STATE:
        fmt_str(f, sockets_state_name(s->state));
        break;
    case RECVQ:
        fmt_u64(f, s->recv_q);
        break;
    case SENDQ:
        fmt_u64(f, s->send_q);
        break;
    case LADDR:
        put_addr(f, r, o, &s->local.addr);
        break;
    case LPORT:
        put_port(f, s->local.port);
        break;
    case PADDR:
        put_addr(f, r, o, &peer);
        break;
    case PPORT:
        put_port(f, s->peer.port);
        break;
    case COLUMNS:
        break;
    }
}

struct table {
    const struct run          *run;
    const struct sockets_opts *o;
    const struct sockets_out  *out;
    bool                       has[COLUMNS];
    unsigned                   width[COLUMNS];
};

static bool is_one_state(uint32_t states)
{
    return states && (states & (states - 1)) == 0;
}

static unsigned length(const char *s)
{
    unsigned n = 0;

    while (s[n])
        n++;
    return n;
}

static void measure(struct table *t)
{
    struct sockets_walk   w = { .run = t->run, .o = t->o };
    const struct run_row *row;
    char                  text[CELL_MAX];

    for (unsigned c = 0; c < COLUMNS; c++) {
        t->has[c] = true;
        t->width[c] = t->o->no_header ? 0 : length(heads[c]);
    }
    t->has[NETID] = t->o->tcp == t->o->udp;
    t->has[STATE] = !is_one_state(states_shown(t->o));
    while ((row = sockets_next(&w)) != NULL)
        for (unsigned c = 0; c < COLUMNS; c++) {
            struct fmt f = fmt_of(text, sizeof text);

            put_cell(&f, (enum column)c, t->run, t->o, row);
            t->width[c] = MAX(t->width[c], (unsigned)f.len);
        }
}

/* Addresses end at the colon, everything else begins at the left. */
static void put_padded(struct fmt *f, const struct table *t, unsigned c,
                       const char *text, unsigned len)
{
    unsigned blanks = t->width[c] > len ? t->width[c] - len : 0;

    if (c == LADDR || c == PADDR)
        for (unsigned i = 0; i < blanks; i++)
            fmt_char(f, ' ');
    fmt_strn(f, text, len);
    if (c != LADDR && c != PADDR)
        for (unsigned i = 0; i < blanks; i++)
            fmt_char(f, ' ');
    fmt_char(f, c == LADDR || c == PADDR ? ':' : ' ');
}

static void emit(const struct table *t, struct fmt *f)
{
    while (f->len > 0 && f->buf[f->len - 1] == ' ')
        f->len--;
    t->out->line(t->out->ctx, f->buf, f->len);
}

static void put_heads(const struct table *t)
{
    char       line[SOCKETS_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    for (unsigned c = 0; c < COLUMNS; c++)
        if (t->has[c])
            put_padded(&f, t, c, heads[c], length(heads[c]));
    if (t->width[PPORT] > length(heads[PPORT]))
        f.len--; /* as ss has it */
    fmt_str(&f, "Process");
    emit(t, &f);
}

/* ---- behind the columns ----------------------------------------------------------- */

static void put_users(struct fmt *f, const struct run *r,
                      const struct run_row *row)
{
    unsigned n = 0;

    if (row->row.owner == 0)
        return;
    for (size_t i = 0; i < r->nowners; i++) {
        const struct run_owner *w = &r->owners[i];

        if (w->owner != row->row.owner || n == SOCKETS_USERS_MAX)
            continue;
        fmt_str(f, n++ ? ",(\"" : " users:((\"");
        put_name_safe(f, w->name);
        fmt_f(f, "\",pid=%d,fd=%d)", w->pid, w->fd);
    }
    if (n > 0)
        fmt_char(f, ')');
}

/* ss's print_ms_timer(): "59sec", "1.200ms", "240ms". */
static void put_left(struct fmt *f, cw_ns left)
{
    uint64_t ms = left > 0 ? (uint64_t)(left / NS_MS) : 0;
    uint64_t minutes = ms / 60000, secs = ms / 1000 % 60;

    ms %= 1000;
    if (minutes > 0) {
        fmt_f(f, "%llumin", (unsigned long long)minutes);
        ms = 0;
        secs = minutes > 9 ? 0 : secs;
    }
    if (secs > 9)
        ms = 0;
    if (secs > 0)
        fmt_f(f, "%llu%s", (unsigned long long)secs, ms ? "." : "sec");
    if (ms > 0)
        fmt_f(f, "%03llums", (unsigned long long)ms);
}

void sockets_timer(struct fmt *f, const struct cw_sock_row *row)
{
    static const char *const kinds[] = { "",           "on",      "keepalive",
                                         "timewait",   "persist", "",
                                         "reordering", "probe",   "pacing" };

    if (row->timer == 0 || row->timer >= ARRAY_LEN(kinds) || row->timer == 5)
        return; /* Linux does not show the timer of a delayed ACK either */
    fmt_f(f, " timer:(%s,", kinds[row->timer]);
    put_left(f, row->timer_left);
    fmt_f(f, ",%u)", row->has_info ? row->info.backoff : 0);
}

/* Everything behind the columns but what has a line of its own. */
static void put_tail(struct fmt *f, const struct table *t,
                     const struct run_row *row)
{
    const struct cw_sock_row *s = &row->row;

    if (t->o->processes)
        put_users(f, t->run, row);
    if (t->o->timers || t->o->extended)
        sockets_timer(f, s);
    if (t->o->extended) {
        if (s->owner)
            fmt_f(f, " ino:%llu", (unsigned long long)s->owner);
        fmt_f(f, " sk:%x", s->flow);
        if (s->state == CW_LISTEN && s->syn_queue)
            fmt_f(f, " synq:%u", s->syn_queue);
    }
    if (t->run->nhosts > 1) {
        fmt_str(f, " host:");
        put_name_safe(f, row_host(t->run, row));
    }
}

static void put_more(struct fmt *f, const struct table *t,
                     const struct run_row *row)
{
    const struct cw_sock_row *s = &row->row;

    if (t->o->memory)
        fmt_f(f, " skmem:(r%llu,w%llu,d%llu)", (unsigned long long)s->recv_q,
              (unsigned long long)(s->state == CW_LISTEN ? 0 : s->send_q),
              (unsigned long long)s->drops);
    if (t->o->info)
        sockets_info(f, row);
}

/* The text begins with a blank; behind the columns there is one already. */
static void put_row(const struct table *t, const struct run_row *row)
{
    char       line[SOCKETS_LINE_MAX], text[SOCKETS_LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line), one;

    for (unsigned c = 0; c < COLUMNS; c++) {
        one = fmt_of(text, sizeof text);
        put_cell(&one, (enum column)c, t->run, t->o, row);
        if (t->has[c])
            put_padded(&f, t, c, text, (unsigned)one.len);
    }
    one = fmt_of(text, sizeof text);
    put_tail(&one, t, row);
    if (t->o->oneline)
        put_more(&one, t, row);
    if (one.len > 0)
        fmt_str(&f, text + 1);
    emit(t, &f);
    if (t->o->oneline || !(t->o->info || t->o->memory))
        return;
    f = fmt_of(line, sizeof line);
    fmt_char(&f, '\t');
    put_more(&f, t, row);
    if (f.len > 1)
        emit(t, &f);
}

void sockets_ss(const struct run *r, const struct sockets_opts *o,
                const struct sockets_out *out)
{
    struct table          t = { .run = r, .o = o, .out = out };
    struct sockets_walk   w = { .run = r, .o = o };
    const struct run_row *row;

    measure(&t);
    if (!o->no_header)
        put_heads(&t);
    while ((row = sockets_next(&w)) != NULL)
        put_row(&t, row);
}

/* ---- ss -s ------------------------------------------------------------------------ */

struct tally {
    unsigned all, estab, closed, orphaned, timewait;
    unsigned tcp[2], udp[2]; /* by family */
};

static struct tally count(const struct run *r, const struct sockets_opts *o)
{
    struct tally n = { 0 };

    for (size_t i = 0; i < r->nrows; i++) {
        const struct cw_sock_row *s = &r->rows[i].row;
        unsigned                  six = row_is_six(&r->rows[i]);

        if (o->host && r->rows[i].host != o->host)
            continue;
        n.all++;
        if (!row_is_tcp(&r->rows[i])) {
            n.udp[six]++;
            continue;
        }
        n.estab += s->state == CW_ESTABLISHED;
        n.timewait += s->state == CW_TIME_WAIT;
        n.closed += s->state == CW_TIME_WAIT || s->state == CW_CLOSED;
        n.orphaned += s->sd < 0 && s->state != CW_TIME_WAIT
            && s->state != CW_SYN_RECV;
        n.tcp[six] += s->state != CW_TIME_WAIT && s->state != CW_CLOSED;
    }
    return n;
}

static void put_count(const struct table *t, const char *name, unsigned four,
                      unsigned six)
{
    char       line[128];
    struct fmt f = fmt_of(line, sizeof line);

    fmt_f(&f, "%s\t  %-9u %-9u %-9u", name, four + six, four, six);
    emit(t, &f);
}

void sockets_summary(const struct run *r, const struct sockets_opts *o,
                     const struct sockets_out *out)
{
    struct table t = { .run = r, .o = o, .out = out };
    struct tally n = count(r, o);
    char         line[160];
    struct fmt   f = fmt_of(line, sizeof line);

    fmt_f(&f, "Total: %u", n.all);
    emit(&t, &f);
    fmt_reset(&f);
    fmt_f(&f, "TCP:   %u (estab %u, closed %u, orphaned %u, timewait %u)",
          n.tcp[0] + n.tcp[1] + n.closed, n.estab, n.closed, n.orphaned,
          n.timewait);
    emit(&t, &f);
    fmt_reset(&f);
    emit(&t, &f);
    fmt_str(&f, "Transport Total     IP        IPv6");
    emit(&t, &f);
    put_count(&t, "UDP", n.udp[0], n.udp[1]);
    put_count(&t, "TCP", n.tcp[0], n.tcp[1]);
    put_count(&t, "INET", n.udp[0] + n.tcp[0], n.udp[1] + n.tcp[1]);
}
