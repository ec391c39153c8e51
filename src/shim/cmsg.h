/* cmsg.h: control messages of datagrams: cmsg(3). */
#ifndef SHIM_CMSG_H
#define SHIM_CMSG_H

#include <causeway/socket.h>

enum { CMSG_TAKE_MAX = 1024 }; /* bytes of them that a send may bring */

/* What a program gave with sendmsg(): 0 or -errno. */
int cmsg_take(const void *control, size_t len, struct cw_anc *out);
/* What recvmsg() tells it; answers how many bytes of `room` were used.
 * *cut: there was not room for all. */
size_t cmsg_put(const struct cw_anc *anc, void *control, size_t room,
                bool *cut);

#endif
