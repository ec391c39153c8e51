/* hostile.c: calls that mean harm: pointers to nowhere, lengths that
 * overflow, threads that pull descriptors from under each other.  They may
 * fail as they like; the host goes on, and no descriptor is left over.
 */
#include "call.h"

#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { SLOTS = 8, THREADS = 4, TURNS = 150, IOVECS = 1500 };

static int still_works(void)
{
    int fd = socket(family, SOCK_STREAM, 0);

    CHECK(fd >= 0);
    EQ(listen(fd, 1), 0);
    EQ(close(fd), 0);
    return fd;
}

/* Every call that takes memory, with this memory; straight to the system,
 * so that no library looks at it first. */
static void poke(int fd, char *p, unsigned len)
{
    const int now = MSG_DONTWAIT | MSG_NOSIGNAL;
    socklen_t n = len;

    syscall(SYS_bind, fd, p, len);
    if (p)
        syscall(SYS_connect, fd, p, len);
    syscall(SYS_getsockname, fd, p, &n);
    syscall(SYS_getsockname, fd, p, p);
    syscall(SYS_getpeername, fd, p, p);
    syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVBUF, p, len);
    syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_RCVBUF, p, p);
    syscall(SYS_sendto, fd, p, (size_t)len, now, p, len);
    syscall(SYS_recvfrom, fd, p, SIZE_MAX, now, p, p);
    syscall(SYS_accept4, fd, p, p, 0x7fffffff);
    syscall(SYS_sendmsg, fd, p, now);
    syscall(SYS_recvmsg, fd, p, now);
    syscall(SYS_sendmmsg, fd, p, 1024, now);
    syscall(SYS_recvmmsg, fd, p, ~0u, now, p);
}

static void bad_memory(void)
{
    static const unsigned lens[] = { 0, 1, 16, 129, 0x7fffffff, ~0u };
    char                 *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *bad[] = { NULL, (char *)8, (char *)-1, edge + 4095, edge + 4088 };
    int   before = still_works();

    EQ(mprotect(edge + 4096, 4096, PROT_NONE), 0);
    for (size_t i = 0; i < COUNT(bad) * COUNT(lens); i++) {
        int t = socket(family, SOCK_STREAM, 0);
        int u = socket(family, SOCK_DGRAM, 0);

        poke(t, bad[i % COUNT(bad)], lens[i / COUNT(bad)]);
        poke(u, bad[i % COUNT(bad)], lens[i / COUNT(bad)]);
        EQ(close(t), 0);
        EQ(close(u), 0);
    }
    EQ(still_works(), before);
}

static void huge_vectors(void)
{
    static const size_t lens[] = { 65536, SIZE_MAX / 2, SIZE_MAX };
    static struct iovec v[IOVECS];
    static char         b[65536];
    struct msghdr       m = { .msg_iov = v };
    int                 before = still_works();
    int                 fd = socket(family, SOCK_DGRAM, 0);

    for (size_t i = 0; i < COUNT(lens); i++) {
        for (size_t k = 0; k < IOVECS; k++)
            v[k] = (struct iovec){ b, lens[i] };
        for (m.msg_iovlen = 1; m.msg_iovlen < IOVECS; m.msg_iovlen += 340)
            CHECK(sendmsg(fd, &m, MSG_DONTWAIT) < 0);
        m.msg_iovlen = SIZE_MAX;
        CHECK(sendmsg(fd, &m, MSG_DONTWAIT) < 0);
        CHECK(recvmsg(fd, &m, MSG_DONTWAIT) < 0);
    }
    EQ(close(fd), 0);
    EQ(still_works(), before);
}

static int slots[SLOTS];

static void *racer(void *arg)
{
    unsigned s = (unsigned)(uintptr_t)arg;
    char     c;

    for (int i = 0; i < TURNS; i++) {
        int *slot, fd;

        s = s * 1103515245 + 12345;
        slot = &slots[s >> 8 & (SLOTS - 1)];
        fd = __atomic_load_n(slot, __ATOMIC_SEQ_CST);
        switch (s >> 16 & 3) {
        case 0:
            fd = socket(family, s >> 20 & 1 ? SOCK_STREAM : SOCK_DGRAM, 0);
            close(__atomic_exchange_n(slot, fd, __ATOMIC_SEQ_CST));
            break;
        case 1:
            listen(fd, 1);
            break;
        case 2:
            recv(fd, &c, 1, MSG_DONTWAIT);
            break;
        default:
            shutdown(fd, SHUT_WR); /* close_against_listen() has the rest */
        }
    }
    return NULL;
}

static void racing_threads(void)
{
    pthread_t t[THREADS];
    int       before = still_works();

    for (int i = 0; i < SLOTS; i++)
        slots[i] = socket(family, SOCK_STREAM, 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        EQ(pthread_create(&t[i], NULL, racer, (void *)(i * 77 + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        EQ(pthread_join(t[i], NULL), 0);
    for (int i = 0; i < SLOTS; i++)
        close(slots[i]);
    EQ(still_works(), before);
}

static int               contested;
static pthread_barrier_t go;

static void *closer(void *arg)
{
    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        pthread_barrier_wait(&go);
        EQ(close(contested), 0);
        pthread_barrier_wait(&go);
    }
    return NULL;
}

/* A listener that was shut down gets a new descriptor in its place when it
 * listens again.  If another thread closes the old one just then, the new one
 * may stay (docs/sockets.md); all else goes on. */
static void close_against_listen(void)
{
    pthread_t t;

    pthread_barrier_init(&go, NULL, 2);
    EQ(pthread_create(&t, NULL, closer, NULL), 0);
    for (int i = 0; i < TURNS; i++) {
        contested = socket(family, SOCK_STREAM, 0);
        EQ(listen(contested, 1), 0);
        EQ(shutdown(contested, SHUT_RDWR), 0);
        pthread_barrier_wait(&go);
        listen(contested, 1);
        pthread_barrier_wait(&go);
    }
    EQ(pthread_join(t, NULL), 0);
    CHECK(still_works() >= 0);
}

CALL_MAIN(ONE(bad_memory), ONE(huge_vectors), ONE(racing_threads),
          ONE(close_against_listen))
