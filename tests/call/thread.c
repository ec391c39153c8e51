/* thread.c: threads and signals. */
#include "call.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

enum { THREADS = 8, ROUNDS = 20, PIECE = 1000 };

static void *run(void *(*f)(void *), void *arg, pthread_t *t)
{
    EQ(pthread_create(t, NULL, f, arg), 0);
    return NULL;
}

static void join(pthread_t t)
{
    EQ(pthread_join(t, NULL), 0);
}

/* ---- each with its own connection -------------------------------------------------- */

static void *serve_one(void *arg)
{
    int  fd = *(int *)arg;
    char buf[PIECE];

    for (int i = 0; i < ROUNDS; i++) {
        recv_all(fd, buf, sizeof buf);
        send_all(fd, buf, sizeof buf);
    }
    recv_end(fd);
    close(fd);
    return NULL;
}

static void own_server(void)
{
    int       l = listening(THREADS), fd[THREADS];
    pthread_t t[THREADS];

    tell(local_port(l));
    for (int i = 0; i < THREADS; i++) {
        fd[i] = accept(l, NULL, NULL);
        CHECK(fd[i] >= 0);
        run(serve_one, &fd[i], &t[i]);
    }
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    close(l);
}

static void *talk(void *arg)
{
    int  fd = connected(*(int *)arg);
    char out[PIECE], in[PIECE];

    for (int i = 0; i < ROUNDS; i++) {
        memset(out, 'a' + i, sizeof out);
        send_all(fd, out, sizeof out);
        recv_all(fd, in, sizeof in);
        EQ(memcmp(in, out, sizeof in), 0);
    }
    close(fd);
    return NULL;
}

static void own_client(void)
{
    int       port = hear();
    pthread_t t[THREADS];

    for (int i = 0; i < THREADS; i++)
        run(talk, &port, &t[i]);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
}

/* ---- one connection, one reads and one writes ----------------------------------------- */

enum { FLOW = 500000 };

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 31 + i / 977);
}

static void *writer(void *arg)
{
    static __thread unsigned char buf[5000];
    int                           fd = *(int *)arg;

    for (size_t at = 0; at < FLOW; at += sizeof buf) {
        for (size_t i = 0; i < sizeof buf; i++)
            buf[i] = byte_at(at + i);
        send_all(fd, buf, sizeof buf);
    }
    EQ(shutdown(fd, SHUT_WR), 0);
    return NULL;
}

static void *reader(void *arg)
{
    unsigned char buf[3000];
    int           fd = *(int *)arg;
    size_t        at = 0;
    ssize_t       n;

    while ((n = recv(fd, buf, sizeof buf, 0)) > 0)
        for (ssize_t i = 0; i < n; i++)
            CHECK(buf[i] == byte_at(at++));
    EQ(n, 0);
    EQ(at, FLOW);
    return NULL;
}

static void both_ways(void)
{
    int       fd = meet();
    pthread_t r, w;

    run(reader, &fd, &r);
    run(writer, &fd, &w);
    join(r);
    join(w);
    close(fd);
}

static void two_server(void)
{
    both_ways();
}

static void two_client(void)
{
    both_ways();
}

/* ---- signals ---------------------------------------------------------------------------- */

static volatile sig_atomic_t rang;

static void on_ring(int sig)
{
    rang += sig == SIGUSR1;
}

static void handle(int flags)
{
    struct sigaction sa = { .sa_handler = on_ring, .sa_flags = flags };

    rang = 0;
    EQ(sigaction(SIGUSR1, &sa, NULL), 0);
}

/* Rings a thread until it has answered: a signal may come too early. */
struct bell {
    pthread_t     who;
    volatile bool stop;
};

static void *ring(void *arg)
{
    struct bell *b = arg;

    while (!b->stop) {
        pthread_kill(b->who, SIGUSR1);
        poll(NULL, 0, 2);
    }
    return NULL;
}

#define INTERRUPTED(call)                             \
    do {                                              \
        struct bell bell = { pthread_self(), false }; \
        pthread_t   ringer;                           \
        run(ring, &bell, &ringer);                    \
        FAILS(call, EINTR);                           \
        bell.stop = true;                             \
        join(ringer);                                 \
    } while (0)

static void interrupted_server(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

static void interrupted_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;
    int                     fd = meet(), l = listening(1);
    int                     u = bound(SOCK_DGRAM, 0);
    struct pollfd           p = { .fd = fd, .events = POLLIN };
    char                    c;

    handle(0);
    INTERRUPTED(read(fd, &c, 1));
    INTERRUPTED(recv(fd, &c, 1, 0));
    INTERRUPTED(accept(l, NULL, NULL));
    INTERRUPTED(recvfrom(u, &c, 1, 0, (struct sockaddr *)&ss, &len));
    INTERRUPTED(poll(&p, 1, -1));
    CHECK(rang >= 5);
    close(u);
    close(l);
    close(fd);
}

struct restarting {
    int           l;
    volatile bool in;
};

static void *accept_one(void *arg)
{
    struct restarting *r = arg;
    int                conn;

    r->in = true;
    conn = accept(r->l, NULL, NULL);
    CHECK(conn >= 0);
    send_all(conn, "x", 1);
    close(conn);
    return NULL;
}

/* With SA_RESTART the call goes on: nothing is lost by many signals. */
static void restarted_server(void)
{
    struct restarting r = { listening(1), false };
    struct bell       b = { .stop = false };
    pthread_t         t, ringer;

    handle(SA_RESTART);
    run(accept_one, &r, &t);
    b.who = t;
    run(ring, &b, &ringer);
    while (rang < 5)
        poll(NULL, 0, 1);
    tell(local_port(r.l));
    while (hear() != 'd')
        ;
    b.stop = true;
    join(ringer);
    join(t);
    close(r.l);
}

static void restarted_client(void)
{
    int  fd = connected(hear());
    char c;

    recv_all(fd, &c, 1);
    recv_end(fd);
    tell('d');
    close(fd);
}

/* A timer rings all the while; every byte arrives once. */
static void ringing_server(void)
{
    struct itimerval tv = { { 0, 1000 }, { 0, 1000 } }, off = { 0 };
    struct sigaction sa = { .sa_handler = on_ring, .sa_flags = SA_RESTART };
    int              fd = meet();
    size_t           at = 0;
    unsigned char    buf[2000];

    EQ(sigaction(SIGVTALRM, &sa, NULL), 0);
    EQ(sigaction(SIGPROF, &sa, NULL), 0);
    handle(SA_RESTART);
    EQ(setitimer(ITIMER_PROF, &tv, NULL), 0);
    for (;;) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);

        CHECK(n >= 0);
        if (n == 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            CHECK(buf[i] == byte_at(at++));
    }
    EQ(at, FLOW);
    EQ(setitimer(ITIMER_PROF, &off, NULL), 0);
    close(fd);
}

static void ringing_client(void)
{
    int fd = meet();

    writer(&fd);
    recv_end(fd);
    close(fd);
}

CALL_MAIN(BOTH(own), BOTH(two), BOTH(interrupted), BOTH(restarted),
          BOTH(ringing))
