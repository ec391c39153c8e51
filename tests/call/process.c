/* process.c: sockets in several processes: fork, exec, dup, passing on. */
#include "call.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void join(pid_t pid)
{
    int status;

    EQ(waitpid(pid, &status, 0), pid);
    EQ(status, 0);
}

/* ---- fork -------------------------------------------------------------------- */

/* The textbook's concurrent server: the child serves, the parent closes. */
static void child_serves_server(void)
{
    int fd = listening(4);

    tell(local_port(fd));
    for (int i = 0; i < 3; i++) {
        int   conn = accept(fd, NULL, NULL);
        pid_t pid;

        CHECK(conn >= 0);
        pid = fork();
        if (pid == 0) {
            char c;

            close(fd);
            recv_all(conn, &c, 1);
            send_all(conn, &c, 1);
            _exit(0); /* and with it the connection ends */
        }
        close(conn);
        join(pid);
    }
    close(fd);
}

static void child_serves_client(void)
{
    int port = hear();

    for (int i = 0; i < 3; i++) {
        int  fd = connected(port);
        char c = (char)('a' + i), d;

        send_all(fd, &c, 1);
        recv_all(fd, &d, 1);
        EQ(c, d);
        recv_end(fd);
        close(fd);
    }
}

/* A connection ends with its last descriptor, not before. */
static void last_closes_server(void)
{
    int   fd = meet(), go[2];
    pid_t pid;

    EQ(pipe(go), 0);
    pid = fork();
    if (pid == 0) {
        char c;

        close(go[1]);
        recv_end(go[0]); /* until the parent has closed */
        send_all(fd, "child", 5);
        recv_all(fd, &c, 1);
        _exit(0);
    }
    close(fd);
    close(go[0]);
    close(go[1]);
    join(pid);
}

static void last_closes_client(void)
{
    int  fd = meet();
    char buf[5];

    recv_all(fd, buf, 5);
    EQ(poll_for(fd, POLLIN, 0), 0);
    send_all(fd, "x", 1);
    recv_end(fd);
    close(fd);
}

/* Parent and child each write and read their part. */
static void shared_server(void)
{
    int  fd = meet();
    char buf[8];

    recv_all(fd, buf, 8);
    EQ(memcmp(buf, "onetwo!!", 8), 0);
    recv_end(fd);
    close(fd);
}

static void shared_client(void)
{
    int   fd = meet();
    pid_t pid = fork();

    if (pid == 0) {
        send_all(fd, "one", 3);
        _exit(0);
    }
    join(pid);
    send_all(fd, "two!!", 5);
    EQ(shutdown(fd, SHUT_WR), 0); /* of the connection, not of the number */
    close(fd);
}

/* connect() in a child, the socket is the parent's. */
static void child_connects_server(void)
{
    int  fd = listening(1), conn;
    char buf[6];

    tell(local_port(fd));
    conn = accept(fd, NULL, NULL);
    CHECK(conn >= 0);
    recv_all(conn, buf, 6);
    recv_end(conn);
    close(conn);
    close(fd);
}

static void child_connects_client(void)
{
    struct sockaddr_storage ss;
    socklen_t               len = server_at(&ss, hear());
    int                     fd = socket(family, SOCK_STREAM, 0);
    pid_t                   pid = fork();

    if (pid == 0) {
        EQ(connect(fd, (struct sockaddr *)&ss, len), 0);
        _exit(0);
    }
    join(pid);
    FAILS(connect(fd, (struct sockaddr *)&ss, len), EISCONN);
    send_all(fd, "parent", 6);
    close(fd);
}

/* ---- exec ----------------------------------------------------------------------- */

/* A shell with the connection as its input and output, as inetd does. */
static void exec_server(void)
{
    int   fd = meet();
    pid_t pid = fork();

    if (pid == 0) {
        dup2(fd, 0);
        dup2(fd, 1);
        close(fd);
        execl("/bin/sh", "sh", "-c", "read x; echo got $x", (char *)NULL);
        _exit(127);
    }
    close(fd);
    join(pid);
}

static void exec_client(void)
{
    int  fd = meet();
    char buf[10];

    send_all(fd, "hello\n", 6);
    recv_all(fd, buf, 10);
    EQ(memcmp(buf, "got hello\n", 10), 0);
    recv_end(fd);
    close(fd);
}

static void close_on_exec_server(void)
{
    int   fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), conn;
    pid_t pid;

    EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    fd = listening(2);
    EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
    tell(local_port(fd));
    conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    CHECK(conn >= 0);
    pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", "read x", (char *)NULL);
        _exit(127);
    }
    close(conn); /* the child does not have it: this is the end */
    close(fd);
    hear();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void close_on_exec_client(void)
{
    int fd = connected(hear());

    recv_end(fd);
    tell(0);
    close(fd);
}

/* ---- descriptors ------------------------------------------------------------------ */

static void duplicates_server(void)
{
    int  fd = meet(), two = dup(fd), three;
    char buf[3];

    three = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    CHECK(three >= 100);
    EQ(local_port(two), local_port(three));
    recv_all(fd, buf, 1);
    close(fd);
    recv_all(two, buf, 1);
    close(two);
    recv_all(three, buf, 1);
    send_all(three, "z", 1);
    close(three);
}

static void duplicates_client(void)
{
    int  fd = meet();
    char c;

    send_all(fd, "abc", 3);
    recv_all(fd, &c, 1);
    recv_end(fd);
    close(fd);
}

/* dup2() over an open connection closes it. */
static void over_server(void)
{
    int fd = meet(), null = open("/dev/null", O_RDWR);

    EQ(dup2(null, fd), fd);
    EQ(write(fd, "nowhere", 7), 7);
    hear();
    close(null);
    close(fd);
}

static void over_client(void)
{
    int fd = meet();

    recv_end(fd);
    tell(0);
    close(fd);
}

/* A connection handed to another process through an AF_UNIX socket. */
static void pass(int over, int fd)
{
    char            c = 'f', space[CMSG_SPACE(sizeof fd)];
    struct iovec    v = { &c, 1 };
    struct msghdr   m = { .msg_iov = &v,
                          .msg_iovlen = 1,
                          .msg_control = space,
                          .msg_controllen = sizeof space };
    struct cmsghdr *h;

    memset(space, 0, sizeof space);
    h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(h), &fd, sizeof fd);
    EQ(sendmsg(over, &m, 0), 1);
}

static int passed(int over)
{
    char            c, space[CMSG_SPACE(sizeof(int))];
    struct iovec    v = { &c, 1 };
    struct msghdr   m = { .msg_iov = &v,
                          .msg_iovlen = 1,
                          .msg_control = space,
                          .msg_controllen = sizeof space };
    struct cmsghdr *h;
    int             fd;

    EQ(recvmsg(over, &m, 0), 1);
    h = CMSG_FIRSTHDR(&m);
    CHECK(h && h->cmsg_type == SCM_RIGHTS);
    memcpy(&fd, CMSG_DATA(h), sizeof fd);
    return fd;
}

static void passing_server(void)
{
    int   fd = meet(), sv[2];
    pid_t pid;

    EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    pid = fork();
    if (pid == 0) {
        char c;

        close(fd);
        fd = passed(sv[1]);
        recv_all(fd, &c, 1);
        CHECK(local_port(fd) > 0);
        send_all(fd, "k", 1);
        _exit(0);
    }
    pass(sv[0], fd);
    close(fd);
    close(sv[0]);
    close(sv[1]);
    join(pid);
}

static void passing_client(void)
{
    int  fd = meet();
    char c;

    send_all(fd, "k", 1);
    recv_all(fd, &c, 1);
    recv_end(fd);
    close(fd);
}

/* It looks like a socket from outside, and stays one. */
static void looks(void)
{
    char        path[64], text[64];
    int         fd = listening(1);
    struct stat st;
    ssize_t     n;

    EQ(fstat(fd, &st), 0);
    CHECK(S_ISSOCK(st.st_mode));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    n = readlink(path, text, sizeof text - 1);
    CHECK(n > 0);
    EQ(strncmp(text, "socket:[", 8), 0);
    FAILS(lseek(fd, 0, SEEK_SET), ESPIPE);
    EQ(fcntl(fd, F_GETFL), O_RDWR);
    close(fd);
    FAILS(listen(fd, 1), EBADF);
}

/* The lowest free number, as POSIX wants it. */
static void lowest(void)
{
    int a = socket(family, SOCK_STREAM, 0), b, c;

    b = socket(family, SOCK_DGRAM, 0);
    EQ(b, a + 1);
    close(a);
    c = socket(family, SOCK_STREAM, 0);
    EQ(c, a);
    close(b);
    close(c);
}

CALL_MAIN(BOTH(child_serves), BOTH(last_closes), BOTH(shared),
          BOTH(child_connects), BOTH(exec), BOTH(close_on_exec),
          BOTH(duplicates), BOTH(over), BOTH(passing), ONE(looks),
          ONE(lowest))
