/* tcp_fastpeer.c: what a client remembers of servers for Fast Open: cookie
 * and MSS by the addresses of both, and where it fails, by the port, too.
 *
 *   RFC 7413 §4.1.3, §4.1.3.1.  The table is small and searched from end to
 *   end, once for each connection that is opened fast; who was not used for
 *   longest makes room.  A port where it failed is spared for a minute, then
 *   for two, and so on, and asked again then.
 */
#include "tcp/tcb.h"

static struct tcp_fast_peer *find(struct tcp *t, uint16_t port)
{
    struct tcp_host      *h = t->host;
    const struct flowend *end = tcp_end(t);

    for (unsigned i = 0; i < TCP_FAST_PEERS_MAX; i++) {
        struct tcp_fast_peer *p = &h->fast_peers[i];

        if (p->used && p->port == port && addr_eq(&p->remote, &t->node.remote)
            && addr_eq(&p->local, &end->addr))
            return p;
    }
    return NULL;
}

static void touch(struct tcp_host *h, struct tcp_fast_peer *p)
{
    if (h->fast_clock == UINT32_MAX) { /* all become as old as each other */
        for (unsigned i = 0; i < TCP_FAST_PEERS_MAX; i++)
            h->fast_peers[i].used = h->fast_peers[i].used != 0;
        h->fast_clock = 1;
    }
    p->used = ++h->fast_clock;
}

static struct tcp_fast_peer *find_or_add(struct tcp *t, uint16_t port)
{
    struct tcp_host      *h = t->host;
    struct tcp_fast_peer *p = find(t, port), *oldest = &h->fast_peers[0];

    for (unsigned i = 1; !p && i < TCP_FAST_PEERS_MAX; i++)
        if (h->fast_peers[i].used < oldest->used)
            oldest = &h->fast_peers[i];
    if (!p) {
        p = oldest;
        *p = (struct tcp_fast_peer){ .local = tcp_end(t)->addr,
                                     .remote = t->node.remote,
                                     .port = port };
    }
    touch(h, p);
    return p;
}

const struct tcp_fast_peer *tcp_fastpeer_cookie(struct tcp *t)
{
    struct tcp_fast_peer *p = find(t, 0);

    if (!p || p->cookie_len == 0)
        return NULL;
    touch(t->host, p);
    return p;
}

/* 0: not known. */
uint16_t tcp_fastpeer_mss(struct tcp *t)
{
    const struct tcp_fast_peer *p = find(t, 0);

    return p ? p->mss : 0;
}

bool tcp_fastpeer_quiet(struct tcp *t)
{
    const struct tcp_fast_peer *p = find(t, t->node.rport);

    return p && tcp_now(t) < p->quiet_until;
}

/* A SYN-ACK.  A cookie that nobody asked for is none. */
void tcp_fastpeer_learn(struct tcp *t, const struct tcpopt *o, bool asked)
{
    bool                  cookie = asked && o->has_fast && o->fast_len > 0;
    struct tcp_fast_peer *p = cookie ? find_or_add(t, 0) : find(t, 0);

    if (!p)
        return;
    p->mss = o->has_mss ? o->mss : 0;
    if (!cookie)
        return;
    p->cookie_len = o->fast_len;
    memcpy(p->cookie, o->fast, o->fast_len);
}

void tcp_fastpeer_works(struct tcp *t)
{
    struct tcp_fast_peer *p = find(t, t->node.rport);

    if (p)
        p->used = 0;
}

void tcp_fastpeer_fails(struct tcp *t)
{
    struct tcp_fast_peer *p = find_or_add(t, t->node.rport);

    p->quiet_until = ns_add(tcp_now(t), TCP_FAST_QUIET << p->failures);
    if (p->failures < TCP_FAST_DOUBLINGS)
        p->failures++;
}
