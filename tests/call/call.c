/* call.c: what the programs of tests/call share: roles, steps, checks. */
#include "call.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/time.h>

enum { CASE_SECONDS = 50 };

bool is_server, in_lab;
int  family = AF_INET;

static const char *host = "", *now_running = "";
static int         from_other = -1, to_other = -1;
static char        out_of_time[160];

/* ---- failing --------------------------------------------------------------- */

static _Noreturn void give_up(const char *file, int line)
{
    const char *slash = strrchr(file, '/');

    fprintf(stderr, "%s:%d: %s (%s) failed\n", slash ? slash + 1 : file, line,
            now_running, is_server ? "server" : "client");
    _exit(1);
}

void call_check(bool ok, const char *what, const char *file, int line)
{
    if (ok)
        return;
    fprintf(stderr, "  %s is false (errno %s)\n", what,
            strerrorname_np(errno));
    give_up(file, line);
}

void call_equal(long long got, long long want, const char *what,
                const char *file, int line)
{
    if (got == want)
        return;
    fprintf(stderr, "  %s: got %lld, want %lld (errno %s)\n", what, got, want,
            strerrorname_np(errno));
    give_up(file, line);
}

void call_fails(long long got, int err, const char *what, const char *file,
                int line)
{
    if (got == -1 && errno == err)
        return;
    fprintf(stderr, "  %s: got %lld %s, want -1 %s\n", what, got,
            strerrorname_np(errno), strerrorname_np(err));
    give_up(file, line);
}

static void on_alarm(int sig)
{
    (void)sig;
    if (write(STDERR_FILENO, out_of_time, strlen(out_of_time)) < 0)
        _exit(2);
    _exit(1);
}

/* ---- steps -------------------------------------------------------------- */

static int open_steps(const char *suffix, int flags)
{
    const char *base = getenv("CALL_STEPS");
    char        path[4096];
    int         fd;

    snprintf(path, sizeof path, "%s.%s", base ? base : "steps", suffix);
    do
        fd = open(path, flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        perror(path);
        exit(2);
    }
    return fd;
}

/* Opening waits for the other role. */
static void open_both(void)
{
    if (is_server) {
        from_other = open_steps("up", O_RDONLY);
        to_other = open_steps("down", O_WRONLY);
    } else {
        to_other = open_steps("up", O_WRONLY);
        from_other = open_steps("down", O_RDONLY);
    }
}

void tell(int value)
{
    if (write(to_other, &value, sizeof value) != (ssize_t)sizeof value) {
        fprintf(stderr, "%s: the other role is gone\n", now_running);
        _exit(1);
    }
}

int hear(void)
{
    int     value;
    ssize_t n;

    do
        n = read(from_other, &value, sizeof value);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof value) {
        fprintf(stderr, "%s: the other role is gone\n", now_running);
        _exit(1);
    }
    return value;
}

void step(void)
{
    enum { HERE = 0x57e9 };

    tell(HERE);
    EQ(hear(), HERE);
}

/* ---- addresses ------------------------------------------------------------- */

static socklen_t address(struct sockaddr_storage *out, const char *text,
                         int port)
{
    struct sockaddr_in  *sin = (void *)out;
    struct sockaddr_in6 *sin6 = (void *)out;

    memset(out, 0, sizeof *out);
    out->ss_family = (sa_family_t)family;
    if (family == AF_INET6) {
        sin6->sin6_port = htons((uint16_t)port);
        EQ(inet_pton(AF_INET6, text, &sin6->sin6_addr), 1);
        return sizeof *sin6;
    }
    sin->sin_port = htons((uint16_t)port);
    EQ(inet_pton(AF_INET, text, &sin->sin_addr), 1);
    return sizeof *sin;
}

socklen_t server_at(struct sockaddr_storage *out, int port)
{
    return address(out, host, port);
}

socklen_t any_at(struct sockaddr_storage *out, int port)
{
    return address(out, family == AF_INET6 ? "::" : "0.0.0.0", port);
}

int port_of(const struct sockaddr_storage *ss)
{
    return ntohs(ss->ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)ss)->sin6_port
                     : ((const struct sockaddr_in *)ss)->sin_port);
}

int local_port(int fd)
{
    struct sockaddr_storage ss;
    socklen_t               len = sizeof ss;

    EQ(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
    return port_of(&ss);
}

int bound(int type, int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = any_at(&ss, port);
    int                     fd = socket(family, type, 0);

    CHECK(fd >= 0);
    EQ(bind(fd, (struct sockaddr *)&ss, len), 0);
    return fd;
}

int listening(int backlog)
{
    int fd = bound(SOCK_STREAM, 0);

    EQ(listen(fd, backlog), 0);
    return fd;
}

int connected(int port)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, port);
    int                     fd = socket(family, SOCK_STREAM, 0);

    CHECK(fd >= 0);
    EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
    return fd;
}

int meet(void)
{
    int fd, conn;

    if (!is_server)
        return connected(hear());
    fd = listening(1);
    tell(local_port(fd));
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    close(fd);
    return conn;
}

int meet_nonblocking(void)
{
    int fd = meet();

    if (!is_server)
        set_nonblock(fd, true);
    return fd;
}

/* ---- small calls ------------------------------------------------------------ */

void set_int(int fd, int level, int name, int value)
{
    EQ(setsockopt(fd, level, name, &value, sizeof value), 0);
}

int get_int(int fd, int level, int name)
{
    int       v = -1;
    socklen_t len = sizeof v;

    EQ(getsockopt(fd, level, name, &v, &len), 0);
    EQ(len, sizeof v);
    return v;
}

void set_timeout(int fd, int name, int ms)
{
    struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

    EQ(setsockopt(fd, SOL_SOCKET, name, &tv, sizeof tv), 0);
}

void set_nonblock(int fd, bool on)
{
    int fl = fcntl(fd, F_GETFL);

    EQ(fcntl(fd, F_SETFL, on ? fl | O_NONBLOCK : fl & ~O_NONBLOCK), 0);
}

int so_error(int fd)
{
    return get_int(fd, SOL_SOCKET, SO_ERROR);
}

int poll_for(int fd, int events, int ms)
{
    struct pollfd p = { .fd = fd, .events = (short)events };

    CHECK(poll(&p, 1, ms) >= 0);
    return p.revents;
}

void send_all(int fd, const void *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);

        CHECK(w > 0);
        p = (const char *)p + w;
        n -= (size_t)w;
    }
}

void recv_all(int fd, void *p, size_t n)
{
    while (n > 0) {
        ssize_t r = read(fd, p, n);

        CHECK(r > 0);
        p = (char *)p + r;
        n -= (size_t)r;
    }
}

void recv_end(int fd)
{
    char c;

    EQ(read(fd, &c, 1), 0);
}

void await_bytes(int fd, int n)
{
    int have = 0;

    for (int i = 0; i < SOON && have < n; i++) {
        EQ(ioctl(fd, FIONREAD, &have), 0);
        if (have < n)
            poll(NULL, 0, 1); /* there is no event for "n bytes" */
    }
    CHECK(have >= n);
}

/* ---- the program ------------------------------------------------------------- */

static void run(const struct call_case *c)
{
    void (*f)(void) = is_server ? c->server : c->client;

    now_running = c->name;
    snprintf(out_of_time, sizeof out_of_time, "%s (%s): out of time\n",
             c->name, is_server ? "server" : "client");
    alarm(CASE_SECONDS);
    if (f)
        f();
    step();
    alarm(0);
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 0;
}

/* PROG server|client HOST [CASE ...] */
int call_main(int argc, char **argv, const struct call_case *cases, size_t n)
{
    int fd;

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < n; i++)
            puts(cases[i].name);
        return 0;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: %s server|client HOST [CASE ...]\n", argv[0]);
        return 2;
    }
    is_server = strcmp(argv[1], "server") == 0;
    host = argv[2];
    family = strchr(host, ':') ? AF_INET6 : AF_INET;
    in_lab = strcmp(host, "127.0.0.1") != 0 && strcmp(host, "::1") != 0;
    signal(SIGALRM, on_alarm);
    if (is_server) { /* so that a lab starts the client */
        fd = listening(1);
        close(fd);
    }
    open_both();
    for (size_t i = 0; i < n; i++)
        if (wanted(cases[i].name, argc - 3, argv + 3))
            run(&cases[i]);
    return 0;
}
