/* urgent.c: urgent data, as Linux has it (RFC 6093). */
#include "call.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>

static int at_mark(int fd)
{
    int mark = -1;

    EQ(ioctl(fd, SIOCATMARK, &mark), 0);
    return mark;
}

static void out_of_band_server(void)
{
    int fd = meet();

    EQ(send(fd, "abc", 3, 0), 3);
    EQ(send(fd, "U", 1, MSG_OOB), 1);
    EQ(send(fd, "def", 3, 0), 3);
    recv_end(fd);
    close(fd);
}

static void out_of_band_client(void)
{
    int  fd = meet();
    char buf[16];

    EQ(poll_for(fd, POLLPRI, SOON), POLLPRI);
    await_bytes(fd, 3);
    EQ(at_mark(fd), 0);
    EQ(recv(fd, buf, 1, MSG_OOB), 1);
    EQ(buf[0], 'U');
    FAILS(recv(fd, buf, 1, MSG_OOB), EINVAL); /* once */
    EQ(recv(fd, buf, 16, 0), 3);              /* reading stops at the mark */
    EQ(memcmp(buf, "abc", 3), 0);
    EQ(at_mark(fd), 1);
    recv_all(fd, buf, 3);
    EQ(memcmp(buf, "def", 3), 0);
    EQ(at_mark(fd), 0);
    close(fd);
}

/* Two octets, the urgent one, two more. */
static void send_around_it(void)
{
    int fd = meet();

    EQ(send(fd, "ab", 2, 0), 2);
    EQ(send(fd, "U", 1, MSG_OOB), 1);
    EQ(send(fd, "cd", 2, 0), 2);
    recv_end(fd);
    close(fd);
}

static void in_line_server(void)
{
    send_around_it();
}

static void in_line_client(void)
{
    int  fd = meet();
    char buf[16];

    set_int(fd, SOL_SOCKET, SO_OOBINLINE, 1);
    EQ(poll_for(fd, POLLPRI, SOON), POLLPRI);
    await_bytes(fd, 5);
    EQ(recv(fd, buf, 16, 0), 2);
    EQ(at_mark(fd), 1);
    EQ(recv(fd, buf, 16, 0), 3);
    EQ(memcmp(buf, "Ucd", 3), 0);
    FAILS(recv(fd, buf, 1, MSG_OOB), EINVAL);
    close(fd);
}

static void none_server(void)
{
    int fd = meet();

    recv_end(fd);
    close(fd);
}

static void none_client(void)
{
    int  fd = meet();
    char c;

    FAILS(recv(fd, &c, 1, MSG_OOB), EINVAL);
    EQ(poll_for(fd, POLLPRI, 0), 0);
    EQ(at_mark(fd), 0);
    close(fd);
}

static volatile sig_atomic_t urgent;

static void on_urgent(int sig)
{
    urgent += sig == SIGURG;
}

static void signal_server(void)
{
    int fd = meet();

    hear();
    EQ(send(fd, "U", 1, MSG_OOB), 1);
    hear();
    close(fd);
}

/* By select()'s third set, with the signal. */
static void signal_client(void)
{
    struct timeval tv = { SOON / 1000, 0 };
    int            fd = meet(), n;
    fd_set         e;
    char           c;

    signal(SIGURG, on_urgent);
    EQ(fcntl(fd, F_SETOWN, getpid()), 0);
    tell(0);
    do {
        FD_ZERO(&e);
        FD_SET(fd, &e);
        n = select(fd + 1, NULL, NULL, &e, &tv);
    } while (n < 0 && errno == EINTR);
    EQ(n, 1);
    EQ(urgent, 1);
    EQ(recv(fd, &c, 1, MSG_OOB), 1);
    EQ(c, 'U');
    tell(0);
    recv_end(fd);
    signal(SIGURG, SIG_DFL);
    close(fd);
}

/* Urgent data may have any length; what is out of band is its last octet. */
static void longer_server(void)
{
    int fd = meet();

    EQ(send(fd, "abcU", 4, MSG_OOB), 4);
    EQ(send(fd, "de", 2, 0), 2);
    recv_end(fd);
    close(fd);
}

static void longer_client(void)
{
    int  fd = meet();
    char buf[16];

    EQ(poll_for(fd, POLLPRI, SOON), POLLPRI);
    await_bytes(fd, 3);
    EQ(recv(fd, buf, 1, MSG_OOB | MSG_PEEK), 1);
    EQ(buf[0], 'U');
    EQ(recv(fd, buf, 16, MSG_OOB), 1);
    EQ(buf[0], 'U');
    EQ(poll_for(fd, POLLPRI, 0), 0); /* it was read */
    EQ(recv(fd, buf, 16, 0), 3);
    EQ(memcmp(buf, "abc", 3), 0);
    recv_all(fd, buf, 2);
    EQ(memcmp(buf, "de", 2), 0);
    close(fd);
}

/* Who reads past it has lost it. */
static void passed_by_server(void)
{
    send_around_it();
}

static void passed_by_client(void)
{
    int  fd = meet();
    char buf[16];

    EQ(poll_for(fd, POLLPRI, SOON), POLLPRI);
    recv_all(fd, buf, 2);
    EQ(memcmp(buf, "ab", 2), 0);
    recv_all(fd, buf, 2);
    EQ(memcmp(buf, "cd", 2), 0);
    EQ(poll_for(fd, POLLPRI, 0), 0);
    FAILS(recv(fd, buf, 1, MSG_OOB), EINVAL);
    EQ(at_mark(fd), 0);
    close(fd);
}

/* The newest counts; the one before it is data again. */
static void two_server(void)
{
    int fd = meet();

    EQ(send(fd, "abA", 3, MSG_OOB), 3);
    EQ(send(fd, "cdB", 3, MSG_OOB), 3);
    EQ(send(fd, "ef", 2, 0), 2);
    tell(0);
    recv_end(fd);
    close(fd);
}

static void two_client(void)
{
    int  fd = meet();
    char buf[16];

    hear();
    await_bytes(fd, 5); /* to the mark: the octet does not count */
    EQ(recv(fd, buf, 1, MSG_OOB), 1);
    EQ(buf[0], 'B');
    EQ(recv(fd, buf, 16, 0), 5);
    EQ(memcmp(buf, "abAcd", 5), 0);
    EQ(at_mark(fd), 1);
    recv_all(fd, buf, 2);
    EQ(memcmp(buf, "ef", 2), 0);
    close(fd);
}

/* One at a time, each read before the next. */
static void in_turn_server(void)
{
    int fd = meet();

    for (int i = 0; i < 5; i++) {
        char c = (char)('0' + i);

        EQ(send(fd, &c, 1, MSG_OOB), 1);
        hear();
    }
    recv_end(fd);
    close(fd);
}

static void in_turn_client(void)
{
    int  fd = meet();
    char c;

    for (int i = 0; i < 5; i++) {
        EQ(poll_for(fd, POLLPRI, SOON), POLLPRI);
        EQ(recv(fd, &c, 1, MSG_OOB), 1);
        EQ(c, '0' + i);
        EQ(at_mark(fd), 1);
        tell(0);
    }
    FAILS(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN); /* and none is left */
    close(fd);
}

/* The last octet of all. */
static void last_server(void)
{
    int fd = meet();

    EQ(send(fd, "abU", 3, MSG_OOB), 3);
    EQ(shutdown(fd, SHUT_WR), 0);
    recv_end(fd);
    close(fd);
}

static void last_client(void)
{
    int  fd = meet();
    char buf[16];

    EQ(poll_for(fd, POLLRDHUP, SOON), POLLRDHUP);
    EQ(recv(fd, buf, 16, 0), 2);
    EQ(recv(fd, buf, 1, MSG_OOB), 1);
    EQ(buf[0], 'U');
    EQ(recv(fd, buf, 16, 0), 0);
    close(fd);
}

/* The other way, and inline from the accepting side. */
static void upward_server(void)
{
    int  fd = meet();
    char buf[16];

    EQ(poll_for(fd, POLLPRI, SOON), POLLPRI);
    await_bytes(fd, 2);
    EQ(recv(fd, buf, 1, MSG_OOB), 1);
    EQ(buf[0], 'U');
    recv_all(fd, buf, 4);
    EQ(memcmp(buf, "abcd", 4), 0);
    close(fd);
}

static void upward_client(void)
{
    int fd = meet();

    EQ(send(fd, "abU", 3, MSG_OOB), 3);
    EQ(send(fd, "cd", 2, 0), 2);
    recv_end(fd);
    close(fd);
}

static void not_connected(void)
{
    int  fd = socket(family, SOCK_STREAM, 0);
    char c;

    FAILS(recv(fd, &c, 1, MSG_OOB), EINVAL);
    FAILS(send(fd, "U", 1, MSG_OOB | MSG_NOSIGNAL), EPIPE);
    close(fd);
}

CALL_MAIN(BOTH(out_of_band), BOTH(in_line), BOTH(none), BOTH(signal),
          BOTH(longer), BOTH(passed_by), BOTH(two), BOTH(in_turn), BOTH(last),
          BOTH(upward), ONE(not_connected))
