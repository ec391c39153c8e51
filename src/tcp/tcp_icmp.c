/* tcp_icmp.c: what an ICMP error does to a connection.
 *
 *   Owns:    whether a message is about something in flight (RFC 5927 §4.1,
 *            against whoever is not on the path), and whether it ends a
 *            connection (RFC 9293 §3.9.2.2, RFC 5461).
 *   Does not change segment sizes: tcp_mtu.c, once the network layer has
 *            learned the path's MTU.  Source quench never comes here (RFC
 *            6633, MUST-55).
 */
#include "tcp/tcb.h"

/* RFC5927-4.1-a */
static bool about_flight(const struct tcp *t, const struct net_error *e)
{
    return !e->has_seq
        || (seq_le(t->snd.una, seq_of(e->seq))
            && seq_lt(seq_of(e->seq), t->snd.nxt));
}

/* One that is just opening fails fast (RFC 5461 §4.1) where the letter does
 * not forbid it (MUST-56).  SHLD-26: hard errors end one that is there; RFC
 * 5461 §2 and RFC 5927 §5.2 advise against it, as anybody can forge them. */
static bool is_fatal(const struct tcp *t, const struct net_error *e)
{
    const struct knobs *k = tcp_knobs(t);
    bool hard = e->kind == NET_ERR_PROTO || e->kind == NET_ERR_PORT;

    if (t->state & TCPS_OPENING)
        return hard || !k->soft_waits;
    return hard && k->hard_aborts;
}

/* MUST-47, SHLD-25: who asked (IP_RECVERR) hears of it at once, everybody
 * when the connection is given up. */
static void soft_error(struct tcp *t, const struct net_error *e)
{
    env_count(tcp_env(t), COUNT_TCP_ICMP_SOFT);
    t->soft_error = e->error;
    if (!t->opts.recverr) /* SHLD-20 */
        return;
    t->error = e->error;
    tcp_wake(t);
}

static void to_connection(struct tcp *t, const struct net_error *e)
{
    if (e->kind == NET_ERR_TOOBIG) {
        t->soft_error = e->error; /* in case it does not recover */
        tcp_due(t, DUE_OUTPUT);   /* by then the network layer knows */
    } else if (is_fatal(t, e)) {
        t->error = e->error;
        tcp_fast_blame(t);
        tcp_enter(t, TCPS_CLOSED, WHY_UNREACHABLE);
    } else {
        soft_error(t, e);
    }
}

/* The SYN-ACK did not arrive.  A port or a protocol cannot be missing where a
 * SYN came from. */
static void to_embryo(struct tcp_embryo *m, const struct net_error *e)
{
    bool gone = e->kind == NET_ERR_NET || e->kind == NET_ERR_HOST
        || e->kind == NET_ERR_TTL || e->kind == NET_ERR_PARAM;

    if (gone && !m->listener->host->env->knobs->soft_waits)
        tcp_embryo_drop(m, WHY_UNREACHABLE);
}

/* MUST-54: the connection that the quoted header names. */
bool tcp_error(void *host, const struct net_error *e)
{
    struct tcp_host *h = host;
    struct flowkey   key = { .local = e->local,
                             .remote = e->remote,
                             .lport = e->lport,
                             .rport = e->rport,
                             .scope = e->scope };
    struct flownode *n = flowtab_find(&h->flows, &key);
    bool             ours = false;

    if (!n || n->kind == NODE_TIMEWAIT)
        return false;
    if (n->kind == NODE_TCP)
        ours = about_flight(container_of(n, struct tcp, node), e);
    else if (n->kind == NODE_EMBRYO)
        ours = e->seq == container_of(n, struct tcp_embryo, node)->iss.v;
    if (!ours) {
        env_count(h->env, COUNT_TCP_ICMP_OUT_OF_WINDOW);
        return false;
    }
    if (n->kind == NODE_TCP)
        to_connection(container_of(n, struct tcp, node), e);
    else
        to_embryo(container_of(n, struct tcp_embryo, node), e);
    return true;
}
