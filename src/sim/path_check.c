/* path_check.c: what must hold on a path, too: the oracles of random and small
 * worlds (oracle.c, oracle_conn.c) watch its senders between events, and at
 * the end all memory comes back.
 *
 *   Owns:      the goodbye: sockets are reset, what is on the link is thrown
 *              away, and time goes on until nothing is remembered.
 *   Does not   know what was lost: path_watch.c does.
 */
#include "sim/path_own.h"

/* What hosts remember: TIME-WAIT, a neighbour that does not answer. */
#define GOODBYE (600 * NS_S)

static void on_event(void *ctx, const struct cw_event *e)
{
    struct path *p = ctx;

    p->judge.now = path_clock(p);
    if (e->kind == EV_STATE || e->kind == EV_TIMER_FIRE)
        oracle_event(&p->judge, e);
}

void check_init(struct path *p)
{
    p->judge.res = &p->verdict;
    p->judge.opt.profile = (int)p->spec.profile;
    p->judge.brief = true;
    p->judge.step = p->spec.tick;
    p->verdict.ok = true;
}

/* The stack of host i shall tell. */
void check_config(struct path *p, struct cw_config *c)
{
    c->on_event = on_event;
    c->event_ctx = p;
}

/* Something has happened to this host. */
void check_host(struct path *p, unsigned host)
{
    struct cw_sock_row row;

    p->judge.now = path_clock(p);
    if (host == p->spec.flows)
        return;
    if (cw_snapshot_socks(p->host[host].st, &row, 1, path_clock(p)) > 0)
        oracle_conn(&p->judge, host + 1, &row);
    if (!p->verdict.ok)
        path_fail(p, "%s", p->verdict.error);
}

static void reset(struct path *p, struct path_host *h, int sd)
{
    const struct cw_linger at_once = { 1, 0 };

    if (sd < 0)
        return;
    cw_setsockopt(h->st, sd, CW_SOL_SOCKET, CW_SO_LINGER, &at_once,
                  sizeof at_once, path_clock(p));
    cw_close(h->st, sd, path_clock(p));
}

static void drain(struct path *p, struct path_host *h)
{
    unsigned n;

    while ((n = cw_stack_output(h->st, p->burst, PATH_BURST, path_clock(p)))
           > 0)
        for (unsigned i = 0; i < n; i++)
            cw_pkt_free(&p->burst[i]);
}

/* All is over; the link is gone already, and its packets with it. */
void check_end(struct path *p)
{
    struct path_host *r = &p->host[p->spec.flows];

    for (unsigned i = 0; i < p->spec.flows; i++) {
        check_host(p, i);
        if (p->host[i].start == NS_NEVER)
            reset(p, &p->host[i], p->host[i].sd);
        reset(p, r, p->sd[i]);
    }
    reset(p, r, r->sd);
    for (unsigned i = 0; i < p->nhosts; i++)
        drain(p, &p->host[i]);
    p->now = ns_add(p->now, GOODBYE);
    for (unsigned i = 0; i < p->nhosts; i++) {
        size_t left;

        cw_stack_advance(p->host[i].st, path_clock(p));
        drain(p, &p->host[i]);
        left = cw_stack_memory_used(p->host[i].st);
        if (left != 0)
            path_fail(p, "host %u: %u bytes of memory not given back", i + 1,
                      (unsigned)left);
    }
}
