/* plugin_abi.h: the table that packetdrill asks a plug-in to fill in
 * (--so_filename), restated: its members in this very order.
 *
 * Calls answer as POSIX's do, with errno; each gets `userdata` first.
 */
#ifndef SCRIPT_PLUGIN_ABI_H
#define SCRIPT_PLUGIN_ABI_H

#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

struct plugin_table {
    void *userdata;
    void (*free)(void *u);
    int (*socket)(void *u, int domain, int type, int protocol);
    int (*bind)(void *u, int fd, const struct sockaddr *a, socklen_t len);
    int (*listen)(void *u, int fd, int backlog);
    int (*accept)(void *u, int fd, struct sockaddr *a, socklen_t *len);
    int (*connect)(void *u, int fd, const struct sockaddr *a, socklen_t len);
    ssize_t (*read)(void *u, int fd, void *b, size_t n);
    ssize_t (*readv)(void *u, int fd, const struct iovec *v, int n);
    ssize_t (*recv)(void *u, int fd, void *b, size_t n, int flags);
    ssize_t (*recvfrom)(void *u, int fd, void *b, size_t n, int flags,
                        struct sockaddr *a, socklen_t *len);
    ssize_t (*recvmsg)(void *u, int fd, struct msghdr *m, int flags);
    ssize_t (*write)(void *u, int fd, const void *b, size_t n);
    ssize_t (*writev)(void *u, int fd, const struct iovec *v, int n);
    ssize_t (*send)(void *u, int fd, const void *b, size_t n, int flags);
    ssize_t (*sendto)(void *u, int fd, const void *b, size_t n, int flags,
                      const struct sockaddr *a, socklen_t len);
    ssize_t (*sendmsg)(void *u, int fd, const struct msghdr *m, int flags);
    int (*fcntl)(void *u, int fd, int command, ...);
    int (*ioctl)(void *u, int fd, unsigned long request, ...);
    int (*close)(void *u, int fd);
    int (*shutdown)(void *u, int fd, int how);
    int (*getsockopt)(void *u, int fd, int level, int name, void *v,
                      socklen_t *len);
    int (*setsockopt)(void *u, int fd, int level, int name, const void *v,
                      socklen_t len);
    int (*poll)(void *u, struct pollfd *p, nfds_t n, int ms);
    int (*netdev_send)(void *u, const void *packet, size_t n);
    int (*netdev_receive)(void *u, void *packet, size_t *n, long long *us);
    int (*pass)(void *u, useconds_t us); /* usleep */
    int (*gettimeofday)(void *u, struct timeval *tv, struct timezone *tz);
    int (*epoll_create)(void *u, int size);
    int (*epoll_ctl)(void *u, int ep, int op, int fd, struct epoll_event *e);
    int (*epoll_wait)(void *u, int ep, struct epoll_event *e, int n, int ms);
    int (*pipe)(void *u, int fd[2]);
    int (*splice)(void *u, int in, loff_t *in_off, int out, loff_t *out_off,
                  size_t n, unsigned flags);
};

void packetdrill_interface_init(const char          *flags,
                                struct plugin_table *table);

#endif
