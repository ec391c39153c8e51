/* plugin_info.c: a connection's figures as Linux lays them out in memory.
 */
#include "script/plugin.h"

#include "obs/linux_info.h"

#include <string.h>

/* packetdrill insists on all that its own structure has: what is newer than
 * this one is zero. */
socklen_t plugin_info(int sd, void *v, socklen_t len)
{
    struct cw_tcp_info info = { .state = CW_CLOSED };
    struct linux_info  l;
    size_t             n = sizeof info;

    cw_getsockopt(plugin.run.host.st, sd, CW_IPPROTO_TCP, CW_TCP_INFO, &info,
                  &n);
    linux_info(&info, &l);
    memset(v, 0, len);
    memcpy(v, &l, MIN((size_t)len, sizeof l));
    return len;
}
