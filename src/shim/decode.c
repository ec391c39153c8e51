/* decode.c: system calls into struct call, replies into a program's memory.
 *
 * Knows the layouts of the kernel's interface and the order in which Linux
 * looks at arguments; nothing of sockets.  A stream's data is never copied
 * here: its send and recv go on natively once they are allowed to.
 */
#include "shim/notify_own.h"

#include "base/check.h"
#include "shim/cmsg.h"
#include "shim/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

enum { SOCK_TYPE = 0xf };

static int64_t timeout_of(int prog, int option)
{
    struct timeval tv = { 0, 0 };
    socklen_t      len = sizeof tv;

    if (getsockopt(prog, SOL_SOCKET, option, &tv, &len) < 0)
        return 0;
    return (int64_t)tv.tv_sec * NS_S + (int64_t)tv.tv_usec * NS_US;
}

/* May it wait, and for how long? */
static void patience(struct call *c, int prog, int option)
{
    c->nonblock = fcntl(prog, F_GETFL) & O_NONBLOCK;
    if (!c->nonblock)
        c->timeout_ns = timeout_of(prog, option);
}

/* As move_addr_to_kernel(). */
static int get_addr(const struct pend *p, uint64_t at, uint64_t len,
                    struct call *c)
{
    int32_t n = (int32_t)len;

    if (n < 0 || (size_t)n > sizeof c->addr)
        return -EINVAL;
    c->addr_len = (uint32_t)n;
    return mem_read(p->tid, at, &c->addr, (size_t)n);
}

static int in_socket(const struct pend *p, struct call *c)
{
    int type = (int)p->args[1];

    c->op = CALL_SOCKET;
    c->a = (int32_t)p->args[0];
    c->b = type & SOCK_TYPE;
    c->c = (int32_t)p->args[2];
    c->fdflags = (uint32_t)(type & ~SOCK_TYPE);
    return c->fdflags & ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK) ? -EINVAL
                                                                  : 0;
}

static int in_accept(const struct pend *p, int prog, struct call *c)
{
    c->op = CALL_ACCEPT;
    c->fdflags = p->nr == SYS_accept4 ? (uint32_t)p->args[3] : 0;
    patience(c, prog, SO_RCVTIMEO);
    return c->fdflags & ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK) ? -EINVAL
                                                                  : 0;
}

static int in_data(const struct pend *p, uint64_t at, uint64_t len,
                   struct call *c, char *buf)
{
    if (len >= CALL_DATA_MAX)
        return -EMSGSIZE;
    c->data = buf;
    c->len = (uint32_t)len;
    return mem_read(p->tid, at, buf, (size_t)len);
}

/* Only a stream's send is a connect(), too: RFC 7413 §4.2.2. */
static bool opens_too(const struct pend *p, const struct call *c)
{
    return !p->gram && c->a & MSG_FASTOPEN;
}

static int in_sendto(const struct pend *p, int prog, struct call *c,
                     char *buf)
{
    const uint64_t most = CALL_DATA_MAX - 1;
    bool           opens;
    int            r = 0;

    c->op = CALL_SEND;
    c->a = (int32_t)p->args[3];
    opens = opens_too(p, c);
    patience(c, prog, SO_SNDTIMEO);
    if (p->gram)
        r = in_data(p, p->args[1], p->args[2], c, buf);
    else if (p->args[4] || opens) /* a stream ignores it, a pair would not */
        r = in_data(p, p->args[1], MIN(p->args[2], most), c, buf);
    if (r == 0 && (p->gram || opens) && p->args[4])
        r = get_addr(p, p->args[4], p->args[5], c);
    return r;
}

static bool is_many(const struct pend *p)
{
    return p->nr == SYS_sendmmsg || p->nr == SYS_recvmmsg;
}

static uint64_t header_at(const struct pend *p)
{
    return p->args[1] + (is_many(p) ? p->i * sizeof(struct mmsghdr) : 0);
}

static int32_t msg_flags(const struct pend *p)
{
    return (int32_t)(is_many(p) ? p->args[3] : p->args[2]);
}

static int get_control(const struct pend *p, const struct msghdr *m,
                       struct call *c)
{
    char bytes[CMSG_TAKE_MAX];
    int  r;

    if (m->msg_controllen > sizeof bytes)
        return -ENOBUFS;
    r = mem_read(p->tid, (uintptr_t)m->msg_control, bytes, m->msg_controllen);
    return r < 0 ? r : cmsg_take(bytes, m->msg_controllen, &c->anc);
}

/* What the kernel refuses before it looks at anything else; how long a
 * datagram may be it knows before it reads. */
static int check_vectors(const struct pend *p, const struct msghdr *m)
{
    ptrdiff_t n = mem_iov_room(p->tid, (uintptr_t)m->msg_iov, m->msg_iovlen);

    if (n < 0)
        return (int)n;
    return p->gram && n > UINT16_MAX ? -EMSGSIZE : 0;
}

static int in_sendmsg(const struct pend *p, int prog, struct call *c,
                      char *buf)
{
    struct msghdr m;
    ptrdiff_t     n;
    bool          opens;
    int           r;

    c->op = CALL_SEND;
    c->a = msg_flags(p);
    opens = opens_too(p, c);
    patience(c, prog, SO_SNDTIMEO);
    r = mem_read(p->tid, header_at(p), &m, sizeof m);
    if (r < 0 || (!p->gram && !opens && !m.msg_name))
        return r;
    if ((p->gram || opens) && m.msg_name && m.msg_namelen)
        r = get_addr(p, (uintptr_t)m.msg_name, m.msg_namelen, c);
    if (r == 0)
        r = check_vectors(p, &m);
    if (r == 0 && p->gram && m.msg_control)
        r = get_control(p, &m, c);
    if (r < 0)
        return r;
    n = mem_gather(p->tid, (uintptr_t)m.msg_iov, m.msg_iovlen, buf,
                   CALL_DATA_MAX - 1);
    if (n < 0)
        return (int)n;
    c->data = buf;
    c->len = (uint32_t)n;
    return 0;
}

static int in_recvfrom(const struct pend *p, int prog, struct call *c)
{
    c->op = CALL_RECV;
    c->a = (int32_t)p->args[3];
    c->room = p->args[2];
    patience(c, prog, SO_RCVTIMEO);
    return 0;
}

static int in_recvmsg(const struct pend *p, int prog, struct call *c)
{
    struct msghdr m;
    ptrdiff_t     n;
    int           r;

    c->op = CALL_RECV;
    c->a = msg_flags(p);
    if (p->i > 0 && c->a & MSG_WAITFORONE)
        c->a |= MSG_DONTWAIT;
    patience(c, prog, SO_RCVTIMEO);
    if (!p->gram && !(c->a & MSG_TRUNC))
        return 0;
    r = mem_read(p->tid, header_at(p), &m, sizeof m);
    if (r < 0)
        return r;
    n = mem_iov_room(p->tid, (uintptr_t)m.msg_iov, m.msg_iovlen);
    c->room = (uint64_t)MAX(n, 0);
    return n < 0 ? (int)n : 0;
}

static int in_option(const struct pend *p, struct call *c, char *buf)
{
    int32_t len = (int32_t)p->args[4];

    c->a = (int32_t)p->args[1];
    c->b = (int32_t)p->args[2];
    if (p->nr == SYS_setsockopt) {
        c->op = CALL_SETOPT;
        return len < 0
            ? -EINVAL
            : in_data(p, p->args[3],
                      len < CALL_OPT_MAX ? (uint64_t)len : CALL_OPT_MAX, c,
                      buf);
    }
    c->op = CALL_GETOPT;
    if (mem_read(p->tid, p->args[4], &len, sizeof len) < 0)
        return -EFAULT;
    c->room = (uint64_t)len;
    return len < 0 ? -EINVAL : 0;
}

int decode_call(const struct pend *p, int prog, struct call *c,
                char buf[static CALL_DATA_MAX])
{
    switch (p->nr) {
    case SYS_socket:
        return in_socket(p, c);
    case SYS_bind:
        c->op = CALL_BIND;
        return get_addr(p, p->args[1], p->args[2], c);
    case SYS_connect:
        c->op = CALL_CONNECT;
        patience(c, prog, SO_SNDTIMEO);
        return get_addr(p, p->args[1], p->args[2], c);
    case SYS_listen:
    case SYS_shutdown:
        c->op = p->nr == SYS_listen ? CALL_LISTEN : CALL_SHUTDOWN;
        c->a = (int32_t)p->args[1];
        return 0;
    case SYS_accept:
    case SYS_accept4:
        return in_accept(p, prog, c);
    case SYS_getsockname:
    case SYS_getpeername:
        c->op = p->nr == SYS_getpeername ? CALL_PEER : CALL_NAME;
        return 0;
    case SYS_setsockopt:
    case SYS_getsockopt:
        return in_option(p, c, buf);
    case SYS_sendto:
        return in_sendto(p, prog, c, buf);
    case SYS_sendmsg:
    case SYS_sendmmsg:
        return in_sendmsg(p, prog, c, buf);
    case SYS_recvfrom:
        return in_recvfrom(p, prog, c);
    case SYS_recvmsg:
    case SYS_recvmmsg:
        return in_recvmsg(p, prog, c);
    case SYS_ioctl:
        c->op = CALL_IOCTL;
        c->a = (int32_t)p->args[1];
        c->room = sizeof(int);
        return 0;
    default:
        return 1;
    }
}

/* ---- answers --------------------------------------------------------------- */

static int64_t out_recvfrom(const struct pend *p, const struct reply *r)
{
    int e = mem_write(p->tid, p->args[1], r->data, r->len);

    if (e == 0 && r->addr_len)
        e = mem_put_addr(p->tid, p->args[4], p->args[5], &r->addr,
                         r->addr_len);
    return e < 0 ? e : r->value;
}

/* Into the room that the program offers; what does not fit is cut. */
static int put_control(const struct pend *p, const struct reply *r,
                       struct msghdr *m)
{
    char   bytes[CMSG_TAKE_MAX];
    size_t room = MIN(m->msg_controllen, sizeof bytes);
    bool   cut = false;

    if (!m->msg_control)
        room = 0;
    m->msg_controllen = cmsg_put(&r->anc, bytes, room, &cut);
    if (cut)
        m->msg_flags |= MSG_CTRUNC;
    return mem_write(p->tid, (uintptr_t)m->msg_control, bytes,
                     m->msg_controllen);
}

static int64_t out_recvmsg(const struct pend *p, const struct reply *r)
{
    struct msghdr m;
    uint64_t      at = header_at(p);
    ptrdiff_t     n;
    int           e = mem_read(p->tid, at, &m, sizeof m);

    if (e < 0)
        return e;
    n = mem_scatter(p->tid, (uintptr_t)m.msg_iov, m.msg_iovlen, r->data,
                    r->len);
    if (n < 0)
        return n;
    if (m.msg_name) {
        e = mem_write(p->tid, (uintptr_t)m.msg_name, &r->addr,
                      MIN(m.msg_namelen, r->addr_len));
        m.msg_namelen = r->addr_len;
    }
    m.msg_flags = r->truncated ? MSG_TRUNC : 0;
    if (r->anc.has & (CW_ANC_ERR | CW_ANC_ERR6))
        m.msg_flags |= MSG_ERRQUEUE;
    if (e == 0)
        e = put_control(p, r, &m);
    if (e == 0)
        e = mem_write(p->tid, at, &m, sizeof m);
    return e < 0 ? e : r->value;
}

static int64_t out_option(const struct pend *p, const struct reply *r)
{
    uint32_t len = r->len;
    int      e = mem_write(p->tid, p->args[3], r->data, len);

    if (e == 0)
        e = mem_write(p->tid, p->args[4], &len, sizeof len);
    return e < 0 ? e : r->value;
}

static int64_t out_many(const struct pend *p, const struct reply *r,
                        int64_t value)
{
    uint32_t len = (uint32_t)value;
    int      e;

    (void)r;
    if (value < 0)
        return value;
    e = mem_write(p->tid, header_at(p) + offsetof(struct mmsghdr, msg_len),
                  &len, sizeof len);
    return e < 0 ? e : value;
}

int64_t encode_reply(const struct pend *p, const struct reply *r)
{
    if (r->value < 0)
        return r->value;
    switch (p->nr) {
    case SYS_accept:
    case SYS_accept4:
    case SYS_getsockname:
    case SYS_getpeername: {
        int e = mem_put_addr(p->tid, p->args[1], p->args[2], &r->addr,
                             r->addr_len);

        return e < 0 ? e : r->value;
    }
    case SYS_recvfrom:
        return out_recvfrom(p, r);
    case SYS_recvmsg:
        return out_recvmsg(p, r);
    case SYS_recvmmsg:
        return out_many(p, r, out_recvmsg(p, r));
    case SYS_sendmmsg:
        return out_many(p, r, r->value);
    case SYS_getsockopt:
        return out_option(p, r);
    case SYS_ioctl: {
        int e = mem_write(p->tid, p->args[2], r->data, r->len);

        return e < 0 ? e : r->value;
    }
    default:
        return r->value;
    }
}
