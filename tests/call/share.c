/* share.c: who may bind what, and who gets what on a port that is shared:
 * SO_REUSEADDR, SO_REUSEPORT.  The kernel is the judge; socket(7), and what
 * Linux does beyond it. */
#include "call.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

enum { NONE = 0, ADDR = 1, PORT = 2, LISTEN = 4 };

static int fresh(int type, int how)
{
    int fd = socket(family, type, 0);

    CHECK(fd >= 0);
    if (how & ADDR)
        set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (how & PORT)
        set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    return fd;
}

/* To the any-address (0) or to one of this host's own. */
static int bind_at(int fd, bool own, int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = any_at(&ss, port);

    if (own && family == AF_INET)
        ((struct sockaddr_in *)&ss)->sin_addr.s_addr = htonl(0x7f000001);
    else if (own)
        ((struct sockaddr_in6 *)&ss)->sin6_addr = in6addr_loopback;
    return bind(fd, (struct sockaddr *)&ss, len);
}

/* ---- may it be bound ------------------------------------------------------- */

/* What the first socket has, what the second has, and whether both may have
 * the port. */
static const struct {
    int type, first, second, ok;
} pairs[] = {
    { SOCK_STREAM, NONE, NONE, 0 },
    { SOCK_STREAM, ADDR, NONE, 0 },
    { SOCK_STREAM, NONE, ADDR, 0 },
    { SOCK_STREAM, ADDR, ADDR, 1 },
    { SOCK_STREAM, PORT, ADDR, 0 },
    { SOCK_STREAM, PORT, PORT, 1 },
    { SOCK_STREAM, ADDR | PORT, ADDR, 1 },
    { SOCK_STREAM, ADDR | PORT, PORT, 1 },
    { SOCK_STREAM, NONE | LISTEN, ADDR, 0 },
    { SOCK_STREAM, ADDR | LISTEN, ADDR, 0 },
    { SOCK_STREAM, PORT | LISTEN, PORT, 1 },
    { SOCK_STREAM, PORT | LISTEN, ADDR, 0 },
    { SOCK_STREAM, ADDR | PORT | LISTEN, ADDR, 0 },
    { SOCK_STREAM, ADDR | PORT | LISTEN, PORT, 1 },
    { SOCK_DGRAM, NONE, NONE, 0 },
    { SOCK_DGRAM, ADDR, NONE, 0 },
    { SOCK_DGRAM, NONE, ADDR, 0 },
    { SOCK_DGRAM, ADDR, ADDR, 1 },
    { SOCK_DGRAM, PORT, ADDR, 0 },
    { SOCK_DGRAM, PORT, PORT, 1 },
    { SOCK_DGRAM, ADDR | PORT, ADDR, 1 },
};

/* Nobody else's: for a socket that shares, the system might choose one that
 * somebody shares already. */
static int lonely_port(int type)
{
    int fd = fresh(type, NONE), port;

    EQ(bind_at(fd, false, 0), 0);
    port = local_port(fd);
    close(fd);
    return port;
}

static void try_pair(size_t i, bool own_first, bool own_second)
{
    int a = fresh(pairs[i].type, pairs[i].first);
    int b = fresh(pairs[i].type, pairs[i].second);
    int r;

    EQ(bind_at(a, own_first, lonely_port(pairs[i].type)), 0);
    if (pairs[i].first & LISTEN)
        EQ(listen(a, 1), 0);
    r = bind_at(b, own_second, local_port(a));
    if (r != (pairs[i].ok ? 0 : -1))
        EQ((int)i * 100 + own_first * 10 + own_second, -1);
    if (!pairs[i].ok)
        EQ(errno, EADDRINUSE);
    close(a);
    close(b);
}

/* The same whether the addresses are equal or one covers the other. */
static void conflict(void)
{
    for (size_t i = 0; i < COUNT(pairs); i++) {
        try_pair(i, false, false);
        try_pair(i, true, true);
        try_pair(i, false, true);
        try_pair(i, true, false);
    }
}

/* The options count as they stand when the next one binds. */
static void changed_later(void)
{
    static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

    for (size_t i = 0; i < COUNT(types); i++) {
        int a = fresh(types[i], NONE), b = fresh(types[i], ADDR);

        EQ(bind_at(a, false, 0), 0);
        FAILS(bind_at(b, false, local_port(a)), EADDRINUSE);
        set_int(a, SOL_SOCKET, SO_REUSEADDR, 1);
        EQ(bind_at(b, false, local_port(a)), 0);
        set_int(b, SOL_SOCKET, SO_REUSEADDR, 0);
        set_int(a, SOL_SOCKET, SO_REUSEADDR, 0);
        close(b);
        close(a);
    }
}

/* Both may bind, but only one may listen. */
static void one_listener(void)
{
    int a = fresh(SOCK_STREAM, ADDR), b = fresh(SOCK_STREAM, ADDR);

    EQ(bind_at(a, false, lonely_port(SOCK_STREAM)), 0);
    EQ(bind_at(b, false, local_port(a)), 0);
    EQ(listen(a, 1), 0);
    FAILS(listen(b, 1), EADDRINUSE);
    close(a);
    EQ(listen(b, 1), 0);
    close(b);
}

/* ---- who gets it ---------------------------------------------------------- */

enum { SHARERS = 4, FLOWS = 64 };

/* All of a port; each is bound like the first. */
static void group(int type, int fd[SHARERS])
{
    for (int i = 0; i < SHARERS; i++) {
        fd[i] = fresh(type, PORT);
        EQ(bind_at(fd[i], false, i ? local_port(fd[0]) : 0), 0);
        if (type == SOCK_STREAM)
            EQ(listen(fd[i], FLOWS), 0);
    }
}

/* Everybody gets some of the connections, and nobody gets one twice. */
static void listeners_server(void)
{
    struct pollfd p[SHARERS];
    int           fd[SHARERS], hits[SHARERS] = { 0 };

    group(SOCK_STREAM, fd);
    for (int i = 0; i < SHARERS; i++)
        p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
    tell(local_port(fd[0]));
    for (int n = 0; n < FLOWS;) {
        CHECK(poll(p, SHARERS, SOON) > 0);
        for (int i = 0; i < SHARERS; i++) {
            if (!p[i].revents)
                continue;
            close(accept(fd[i], NULL, NULL));
            hits[i]++;
            n++;
        }
    }
    for (int i = 0; i < SHARERS; i++) {
        CHECK(hits[i] > 0);
        close(fd[i]);
    }
}

static void listeners_client(void)
{
    int port = hear(), fd[FLOWS];

    for (int i = 0; i < FLOWS; i++)
        fd[i] = connected(port);
    for (int i = 0; i < FLOWS; i++) {
        recv_end(fd[i]);
        close(fd[i]);
    }
}

/* A flow's datagrams go to one of the group, always the same. */
static void datagrams_server(void)
{
    struct pollfd p[SHARERS];
    int           fd[SHARERS], hits[SHARERS] = { 0 }, owner[FLOWS];

    group(SOCK_DGRAM, fd);
    for (int i = 0; i < SHARERS; i++)
        p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
    memset(owner, -1, sizeof owner);
    tell(local_port(fd[0]));
    for (int n = 0; n < 2 * FLOWS; n++) {
        unsigned char flow;

        EQ(poll(p, SHARERS, SOON), 1);
        for (int i = 0; i < SHARERS; i++) {
            if (!p[i].revents)
                continue;
            EQ(recv(fd[i], &flow, 1, 0), 1);
            CHECK(owner[flow] == -1 || owner[flow] == i);
            owner[flow] = i;
            hits[i]++;
        }
        tell(0);
    }
    for (int i = 0; i < SHARERS; i++) {
        CHECK(hits[i] > 0);
        close(fd[i]);
    }
}

static void datagrams_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    int                     fd[FLOWS];

    for (int i = 0; i < FLOWS; i++)
        fd[i] = socket(family, SOCK_DGRAM, 0);
    for (int n = 0; n < 2 * FLOWS; n++) {
        unsigned char flow = (unsigned char)(n % FLOWS);

        EQ(sendto(fd[flow], &flow, 1, 0, (struct sockaddr *)&ss, len), 1);
        hear();
    }
    for (int i = 0; i < FLOWS; i++)
        close(fd[i]);
}

/* By SO_REUSEADDR alone, the one that was bound last has it all. */
static void newest_server(void)
{
    int  a = fresh(SOCK_DGRAM, ADDR), b = fresh(SOCK_DGRAM, ADDR);
    char c = 0;

    EQ(bind_at(a, false, 0), 0);
    EQ(bind_at(b, false, local_port(a)), 0);
    tell(local_port(a));
    EQ(recv(b, &c, 1, 0), 1);
    EQ(c, 'x');
    FAILS(recv(a, &c, 1, MSG_DONTWAIT), EAGAIN);
    close(b);
    tell(0);
    EQ(recv(a, &c, 1, 0), 1);
    close(a);
}

static void newest_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    int                     fd = socket(family, SOCK_DGRAM, 0);

    EQ(sendto(fd, "x", 1, 0, (struct sockaddr *)&ss, len), 1);
    hear();
    EQ(sendto(fd, "y", 1, 0, (struct sockaddr *)&ss, len), 1);
    close(fd);
}

CALL_MAIN(ONE(conflict), ONE(changed_later), ONE(one_listener),
          BOTH(listeners), BOTH(datagrams), BOTH(newest))
