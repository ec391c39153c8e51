/* name.c: the kernel's sockaddr and ours.
 *
 * The order of the checks, and with it the errno, is that of Linux's
 * inet_bind, inet6_bind, tcp_v4_connect and tcp_v6_connect.
 */
#include "shim/mem.h"

#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { SIN6_SHORTEST = 24 }; /* RFC 2133's, without the scope */

static int in4(const struct sockaddr_storage *ss, socklen_t len,
               struct cw_sockaddr *out)
{
    struct sockaddr_in sin;

    if (len < sizeof sin)
        return -EINVAL;
    memcpy(&sin, ss, sizeof sin);
    if (sin.sin_family != AF_INET
        && !(sin.sin_family == AF_UNSPEC && sin.sin_addr.s_addr == 0))
        return -EAFNOSUPPORT;
    out->addr = addr4(ntohl(sin.sin_addr.s_addr));
    out->port = ntohs(sin.sin_port);
    return 0;
}

static int in6(const struct sockaddr_storage *ss, socklen_t len,
               struct cw_sockaddr *out)
{
    struct sockaddr_in6 sin6 = { 0 };

    if (len < SIN6_SHORTEST)
        return -EINVAL;
    memcpy(&sin6, ss, len < sizeof sin6 ? len : sizeof sin6);
    if (sin6.sin6_family != AF_INET6)
        return -EAFNOSUPPORT;
    memcpy(out->addr.b, &sin6.sin6_addr, 16);
    out->port = ntohs(sin6.sin6_port);
    out->scope = sin6.sin6_scope_id;
    return 0;
}

int name_in(const struct sockaddr_storage *ss, socklen_t len, int domain,
            struct cw_sockaddr *out)
{
    *out = (struct cw_sockaddr){ .port = 0 };
    return domain == AF_INET ? in4(ss, len, out) : in6(ss, len, out);
}

int name_in_gram(const struct sockaddr_storage *ss, socklen_t len, int domain,
                 struct cw_sockaddr *out)
{
    *out = (struct cw_sockaddr){ .port = 0 };
    if (domain == AF_INET6 && len >= sizeof(sa_family_t)
        && ss->ss_family == AF_INET)
        return in4(ss, len, out);
    return name_in(ss, len, domain, out);
}

socklen_t name_out(const struct cw_sockaddr *a, int domain,
                   struct sockaddr_storage *out)
{
    struct sockaddr_in  sin = { .sin_family = AF_INET };
    struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

    memset(out, 0, sizeof *out);
    if (domain == AF_INET) {
        sin.sin_port = htons(a->port);
        memcpy(&sin.sin_addr, a->addr.b + 12, 4);
        memcpy(out, &sin, sizeof sin);
        return sizeof sin;
    }
    sin6.sin6_port = htons(a->port);
    memcpy(&sin6.sin6_addr, a->addr.b, 16);
    sin6.sin6_scope_id = a->scope;
    memcpy(out, &sin6, sizeof sin6);
    return sizeof sin6;
}
