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

/* What it answers to the message in c->buf. */
static void make_answer(const struct builtin *b, struct conn *c)
{
    if (b->kind == &builtin_echo_upper || b->kind == &builtin_leak) {
        builtin_upper_case(c->buf, c->held);
    } else if (b->kind == &builtin_answer) {
        c->held = b->args.text_len;
        memcpy(c->buf, b->args.text, c->held);
    }
}

/* Each message is answered, until the client closes; @leak then forgets to
 * close, too. */
static void echo_conn(struct builtin *b, struct conn *c)
{
    ptrdiff_t n;

    while (!c->finishing && conn_flush(b, c)) {
        n = b_recv(b, c->sd, c->buf, sizeof(c->buf));
        if (n == -CW_EAGAIN)
            return;
        if (n == 0 && b->kind == &builtin_leak) {
            c->finishing = true;
            return;
        }
        if (n <= 0) {
            conn_end(b, c);
            return;
        }
        c->held = (size_t)n;
        make_answer(b, c);
    }
}

static void hello_conn(struct builtin *b, struct conn *c)
{
    struct fmt f = fmt_of((char *)c->buf, sizeof(c->buf));

    if (c->out == 0 && c->held == 0) {
        if (b->args.text_len)
            fmt_str(&f, b->args.text);
        else
            fmt_f(&f, "Hello from %s\n", b->h->name);
        c->held = f.len;
    }
    if (conn_flush(b, c))
        conn_end(b, c);
}

/* -u: the urgent byte, before all that stands in front of it. */
static void take_urgent(struct builtin *b, struct conn *c)
{
    uint8_t      byte;
    struct wcall oob = { .op = EVC_RECV,
                         .sd = c->sd,
                         .out = &byte,
                         .out_len = 1,
                         .a = CW_MSG_OOB };

    if (b->args.urgent && b_plain(b, &oob) == 1)
        b_say(b, "urgent: \"%c\"\n", byte);
}

static void sink_conn(struct builtin *b, struct conn *c)
{
    size_t    most = sizeof(b->scratch);
    ptrdiff_t n;

    if (b->args.chunk)
        most = MIN(most, (size_t)b->args.chunk);
    take_urgent(b, c);
    if (!conn_waited(b, c, b->args.sleep))
        return;
    while ((n = b_recv(b, c->sd, b->scratch, most)) > 0) {
        c->in += (uint64_t)n;
        if (b->args.loud)
            b_say(b, "read: \"%.*s\"\n", (int)MIN(n, 60),
                  (const char *)b->scratch);
    }
    if (n == -CW_EAGAIN)
        return;
    if (n < 0)
        b_say(b, "%llu bytes received, then %s\n", (unsigned long long)c->in,
              cw_error_name((int)n));
    else
        b_say(b, "%llu bytes received\n", (unsigned long long)c->in);
    conn_end(b, c);
}

const struct builtin_kind builtin_upper = {
    .name = "@upper",
    .serves = true,
    .want = WANT_PORT,
    .options = "aq",
    .conn = upper_conn,
    .usage = "@upper [-a TIME] [-q BACKLOG] PORT",
};

const struct builtin_kind builtin_echo_upper = {
    .name = "@echo-upper",
    .serves = true,
    .want = WANT_PORT,
    .conn = echo_conn,
    .usage = "@echo-upper PORT",
};

const struct builtin_kind builtin_echo = {
    .name = "@echo",
    .serves = true,
    .want = WANT_PORT,
    .conn = echo_conn,
    .usage = "@echo PORT",
};

const struct builtin_kind builtin_answer = {
    .name = "@answer",
    .serves = true,
    .want = WANT_PORT_TEXT,
    .conn = echo_conn,
    .usage = "@answer PORT TEXT, for example @answer 1000 hello",
};

const struct builtin_kind builtin_leak = {
    .name = "@leak",
    .serves = true,
    .want = WANT_PORT,
    .conn = echo_conn,
    .usage = "@leak PORT",
};

const struct builtin_kind builtin_hello = {
    .name = "@hello",
    .serves = true,
    .want = WANT_PORT_MAYBE_TEXT,
    .options = "aq",
    .conn = hello_conn,
    .usage = "@hello [-a TIME] [-q BACKLOG] PORT [TEXT]",
};

const struct builtin_kind builtin_sink = {
    .name = "@sink",
    .serves = true,
    .want = WANT_PORT,
    .options = "sukvi",
    .conn = sink_conn,
    .usage = "@sink [-s TIME] [-k SIZE] [-u] [-i] [-v] PORT",
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

/* The next part of the text; -u: the last byte is urgent. */
static ptrdiff_t send_part(struct builtin *b, const struct conn *c)
{
    const char *at = b->args.text + c->out;
    size_t      left = b->args.text_len - (size_t)c->out;

    if (!b->args.urgent)
        return b_send(b, c->sd, at, left);
    if (left > 1)
        return b_send(b, c->sd, at, left - 1);
    return b_plain(b,
                   &(struct wcall){ .op = EVC_SEND,
                                    .sd = c->sd,
                                    .in = at,
                                    .in_len = 1,
                                    .a = CW_MSG_OOB });
}

static void send_conn(struct builtin *b, struct conn *c)
{
    ptrdiff_t n;

    if (!conn_ready(b, c))
        return;
    while (c->out < b->args.text_len) {
        n = send_part(b, c);
        if (n == -CW_EAGAIN)
            return;
        if (n < 0) {
            b_fail(b, "send", n);
            return;
        }
        c->out += (uint64_t)n;
    }
    if (!c->finishing && !b->args.none
        && !print_answer(b, c, "From Server: "))
        return;
    if (!c->finishing && c->in)
        b_say(b, "\n");
    c->finishing = true;
    conn_done(b, c);
}

static void recv_conn(struct builtin *b, struct conn *c)
{
    if (!conn_ready(b, c) || (!c->finishing && !print_answer(b, c, "")))
        return;
    c->finishing = true;
    conn_done(b, c);
}

const struct builtin_kind builtin_send = {
    .name = "@send",
    .want = WANT_PEER_TEXT,
    .conn = send_conn,
    .options = "01wbnepu",
    .usage = "@send [-0 | -1] [-u] [-w TIME] [-b PORT] [-n TIMES] [-e TIME] "
             "[-p N] HOST PORT TEXT, for example @send h1 1000 hello",
};

const struct builtin_kind builtin_recv = {
    .name = "@recv",
    .want = WANT_PEER,
    .conn = recv_conn,
    .options = "wbnep",
    .usage = "@recv [-w TIME] [-b PORT] [-n TIMES] [-e TIME] [-p N] HOST "
             "PORT, for example @recv h1 1000",
};
