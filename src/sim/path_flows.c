/* path_flows.c: the programs of a path: senders that always have more, or as
 * much as was asked for; a receiver that reads at once.
 */
#include "sim/path_own.h"

bool path_fail(struct path *p, const char *format, ...)
{
    struct fmt f = fmt_of(p->res->error, sizeof p->res->error);
    va_list    ap;

    if (!p->res->ok)
        return false; /* the first one counts */
    p->res->ok = false;
    va_start(ap, format);
    fmt_v(&f, format, ap);
    va_end(ap);
    return false;
}

cw_ns path_clock(const struct path *p)
{
    return p->spec.tick > 1 ? p->now - p->now % p->spec.tick : p->now;
}

static struct path_host *receiver(struct path *p)
{
    return &p->host[p->spec.flows];
}

static int stream(struct path *p, struct path_host *h)
{
    int family = p->spec.v6 ? CW_AF_INET6 : CW_AF_INET;
    int sd = cw_socket(h->st, family, CW_SOCK_STREAM, 0, path_clock(p));

    if (sd < 0)
        path_fail(p, "socket() answers %d", sd);
    return sd;
}

void flows_listen(struct path *p)
{
    struct path_host  *h = receiver(p);
    struct cw_sockaddr a = { .addr = h->addr, .port = PATH_PORT };

    h->sd = stream(p, h);
    if (cw_bind(h->st, h->sd, &a, path_clock(p)) < 0
        || cw_listen(h->st, h->sd, PATH_FLOWS_MAX, path_clock(p)) < 0)
        path_fail(p, "the receiver cannot listen");
    for (unsigned i = 0; i < PATH_FLOWS_MAX; i++)
        p->sd[i] = -1;
}

void flows_connect(struct path *p, unsigned flow)
{
    struct path_host  *h = &p->host[flow];
    struct cw_sockaddr a = { .addr = receiver(p)->addr, .port = PATH_PORT };

    h->start = NS_NEVER;
    h->sd = stream(p, h);
    if (cw_connect(h->st, h->sd, &a, path_clock(p)) != -CW_EINPROGRESS)
        path_fail(p, "flow %u cannot connect", flow + 1);
}

/* ---- the receiver --------------------------------------------------------- */

static void accept_all(struct path *p, struct path_host *h)
{
    struct cw_sockaddr peer;
    int                sd;

    while ((sd = cw_accept(h->st, h->sd, &peer, path_clock(p))) >= 0)
        for (unsigned i = 0; i < p->spec.flows; i++)
            if (addr_eq(&p->host[i].addr, &peer.addr))
                p->sd[i] = sd;
}

static void read_all(struct path *p, struct path_host *h, unsigned flow)
{
    struct path_flow *f = &p->res->flow[flow];
    ptrdiff_t         n;

    while ((n = cw_recv(h->st, p->sd[flow], p->chunk, PATH_CHUNK, 0,
                        path_clock(p)))
           > 0)
        f->bytes += (uint64_t)n;
    if (n != 0 && n != -CW_EAGAIN)
        path_fail(p, "flow %u: recv() answers %d", flow + 1, (int)n);
    if (p->spec.bytes == 0 || f->done != NS_NEVER || f->bytes < p->spec.bytes)
        return;
    f->done = p->now;
    p->done++;
    if (f->bytes > p->spec.bytes)
        path_fail(p, "flow %u: more bytes than were sent", flow + 1);
}

static void serve_receiver(struct path *p, struct path_host *h)
{
    int      sd;
    unsigned flow = 0;

    while ((sd = cw_ready_next(h->st)) >= 0) {
        if (sd == h->sd)
            accept_all(p, h);
        for (unsigned i = 0; i < p->spec.flows; i++) {
            flow = flow + 1 < p->spec.flows ? flow + 1 : 0;
            if (p->sd[flow] == sd)
                break;
        }
        if (p->sd[flow] == sd)
            read_all(p, h, flow);
    }
}

/* ---- a sender ------------------------------------------------------------- */

static void pour(struct path *p, struct path_host *h)
{
    ptrdiff_t n;

    if (h->finished || !(cw_ready(h->st, h->sd) & CW_POLLOUT))
        return;
    for (;;) {
        size_t len = PATH_CHUNK;

        if (p->spec.bytes)
            len = (size_t)MIN(p->spec.bytes - h->sent, (uint64_t)PATH_CHUNK);
        if (len == 0)
            break;
        n = cw_send(h->st, h->sd, p->chunk, len, 0, path_clock(p));
        if (n == -CW_EAGAIN)
            return;
        if (n < 0) {
            path_fail(p, "flow %u: send() answers %d",
                      (unsigned)(h - p->host) + 1, (int)n);
            return;
        }
        h->sent += (uint64_t)n;
    }
    h->finished = true;
    cw_shutdown(h->st, h->sd, CW_SHUT_WR, path_clock(p));
}

void flows_serve(struct path *p, unsigned host)
{
    struct path_host *h = &p->host[host];
    bool              heard = false;

    if (h == receiver(p)) {
        serve_receiver(p, h);
        return;
    }
    while (cw_ready_next(h->st) >= 0)
        heard = true;
    if (heard)
        pour(p, h);
}
