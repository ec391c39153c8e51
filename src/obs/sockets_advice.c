/* sockets_advice.c: what a table of sockets tells to who has seen many: a line
 * for each thing that a program should do otherwise.
 *
 *   Says only what the rows show; TIME-WAIT is no fault and gets no line.
 */
#include "obs/sockets_own.h"

enum { LINE_MAX = 256 };

static void say(const struct sockets_out *out, const struct fmt *f)
{
    out->line(out->ctx, f->buf, f->len);
}

static void local_name(struct fmt *f, const struct run_row *row)
{
    char text[ADDR_TEXT_MAX];

    if (addr_is_any(&row->row.local.addr))
        fmt_char(f, '*');
    else {
        addr_print(&row->row.local.addr, text);
        fmt_f(f, addr_is4(&row->row.local.addr) ? "%s" : "[%s]", text);
    }
    fmt_f(f, ":%u", row->row.local.port);
}

/* The peers have closed, and the program does not: RFC 9293 §3.6 gives this
 * state no end of its own. */
static void close_wait(const struct sockets_out *out, unsigned n,
                       const struct run_row *first)
{
    char       line[LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    if (n == 0)
        return;
    fmt_f(&f, "%u connection%s in CLOSE-WAIT, at ", n, n == 1 ? "" : "s");
    local_name(&f, first);
    fmt_str(&f,
            ": the peer has closed, this side's program has not. No "
            "timer ends it: the program must close() the socket once "
            "recv() has answered 0");
    say(out, &f);
}

/* As accept_full() in tcp_listen.c: one more than the backlog may wait. */
static void queues(const struct sockets_out *out, const struct run_row *row)
{
    const struct cw_sock_row *s = &row->row;
    char                      line[LINE_MAX];
    struct fmt                f = fmt_of(line, sizeof line);

    if (s->recv_q <= s->send_q)
        return;
    fmt_str(&f, "the accept queue of ");
    local_name(&f, row);
    fmt_f(&f,
          " is full (%llu wait, the backlog is %llu): new SYNs are "
          "dropped and %u half-open ones wait. The program must accept() "
          "faster, or listen() with more",
          (unsigned long long)s->recv_q, (unsigned long long)s->send_q,
          s->syn_queue);
    say(out, &f);
}

static void drops(const struct sockets_out *out, const struct run_row *row)
{
    char       line[LINE_MAX];
    struct fmt f = fmt_of(line, sizeof line);

    if (row_is_tcp(row) || row->row.drops == 0)
        return;
    fmt_f(&f, "%llu datagram%s for ", (unsigned long long)row->row.drops,
          row->row.drops == 1 ? "" : "s");
    local_name(&f, row);
    fmt_str(&f,
            " dropped, because its receive queue was full; nobody sends "
            "them again. The program must read faster, or set a larger "
            "SO_RCVBUF");
    say(out, &f);
}

void sockets_advice(const struct run *r, const struct sockets_opts *o,
                    const struct sockets_out *out)
{
    struct sockets_opts all = {
        .all = true, .host = o->host, .tcp = o->tcp, .udp = o->udp
    };
    struct sockets_walk   w = { .run = r, .o = &all };
    const struct run_row *row, *first = NULL;
    unsigned              n = 0;

    while ((row = sockets_next(&w)) != NULL) {
        if (row_is_tcp(row) && row->row.state == CW_CLOSE_WAIT) {
            first = first ?: row;
            n++;
        }
        if (row_is_tcp(row) && row->row.state == CW_LISTEN)
            queues(out, row);
        drops(out, row);
    }
    close_wait(out, n, first);
}
