/* app.c: the application's side of pkt.h. */
#include "pkt.h"
#include "base/addr.h"

#include <stdio.h>

static void calm(void)
{
    pk_quiet(0, "before a call of the application", 0);
}

static int new_socket(void)
{
    int sd;

    calm();
    sd = cw_socket(pk.st, pk.v6 ? CW_AF_INET6 : CW_AF_INET, CW_SOCK_STREAM, 0,
                   pk.now);
    EXPECT_GE(sd, 0);
    return sd;
}

void listens(int backlog)
{
    struct cw_sockaddr a = { .addr = pk.f->ends.us, .port = 80 };

    pk.listener = new_socket();
    pk.f->ends.uport = 80;
    EXPECT_EQ(cw_bind(pk.st, pk.listener, &a, pk.now), 0);
    EXPECT_EQ(cw_listen(pk.st, pk.listener, backlog, pk.now), 0);
}

void accepts(void)
{
    struct cw_sockaddr peer;

    pk.f->sd = cw_accept(pk.st, pk.listener, &peer, pk.now);
    EXPECT_GE(pk.f->sd, 0);
    EXPECT_EQ(peer.port, pk.f->ends.pport);
    EXPECT_MEM(&peer.addr, &pk.f->ends.peer, 16);
}

void dials(void)
{
    struct cw_sockaddr a = { .addr = pk.f->ends.peer,
                             .port = pk.f->ends.pport };

    pk.f->sd = new_socket();
    EXPECT_EQ(cw_connect(pk.st, pk.f->sd, &a, pk.now), -CW_EINPROGRESS);
    pk_settle();
}

/* What of an offer is agreed to; `ours` is the rest of our options. */
static bool offers(const char *offer, const char *word)
{
    return strstr(offer, word) != NULL;
}

static const char *line(const char *form, const char *offer)
{
    static char text[256];

    snprintf(text, sizeof text, form, offer);
    return text;
}

static const char *ts_or_not(const char *offer, const char *ts)
{
    return offers(offer, "ts ") ? ts : "";
}

void passive(const char *offer)
{
    char answer[128];

    snprintf(answer, sizeof answer, "S. seq 0 ack 1 win 65535 mss M%s%s%s",
             offers(offer, "sackOK") ? " sackOK" : "",
             ts_or_not(offer, " ts * *"),
             offers(offer, "wscale") ? " wscale 7" : "");
    listens(8);
    in(line("S seq 0 %s", offer));
    out(answer);
    in(line(". seq 1 ack 1%s", ts_or_not(offer, " ts 1 0")));
    accepts();
}

void active(const char *offer)
{
    dials();
    out("S seq 0 win 65535 mss M sackOK ts * 0 wscale 7");
    in(line("S. seq 0 ack 1 %s", offer));
    out(line(". seq 1 ack 1%s", ts_or_not(offer, " ts * *")));
    EXPECT_EQ(gets(CW_SOL_SOCKET, CW_SO_ERROR), 0);
}

static void given_established(bool got_fin)
{
    passive("mss 1000");
    if (!got_fin)
        return;
    in("F. seq 1 ack 1");
    out(". seq 1 ack 2");
}

static void given_closed(bool fin_acked)
{
    given_established(false);
    shuts(CW_SHUT_WR);
    out("F. seq 1 ack 1");
    if (fin_acked)
        in(". seq 1 ack 2");
}

static void given_opening(bool got_syn)
{
    dials();
    out("S seq 0 mss M sackOK ts * * wscale 7");
    if (!got_syn)
        return;
    in("S seq 0 mss 1000");
    out("S. seq 0 ack 1 mss M");
}

void given(enum cw_state want)
{
    if (want == CW_SYN_SENT || want == CW_SYN_RECV) {
        given_opening(want == CW_SYN_RECV);
    } else if (want == CW_FIN_WAIT1 || want == CW_CLOSING) {
        given_closed(false);
        if (want == CW_CLOSING) {
            in("F. seq 1 ack 1");
            out(". seq 2 ack 2");
        }
    } else if (want == CW_FIN_WAIT2 || want == CW_TIME_WAIT) {
        given_closed(true);
        if (want == CW_TIME_WAIT) {
            in("F. seq 1 ack 2");
            out(". seq 2 ack 2");
        }
    } else {
        given_established(want != CW_ESTABLISHED);
        if (want == CW_LAST_ACK) {
            shuts(CW_SHUT_WR);
            out("F. seq 1 ack 2");
        }
    }
    state(want);
    sg_vars.n = want == CW_ESTABLISHED || want == CW_CLOSE_WAIT
            || want == CW_SYN_SENT || want == CW_SYN_RECV
        ? 1
        : 2;
    sg_vars.r = want == CW_ESTABLISHED || want == CW_FIN_WAIT1
            || want == CW_FIN_WAIT2 || want == CW_SYN_RECV
        ? 1
        : 2;
}

void sends_flags(int64_t n, int flags)
{
    static uint8_t b[1 << 20];

    calm();
    EXPECT_LE(n, sizeof b);
    for (int64_t i = 0; i < n; i++)
        b[i] = sg_byte(false, pk.f->sent + i);
    EXPECT_EQ(cw_send(pk.st, pk.f->sd, b, (size_t)n, flags, pk.now), n);
    pk.f->sent += n;
    pk_settle();
}

void sends(int64_t n)
{
    sends_flags(n, 0);
}

void reads(int64_t n)
{
    static uint8_t b[1 << 16];

    calm();
    while (n > 0) {
        size_t    want = n < (int64_t)sizeof b ? (size_t)n : sizeof b;
        ptrdiff_t got = cw_recv(pk.st, pk.f->sd, b, want, 0, pk.now);

        EXPECT(got > 0);
        for (ptrdiff_t i = 0; i < got; i++)
            EXPECT_EQ(b[i], sg_byte(true, pk.f->read + i));
        pk.f->read += got;
        n -= got;
    }
    pk_settle();
}

void reads_result(int64_t result)
{
    uint8_t b;

    calm();
    EXPECT_EQ(cw_recv(pk.st, pk.f->sd, &b, 1, 0, pk.now), result);
    pk_settle();
}

void shuts(int how)
{
    calm();
    EXPECT_EQ(cw_shutdown(pk.st, pk.f->sd, how, pk.now), 0);
    pk_settle();
}

void closes(void)
{
    calm();
    EXPECT_EQ(cw_close(pk.st, pk.f->sd, pk.now), 0);
    pk.f->sd = -1;
    pk_settle();
}

void sets(int level, int name, int value)
{
    EXPECT_EQ(cw_setsockopt(pk.st, pk.f->sd, level, name, &value,
                            sizeof value, pk.now),
              0);
    pk_settle();
}

int gets(int level, int name)
{
    int    value = -1;
    size_t len = sizeof value;

    EXPECT_EQ(cw_getsockopt(pk.st, pk.f->sd, level, name, &value, &len), 0);
    return value;
}

void lingers(int seconds)
{
    struct cw_linger l = { 1, seconds };

    EXPECT_EQ(cw_setsockopt(pk.st, pk.f->sd, CW_SOL_SOCKET, CW_SO_LINGER, &l,
                            sizeof l, pk.now),
              0);
}
