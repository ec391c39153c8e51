/* version.c: the library's version, and its error codes as words. */
#include <causeway/causeway.h>

#include "base/compiler.h"

const char *cw_version(void)
{
    return CW_VERSION;
}

// clang-format off
static const struct {
    int         code;
    const char *name;
} names[] = {
#define NAME(x) { CW_##x, #x }
    NAME(EPERM), NAME(EINTR), NAME(EBADF), NAME(EAGAIN), NAME(ENOMEM),
    NAME(EACCES), NAME(EFAULT), NAME(ENODEV), NAME(EINVAL), NAME(EMFILE), NAME(EPIPE),
    NAME(ENONET), NAME(EDESTADDRREQ), NAME(EMSGSIZE), NAME(EPROTOTYPE),
    NAME(ENOPROTOOPT), NAME(EPROTO), NAME(EPROTONOSUPPORT), NAME(EOPNOTSUPP),
    NAME(EAFNOSUPPORT), NAME(EADDRINUSE), NAME(EADDRNOTAVAIL),
    NAME(ENETUNREACH), NAME(ECONNABORTED), NAME(ECONNRESET),
    NAME(ENOBUFS), NAME(EISCONN), NAME(ENOTCONN), NAME(ETIMEDOUT),
    NAME(ECONNREFUSED), NAME(EHOSTDOWN), NAME(EHOSTUNREACH), NAME(EALREADY),
    NAME(EINPROGRESS),
#undef NAME
};
// clang-format on

const char *cw_error_name(int code)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].code == code || names[i].code == -code)
            return names[i].name;
    return "E?";
}
