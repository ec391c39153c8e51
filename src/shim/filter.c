/* filter.c: the seccomp filter: a table of calls turned into BPF.
 *
 * Owns the decision which calls are seen.  Data calls (read, write, poll,
 * epoll, dup, close ...) are not: they work on the socketpair that stands
 * behind a program's descriptor.  What could reach the kernel's own network
 * or go round us is refused: raw and packet sockets, io_uring, other ABIs.
 *
 * SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is not used: a program that waits
 * in accept() must stay interruptible by ordinary signals.
 */
#include "shim/filter.h"

#include "base/check.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#define X32_BIT  0x40000000u
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#define X32_BIT  0xffffffffu
#else
#error "no seccomp filter for this machine yet"
#endif

#define OFF_NR   ((unsigned)offsetof(struct seccomp_data, nr))
#define OFF_ARCH ((unsigned)offsetof(struct seccomp_data, arch))
/* The low half of an argument; both machines are little-endian. */
#define OFF_ARG(i) ((unsigned)offsetof(struct seccomp_data, args) + 8 * (i))

#define REFUSE(e)  (SECCOMP_RET_ERRNO | (unsigned)(e))

/* Always told to us. */
static const int told[] = {
    SYS_bind,       SYS_listen,      SYS_connect,     SYS_accept,
    SYS_accept4,    SYS_getsockname, SYS_getpeername, SYS_setsockopt,
    SYS_getsockopt, SYS_shutdown,    SYS_sendmsg,     SYS_recvmsg,
    SYS_sendmmsg,   SYS_recvmmsg,
};

static const int refused[] = {
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
};

struct prog {
    struct sock_filter *f;
    size_t              n;
};

static void put(struct prog *p, unsigned code, unsigned k, unsigned jt,
                unsigned jf)
{
    INVARIANT(p->n < FILTER_MAX && jt < 256 && jf < 256);
    p->f[p->n++] = (struct sock_filter){ (__u16)code, (__u8)jt, (__u8)jf, k };
}

static void load(struct prog *p, unsigned off)
{
    put(p, BPF_LD | BPF_W | BPF_ABS, off, 0, 0);
}

static void ret(struct prog *p, unsigned verdict)
{
    put(p, BPF_RET | BPF_K, verdict, 0, 0);
}

/* If the loaded word is `k` go on, else skip `skip` instructions. */
static void unless_skip(struct prog *p, unsigned k, unsigned skip)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip);
}

/* If the loaded word is `k`, that is the verdict. */
static void on(struct prog *p, unsigned k, unsigned verdict)
{
    unless_skip(p, k, 1);
    ret(p, verdict);
}

static void abi(struct prog *p)
{
    load(p, OFF_ARCH);
    put(p, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
    ret(p, REFUSE(ENOSYS));
    load(p, OFF_NR);
    put(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    ret(p, REFUSE(ENOSYS));
}

/* Netlink for routes would list the kernel's own interfaces; libc takes its
 * absence to mean that both families may be there, which is right here. */
static void on_socket(struct prog *p)
{
    unless_skip(p, SYS_socket, 12);
    load(p, OFF_ARG(0));
    on(p, AF_INET, SECCOMP_RET_USER_NOTIF);
    on(p, AF_INET6, SECCOMP_RET_USER_NOTIF);
    on(p, AF_PACKET, REFUSE(EPERM));
    unless_skip(p, AF_NETLINK, 3);
    load(p, OFF_ARG(2));
    on(p, NETLINK_ROUTE, REFUSE(EAFNOSUPPORT));
    ret(p, SECCOMP_RET_ALLOW);
}

/* sendto, recvfrom: the address is the fifth argument. */
static void on_addressed(struct prog *p, unsigned nr, bool fast)
{
    if (!fast) {
        on(p, nr, SECCOMP_RET_USER_NOTIF);
        return;
    }
    unless_skip(p, nr, 6);
    load(p, OFF_ARG(4));
    put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2);
    load(p, OFF_ARG(4) + 4);
    put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    ret(p, SECCOMP_RET_USER_NOTIF);
    ret(p, SECCOMP_RET_ALLOW);
}

/* Interface requests, and the send queue's length (a stream's lies in the
 * stack).  FIOSETOWN..SIOCATMARK, 0x8901 to 0x8905, are the kernel's. */
static void on_ioctl(struct prog *p)
{
    unless_skip(p, SYS_ioctl, 6);
    load(p, OFF_ARG(1));
    put(p, BPF_JMP | BPF_JEQ | BPF_K, SIOCOUTQ, 2, 0);
    put(p, BPF_JMP | BPF_JGE | BPF_K, 0x8906, 0, 2);
    put(p, BPF_JMP | BPF_JGE | BPF_K, 0x8a00, 1, 0);
    ret(p, SECCOMP_RET_USER_NOTIF);
    ret(p, SECCOMP_RET_ALLOW);
}

/* A program that hides its memory hides it from us, too: pretend. */
static void on_prctl(struct prog *p)
{
    unless_skip(p, SYS_prctl, 6);
    load(p, OFF_ARG(0));
    unless_skip(p, PR_SET_DUMPABLE, 3);
    load(p, OFF_ARG(1));
    unless_skip(p, 0, 1);
    ret(p, REFUSE(0));
    ret(p, SECCOMP_RET_ALLOW);
}

size_t filter_build(struct sock_filter out[static FILTER_MAX], bool fast)
{
    struct prog p = { out, 0 };

    abi(&p);
    for (size_t i = 0; i < ARRAY_LEN(told); i++)
        on(&p, (unsigned)told[i], SECCOMP_RET_USER_NOTIF);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        on(&p, (unsigned)refused[i], REFUSE(ENOSYS));
    on_socket(&p);
    on_addressed(&p, SYS_sendto, fast);
    on_addressed(&p, SYS_recvfrom, fast);
    on_ioctl(&p);
    on_prctl(&p);
    ret(&p, SECCOMP_RET_ALLOW);
    return p.n;
}

int filter_install(bool fast)
{
    struct sock_filter f[FILTER_MAX];
    struct sock_fprog  prog = { (unsigned short)filter_build(f, fast), f };
    long               fd;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                 SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
    return fd < 0 ? -errno : (int)fd;
}
