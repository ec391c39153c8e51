/* poll.c: waiting for many things at once. */
#include "call.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

enum { MANY = 24 };

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void meet_many(int fd[MANY])
{
    int l = -1, port;

    if (is_server) {
        l = listening(MANY);
        port = local_port(l);
        tell(port);
    } else {
        port = hear();
    }
    for (int i = 0; i < MANY; i++) {
        fd[i] = is_server ? accept(l, NULL, NULL) : connected(port);
        CHECK(fd[i] >= 0);
    }
    if (is_server)
        close(l);
}

static void close_many(int fd[MANY])
{
    for (int i = 0; i < MANY; i++)
        close(fd[i]);
}

/* Which of many connections speaks: each once, in an order of its own. */
static void many_server(void)
{
    int fd[MANY];

    meet_many(fd);
    for (int i = 0; i < MANY; i++) {
        int k = i * 7 % MANY;

        send_all(fd[k], "!", 1);
        hear();
    }
    close_many(fd);
}

static void many_client(void)
{
    struct pollfd p[MANY];
    int           fd[MANY], seen = 0;
    char          c;

    meet_many(fd);
    for (int i = 0; i < MANY; i++)
        p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
    while (seen < MANY) {
        EQ(poll(p, MANY, SOON), 1);
        for (int i = 0; i < MANY; i++)
            if (p[i].revents) {
                EQ(p[i].revents, POLLIN);
                EQ(read(fd[i], &c, 1), 1);
                seen++;
            }
        tell(0);
    }
    close_many(fd);
}

static void select_many_server(void)
{
    int fd[MANY];

    meet_many(fd);
    for (int i = 0; i < MANY; i += 7)
        send_all(fd[i], "!", 1);
    hear();
    close_many(fd);
}

static void select_many_client(void)
{
    int  fd[MANY], seen = 0, top = 0, n;
    char c;

    meet_many(fd);
    for (int i = 0; i < MANY; i++)
        top = fd[i] > top ? fd[i] : top;
    while (seen < (MANY + 6) / 7) {
        struct timeval tv = { SOON / 1000, 0 };
        fd_set         r;

        FD_ZERO(&r);
        for (int i = 0; i < MANY; i++)
            FD_SET(fd[i], &r);
        n = select(top + 1, &r, NULL, NULL, &tv);
        CHECK(n > 0);
        for (int i = 0; i < MANY; i++)
            if (FD_ISSET(fd[i], &r)) {
                EQ(read(fd[i], &c, 1), 1);
                seen++;
            }
    }
    tell(0);
    close_many(fd);
}

static void epoll_many_server(void)
{
    int fd[MANY];

    meet_many(fd);
    for (int i = 0; i < MANY; i++)
        send_all(fd[i], "ab", 2);
    hear();
    close_many(fd);
}

/* Edge-triggered and once each. */
static void epoll_many_client(void)
{
    struct epoll_event ev;
    int                fd[MANY], ep = epoll_create1(EPOLL_CLOEXEC);
    int                bytes = 0;
    char               c;

    meet_many(fd);
    for (int i = 0; i < MANY; i++) {
        set_nonblock(fd[i], true);
        ev.events = EPOLLIN | EPOLLET;
        ev.data.fd = fd[i];
        EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &ev), 0);
    }
    while (bytes < 2 * MANY) {
        EQ(epoll_wait(ep, &ev, 1, SOON), 1);
        while (read(ev.data.fd, &c, 1) == 1)
            bytes++;
        EQ(errno, EAGAIN);
    }
    EQ(epoll_wait(ep, &ev, 1, 0), 0);
    tell(0);
    close_many(fd);
    close(ep);
}

/* A limit of time is kept, and not by far. */
static void limits_server(void)
{
    int fd = meet();

    hear();
    close(fd);
}

static void limits_client(void)
{
    int            fd = meet();
    struct timeval tv = { 0, 30000 };
    int64_t        t0 = now_ms();
    fd_set         r;

    EQ(poll_for(fd, POLLIN, 30), 0);
    CHECK(now_ms() - t0 >= 29);
    FD_ZERO(&r);
    FD_SET(fd, &r);
    EQ(select(fd + 1, &r, NULL, NULL, &tv), 0);
    CHECK(!FD_ISSET(fd, &r));
    CHECK(now_ms() - t0 >= 58 && now_ms() - t0 < 5000);
    tell(0);
    close(fd);
}

/* epoll keeps a registration as long as one duplicate is open. */
static void duplicate_server(void)
{
    int fd = meet();

    send_all(fd, "x", 1);
    hear();
    close(fd);
}

static void duplicate_client(void)
{
    struct epoll_event ev = { .events = EPOLLIN };
    int                fd = meet(), ep = epoll_create1(0), two = dup(fd);

    EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
    FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), EEXIST);
    close(fd);
    EQ(epoll_wait(ep, &ev, 1, SOON), 1); /* the duplicate keeps it open */
    EQ(ev.events, EPOLLIN);
    tell(0);
    recv_all(two, &ev, 1);
    recv_end(two);
    close(two);
    EQ(epoll_wait(ep, &ev, 1, 0), 0); /* and now it is gone */
    close(ep);
}

static void one_shot_server(void)
{
    int fd = meet();

    send_all(fd, "x", 1);
    hear();
    send_all(fd, "y", 1);
    hear();
    close(fd);
}

static void one_shot_client(void)
{
    struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
    int                fd = meet(), ep = epoll_create1(0);
    char               buf[2];

    EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
    EQ(epoll_wait(ep, &ev, 1, SOON), 1);
    EQ(read(fd, buf, 1), 1);
    tell(0);
    await_bytes(fd, 1);
    EQ(epoll_wait(ep, &ev, 1, 0), 0);
    ev.events = EPOLLIN | EPOLLONESHOT;
    EQ(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev), 0);
    EQ(epoll_wait(ep, &ev, 1, SOON), 1);
    tell(0);
    close(fd);
    close(ep);
}

static void close_at_once_server(void)
{
    int fd[MANY];

    meet_many(fd);
    for (int i = 0; i < MANY; i++)
        send_all(fd[i], "ab", 2);
    hear();
    close_many(fd);
}

/* What is closed speaks no more, however soon after a call it is closed. */
static void close_at_once_client(void)
{
    struct epoll_event ev = { .events = EPOLLIN };
    int                fd[MANY], ep = epoll_create1(EPOLL_CLOEXEC);
    char               c;

    meet_many(fd);
    for (int i = 0; i < MANY; i++) {
        await_bytes(fd[i], 2);
        EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &ev), 0);
        EQ(recv(fd[i], &c, 1, 0), 1);
        close(fd[i]);
        EQ(epoll_wait(ep, &ev, 1, 0), 0);
    }
    tell(0);
    close(ep);
}

/* All that a poll says in the life of a connection. */
static void whole_life_server(void)
{
    int  fd = meet();
    char c;

    EQ(poll_for(fd, POLLIN | POLLOUT, SOON), POLLOUT);
    hear();
    send_all(fd, "x", 1);
    hear();
    EQ(shutdown(fd, SHUT_WR), 0);
    hear();
    EQ(poll_for(fd, POLLIN, SOON) & POLLIN, POLLIN); /* the peer's end */
    EQ(read(fd, &c, 1), 0);
    EQ(poll_for(fd, POLLIN | POLLOUT | POLLRDHUP, SOON),
       POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    close(fd);
}

static void whole_life_client(void)
{
    int  fd = meet();
    char c;

    EQ(poll_for(fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0), POLLOUT);
    tell(0);
    EQ(poll_for(fd, POLLIN | POLLRDHUP, SOON), POLLIN);
    EQ(read(fd, &c, 1), 1);
    EQ(poll_for(fd, POLLIN | POLLRDHUP, 0), 0);
    tell(0);
    EQ(poll_for(fd, POLLIN | POLLRDHUP, SOON), POLLIN | POLLRDHUP);
    EQ(read(fd, &c, 1), 0);
    EQ(poll_for(fd, POLLIN | POLLOUT | POLLRDHUP, 0),
       POLLIN | POLLOUT | POLLRDHUP);
    tell(0);
    close(fd);
}

CALL_MAIN(BOTH(many), BOTH(select_many), BOTH(epoll_many), BOTH(limits),
          BOTH(duplicate), BOTH(one_shot), BOTH(close_at_once),
          BOTH(whole_life))
