/* call.h: socket programs that are run twice, on the kernel's own network
 * and under `causeway lab`, and must not see a difference.
 *
 *     static void half_close_server(void) { int fd = meet(); ... }
 *     static void half_close_client(void) { int fd = meet(); ... }
 *     CALL_MAIN(BOTH(half_close), ONE(not_a_socket))
 *
 * A program is started twice, as `PROG server` and `PROG client HOST`; both
 * go through the cases in step.  Steps go over FIFOs (a path in CALL_STEPS),
 * not over the network that is tested, so no test needs to sleep; but what
 * crossed the network may arrive later than a step.
 */
#ifndef TESTS_CALL_H
#define TESTS_CALL_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct call_case {
    const char *name;
    void (*server)(void);
    void (*client)(void);
};

#define BOTH(name)                          \
    {                                       \
#name, name##_server, name##_client \
    }
/* Needs no peer; the client's side runs it. */
#define ONE(name)         \
    {                     \
#name, NULL, name \
    }
#define CALL_MAIN(...)                                             \
    static const struct call_case all_cases[] = { __VA_ARGS__ };   \
    int                           main(int argc, char **argv)      \
    {                                                              \
        return call_main(argc, argv, all_cases, COUNT(all_cases)); \
    }

int call_main(int argc, char **argv, const struct call_case *cases, size_t n);

/* Each ends the program, and with it the other one, if it does not hold. */
#define CHECK(x) call_check(!!(x), #x, __FILE__, __LINE__)
#define EQ(got, want)                                                  \
    call_equal((long long)(got), (long long)(want), #got " == " #want, \
               __FILE__, __LINE__)
/* The call answers -1 with this errno. */
#define FAILS(call, err) \
    (errno = 0,          \
     call_fails((long long)(call), (err), #call, __FILE__, __LINE__))

void call_check(bool ok, const char *what, const char *file, int line);
void call_equal(long long got, long long want, const char *what,
                const char *file, int line);
void call_fails(long long got, int err, const char *what, const char *file,
                int line);

/* ---- steps -------------------------------------------------------------- */

/* Tell the other role a number; hear the next one. */
void tell(int value);
int  hear(void);
/* Both roles have come here. */
void step(void);

/* ---- sockets ------------------------------------------------------------- */

extern bool is_server;
extern bool in_lab; /* two hosts of ours, not the kernel's loopback */
extern int  family; /* AF_INET or AF_INET6, by the host in argv */

/* The server's host with a port; the any-address with a port. */
socklen_t server_at(struct sockaddr_storage *out, int port);
socklen_t any_at(struct sockaddr_storage *out, int port);
int       port_of(const struct sockaddr_storage *ss);
int       local_port(int fd);
int       bound(int type, int port); /* to the any-address */
int       listening(int backlog);    /* at a port of the system's choice */
int       connected(int port);       /* client, blocking */
/* A connection of the two roles: each has its end. */
int meet(void);
/* The same for the client with its end non-blocking from the beginning. */
int meet_nonblocking(void);

void set_int(int fd, int level, int name, int value);
int  get_int(int fd, int level, int name);
void set_timeout(int fd, int name, int ms);
void set_nonblock(int fd, bool on);
int  so_error(int fd);
/* poll() of one descriptor; its revents. */
int  poll_for(int fd, int events, int ms);
void send_all(int fd, const void *p, size_t n);
void recv_all(int fd, void *p, size_t n);
/* The end of the stream comes next. */
void recv_end(int fd);
/* Until that many bytes lie there. */
void await_bytes(int fd, int n);

enum { SOON = 10000 }; /* ms: it must come; how soon is not judged */

#endif
