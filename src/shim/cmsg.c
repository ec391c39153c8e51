/* cmsg.c: control messages between a program's memory and struct cw_anc.
 *
 *   Owns:    their layout (the kernel's: a header of a length, a level and a
 *            type, aligned as size_t) and which of them are right.
 *   Levels that are not those of Internet sockets are passed over, as the
 *   kernel does.  ip(7), ipv6(7), udp(7).
 */
#include "shim/cmsg.h"

#include "base/addr.h"
#include "base/check.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h> /* which wants struct timespec */

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO     104
#endif

/* What stands in the kernel's headers, which clash with libc's. */
struct pktinfo6 {
    uint8_t  addr[16];
    uint32_t index;
};

static int take_udp(int type, const void *data, size_t len,
                    struct cw_anc *out)
{
    if (type != UDP_SEGMENT || len != sizeof out->gso_size)
        return -EINVAL;
    memcpy(&out->gso_size, data, len);
    out->has |= CW_ANC_GSO;
    return 0;
}

static int take_pktinfo(const void *data, size_t len, struct cw_anc *out)
{
    struct in_pktinfo info;

    if (len != sizeof info)
        return -EINVAL;
    memcpy(&info, data, sizeof info);
    out->has |= CW_ANC_PKTINFO;
    out->netif = (uint32_t)info.ipi_ifindex;
    out->addr = addr_from4((const uint8_t *)&info.ipi_spec_dst);
    return 0;
}

/* An int from lo to hi, that becomes a byte. */
static int take_byte(const void *data, size_t len, int lo, uint8_t *out)
{
    int v = 0;

    if (len != sizeof v)
        return -EINVAL;
    memcpy(&v, data, sizeof v);
    if (v < lo || v > 255)
        return -EINVAL;
    *out = (uint8_t)MAX(v, 0); /* -1: the default */
    return 0;
}

static int take_ip(int type, const void *data, size_t len, struct cw_anc *out)
{
    switch (type) {
    case IP_PKTINFO:
        return take_pktinfo(data, len, out);
    case IP_RETOPTS:
        out->has |= CW_ANC_RETOPTS;
        out->retopts.len = (uint8_t)MIN(len, sizeof out->retopts.b);
        memcpy(out->retopts.b, data, out->retopts.len);
        return 0;
    case IP_TTL:
        out->has |= CW_ANC_TTL;
        return take_byte(data, len, 1, &out->ttl);
    case IP_TOS:
        out->has |= CW_ANC_TOS;
        if (len != 1)
            return take_byte(data, len, 0, &out->tos);
        memcpy(&out->tos, data, 1);
        return 0;
    default:
        return -EINVAL;
    }
}

static int take_pktinfo6(const void *data, size_t len, struct cw_anc *out)
{
    struct pktinfo6 info;

    if (len < sizeof info)
        return -EINVAL;
    memcpy(&info, data, sizeof info);
    out->has |= CW_ANC_PKTINFO6;
    out->netif = info.index;
    out->addr = addr_from6(info.addr);
    return 0;
}

static int take_ip6(int type, const void *data, size_t len,
                    struct cw_anc *out)
{
    uint8_t v;
    int     err;

    switch (type) {
    case IPV6_PKTINFO:
        return take_pktinfo6(data, len, out);
    case IPV6_HOPLIMIT:
        out->has |= CW_ANC_HOPLIMIT;
        return take_byte(data, len, -1, &out->ttl);
    case IPV6_TCLASS:
        out->has |= CW_ANC_TCLASS;
        return take_byte(data, len, -1, &out->tos);
    case IPV6_DONTFRAG:
        err = take_byte(data, len, 0, &v);
        if (!err && v > 1)
            err = -EINVAL;
        out->has |= !err && v ? CW_ANC_DONTFRAG : 0u;
        return err;
    default:
        return -EINVAL;
    }
}

static int take_one(const struct cmsghdr *h, const void *data, size_t len,
                    struct cw_anc *out)
{
    switch (h->cmsg_level) {
    case IPPROTO_UDP:
        return take_udp(h->cmsg_type, data, len, out);
    case IPPROTO_IP:
        return take_ip(h->cmsg_type, data, len, out);
    case IPPROTO_IPV6:
        return take_ip6(h->cmsg_type, data, len, out);
    case SOL_SOCKET:
        return -EINVAL; /* descriptors do not cross the network */
    default:
        return 0;
    }
}

int cmsg_take(const void *control, size_t len, struct cw_anc *out)
{
    const char *at = control;

    out->has = 0;
    while (len >= sizeof(struct cmsghdr)) {
        struct cmsghdr h;
        size_t         whole;
        int            err;

        memcpy(&h, at, sizeof h);
        if (h.cmsg_len < sizeof h || h.cmsg_len > len)
            return -EINVAL;
        err = take_one(&h, at + CMSG_LEN(0), h.cmsg_len - CMSG_LEN(0), out);
        if (err)
            return err;
        whole = MIN((size_t)CMSG_ALIGN(h.cmsg_len), len);
        at += whole;
        len -= whole;
    }
    return 0;
}

/* ---- out ------------------------------------------------------------------ */

struct put {
    char  *at;
    size_t room, used;
    bool   cut;
};

/* As put_cmsg() of the kernel: cut where the room ends. */
static void put_one(struct put *p, int level, int type, const void *data,
                    size_t len)
{
    size_t         left = p->room - p->used, take = MIN(CMSG_LEN(len), left);
    struct cmsghdr h = { .cmsg_len = take,
                         .cmsg_level = level,
                         .cmsg_type = type };

    if (left < sizeof h) {
        p->cut = true;
        return;
    }
    p->cut = p->cut || take < CMSG_LEN(len);
    memcpy(p->at + p->used, &h, sizeof h);
    memcpy(p->at + p->used + CMSG_LEN(0), data, take - CMSG_LEN(0));
    p->used += MIN(CMSG_SPACE(len), left);
}

static void put_pktinfo(struct put *p, const struct cw_anc *anc)
{
    struct in_pktinfo info = { .ipi_ifindex = (int)anc->netif };

    memcpy(&info.ipi_addr, anc->addr.b + 12, 4);
    memcpy(&info.ipi_spec_dst, anc->spec.b + 12, 4);
    put_one(p, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

static void put_pktinfo6(struct put *p, const struct cw_anc *anc)
{
    struct pktinfo6 info = { .index = anc->netif };

    memcpy(info.addr, anc->addr.b, 16);
    put_one(p, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

static void put_number(struct put *p, int level, int type, int v)
{
    put_one(p, level, type, &v, sizeof v);
}

/* struct sock_extended_err, and behind it who sent the message. */
struct ee4 {
    struct sock_extended_err ee;
    struct sockaddr_in       offender;
};

struct ee6 {
    struct sock_extended_err ee;
    struct sockaddr_in6      offender;
};

static struct sock_extended_err ee_of(const struct cw_err *e)
{
    return (struct sock_extended_err){ .ee_errno = e->error,
                                       .ee_origin = e->origin,
                                       .ee_type = e->type,
                                       .ee_code = e->code,
                                       .ee_info = e->info };
}

static void put_error(struct put *p, const struct cw_err *e)
{
    struct ee4 out = { .ee = ee_of(e) };

    if (e->origin != SO_EE_ORIGIN_LOCAL) {
        out.offender.sin_family = AF_INET;
        memcpy(&out.offender.sin_addr, e->offender.b + 12, 4);
    }
    put_one(p, IPPROTO_IP, IP_RECVERR, &out, sizeof out);
}

static void put_error6(struct put *p, const struct cw_err *e)
{
    struct ee6 out = { .ee = ee_of(e) };

    if (e->origin != SO_EE_ORIGIN_LOCAL) {
        out.offender.sin6_family = AF_INET6;
        memcpy(&out.offender.sin6_addr, e->offender.b, 16);
    }
    put_one(p, IPPROTO_IPV6, IPV6_RECVERR, &out, sizeof out);
}

/* In the kernel's order. */
static void put_header(struct put *p, const struct cw_anc *anc)
{
    if (anc->has & CW_ANC_TTL)
        put_number(p, IPPROTO_IP, IP_TTL, anc->ttl);
    if (anc->has & CW_ANC_TOS)
        put_one(p, IPPROTO_IP, IP_TOS, &anc->tos, 1);
    if (anc->has & CW_ANC_OPTS)
        put_one(p, IPPROTO_IP, IP_RECVOPTS, anc->opts.b, anc->opts.len);
    if (anc->has & CW_ANC_RETOPTS)
        put_one(p, IPPROTO_IP, IP_RETOPTS, anc->retopts.b, anc->retopts.len);
    if (anc->has & CW_ANC_HOPLIMIT)
        put_number(p, IPPROTO_IPV6, IPV6_HOPLIMIT, anc->ttl);
    if (anc->has & CW_ANC_TCLASS)
        put_number(p, IPPROTO_IPV6, IPV6_TCLASS, anc->tos);
}

size_t cmsg_put(const struct cw_anc *anc, void *control, size_t room,
                bool *cut)
{
    struct put p = { .at = control, .room = room };
    int        size = anc->gso_size;

    memset(control, 0, room);
    if (anc->has & CW_ANC_PKTINFO6)
        put_pktinfo6(&p, anc);
    if (anc->has & CW_ANC_PKTINFO)
        put_pktinfo(&p, anc);
    put_header(&p, anc);
    if (anc->has & CW_ANC_ERR)
        put_error(&p, &anc->err);
    if (anc->has & CW_ANC_ERR6)
        put_error6(&p, &anc->err);
    if (anc->has & CW_ANC_GSO)
        put_one(&p, IPPROTO_UDP, UDP_GRO, &size, sizeof size);
    *cut = p.cut;
    return p.used;
}
