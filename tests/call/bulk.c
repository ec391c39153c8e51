/* bulk.c: much data, both ways at once; slow readers; small buffers. */
#include "call.h"

#include <pthread.h>
#include <stdlib.h>

/* MiB; CALL_BULK says otherwise. */
static size_t much(void)
{
    const char *text = getenv("CALL_BULK");

    return (size_t)(text ? atoi(text) : 20) << 20;
}

/* FNV-1a, of what was sent and of what has come. */
static uint64_t hash(uint64_t h, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

struct job {
    int      fd;
    uint64_t seed, hash;
    size_t   bytes;
};

enum { BUF = 50021 };

static void *pour(void *arg)
{
    struct job    *j = arg;
    unsigned char *buf = malloc(BUF);
    uint64_t       x = j->seed;

    for (size_t left = j->bytes; left > 0;) {
        size_t n = left < BUF ? left : 1 + x % BUF;

        for (size_t i = 0; i < n; i++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            buf[i] = (unsigned char)(x >> 56);
        }
        j->hash = hash(j->hash, buf, n);
        send_all(j->fd, buf, n);
        left -= n;
    }
    EQ(shutdown(j->fd, SHUT_WR), 0);
    free(buf);
    return NULL;
}

static void drink(struct job *j)
{
    unsigned char *buf = malloc(BUF);
    ssize_t        n;

    while ((n = read(j->fd, buf, BUF)) > 0) {
        j->hash = hash(j->hash, buf, (size_t)n);
        j->bytes += (size_t)n;
    }
    EQ(n, 0);
    free(buf);
}

static void compare(uint64_t mine, uint64_t got)
{
    tell((int)mine);
    tell((int)(mine >> 32));
    EQ(hear(), (int)got);
    EQ(hear(), (int)(got >> 32));
}

static void exchange(int fd, size_t bytes)
{
    struct job out = { fd, is_server ? 11 : 22, 1, bytes };
    struct job in = { fd, 0, 1, 0 };
    pthread_t  t;

    EQ(pthread_create(&t, NULL, pour, &out), 0);
    drink(&in);
    EQ(pthread_join(t, NULL), 0);
    EQ(in.bytes, bytes);
    compare(out.hash, in.hash);
    close(fd);
}

static void both_ways_server(void)
{
    exchange(meet(), much());
}

static void both_ways_client(void)
{
    exchange(meet(), much());
}

static void small_buffers_server(void)
{
    int fd = listening(1), conn;

    set_int(fd, SOL_SOCKET, SO_RCVBUF, 4000);
    set_int(fd, SOL_SOCKET, SO_SNDBUF, 4000);
    tell(local_port(fd));
    conn = accept(fd, NULL, NULL);
    exchange(conn, 20000 + much() / 100);
    close(fd);
}

static void small_buffers_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    int                     fd = socket(family, SOCK_STREAM, 0);

    set_int(fd, SOL_SOCKET, SO_RCVBUF, 4000);
    EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    exchange(fd, 20000 + much() / 100);
}

/* The window closes and opens again, many times. */
enum { SLOW = 700000 };

static void slow_reader_server(void)
{
    int            fd = meet();
    struct job     in = { fd, 0, 1, 0 };
    unsigned char *buf = malloc(100000);

    for (int i = 0; i < 5; i++) {
        poll(NULL, 0, 20); /* slowness is what is tested */
        recv_all(fd, buf, 100000);
        in.hash = hash(in.hash, buf, 100000);
    }
    in.bytes = 5 * 100000;
    drink(&in);
    EQ(in.bytes, SLOW);
    compare(0, in.hash);
    free(buf);
    close(fd);
}

static void slow_reader_client(void)
{
    int        fd = meet();
    struct job out = { fd, 5, 1, SLOW };

    pour(&out);
    compare(out.hash, 0);
    recv_end(fd);
    close(fd);
}

/* Many small writes, and a reader that takes one byte at a time. */
static void small_writes_server(void)
{
    int fd = meet();

    for (int i = 0; i < 5000; i++) {
        unsigned char c;

        EQ(read(fd, &c, 1), 1);
        EQ(c, (unsigned char)(i * 7));
    }
    recv_end(fd);
    close(fd);
}

static void small_writes_client(void)
{
    int fd = meet();

    for (int i = 0; i < 5000; i++) {
        unsigned char c = (unsigned char)(i * 7);

        EQ(write(fd, &c, 1), 1);
    }
    close(fd);
}

CALL_MAIN(BOTH(both_ways), BOTH(small_buffers), BOTH(slow_reader),
          BOTH(small_writes))
