/* flows.c: which connection a packet belongs to.
 *
 * As in the original there is one connection at hand: the last that was
 * made.  [flow 2] before a packet takes another one to hand, from another
 * port of the peer's.
 */
#include "script/run.h"
#include "script/wire.h"

enum { PEER_PORTS = 40000 };

struct flow *flows_new(struct run *r, enum sp_proto proto, int number)
{
    struct flow *f = pool_get(&r->ast->pool, sizeof *f);

    if (r->nflows == RUN_FLOWS) {
        run_fail(r, "more than %d connections", RUN_FLOWS);
        return r->flows[0];
    }
    f->number = number ?: (int)r->nflows + 1;
    f->proto = proto;
    f->v6 = r->set.v6;
    f->local = r->set.host.local;
    f->remote = r->set.host.remote;
    f->lport = r->set.bind_port;
    f->rport = (uint16_t)(PEER_PORTS + f->number);
    f->sd = -1;
    f->roff = r->o->wrap ? 0xfffffe00u : 0;
    r->flows[r->nflows++] = f;
    return f;
}

static struct flow *by_number(struct run *r, int number)
{
    for (unsigned i = 0; i < r->nflows; i++)
        if (r->flows[i]->number == number)
            return r->flows[i];
    return NULL;
}

struct flow *flows_in(struct run *r, const struct sp *p)
{
    enum sp_proto proto = p->proto == SP_UDP ? SP_UDP : SP_TCP;
    struct flow  *f = p->flow ? by_number(r, p->flow) : r->cur;

    if (!f) {
        f = flows_new(r, proto, p->flow);
        if (r->listener)
            f->lport = r->listener->port;
    }
    r->cur = f;
    return f;
}

struct flow *flows_out(struct run *r, const struct sp *p)
{
    if (p->flow)
        r->cur = by_number(r, p->flow);
    return r->cur;
}

static bool is_of(const struct flow *f, const struct wire_head *h)
{
    enum sp_proto proto = h->protocol == 17 ? SP_UDP : SP_TCP;

    return f->proto == proto && f->v6 == h->v6 && f->rport == h->dport
        && (f->lport == h->sport || f->lport == 0)
        && addr_eq(&f->remote, &h->dst);
}

struct flow *flows_of(struct run *r, const struct wire_head *h)
{
    if (h->protocol != 6 && h->protocol != 17)
        return NULL;
    if (r->cur && is_of(r->cur, h))
        return r->cur;
    for (unsigned i = r->nflows; i > 0; i--)
        if (is_of(r->flows[i - 1], h))
            return r->flows[i - 1];
    return NULL;
}

struct flow *flows_by_peer(struct run *r, const struct cw_sockaddr *peer)
{
    for (unsigned i = r->nflows; i > 0; i--)
        if (r->flows[i - 1]->rport == peer->port
            && addr_eq(&r->flows[i - 1]->remote, &peer->addr))
            return r->flows[i - 1];
    return NULL;
}
