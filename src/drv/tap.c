/* tap.c: frames to and from the kernel through /dev/net/tun.
 *
 *   Owns:      the device's descriptor; the virtio-net header in front of
 *              each frame.  In: a super-segment is cut here, a checksum that
 *              the kernel left open is completed, or an ICMP error would
 *              quote it.  Out: a checksum that the stack left open is left
 *              to the kernel.
 *   Does not   block, ever; wait; give the device an address or set it up.
 *   Invariant: a frame that cannot be taken at once is dropped and counted,
 *              as a network would do.
 *
 * The kernel promises of super-segments only what TUNSETOFFLOAD was told, so
 * there are none of UDP.
 */
#include "drv/tap.h"

#include "base/check.h"
#include "base/compiler.h"
#include "wire/cut.h"
#include "wire/udphdr.h"

#include <causeway/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FRAME_MAX = 14 + 65535 };

struct tap {
    struct cw_driver driver;
    int              fd;
    char             name[IFNAMSIZ];
    uint64_t         dropped;
    struct cut       cut; /* of what lies in `frame` */
    bool             cutting;
    uint8_t          frame[FRAME_MAX];
};

static struct tap *tap_of(const struct cw_driver *d)
{
    return container_of(d, struct tap, driver);
}

/* ---- in ---------------------------------------------------------------------- */

static bool buffers(struct tap *t, cw_stack *stack, struct cw_pkt *pkt,
                    uint32_t len)
{
    memset(pkt, 0, sizeof *pkt);
    INVARIANT(len > 0 && len <= CW_FRAGS_MAX * (uint32_t)CW_BUF_MAX);
    while (pkt->len < len) {
        uint32_t       n = MIN(len - pkt->len, (uint32_t)CW_BUF_MAX);
        struct cw_buf *b = cw_buf_new(stack, n);

        if (!b) {
            cw_pkt_free(pkt);
            t->dropped++;
            return false;
        }
        pkt->frags[pkt->nfrags++] = (struct cw_frag){ .buf = b, .len = n };
        pkt->len += n;
    }
    return true;
}

/* What the kernel calls partial: the pseudo-header's sum stands there. */
static void complete_checksum(struct tap *t, const struct virtio_net_hdr *h,
                              uint32_t len)
{
    const uint8_t *from = t->frame + h->csum_start;

    be16_store(t->frame + h->csum_start + h->csum_offset,
               udphdr_cksum(cksum_add(0, from, len - h->csum_start)));
}

static bool whole_frame(struct tap *t, cw_stack *stack,
                        const struct virtio_net_hdr *h, uint32_t len,
                        struct cw_pkt *pkt)
{
    const uint8_t *from = t->frame;

    if (!buffers(t, stack, pkt, len))
        return false;
    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        complete_checksum(t, h, len);
        pkt->csum_state = CW_CSUM_VERIFIED;
    }
    for (unsigned i = 0; i < pkt->nfrags; i++) {
        memcpy(pkt->frags[i].buf->data, from, pkt->frags[i].len);
        from += pkt->frags[i].len;
    }
    return true;
}

/* The next segment of the super-segment in t->frame.  One that finds no
 * buffer is lost alone. */
static bool segment(struct tap *t, cw_stack *stack, struct cw_pkt *pkt)
{
    uint8_t  scratch[CW_BUF_MAX];
    uint32_t len = (uint32_t)cut_next_len(&t->cut);
    bool     ok = buffers(t, stack, pkt, len);

    INVARIANT(len <= CW_BUF_MAX); /* take_frame() looked */
    cut_next(&t->cut, ok ? pkt->frags[0].buf->data : scratch);
    t->cutting = cut_next_len(&t->cut) > 0;
    pkt->csum_state = CW_CSUM_VERIFIED;
    return ok;
}

/* What the header says must lie within the frame. */
static bool header_ok(const struct virtio_net_hdr *h, uint32_t len)
{
    uint32_t end = (uint32_t)h->csum_start + h->csum_offset + 2u;

    return !(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || end <= len;
}

/* A frame was read: is there a packet already? */
static bool take_frame(struct tap *t, cw_stack *stack,
                       const struct virtio_net_hdr *h, uint32_t len,
                       struct cw_pkt *pkt)
{
    struct span frame = span_of(t->frame, len);

    if (!header_ok(h, len)) {
        t->dropped++;
        return false;
    }
    if (h->gso_type == VIRTIO_NET_HDR_GSO_NONE)
        return whole_frame(t, stack, h, len, pkt);
    if (!cut_begin(&t->cut, frame, h->csum_start, h->gso_size)
        || cut_next_len(&t->cut) > CW_BUF_MAX) {
        t->dropped++;
        return false;
    }
    t->cutting = true;
    return segment(t, stack, pkt);
}

static int tap_recv(struct cw_driver *d, cw_stack *stack, struct cw_pkt *pkts,
                    unsigned max)
{
    struct tap *t = tap_of(d);
    unsigned    n = 0;

    while (n < max) {
        struct virtio_net_hdr h;
        struct iovec iov[2] = { { &h, sizeof h }, { t->frame, FRAME_MAX } };
        ssize_t      got;

        if (t->cutting) {
            n += segment(t, stack, &pkts[n]);
            continue;
        }
        got = readv(t->fd, iov, 2);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return n ? (int)n : -CW_ENETUNREACH; /* the device was removed */
        if (got < 0)
            break;
        if ((size_t)got > sizeof h)
            n += take_frame(t, stack, &h, (uint32_t)((size_t)got - sizeof h),
                            &pkts[n]);
    }
    return (int)n;
}

/* ---- out --------------------------------------------------------------------- */

static bool transmit(struct tap *t, const struct cw_pkt *pkt)
{
    struct virtio_net_hdr h = { .gso_type = VIRTIO_NET_HDR_GSO_NONE };
    struct iovec          iov[1 + CW_FRAGS_MAX] = { { &h, sizeof h } };

    INVARIANT(pkt->gso_size == 0 && pkt->nfrags <= CW_FRAGS_MAX);
    if (pkt->csum_state == CW_CSUM_PARTIAL) {
        h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h.csum_start = pkt->csum_start;
        h.csum_offset = pkt->csum_off;
    }
    for (unsigned i = 0; i < pkt->nfrags; i++) {
        const struct cw_frag *f = &pkt->frags[i];

        iov[1 + i] = (struct iovec){ f->buf->data + f->off, f->len };
    }
    return writev(t->fd, iov, 1 + pkt->nfrags) >= 0;
}

static unsigned tap_send(struct cw_driver *d, struct cw_pkt *pkts, unsigned n)
{
    struct tap *t = tap_of(d);

    for (unsigned i = 0; i < n; i++) {
        t->dropped += !transmit(t, &pkts[i]);
        cw_pkt_free(&pkts[i]);
    }
    return n;
}

/* ---- the device -------------------------------------------------------------- */

static int tap_fd(const struct cw_driver *d)
{
    return tap_of(d)->fd;
}

static void tap_close(struct cw_driver *d)
{
    close(tap_of(d)->fd);
    free(tap_of(d));
}

static const struct cw_driver_ops tap_ops = {
    .name = "tap",
    .recv = tap_recv,
    .send = tap_send,
    .wait_fd = tap_fd,
    .close = tap_close,
};

static bool no_tun(int error, const char *name, char why[TAP_WHY_MAX])
{
    if (error == ENOENT || error == ENODEV || error == ENXIO)
        snprintf(why, TAP_WHY_MAX,
                 "tap:%s: this system has no /dev/net/tun: `modprobe tun` "
                 "loads it; a container needs --device /dev/net/tun",
                 name);
    else
        snprintf(why, TAP_WHY_MAX,
                 "tap:%s: /dev/net/tun: %s. Once: sudo chmod a+rw "
                 "/dev/net/tun && sudo ip tuntap add dev %s mode tap user "
                 "$USER && sudo ip link set %s up",
                 name, strerror(error), name, name);
    return false;
}

static bool no_device(int error, const char *name, char why[TAP_WHY_MAX])
{
    switch (error) {
    case EPERM:
        snprintf(why, TAP_WHY_MAX,
                 "tap:%s: there is no such device of yours, and making one "
                 "takes root. Once: sudo ip tuntap add dev %s mode tap user "
                 "$USER && sudo ip link set %s up",
                 name, name, name);
        break;
    case EBUSY:
        snprintf(why, TAP_WHY_MAX,
                 "tap:%s: another program holds this device; end it, or use "
                 "another name (`ip tuntap` lists them)",
                 name);
        break;
    case EINVAL:
        snprintf(why, TAP_WHY_MAX,
                 "tap:%s: there is such an interface, but it is no TAP "
                 "device of one queue; use another name, for instance: "
                 "sudo ip tuntap add dev cw0 mode tap user $USER && sudo ip "
                 "link set cw0 up",
                 name);
        break;
    default:
        snprintf(why, TAP_WHY_MAX, "tap:%s: %s", name, strerror(error));
    }
    return false;
}

static bool attach(struct tap *t, char why[TAP_WHY_MAX])
{
    struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI
                                              | IFF_VNET_HDR) };
    int          header = (int)sizeof(struct virtio_net_hdr);
    unsigned offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

    t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (t->fd < 0)
        return no_tun(errno, t->name, why);
    memcpy(ifr.ifr_name, t->name, sizeof t->name);
    if (ioctl(t->fd, TUNSETIFF, &ifr) < 0
        || ioctl(t->fd, TUNSETVNETHDRSZ, &header) < 0
        || ioctl(t->fd, TUNSETOFFLOAD, (unsigned long)offload) < 0)
        return no_device(errno, t->name, why);
    return true;
}

static bool name_ok(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n < IFNAMSIZ && !strpbrk(name, "/%: \t\n")
        && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

struct cw_driver *tap_open(const char *name, char why[TAP_WHY_MAX])
{
    struct tap *t;

    if (!name_ok(name)) {
        snprintf(why, TAP_WHY_MAX,
                 "tap:%.64s: a device's name has from 1 to "
                 "15 characters, for instance tap0",
                 name);
        return NULL;
    }
    t = calloc(1, sizeof *t);
    if (!t) {
        snprintf(why, TAP_WHY_MAX, "tap:%s: out of memory", name);
        return NULL;
    }
    t->driver.ops = &tap_ops;
    snprintf(t->name, sizeof t->name, "%s", name);
    if (attach(t, why))
        return &t->driver;
    if (t->fd >= 0)
        close(t->fd);
    free(t);
    return NULL;
}

bool tap_is_up(const struct cw_driver *d)
{
    struct ifreq ifr = { .ifr_flags = 0 };
    int          fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool         up = false;

    memcpy(ifr.ifr_name, tap_of(d)->name, sizeof ifr.ifr_name);
    if (fd >= 0)
        up = ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 && ifr.ifr_flags & IFF_UP;
    if (fd >= 0)
        close(fd);
    return up;
}

uint64_t tap_dropped(const struct cw_driver *d)
{
    return tap_of(d)->dropped;
}
