/* mem.h: a program's memory and descriptors, seen from outside. */
#ifndef SHIM_MEM_H
#define SHIM_MEM_H

#include <causeway/socket.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* 0 or -EFAULT (or -EPERM: the memory is closed to us). */
int mem_read(int tid, uint64_t at, void *out, size_t len);
int mem_write(int tid, uint64_t at, const void *from, size_t len);

/* As the kernel's move_addr_to_user(): the length at `lenp` is the room in
 * and the whole size out.  `at` 0: nothing. */
int mem_put_addr(int tid, uint64_t at, uint64_t lenp,
                 const struct sockaddr_storage *ss, socklen_t len);

/* The bytes behind an array of n iovecs, at most max of them.  Answers how
 * many, -EMSGSIZE if there is more, -EFAULT, -EMSGSIZE for n > 1024. */
ptrdiff_t mem_gather(int tid, uint64_t iov, size_t n, void *out, size_t max);
/* len bytes into n iovecs; answers how many fitted. */
ptrdiff_t mem_scatter(int tid, uint64_t iov, size_t n, const void *from,
                      size_t len);
/* Sum of the room in n iovecs, which the kernel would take so: -EMSGSIZE for
 * n > 1024, -EINVAL for a negative length, -EFAULT for what is no program's
 * address. */
ptrdiff_t mem_iov_room(int tid, uint64_t iov, size_t n);

/* A duplicate of a program's descriptor, or -errno. */
int mem_getfd(int tid, int fd);
/* Does this descriptor of the program's close when it executes another? */
bool mem_cloexec(int tid, int fd);
/* Forget what is remembered about processes that ended. */
void mem_forget(void);
/* The inode number of a socket, or 0. */
uint64_t mem_inode(int fd);
/* The process that a thread belongs to. */
int mem_process(int tid);

/* name.c: sockaddr <-> cw_sockaddr for a socket of `domain`; 0 or -errno as
 * bind() and connect() answer. */
int name_in(const struct sockaddr_storage *ss, socklen_t len, int domain,
            struct cw_sockaddr *out);
/* As sendto() and connect() of datagrams: an IPv4 address is good for an
 * IPv6 socket, too. */
int name_in_gram(const struct sockaddr_storage *ss, socklen_t len, int domain,
                 struct cw_sockaddr *out);
socklen_t name_out(const struct cw_sockaddr *a, int domain,
                   struct sockaddr_storage *out);

#endif
