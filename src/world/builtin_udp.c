/* builtin_udp.c: the textbook's pair over UDP.
 */
#include "world/builtin.h"

enum { UDP_MOST = 65507 }; /* of IPv4: 65535 less two headers */

static void udp_upper_turn(struct builtin *b)
{
    struct wcall recv = { .op = EVC_RECV,
                          .sd = b->sd,
                          .out = b->scratch,
                          .out_len = sizeof(b->scratch) };
    struct wcall send = {
        .op = EVC_SEND, .sd = b->sd, .in = b->scratch, .has_addr = true
    };
    struct wresult res;

    for (;;) {
        ptrdiff_t n = b_call(b, &recv, &res);

        if (n == -CW_EAGAIN)
            return;
        if (n < 0)
            continue; /* an error told about an earlier answer */
        builtin_upper_case(b->scratch, (size_t)n);
        send.in_len = (size_t)n;
        send.addr = res.addr;
        b_call(b, &send, &res);
    }
}

const struct builtin_kind builtin_udp_upper = {
    .name = "@udp-upper",
    .serves = true,
    .datagrams = true,
    .want = WANT_PORT,
    .turn = udp_upper_turn,
    .usage = "@udp-upper PORT",
};

/* Sends once; waits for one answer, with -t not for ever. */
static void udp_send_turn(struct builtin *b)
{
    struct wcall   send = { .op = EVC_SEND,
                            .sd = b->sd,
                            .in = b->args.text,
                            .in_len = b->args.text_len,
                            .has_addr = true,
                            .addr = b->args.peer };
    struct wresult res;
    ptrdiff_t      n;

    if (b->report.begun == 0) { /* not sent yet */
        b->report.begun = ns_max(b->w->now, 1);
        if (b->args.time)
            b->timer = ns_add(b->w->now, b->args.time);
        n = b_call(b, &send, &res);
        if (n < 0) {
            b_fail(b, "send", n);
            return;
        }
    }
    n = b_recv(b, b->sd, b->scratch, sizeof(b->scratch));
    if (n >= 0) {
        b_text(b, (char *)b->scratch, (size_t)n);
        b_say(b, "\n");
        b_exit(b, 0);
    } else if (n != -CW_EAGAIN) {
        b_fail(b, "receive", n);
    } else if (b->args.time && b->timer == NS_NEVER) {
        b_say(b, "%s: timed out\n", b->kind->name);
        b_exit(b, 1);
    }
}

const struct builtin_kind builtin_udp_send = {
    .name = "@udp-send",
    .datagrams = true,
    .want = WANT_PEER_TEXT,
    .options = "t",
    .turn = udp_send_turn,
    .usage = "@udp-send [-t TIME] HOST PORT TEXT, for example "
             "@udp-send -t 1s h1 1000 hello",
};

/* ---- many datagrams ----------------------------------------------------- */

/* Each begins with its number, then the alphabet. */
static size_t number_it(struct builtin *b)
{
    size_t     size = (size_t)MIN(b->args.size, (uint64_t)UDP_MOST);
    struct fmt f = fmt_of((char *)b->scratch, sizeof(b->scratch));

    fmt_f(&f, "%llu ", (unsigned long long)b->done + 1);
    for (size_t i = f.len; i < size; i++)
        b->scratch[i] = (uint8_t)('a' + i % 26);
    return size;
}

static void udp_source_turn(struct builtin *b)
{
    struct wcall   send = { .op = EVC_SEND,
                            .sd = b->sd,
                            .in = b->scratch,
                            .has_addr = true,
                            .addr = b->args.peer };
    struct wresult res;
    ptrdiff_t      n;

    if (b->done == b->args.count) {
        b_exit(b, 0); /* -w is over */
        return;
    }
    while (b->done < b->args.count && b->timer == NS_NEVER) {
        send.in_len = number_it(b);
        n = b_call(b, &send, &res);
        if (n < 0) {
            b_fail(b, "send", n);
            return;
        }
        b->done++;
        if (b->args.every && b->done < b->args.count)
            b->timer = ns_add(b->w->now, b->args.every);
    }
    if (b->done < b->args.count)
        return;
    b_say(b, "%llu datagrams sent\n", (unsigned long long)b->done);
    if (b->args.wait)
        b->timer = ns_add(b->w->now, b->args.wait);
    else
        b_exit(b, 0);
}

const struct builtin_kind builtin_udp_source = {
    .name = "@udp-source",
    .datagrams = true,
    .want = WANT_PEER_SIZE,
    .options = "new",
    .turn = udp_source_turn,
    .usage = "@udp-source [-n TIMES] [-e TIME] [-w TIME] HOST PORT SIZE, for "
             "example @udp-source -n 5 h1 7788 100",
};

/* Says what each datagram begins with and how much of it there was room for
 * (-k); asleep (-s) it leaves them in the queue. */
static void udp_sink_turn(struct builtin *b)
{
    size_t         most = b->args.chunk ? (size_t)b->args.chunk : UDP_MOST;
    struct wcall   recv = { .op = EVC_RECV,
                            .sd = b->sd,
                            .out = b->scratch,
                            .out_len = MIN(most, sizeof(b->scratch)),
                            .a = CW_MSG_TRUNC };
    struct wresult res;
    ptrdiff_t      n;
    char           text[48];
    struct fmt     cut = fmt_of(text, sizeof(text));

    if (b->accept_at > b->w->now) {
        b->timer = b->accept_at;
        return;
    }
    while ((n = b_call(b, &recv, &res)) >= 0) {
        size_t got = MIN((size_t)n, recv.out_len), word = 0;

        while (word < got && word < 40 && b->scratch[word] != ' ')
            word++;
        fmt_reset(&cut);
        if (res.truncated)
            fmt_f(&cut, ", %llu more are cut off",
                  (unsigned long long)((size_t)n - got));
        b_say(b, "datagram %.*s: %llu bytes%s\n", (int)word,
              (const char *)b->scratch, (unsigned long long)got, text);
    }
}

const struct builtin_kind builtin_udp_sink = {
    .name = "@udp-sink",
    .serves = true,
    .datagrams = true,
    .want = WANT_PORT,
    .options = "skr",
    .turn = udp_sink_turn,
    .usage = "@udp-sink [-s TIME] [-k SIZE] [-r RCVBUF] PORT",
};
