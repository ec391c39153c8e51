/* fuzz_frames.c: any frames into a stack with live connections.
 *
 * The input plays the peer and the network: raw frames, segments that fit a
 * connection but for what the input changes, fragments, time, and the calls
 * of the program.  However it ends, the program closes; then everything must
 * end and no memory may be in use.
 */
#include "rig.h"

#include "wire/ipproto.h"

enum {
    CONNS = 4,
    SOCKS = 16,
    OUR_ISN = 1000,
    ETHER = 14,
    OPS_MAX = 400,
};

/* A connection as its peer sees it. */
struct conn {
    bool     six;
    uint16_t port, peer_port; /* the stack's, ours */
    uint32_t isn;             /* the stack's, once it has told */
};

struct fuzz {
    struct rig  r;
    struct said s;
    struct conn conns[CONNS];
    int         sd[SOCKS];
    unsigned    nsd;
    uint8_t     frame[RIG_FRAME_MAX], out[RIG_FRAME_MAX];
};

static struct fuzz fuzz;

/* ---- frames ----------------------------------------------------------------------- */

static void deliver(struct fuzz *f, size_t len, bool mend)
{
    if (mend)
        rig_checksums(f->frame, len);
    rig_in(&f->r, f->frame, len);
}

struct segment {
    uint32_t seq, ack;         /* relative to the first numbers */
    uint8_t  flags, ae, field; /* field: of IP, about marks */
    uint16_t wnd, up;
    uint8_t  opts[40];
    size_t   nopts, text;
};

static void send_segment(struct fuzz *f, const struct conn *c,
                         const struct segment *g)
{
    size_t   hdr = 20 + (g->nopts + 3) / 4 * 4;
    uint8_t *p = rig_begin(f->frame, c->six, PROTO_TCP, 0, hdr + g->text);

    memset(p, 0, hdr + g->text);
    f->frame[ETHER + 1] = (uint8_t)(c->six ? g->field << 4 : g->field);
    be16_store(p, c->peer_port);
    be16_store(p + 2, c->port);
    be32_store(p + 4, OUR_ISN + g->seq);
    be32_store(p + 8, c->isn + g->ack);
    p[12] = (uint8_t)(hdr / 4 << 4 | g->ae);
    p[13] = g->flags;
    be16_store(p + 14, g->wnd);
    be16_store(p + 18, g->up);
    memcpy(p + 20, g->opts, g->nopts);
    deliver(f, (size_t)(p - f->frame) + hdr + g->text, true);
}

/* The stack's first sequence number stands in its SYN. */
static void look(struct fuzz *f, size_t len)
{
    const uint8_t *p = f->out + ETHER;
    bool           six = be16_load(f->out + 12) == 0x86dd;
    size_t         hdr = six ? 40 : 20;

    if (len < ETHER + hdr + 20 || (six ? p[6] : p[9]) != PROTO_TCP
        || !(p[hdr + 13] & 2))
        return;
    for (int i = 0; i < CONNS; i++)
        if (f->conns[i].six == six
            && f->conns[i].peer_port == be16_load(p + hdr + 2)) {
            f->conns[i].isn = be32_load(p + hdr + 4);
            f->conns[i].port = be16_load(p + hdr);
        }
}

static void drain(struct fuzz *f)
{
    size_t len;

    while ((len = rig_out(&f->r, f->out)) > 0)
        look(f, len);
}

/* ---- the live connections ------------------------------------------------------------ */

static void add(struct fuzz *f, int sd)
{
    if (sd >= 0 && f->nsd < SOCKS)
        f->sd[f->nsd++] = sd;
    else if (sd >= 0)
        cw_close(f->r.st, sd, f->r.now);
}

static int listener(struct fuzz *f, bool six, uint16_t port)
{
    struct cw_sockaddr at = rig_addr(0, six, port);
    int                sd = cw_socket(f->r.st, six ? CW_AF_INET6 : CW_AF_INET,
                                      CW_SOCK_STREAM, 0, f->r.now);

    INVARIANT(sd >= 0 && cw_bind(f->r.st, sd, &at, f->r.now) == 0
              && cw_listen(f->r.st, sd, 4, f->r.now) == 0);
    add(f, sd);
    return sd;
}

/* Over IPv6 it has accurate ECN: RFC 9768. */
static void open_passive(struct fuzz *f, int i, int sd, bool whole)
{
    static const uint8_t opts[] = { 2, 4, 5, 180, 4, 2, 3, 3, 7 };
    bool                 ecn = f->conns[i].six;
    struct segment g = { .flags = 2, .wnd = 65535, .nopts = sizeof opts };

    if (ecn) {
        g.flags |= 0xc0;
        g.ae = 1;
    }

    memcpy(g.opts, opts, sizeof opts);
    send_segment(f, &f->conns[i], &g);
    drain(f);
    if (!whole)
        return;
    g = (struct segment){ .seq = 1, .ack = 1, .flags = 16, .wnd = 500 };
    g.flags |= ecn ? 0x80 : 0;
    send_segment(f, &f->conns[i], &g);
    drain(f);
    add(f, cw_accept(f->r.st, sd, NULL, f->r.now));
}

static void open_active(struct fuzz *f, int i)
{
    struct cw_sockaddr to = rig_addr(1, false, f->conns[i].peer_port);
    int sd = cw_socket(f->r.st, CW_AF_INET, CW_SOCK_STREAM, 0, f->r.now);

    INVARIANT(sd >= 0);
    cw_connect(f->r.st, sd, &to, f->r.now);
    add(f, sd);
    drain(f);
}

static void open_datagrams(struct fuzz *f)
{
    struct cw_sockaddr at = rig_addr(0, false, 53);
    struct cw_sockaddr to = rig_addr(1, true, 54);
    int four = cw_socket(f->r.st, CW_AF_INET, CW_SOCK_DGRAM, 0, f->r.now);
    int six = cw_socket(f->r.st, CW_AF_INET6, CW_SOCK_DGRAM, 0, f->r.now);

    INVARIANT(four >= 0 && six >= 0);
    INVARIANT(cw_bind(f->r.st, four, &at, f->r.now) == 0);
    INVARIANT(cw_connect(f->r.st, six, &to, f->r.now) == 0);
    add(f, four);
    add(f, six);
}

static void set_up(struct fuzz *f, uint8_t seed)
{
    int four, six;

    rig_new(&f->r, 0, seed);
    f->nsd = 0;
    f->conns[0] = (struct conn){ .port = 80, .peer_port = 1001 };
    f->conns[1] = (struct conn){ .six = true, .port = 81, .peer_port = 1002 };
    f->conns[2] = (struct conn){ .peer_port = 1003 };
    f->conns[3] = (struct conn){ .port = 80, .peer_port = 1004 };
    four = listener(f, false, 80);
    six = listener(f, true, 81);
    open_passive(f, 0, four, true);
    open_passive(f, 1, six, true);
    open_active(f, 2);
    open_passive(f, 3, four, false);
    open_datagrams(f);
}

/* ---- what the input says --------------------------------------------------------------- */

static void put_accecn(struct fuzz *f, struct segment *g)
{
    uint8_t how = said8(&f->s), len = how >> 1 & 15;

    g->nopts = 2u + said_bytes(&f->s, g->opts + 2, len);
    g->opts[0] = how & 1 ? 172 : 174;
    g->opts[1] = (uint8_t)g->nopts;
}

static void op_segment(struct fuzz *f)
{
    const struct conn *c = &f->conns[said8(&f->s) % CONNS];
    struct segment     g = { .seq = (uint32_t)(int16_t)said16(&f->s),
                             .ack = (uint32_t)(int16_t)said16(&f->s) };
    uint8_t            how = said8(&f->s);

    g.flags = said8(&f->s);
    g.wnd = said16(&f->s);
    if (how & 1)
        g.up = said16(&f->s);
    if (how & 2)
        g.seq = g.seq << 16 | said16(&f->s);
    if (how & 4)
        g.ack = g.ack << 16 | said16(&f->s);
    if (how & 8)
        g.nopts = said_bytes(&f->s, g.opts, said8(&f->s) % 41u);
    if (how & 16)
        g.text = said16(&f->s) % 1400u;
    if (how & 32) {
        g.field = said8(&f->s);
        g.ae = g.field >> 2 & 1;
        g.field &= 3;
    }
    if (how & 64) /* an option that may be accurate ECN's */
        put_accecn(f, &g);
    send_segment(f, c, &g);
}

static void op_raw(struct fuzz *f)
{
    uint8_t how = said8(&f->s);
    size_t  n = said_bytes(&f->s, f->frame, said16(&f->s) % RIG_FRAME_MAX);
    struct cw_mac to = rig_mac(0);

    if ((how & 1) && n >= 6)
        memcpy(f->frame, to.b, 6);
    deliver(f, n, how & 2);
}

/* UDP, ICMP, fragments, extension headers: the protocol and what is in it. */
static void op_packet(struct fuzz *f)
{
    static const uint8_t protos[] = { PROTO_UDP,     PROTO_ICMP4,
                                      PROTO_ICMP6,   PROTO_FRAGMENT,
                                      PROTO_HOPOPTS, PROTO_DSTOPTS,
                                      PROTO_ROUTING, PROTO_TCP };
    uint8_t              how = said8(&f->s);
    uint16_t             fragment = said16(&f->s);
    size_t               n = said16(&f->s) % 1400u;
    uint8_t *p = rig_begin(f->frame, how & 1, protos[how >> 1 & 7], 0, n);

    memset(p, 0, n);
    said_bytes(&f->s, p, n);
    if (!(how & 1) && (how & 16)) {
        be16_store(f->frame + ETHER + 4, 7); /* one datagram's */
        be16_store(f->frame + ETHER + 6, fragment & 0x3fff);
    }
    deliver(f, (size_t)(p - f->frame) + n, !(how & 32));
}

static void op_call(struct fuzz *f)
{
    uint8_t        what = said8(&f->s);
    unsigned       i = said8(&f->s) % f->nsd;
    size_t         n = said8(&f->s) * 8u;
    static uint8_t buf[2048];
    int            value = said8(&f->s), sd = f->sd[i];
    struct rig    *r = &f->r;

    switch (what % 7) {
    case 0:
        cw_send(r->st, sd, buf, n, what >> 4, r->now);
        break;
    case 1:
        cw_recv(r->st, sd, buf, n, what >> 4, r->now);
        break;
    case 2:
        cw_shutdown(r->st, sd, value % 3, r->now);
        break;
    case 3:
        add(f, cw_accept(r->st, sd, NULL, r->now));
        break;
    case 4:
        cw_setsockopt(r->st, sd, CW_SOL_SOCKET, value, &value, sizeof value,
                      r->now);
        break;
    case 5:
        if (f->nsd > 1) {
            cw_close(r->st, sd, r->now);
            f->sd[i] = f->sd[--f->nsd];
        }
        break;
    default:
        cw_ready_next(r->st);
        cw_ready(r->st, sd);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz *f = &fuzz;

    f->s = (struct said){ data, size };
    set_up(f, said8(&f->s));
    for (int i = 0; i < OPS_MAX && f->s.left > 0; i++) {
        uint8_t op = said8(&f->s);

        if (op % 8 < 3)
            op_segment(f);
        else if (op % 8 == 3)
            op_raw(f);
        else if (op % 8 == 4)
            op_packet(f);
        else if (op % 8 == 5)
            rig_wait(&f->r, (cw_ns)said16(&f->s) * 1000000);
        else
            op_call(f);
        if (op & 128)
            drain(f);
    }
    while (f->nsd > 0)
        cw_close(f->r.st, f->sd[--f->nsd], f->r.now);
    rig_end(&f->r);
    return 0;
}
