/* builtin_stream.c: the textbook's servers and clients over TCP.
 */
#include "world/builtin.h"

/* ---- servers ----------------------------------------------------------- */

/* One message, answered in upper case; then the server closes first. */
static void upper_conn(struct builtin *b, struct conn *c)
{
    ptrdiff_t n;

    if (!c->finishing) {
        n = b_recv(b, c->sd, c->buf, sizeof(c->buf));
        if (n == -CW_EAGAIN)
            return;
        c->finishing = true;
        c->held = n > 0 ? (size_t)n : 0;
        builtin_upper_case(c->buf, c->held);
    }
    if (conn_flush(b, c))
        conn_end(b, c);
}

/* The same until the client closes. */
static void echo_upper_conn(struct builtin *b, struct conn *c)
{
    ptrdiff_t n;

    while (conn_flush(b, c)) {
        n = b_recv(b, c->sd, c->buf, sizeof(c->buf));
        if (n == -CW_EAGAIN)
            return;
        if (n <= 0) {
            conn_end(b, c);
            return;
        }
        c->held = (size_t)n;
        builtin_upper_case(c->buf, c->held);
    }
}

static void hello_conn(struct builtin *b, struct conn *c)
{
    struct fmt f = fmt_of((char *)c->buf, sizeof(c->buf));

    if (c->out == 0 && c->held == 0) {
        fmt_f(&f, "Hello from %s\n", b->h->name);
        c->held = f.len;
    }
    if (conn_flush(b, c))
        conn_end(b, c);
}

static void sink_conn(struct builtin *b, struct conn *c)
{
    ptrdiff_t n;

    while ((n = b_recv(b, c->sd, b->scratch, sizeof(b->scratch))) > 0)
        c->in += (uint64_t)n;
    if (n == -CW_EAGAIN)
        return;
    if (n < 0)
        b_say(b, "%llu bytes received, then %s\n",
              (unsigned long long)c->in, cw_error_name((int)n));
    else
        b_say(b, "%llu bytes received\n", (unsigned long long)c->in);
    conn_end(b, c);
}

const struct builtin_kind builtin_upper = {
    .name = "@upper", .serves = true, .want = WANT_PORT,
    .conn = upper_conn, .usage = "@upper PORT",
};

const struct builtin_kind builtin_echo_upper = {
    .name = "@echo-upper", .serves = true, .want = WANT_PORT,
    .conn = echo_upper_conn, .usage = "@echo-upper PORT",
};

const struct builtin_kind builtin_hello = {
    .name = "@hello", .serves = true, .want = WANT_PORT,
    .conn = hello_conn, .usage = "@hello PORT",
};

const struct builtin_kind builtin_sink = {
    .name = "@sink", .serves = true, .want = WANT_PORT,
    .conn = sink_conn, .usage = "@sink PORT",
};

/* ---- clients ----------------------------------------------------------- */

/* Prints what comes until the end (or once): true when that is reached. */
static bool print_answer(struct builtin *b, struct conn *c,
                         const char *before)
{
    ptrdiff_t n;

    while ((n = b_recv(b, c->sd, b->scratch, sizeof(b->scratch))) > 0) {
        if (c->in == 0)
            b_say(b, "%s", before);
        c->in += (uint64_t)n;
        b_text(b, (char *)b->scratch, (size_t)n);
        if (b->args.once)
            return true;
    }
    if (n < 0 && n != -CW_EAGAIN)
        b_fail(b, "receive", n);
    return n == 0;
}

static void send_conn(struct builtin *b, struct conn *c)
{
    ptrdiff_t n;

    if (!conn_ready(b, c))
        return;
    while (c->out < b->args.text_len) {
        n = b_send(b, c->sd, b->args.text + c->out,
                   b->args.text_len - (size_t)c->out);
        if (n == -CW_EAGAIN)
            return;
        if (n < 0) {
            b_fail(b, "send", n);
            return;
        }
        c->out += (uint64_t)n;
    }
    if (!print_answer(b, c, "From Server: "))
        return;
    if (c->in)
        b_say(b, "\n");
    b_exit(b, 0);
}

static void recv_conn(struct builtin *b, struct conn *c)
{
    if (conn_ready(b, c) && print_answer(b, c, ""))
        b_exit(b, 0);
}

const struct builtin_kind builtin_send = {
    .name = "@send", .want = WANT_PEER_TEXT, .conn = send_conn,
    .usage = "@send [-1] HOST PORT TEXT, for example @send h1 1000 hello",
};

const struct builtin_kind builtin_recv = {
    .name = "@recv", .want = WANT_PEER, .conn = recv_conn,
    .usage = "@recv HOST PORT, for example @recv h1 1000",
};
