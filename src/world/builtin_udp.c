/* builtin_udp.c: the textbook's pair over UDP.
 */
#include "world/builtin.h"

static void udp_upper_turn(struct builtin *b)
{
    struct wcall   recv = { .op = EVC_RECV, .sd = b->sd, .out = b->scratch,
                            .out_len = sizeof(b->scratch) };
    struct wcall   send = { .op = EVC_SEND, .sd = b->sd, .in = b->scratch,
                            .has_addr = true };
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
    .name = "@udp-upper", .serves = true, .datagrams = true,
    .want = WANT_PORT, .turn = udp_upper_turn, .usage = "@udp-upper PORT",
};

/* Sends once; waits for one answer, with -t not for ever. */
static void udp_send_turn(struct builtin *b)
{
    struct wcall   send = { .op = EVC_SEND, .sd = b->sd, .in = b->args.text,
                            .in_len = b->args.text_len, .has_addr = true,
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
    .name = "@udp-send", .datagrams = true, .want = WANT_PEER_TEXT,
    .turn = udp_send_turn,
    .usage = "@udp-send [-t TIME] HOST PORT TEXT, for example "
             "@udp-send -t 1s h1 1000 hello",
};
