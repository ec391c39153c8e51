/* flags.c: option lines: --mtu=1400.  All of the original's are accepted;
 * those about its devices, machines and languages say nothing here.
 */
#include "script/run.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PORT = 8080 };

static struct cw_addr address(const char *text)
{
    struct cw_addr a = { { 0 } };

    addr_parse(text, &a);
    return a;
}

static void addresses4(struct host_config *h)
{
    h->local = address("192.168.0.1");
    h->remote = address("192.0.2.1");
    h->gateway = address("192.168.0.2");
    h->prefix = 16;
}

static void addresses6(struct host_config *h)
{
    h->local = address("fd3d:0a0b:17d6::1");
    h->remote = address("fd3d:fa7b:d17d::1");
    h->gateway = address("fd3d:0a0b:17d6:8888::1");
    h->prefix = 48;
}

void flags_default(struct settings *s)
{
    *s = (struct settings){ .family = AF_INET,
                            .bind_port = PORT,
                            .connect_port = PORT };
    cw_config_init(&s->host.cw, 1);
    s->host.cw.sockets_max = 256;
    s->host.mtu = 1500;
    addresses4(&s->host);
}

static void set_version(struct run *r, const char *value)
{
    struct settings *s = &r->set;

    s->version_said = true;
    if (strcmp(value, "ipv4") == 0) {
        s->v6 = false;
        s->family = AF_INET;
    } else if (strcmp(value, "ipv6") == 0) {
        s->v6 = true;
        s->family = AF_INET6;
    } else if (strcmp(value, "ipv4-mapped-ipv6") == 0) {
        s->v6 = false;
        s->family = AF_INET6;
    } else {
        run_fail(r, "--ip_version is ipv4, ipv6 or ipv4-mapped-ipv6");
    }
    if (s->v6)
        addresses6(&s->host);
    else
        addresses4(&s->host);
}

static long long number(struct run *r, const char *name, const char *value)
{
    char     *end;
    long long n = strtoll(value, &end, 10);

    if (end == value || *end)
        run_fail(r, "--%s=%s: this is no number", name, value);
    return n;
}

static void set_address(struct run *r, struct cw_addr *to, const char *value)
{
    struct cw_addr a;
    char           text[ADDR_TEXT_MAX];
    size_t         n = strcspn(value, "/");

    if (n < sizeof text) {
        memcpy(text, value, n);
        text[n] = 0;
        if (addr_parse(text, &a)) {
            *to = a;
            return;
        }
    }
    run_fail(r, "'%s' is no address", value);
}

/* Ours: which letter of the law. */
static void set_profile(struct run *r, const char *value)
{
    static const char *const names[] = { "deployed", "strict", "classic" };

    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(value, names[i]) == 0) {
            r->set.host.cw.profile = (enum cw_profile)i;
            return;
        }
    run_fail(r, "--profile is deployed, strict or classic");
}

static void set_cc(struct run *r, const char *value)
{
    enum cw_cc cc = cc_named(value, strlen(value));

    if (cc == CW_CC_PROFILE)
        run_fail(r, "--cc %s: there is no such controller", value);
    else
        r->set.host.cw.cc = cc;
}

static bool set_place(struct run *r, const char *name, const char *value)
{
    struct settings *s = &r->set;

    if (strcmp(name, "ip_version") == 0)
        set_version(r, value);
    else if (strcmp(name, "profile") == 0)
        set_profile(r, value);
    else if (strcmp(name, "cc") == 0)
        set_cc(r, value);
    else if (strcmp(name, "local_ip") == 0)
        set_address(r, &s->host.local, value);
    else if (strcmp(name, "remote_ip") == 0)
        set_address(r, &s->host.remote, value);
    else if (strcmp(name, "gateway_ip") == 0)
        set_address(r, &s->host.gateway, value);
    else
        return false;
    return true;
}

static bool set_number(struct run *r, const char *name, const char *value)
{
    struct settings *s = &r->set;

    if (strcmp(name, "bind_port") == 0)
        s->bind_port = (uint16_t)number(r, name, value);
    else if (strcmp(name, "connect_port") == 0)
        s->connect_port = (uint16_t)number(r, name, value);
    else if (strcmp(name, "mtu") == 0)
        s->host.mtu = (uint32_t)number(r, name, value);
    else if (strcmp(name, "initcwnd") == 0)
        s->host.cw.initcwnd = (unsigned)number(r, name, value);
    else if (strcmp(name, "tolerance_usecs") == 0)
        s->tolerance = number(r, name, value) * NS_US;
    else if (strcmp(name, "tolerance_percent") == 0)
        number(r, name, value);
    else if (strcmp(name, "tcp_ts_tick_usecs") == 0)
        s->ts_tick = number(r, name, value) * NS_US;
    else
        return false;
    return true;
}

/* Nothing here depends on these. */
static bool is_idle(const char *name)
{
    // clang-format off
    static const char *const idle[] = {
        "persistent_tun_dev", "netmask_ip", "speed", "non_fatal", "dry_run",
        "verbose", "quiet", "debug", "code_command", "code_format",
        "code_sockopt", "init_scripts", "wire_client", "wire_server",
        "wire_client_dev", "wire_server_dev", "wire_server_ip",
        "wire_server_port", "so_filename", "so_flags", "send_omit_free",
        "tun_dev", "tap", "is_anyip", "tcp_ts_ecr_scaled", "socket_fd_close",
        "any_port_reuse", "local_linkaddr", "remote_linkaddr",
        "ip_address_reuse", "features", "no_cleanup", "cleanup",
        "fixed_tolerance", "wire_latency",
    };
    // clang-format on

    for (size_t i = 0; i < ARRAY_LEN(idle); i++)
        if (strcmp(name, idle[i]) == 0)
            return true;
    return false;
}

void flags_apply(struct run *r, const char *name, const char *value, int line)
{
    struct event at = { .line = line };

    r->ev = &at;
    if (strcmp(name, "strict_segments") == 0)
        r->set.strict_segments = true;
    else if (value
             && (set_place(r, name, value) || set_number(r, name, value)))
        ;
    else if (!is_idle(name))
        run_lack(r, "the option line --%s", name);
    r->ev = NULL;
}
