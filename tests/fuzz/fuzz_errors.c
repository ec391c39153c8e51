/* fuzz_errors.c: IPv4 options and ICMP errors, at sockets that ask for both.
 *
 * Datagrams go out and segments are in flight; the input answers with errors
 * that quote what was really sent, but for what it changes, and with
 * datagrams that carry options.  The program sets options, reads its error
 * queues, and sends what it was told to return.
 */
#include "rig.h"

#include "base/addr.h"
#include "wire/cksum.h"
#include "wire/ipproto.h"

enum { OPS_MAX = 300, ETHER = 14, SOCKS = 4, QUOTE_MAX = 600 };

static struct rig  r;
static struct said s;
static uint8_t     frame[RIG_FRAME_MAX], out[RIG_FRAME_MAX];
static uint8_t     last[2][QUOTE_MAX]; /* packets that we saw: IPv4, IPv6 */
static size_t      last_len[2];
static int         sd[SOCKS];
static struct cw_ip_opts heard;

static void set(int fd, int level, int name, const void *v, size_t len)
{
    (void)cw_setsockopt(r.st, fd, level, name, v, len, r.now);
}

static void set_up(uint8_t seed)
{
    const int on = 1;

    rig_new(&r, 0, seed);
    last_len[0] = last_len[1] = 0;
    heard.len = 0;
    for (int i = 0; i < SOCKS; i++) {
        bool               six = i & 1, stream = i & 2;
        struct cw_sockaddr to = rig_addr(1, six, 9);
        struct cw_sockaddr at = rig_addr(0, six, 7);

        sd[i] = cw_socket(r.st, six ? CW_AF_INET6 : CW_AF_INET,
                          stream ? CW_SOCK_STREAM : CW_SOCK_DGRAM, 0, r.now);
        INVARIANT(sd[i] >= 0 && !cw_bind(r.st, sd[i], &at, r.now));
        set(sd[i], CW_IPPROTO_IP, CW_IP_RECVERR, &on, sizeof on);
        set(sd[i], CW_IPPROTO_IP, CW_IP_RECVOPTS, &on, sizeof on);
        set(sd[i], CW_IPPROTO_IP, CW_IP_RETOPTS, &on, sizeof on);
        set(sd[i], CW_IPPROTO_IPV6, CW_IPV6_RECVERR, &on, sizeof on);
        (void)cw_connect(r.st, sd[i], &to, r.now);
    }
}

static void drain(void)
{
    size_t len;

    while ((len = rig_out(&r, out)) > ETHER) {
        bool six = be16_load(out + 12) == 0x86dd;

        last_len[six] = MIN(len - ETHER, (size_t)QUOTE_MAX);
        memcpy(last[six], out + ETHER, last_len[six]);
    }
}

/* IPv4's options are the input's. */
static uint8_t *begin(bool six, uint8_t proto, size_t len)
{
    size_t   opts = six ? 0 : said8(&s) % 11u * 4;
    uint8_t *p = rig_begin(frame, six, proto, opts, len);

    said_bytes(&s, p, opts);
    return p + opts;
}

static void deliver(const uint8_t *end)
{
    size_t len = (size_t)(end - frame);

    rig_checksums(frame, len);
    rig_in(&r, frame, len);
}

static void op_error(void)
{
    uint8_t  how = said8(&s);
    bool     six = how & 1;
    size_t   n = how & 2 ? last_len[six] : MIN((size_t)64, last_len[six]);
    uint8_t *p = begin(six, six ? PROTO_ICMP6 : PROTO_ICMP4, 8 + n);

    p[0] = how & 4 ? said8(&s) : six ? (uint8_t)(1 + said8(&s) % 4) : 3;
    p[1] = said8(&s) & 15;
    be32_store(p + 4, said16(&s));
    memcpy(p + 8, last[six], n);
    for (unsigned i = how >> 3 & 3; i > 0 && n > 0; i--) {
        size_t at = said8(&s);

        p[8 + at % n] = said8(&s);
    }
    if (how & 32)
        n = said16(&s) % (n + 1);
    deliver(p + 8 + n);
}

static void op_datagram(void)
{
    bool     six = said8(&s) & 1;
    size_t   n = 8 + said8(&s);
    uint8_t *p = begin(six, PROTO_UDP, n);

    be16_store(p, 9);
    be16_store(p + 2, 7);
    be16_store(p + 4, (uint16_t)n);
    deliver(p + n);
}

static void op_recv(void)
{
    static uint8_t buf[2048];
    uint8_t        how = said8(&s);
    struct cw_msg  m = { .buf = buf, .len = how & 4 ? 1 : sizeof buf };

    m.flags = how & 8 ? CW_MSG_ERRQUEUE : 0;
    if (cw_recvmsg(r.st, sd[how & 3], &m, r.now) >= 0
        && (m.anc.has & CW_ANC_RETOPTS))
        heard = m.anc.retopts;
    INVARIANT(heard.len <= sizeof heard.b);
}

static void op_send(void)
{
    static const uint8_t text[1500];
    uint8_t              how = said8(&s);
    struct cw_msg        m = { .len = said16(&s) % 4000u };

    memcpy(&m.buf, (const void *[]){ text }, sizeof m.buf);
    m.len = MIN(m.len, sizeof text);
    if (how & 4) {
        m.anc.has = CW_ANC_RETOPTS;
        m.anc.retopts = heard;
    }
    (void)cw_sendmsg(r.st, sd[how & 3], &m, r.now);
}

static void op_option(void)
{
    static const int names[] = { CW_IP_OPTIONS, CW_IP_MTU_DISCOVER,
                                 CW_IP_RECVERR, CW_IP_TOS };
    uint8_t          how = said8(&s), v[64];
    size_t           n = said_bytes(&s, v, said8(&s) % 49u), room = sizeof v;

    set(sd[how & 3], CW_IPPROTO_IP, names[how >> 2 & 3], v, n);
    (void)cw_getsockopt(r.st, sd[how & 3], CW_IPPROTO_IP, names[how >> 2 & 3],
                        v, &room);
    INVARIANT(room <= sizeof v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const ops[])(void) = { op_error, op_error, op_datagram,
                                         op_recv,  op_send,  op_option };

    s = (struct said){ data, size };
    set_up(said8(&s));
    for (int i = 0; i < OPS_MAX && s.left > 0; i++) {
        uint8_t op = said8(&s);

        drain();
        if (op % 7 < ARRAY_LEN(ops))
            ops[op % 7]();
        else
            rig_wait(&r, (cw_ns)said16(&s) * 1000000);
    }
    for (int i = 0; i < SOCKS; i++)
        cw_close(r.st, sd[i], r.now);
    rig_end(&r);
    return 0;
}
