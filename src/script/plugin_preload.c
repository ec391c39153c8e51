/* plugin_preload.c: what packetdrill asks the system for behind the table's
 * back, answered where the plug-in is preloaded, too (LD_PRELOAD).
 *
 *   getsockopt   %{ tcpi_... }% asks for TCP_INFO of a descriptor of ours
 *   times        each script waits for ten ticks of real time
 *   mlockall     needs a privilege that nothing here needs
 *   system       `sysctl` sets our knobs, not the machine's
 *
 * Without that they are never called: nothing else links with them.
 */
#include "script/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/times.h>

enum { TCP_INFO_ = 11, TCP_CC_INFO_ = 26, SO_MEMINFO_ = 55 };

CW_API clock_t preload_times(struct tms *buf) __asm__("times");
CW_API int     preload_mlockall(int flags) __asm__("mlockall");
CW_API int     preload_system(const char *command) __asm__("system");
CW_API int     preload_getsockopt(int fd, int level, int name, void *v,
                                  socklen_t *len) __asm__("getsockopt");

clock_t preload_times(struct tms *buf)
{
    static clock_t ticks;

    if (buf)
        memset(buf, 0, sizeof *buf);
    return ticks += 100;
}

int preload_mlockall(int flags)
{
    (void)flags;
    return 0;
}

/* Code that packetdrill wrote to a file is Python's business. */
int preload_system(const char *command)
{
    static int (*real)(const char *);

    if (!command || strstr(command, "/tmp/code_")) {
        if (!real) /* POSIX: such a pointer may be a function's */
            *(void **)(void *)&real = dlsym(RTLD_NEXT, "system");
        return real ? real(command) : -1;
    }
    pthread_mutex_lock(&plugin.lock);
    if (plugin.run.ast)
        shell_run(&plugin.run, command);
    pthread_mutex_unlock(&plugin.lock);
    return plugin.run.over ? 1 << 8 : 0; /* exit status 1 */
}

int preload_getsockopt(int fd, int level, int name, void *v, socklen_t *len)
{
    static int (*real)(int, int, int, void *, socklen_t *);
    int err = 0;

    if (plugin_sd(fd) < 0) {
        if (!real)
            *(void **)(void *)&real = dlsym(RTLD_NEXT, "getsockopt");
        return real ? real(fd, level, name, v, len) : -1;
    }
    pthread_mutex_lock(&plugin.lock);
    if (level == IPPROTO_TCP && name == TCP_INFO_)
        *len = plugin_info(plugin_sd(fd), v, *len);
    else if (level == IPPROTO_TCP && name == TCP_CC_INFO_)
        *len = 0;
    else if (level == SOL_SOCKET && name == SO_MEMINFO_)
        memset(v, 0, *len);
    else
        err = ENOPROTOOPT;
    pthread_mutex_unlock(&plugin.lock);
    errno = err ?: errno;
    return err ? -1 : 0;
}
