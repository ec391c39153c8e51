/* family.c: both families on one socket, and names. */
#include "call.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

static int listening6(bool only)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    int                 fd = socket(AF_INET6, SOCK_STREAM, 0);

    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, only);
    EQ(bind(fd, (struct sockaddr *)&six, sizeof six), 0);
    EQ(listen(fd, 4), 0);
    return fd;
}

/* An IPv6 listener takes IPv4 connections, and names them ::ffff:a.b.c.d. */
static void dual_server(void)
{
    struct sockaddr_in6 six;
    socklen_t           len = sizeof six;
    int                 fd = listening6(false), conn;
    char                text[INET6_ADDRSTRLEN];

    tell(local_port(fd));
    conn = accept(fd, (struct sockaddr *)&six, &len);
    CHECK(conn >= 0);
    EQ(len, sizeof six);
    EQ(six.sin6_family, AF_INET6);
    EQ(IN6_IS_ADDR_V4MAPPED(&six.sin6_addr), family == AF_INET);
    CHECK(inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text));
    if (family == AF_INET)
        EQ(strncmp(text, "::ffff:", 7), 0);
    EQ(get_int(conn, SOL_SOCKET, SO_DOMAIN), AF_INET6);
    close(conn);
    close(fd);
}

static void dual_client(void)
{
    int fd = connected(hear());

    recv_end(fd);
    close(fd);
}

static void only_six_server(void)
{
    int fd = listening6(true);

    tell(local_port(fd));
    hear();
    close(fd);
}

static void only_six_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    int                     fd = socket(family, SOCK_STREAM, 0);

    if (family == AF_INET)
        FAILS(connect(fd, (struct sockaddr *)&ss, len), ECONNREFUSED);
    else
        EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    tell(0);
    close(fd);
}

/* An IPv6 socket connects to an IPv4 address. */
static void mapped_server(void)
{
    struct sockaddr_in from;
    socklen_t          len = sizeof from;
    struct sockaddr_in any = { .sin_family = AF_INET };
    int                fd = socket(AF_INET, SOCK_STREAM, 0), conn;

    EQ(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    EQ(listen(fd, 1), 0);
    tell(local_port(fd));
    conn = accept(fd, (struct sockaddr *)&from, &len);
    CHECK(conn >= 0);
    EQ(from.sin_family, AF_INET);
    close(conn);
    close(fd);
}

static void mapped_client(void)
{
    struct sockaddr_in6 to = { .sin6_family = AF_INET6 }, got;
    socklen_t           len = sizeof got;
    int                 fd = socket(AF_INET6, SOCK_STREAM, 0);

    to.sin6_port = htons((uint16_t)hear());
    inet_pton(AF_INET6, in_lab ? "::ffff:10.0.0.1" : "::ffff:127.0.0.1",
              &to.sin6_addr);
    EQ(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    EQ(getpeername(fd, (struct sockaddr *)&got, &len), 0);
    EQ(memcmp(&got, &to, sizeof to), 0);
    EQ(getsockname(fd, (struct sockaddr *)&got, &len), 0);
    CHECK(IN6_IS_ADDR_V4MAPPED(&got.sin6_addr));
    recv_end(fd);
    close(fd);
}

static void mapped_dgram_server(void)
{
    struct sockaddr_in6 from = { .sin6_family = AF_INET6 };
    socklen_t           len = sizeof from;
    int                 fd = socket(AF_INET6, SOCK_DGRAM, 0);
    char                buf[4];

    EQ(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    tell(local_port(fd));
    EQ(recvfrom(fd, buf, 4, 0, (struct sockaddr *)&from, &len), 4);
    EQ(IN6_IS_ADDR_V4MAPPED(&from.sin6_addr), family == AF_INET);
    EQ(sendto(fd, "pong", 4, 0, (struct sockaddr *)&from, len), 4);
    hear();
    close(fd);
}

static void mapped_dgram_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    int                     fd = socket(family, SOCK_DGRAM, 0);
    char                    buf[4];

    EQ(sendto(fd, "ping", 4, 0, (struct sockaddr *)&ss, len), 4);
    EQ(recv(fd, buf, 4, 0), 4);
    tell(0);
    close(fd);
}

/* Both families may have the same port if the one is only for IPv6. */
static void same_port(void)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    int                six = listening6(true), fd;

    four.sin_port = htons((uint16_t)local_port(six));
    fd = socket(AF_INET, SOCK_STREAM, 0);
    EQ(bind(fd, (struct sockaddr *)&four, sizeof four), 0);
    close(fd);
    close(six);
    six = listening6(false);
    four.sin_port = htons((uint16_t)local_port(six));
    fd = socket(AF_INET, SOCK_STREAM, 0);
    FAILS(bind(fd, (struct sockaddr *)&four, sizeof four), EADDRINUSE);
    close(fd);
    close(six);
}

/* ---- names ---------------------------------------------------------------------- */

static void by_name_server(void)
{
    int fd = listening6(false), conn;

    tell(local_port(fd));
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    send_all(conn, "named", 5);
    close(conn);
    close(fd);
}

/* As every client does it. */
static void by_name_client(void)
{
    struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    char            port[16], buf[5];
    int             fd = -1;

    snprintf(port, sizeof port, "%d", hear());
    EQ(getaddrinfo(in_lab ? "h1" : "localhost", port, &want, &list), 0);
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        close(fd);
        fd = -1;
    }
    CHECK(fd >= 0);
    freeaddrinfo(list);
    recv_all(fd, buf, 5);
    close(fd);
}

static void one_family(void)
{
    struct addrinfo want = { .ai_family = family }, *list = NULL;

    if (!in_lab) /* its /etc/hosts may have the one only */
        return;
    EQ(getaddrinfo("h1", "80", &want, &list), 0);
    EQ(list->ai_family, family);
    EQ(port_of((void *)list->ai_addr), 80);
    freeaddrinfo(list);
    want.ai_family = AF_INET;
    want.ai_flags = AI_NUMERICHOST;
    EQ(getaddrinfo("10.0.0.1", NULL, &want, &list), 0);
    freeaddrinfo(list);
}

static void unknown_name(void)
{
    struct addrinfo *list = NULL;
    int r = getaddrinfo("no-such-host.invalid", "80", NULL, &list);

    if (in_lab) /* outside it depends on where this runs */
        EQ(r, EAI_NONAME);
    else
        CHECK(r != 0);
}

static void reverse(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, 80);
    char                    name[256];

    EQ(getnameinfo((struct sockaddr *)&ss, len, name, sizeof name, NULL, 0,
                   0),
       0);
    if (in_lab)
        EQ(strcmp(name, "h1"), 0);
}

CALL_MAIN(BOTH(dual), BOTH(only_six), BOTH(mapped), BOTH(mapped_dgram),
          ONE(same_port), BOTH(by_name), ONE(one_family), ONE(unknown_name),
          ONE(reverse))
