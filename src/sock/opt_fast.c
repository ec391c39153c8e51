/* opt_fast.c: the options about Fast Open (RFC 7413): tcp(7), and Linux's
 * values and errors.
 *
 *   They are a listener's, or of a socket that is nothing yet; a connection's
 *   Fast Open is past.  RFC7413-2-a: each is off until a program sets it.
 */
#include "sock/sock.h"

enum { KEY_LEN = 16 };

bool opt_is_fast(const struct sock *s, int level, int name)
{
    return sock_is_stream(s) && level == CW_IPPROTO_TCP
        && (name == CW_TCP_FASTOPEN || name == CW_TCP_FASTOPEN_CONNECT
            || name == CW_TCP_FASTOPEN_KEY
            || name == CW_TCP_FASTOPEN_NO_COOKIE);
}

static int set_key(struct tcp_fastopen *f, const void *val, size_t len)
{
    if (len != KEY_LEN && len != 2 * KEY_LEN)
        return -CW_EINVAL;
    memcpy(f->key, val, len);
    f->nkeys = (uint8_t)(len / KEY_LEN);
    return 0;
}

int opt_fast_set(struct sock *s, int name, const void *val, size_t len)
{
    struct tcp_fastopen *f = sock_fast(s);
    int                  v;

    if (!f)
        return -CW_EINVAL;
    if (name == CW_TCP_FASTOPEN_KEY)
        return set_key(f, val, len);
    if (len < sizeof v)
        return -CW_EINVAL;
    memcpy(&v, val, sizeof v);
    if (v < 0 || (name != CW_TCP_FASTOPEN && v > 1))
        return -CW_EINVAL;
    if (name == CW_TCP_FASTOPEN) {
        f->qlen = (uint32_t)MIN(v, TCP_BACKLOG_MAX);
    } else if (name == CW_TCP_FASTOPEN_NO_COOKIE) {
        f->no_cookie = v != 0;
    } else {
        if (!tcp_fast_allowed(s->st->tcp))
            return -CW_EOPNOTSUPP;
        if (sock_listener(s))
            return -CW_EINVAL;
        f->connect = v != 0;
    }
    return 0;
}

/* Answers the value's size; 0: no key was set. */
size_t opt_fast_get(struct sock *s, int name, uint8_t out[static 2 * KEY_LEN])
{
    static const struct tcp_fastopen past = { 0 };
    const struct tcp_fastopen       *f = sock_fast(s) ?: &past;
    int                              v;

    if (name == CW_TCP_FASTOPEN_KEY) {
        memcpy(out, f->key, sizeof f->key);
        return (size_t)f->nkeys * KEY_LEN;
    }
    v = name == CW_TCP_FASTOPEN           ? (int)f->qlen
        : name == CW_TCP_FASTOPEN_CONNECT ? f->connect
                                          : f->no_cookie;
    memcpy(out, &v, sizeof v);
    return sizeof v;
}
