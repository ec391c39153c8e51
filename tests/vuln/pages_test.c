/* pages_test.c: class 30, on a host so small that memory is out although its
 * bytes are not: the pages are lent (store/arena.h).
 */
#include "pkt.h"

/* Sends until there is no room. */
static void fills(void)
{
    uint8_t b;

    do
        b = sg_byte(false, pk.f->sent);
    while (cw_send(pk.st, pk.f->sd, &b, 1, 0, pk.now) == 1
           && ++pk.f->sent > 0);
}

/* n connections that fill what they may: data that nobody reads, or data
 * that nobody acknowledges. */
static void crowd(int n, bool unread)
{
    listens(n + 8);
    for (int i = 1; i <= n; i++) {
        flow(i);
        in("S seq 0 mss 1460");
        pk_drain();
        in(". seq 1 ack 1 win 65535");
        accepts();
    }
    for (int at = 0; at < 44; at++)
        for (int i = 1; i <= n; i++) {
            flow(i);
            if (unread)
                in_f(". seq %d len 1460 ack 1 win 65535", 1 + at * 1460);
            else
                fills();
            pk_drain();
        }
}

/* Somebody new is served. */
static void newcomer(int n)
{
    flow(n);
    in("S seq 0 mss 1460");
    EXPECT_EQ(pk_drain(), 1);
    in(". seq 1 ack 1 win 65535");
    accepts();
    in(". seq 1 len 1000 ack 1 win 65535");
    pk_drain();
    reads(1000);
    sends(1000);
    EXPECT_EQ(pk_drain(), 1);
    in(". seq 1001 ack 1001 win 65535");
}

/* A small host whose pages are all lent, though not full: bulk connections
 * leave memory for others. */
PKT(c30_pages_are_left_for_newcomers)
{
    static const struct {
        int  mib, n;
        bool unread;
    } rows[] = { { 1, 6, true },   { 1, 22, true }, { 1, 6, false },
                 { 1, 22, false }, { 2, 16, true }, { 2, 22, true },
                 { 2, 16, false }, { 2, 22, false } };

    T_EACH (r, rows) {
        t_row("%d MiB, %d, %s", r->mib, r->n,
              r->unread ? "unread" : "unsent");
        pk.config.memory_max = (size_t)r->mib << 20;
        pk_restart(0);
        crowd(r->n, r->unread);
        for (int i = 1; i <= 8; i++)
            newcomer(r->n + i);
    }
}

T_MAIN(BOTH(c30_pages_are_left_for_newcomers))
