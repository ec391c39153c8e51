/* owners.h: which processes have a socket, found as ss finds it: by the inode
 * numbers of their descriptors in /proc.
 */
#ifndef SHIM_OWNERS_H
#define SHIM_OWNERS_H

#include <stddef.h>
#include <stdint.h>

enum { OWNER_NAME_MAX = 16 };

struct owner {
    uint64_t inode; /* cw_sock_row.owner, for programs' sockets */
    int32_t  pid, fd;
    char     name[OWNER_NAME_MAX];
};

/* All descriptors of this user's programs that are one of these sockets, by
 * process and number; our own processes apart.  Sorts `inodes`.  Answers how
 * many of at most `max` were found. */
size_t owners_find(uint64_t *inodes, size_t n, struct owner *out, size_t max);

#endif
