/* sym.c: see sym.h.  The numbers come from this system's headers where they
 * have them: the public calls use the same ones (socket.h).
 */
#include "script/sym.h"
#include "base/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define N(name)                \
    {                          \
#name, (int64_t)(name) \
    }

// clang-format off
static const struct sym {
    const char *name;
    int64_t     value;
} table[] = {
    N(AF_INET), N(AF_INET6), N(PF_INET), N(PF_INET6), N(AF_UNSPEC),
    N(AF_UNIX), N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_NONBLOCK),
    N(SOCK_CLOEXEC), N(SOCK_RAW),
    N(IPPROTO_IP), N(IPPROTO_TCP), N(IPPROTO_UDP), N(IPPROTO_IPV6),
    N(IPPROTO_ICMP), N(IPPROTO_ICMPV6), N(INADDR_ANY), N(INADDR_LOOPBACK),
    N(SOL_SOCKET), N(SOL_IP), N(SOL_TCP), { "SOL_UDP", IPPROTO_UDP }, N(SOL_IPV6),
    N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR), N(SOMAXCONN),

    N(F_GETFL), N(F_SETFL), N(F_GETFD), N(F_SETFD), N(FD_CLOEXEC),
    N(O_RDONLY), N(O_WRONLY), N(O_RDWR), N(O_NONBLOCK),
    N(FIONREAD), N(FIONBIO), { "SIOCINQ", 0x541b }, { "SIOCOUTQ", 0x5411 },
    { "SIOCATMARK", 0x8905 }, { "SIOCOUTQNSD", 0x894b },

    N(MSG_OOB), N(MSG_PEEK), N(MSG_DONTROUTE), N(MSG_CTRUNC), N(MSG_TRUNC),
    N(MSG_DONTWAIT), N(MSG_EOR), N(MSG_WAITALL), N(MSG_NOSIGNAL),
    N(MSG_MORE), N(MSG_FASTOPEN), N(MSG_ERRQUEUE), N(MSG_ZEROCOPY),

    N(SO_REUSEADDR), N(SO_TYPE), N(SO_ERROR), N(SO_BROADCAST), N(SO_SNDBUF),
    N(SO_RCVBUF), N(SO_KEEPALIVE), N(SO_OOBINLINE), N(SO_LINGER),
    N(SO_REUSEPORT), N(SO_RCVLOWAT), N(SO_SNDLOWAT), N(SO_RCVTIMEO),
    N(SO_SNDTIMEO), N(SO_ACCEPTCONN), N(SO_PROTOCOL), N(SO_DOMAIN),
    N(SO_SNDBUFFORCE), N(SO_RCVBUFFORCE), N(SO_MARK), N(SO_PRIORITY),
    N(SO_TIMESTAMP), N(SO_TIMESTAMPNS), N(SO_TIMESTAMPING), N(SO_ZEROCOPY),
    N(SO_MAX_PACING_RATE), N(SO_INCOMING_CPU), N(SO_BUSY_POLL), N(SO_TXTIME),
    N(TCP_NODELAY), N(TCP_MAXSEG), N(TCP_CORK), N(TCP_KEEPIDLE),
    N(TCP_KEEPINTVL), N(TCP_KEEPCNT), N(TCP_SYNCNT), N(TCP_LINGER2),
    N(TCP_DEFER_ACCEPT), N(TCP_WINDOW_CLAMP), N(TCP_INFO), N(TCP_QUICKACK),
    N(TCP_CONGESTION), N(TCP_MD5SIG), N(TCP_THIN_LINEAR_TIMEOUTS),
    N(TCP_THIN_DUPACK), N(TCP_USER_TIMEOUT), N(TCP_REPAIR),
    N(TCP_FASTOPEN), N(TCP_TIMESTAMP), N(TCP_NOTSENT_LOWAT), N(TCP_CC_INFO),
    N(TCP_SAVE_SYN), N(TCP_SAVED_SYN), N(TCP_FASTOPEN_CONNECT), N(TCP_ULP),
    N(TCP_FASTOPEN_KEY), N(TCP_FASTOPEN_NO_COOKIE), N(TCP_ZEROCOPY_RECEIVE),
    N(TCP_INQ), { "TCP_TX_DELAY", 37 },
    N(IP_TOS), N(IP_TTL), N(IP_MTU), N(IP_MTU_DISCOVER), N(IP_RECVERR),
    N(IP_RECVTOS), N(IP_RECVTTL), N(IP_PKTINFO), N(IP_PMTUDISC_DONT),
    N(IP_PMTUDISC_WANT), N(IP_PMTUDISC_DO), N(IP_PMTUDISC_PROBE),
    N(IP_FREEBIND), N(IP_TRANSPARENT), N(IP_BIND_ADDRESS_NO_PORT),
    N(IPV6_V6ONLY), N(IPV6_UNICAST_HOPS), N(IPV6_TCLASS), N(IPV6_RECVERR),
    N(IPV6_RECVTCLASS), N(IPV6_MTU), N(IPV6_MTU_DISCOVER),
    N(IPV6_RECVPKTINFO), N(IPV6_RECVHOPLIMIT),
    { "UDP_CORK", 1 }, { "UDP_SEGMENT", 103 }, { "UDP_GRO", 104 },
    { "SOL_ICMP", 1 }, { "SCM_TIMESTAMPING", SO_TIMESTAMPING },

    N(POLLIN), N(POLLPRI), N(POLLOUT), N(POLLERR), N(POLLHUP), N(POLLNVAL),
    N(POLLRDNORM), N(POLLRDBAND), N(POLLWRNORM), N(POLLWRBAND), N(POLLRDHUP),
    N(EPOLLIN), N(EPOLLPRI), N(EPOLLOUT), N(EPOLLERR), N(EPOLLHUP),
    N(EPOLLRDNORM), N(EPOLLWRNORM), N(EPOLLRDHUP), N(EPOLLONESHOT),
    N(EPOLLET), N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL), N(EPOLL_CTL_MOD),
    N(EPOLL_CLOEXEC),
};

static const struct sym errors[] = {
    N(EPERM), N(ENOENT), N(EINTR), N(EIO), N(EBADF), N(EAGAIN), N(ENOMEM),
    N(EACCES), N(EFAULT), N(EEXIST), N(ENODEV), N(EINVAL), N(ENFILE),
    N(EMFILE), N(ENOTTY), N(ENOSPC), N(ESPIPE), N(EPIPE), N(EDOM),
    N(ERANGE), N(ENOSYS), N(ENODATA), N(EPROTO), N(EBADMSG), N(EOVERFLOW),
    N(ENOTSOCK), N(EDESTADDRREQ), N(EMSGSIZE), N(EPROTOTYPE),
    N(ENOPROTOOPT), N(EPROTONOSUPPORT), N(ESOCKTNOSUPPORT), N(EOPNOTSUPP),
    N(EPFNOSUPPORT), N(EAFNOSUPPORT), N(EADDRINUSE), N(EADDRNOTAVAIL),
    N(ENETDOWN), N(ENETUNREACH), N(ENETRESET), N(ECONNABORTED),
    N(ECONNRESET), N(ENOBUFS), N(EISCONN), N(ENOTCONN), N(ESHUTDOWN),
    N(ETIMEDOUT), N(ECONNREFUSED), N(EHOSTDOWN), N(EHOSTUNREACH),
    N(EALREADY), N(EINPROGRESS), N(ESTALE), N(ECANCELED), N(EWOULDBLOCK),
    { "ENOTSUP", EOPNOTSUPP },
};
// clang-format on

bool sym_find(const char *name, int64_t *value)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (strcmp(table[i].name, name) == 0) {
            *value = table[i].value;
            return true;
        }
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        if (strcmp(errors[i].name, name) == 0) {
            *value = errors[i].value;
            return true;
        }
    return false;
}

const char *sym_errno(int err)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        if (errors[i].value == err)
            return errors[i].name;
    return NULL;
}
