/* chan_test.c: messages between a front end and the live host, from whoever
 * does not keep to their form.
 */
#include "t.h"

#include "shim/chan.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static void begin(void)
{
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void end(void)
{
    close(ends[0]);
    close(ends[1]);
}

static int open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int  n = 0;

    EXPECT(d != NULL);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* A message of len bytes with so many descriptors. */
static void sends(const void *p, size_t len, int fds)
{
    union {
        struct cmsghdr head;
        char           room[CMSG_SPACE(8 * sizeof(int))];
    } ctl = { .room = { 0 } };
    struct iovec  iov = { .iov_len = len };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

    memcpy(&iov.iov_base, &p, sizeof p);
    if (fds > 0) {
        m.msg_control = ctl.room;
        m.msg_controllen = CMSG_SPACE((size_t)fds * sizeof(int));
        ctl.head.cmsg_level = SOL_SOCKET;
        ctl.head.cmsg_type = SCM_RIGHTS;
        ctl.head.cmsg_len = CMSG_LEN((size_t)fds * sizeof(int));
        for (int i = 0; i < fds; i++)
            memcpy(CMSG_DATA(&ctl.head) + (size_t)i * sizeof(int), &ends[0],
                   sizeof(int));
    }
    EXPECT_EQ(sendmsg(ends[0], &m, 0), (ssize_t)len);
}

/* However many come along, no more than one is for the receiver, and what
 * it does not take is closed. */
TEST(descriptors_too_many)
{
    uint32_t kind;
    char     body[64];

    begin();
    for (int fds = 0; fds <= 8; fds++) {
        int before = open_descriptors();

        t_row("%d descriptors", fds);
        sends("\7\0\0\0text", 8, fds);
        EXPECT_EQ(chan_read_one(ends[1], &kind, body, sizeof body, 1000), 4);
        EXPECT_EQ(kind, 7);
        EXPECT_EQ(open_descriptors(), before);
    }
    end();
}

TEST(messages_of_no_form)
{
    static const char bytes[100] = { 1 };
    uint32_t          kind;
    char              body[64];

    begin();
    for (size_t len = 1; len <= sizeof bytes; len++) {
        int       before = open_descriptors();
        ptrdiff_t want = len < 4 || len > 68 ? -EPROTO : (ptrdiff_t)len - 4;

        t_row("%zu bytes", len);
        sends(bytes, len, 2);
        EXPECT_EQ(chan_read_one(ends[1], &kind, body, sizeof body, 1000),
                  want);
        EXPECT_EQ(open_descriptors(), before);
    }
    EXPECT_EQ(chan_read_one(ends[1], &kind, body, sizeof body, 0),
              -ETIMEDOUT);
    close(ends[0]);
    EXPECT_EQ(chan_read_one(ends[1], &kind, body, sizeof body, 0), -EPIPE);
    close(ends[1]);
}

T_MAIN(T(descriptors_too_many), T(messages_of_no_form))
