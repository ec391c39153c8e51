/* plugin.c: a stack behind packetdrill's own runner: its table, the virtual
 * clock, the network device.
 *
 * The clock is what makes it deterministic.  On the main thread each reading
 * adds a microsecond, because packetdrill spins on it; sleeping runs the
 * timers; a receive with nothing there jumps to the next timer; packets bear
 * the time at which they were sent.  At equal times timers come first.
 */
#include "script/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define START_NS (1000000 * NS_S)

/* packetdrill sleeps to shortly before an event, and spins from there. */
#define SPIN_NS (20 * NS_US)

struct plugin plugin = { .lock = PTHREAD_MUTEX_INITIALIZER,
                         .to_other = PTHREAD_COND_INITIALIZER,
                         .to_main = PTHREAD_COND_INITIALIZER };

/* ---- start ----------------------------------------------------------------- */

/* There is no other way to say it: init has no answer. */
static void give_up(const char *why)
{
    fprintf(stderr, "causeway-packetdrill: %s\n", why);
    _exit(1);
}

/* Both families, whatever the script is about. */
static void add_ipv6(struct host *h)
{
    static struct run   other;
    struct host_config *c = &other.set.host;

    memset(&other, 0, sizeof other);
    flags_default(&other.set);
    flags_apply(&other, "ip_version", plugin.run.set.v6 ? "ipv4" : "ipv6", 0);
    if (cw_addr_add(h->st, 0, &c->local, c->prefix) != 0
        || cw_neigh_add(h->st, 0, &c->remote, &host_peer_mac) != 0
        || cw_neigh_add(h->st, 0, &c->gateway, &host_peer_mac) != 0
        || cw_route_add(h->st, NULL, 0, &c->gateway, 0) != 0)
        give_up("the other family's addresses were refused");
}

static void start(void)
{
    const char *why;

    if (plugin.started)
        return;
    plugin.started = plugin.run.started = true;
    why = host_start(&plugin.run.host, &plugin.run.set.host, plugin.clock,
                     &plugin.ast.pool);
    if (why)
        give_up(why);
    add_ipv6(&plugin.run.host);
}

/* "--mtu=1400 --local_ip=..." or without dashes, separated by blanks or
 * commas. */
static void read_flags(const char *flags)
{
    char *text = pool_text(&plugin.ast.pool, flags, strlen(flags)), *save;

    for (char *w = strtok_r(text, " ,", &save); w;
         w = strtok_r(NULL, " ,", &save)) {
        char *value = strchr(w, '=');

        if (value)
            *value++ = 0;
        flags_apply(&plugin.run, w + strspn(w, "-"), value, 0);
        if (plugin.run.over)
            give_up(plugin.run.res->text);
    }
}

/* ---- threads --------------------------------------------------------------- */

static bool on_main(void)
{
    return pthread_equal(pthread_self(), plugin.main);
}

void plugin_enter(void)
{
    pthread_mutex_lock(&plugin.lock);
    start();
    if (on_main())
        plugin_run(plugin.clock);
}

ssize_t plugin_leave(ssize_t answer)
{
    host_settle(&plugin.run.host);
    if (on_main())
        plugin_wake();
    else
        plugin.other = OTHER_LEAVES;
    pthread_mutex_unlock(&plugin.lock);
    if (answer >= 0)
        return answer;
    errno = (int)-answer;
    return -1;
}

/* A thread that died would leave us here: after two real seconds we go on,
 * and the script fails for the reason it has. */
static void wait_for_other(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    while (plugin.other == OTHER_TRIES || plugin.other == OTHER_LEAVES)
        if (pthread_cond_timedwait(&plugin.to_main, &plugin.lock, &until)
            == ETIMEDOUT) {
            plugin.other = OTHER_NONE;
            return;
        }
}

void plugin_wake(void)
{
    if (plugin.other == OTHER_SLEEPS) {
        plugin.other = OTHER_TRIES;
        pthread_cond_broadcast(&plugin.to_other);
    }
    wait_for_other();
}

/* The main thread has nobody who could make anything happen but time. */
static bool wait_on_main(cw_ns deadline)
{
    cw_ns next = cw_stack_deadline(plugin.run.host.st);

    next = ns_min(next, deadline);
    if (next == NS_NEVER || plugin.clock >= deadline)
        return false;
    plugin_run(ns_max(next, plugin.clock));
    return true;
}

bool plugin_wait(cw_ns deadline)
{
    host_settle(&plugin.run.host);
    if (on_main())
        return wait_on_main(deadline);
    if (plugin.clock >= deadline)
        return false;
    plugin.other = OTHER_SLEEPS;
    pthread_cond_signal(&plugin.to_main);
    while (plugin.other == OTHER_SLEEPS)
        pthread_cond_wait(&plugin.to_other, &plugin.lock);
    return true;
}

/* ---- time ------------------------------------------------------------------ */

void plugin_run(cw_ns t)
{
    struct host *h = &plugin.run.host;

    while (plugin.started && cw_stack_deadline(h->st) <= t) {
        host_step(h, t);
        plugin.clock = ns_max(plugin.clock, ns_min(h->now, t));
        plugin_wake();
    }
    h->now = ns_max(h->now, t);
}

static int the_pass(void *u, useconds_t us)
{
    cw_ns to;

    (void)u;
    pthread_mutex_lock(&plugin.lock);
    to = plugin.clock + us * NS_US;
    plugin_run(to + SPIN_NS);
    plugin.clock = to;
    plugin_wake();
    pthread_mutex_unlock(&plugin.lock);
    return 0;
}

static int the_gettimeofday(void *u, struct timeval *tv, struct timezone *tz)
{
    (void)u;
    (void)tz;
    pthread_mutex_lock(&plugin.lock);
    if (on_main()) {
        plugin.clock += NS_US;
    } else if (plugin.other == OTHER_LEAVES) {
        plugin.other = OTHER_NONE;
        pthread_cond_signal(&plugin.to_main);
    }
    tv->tv_sec = plugin.clock / NS_S;
    tv->tv_usec = plugin.clock % NS_S / NS_US;
    pthread_mutex_unlock(&plugin.lock);
    return 0;
}

/* ---- the network device ------------------------------------------------------ */

/* Whom a packet is for, we are: the original tells us no addresses. */
static void be_addressed(const uint8_t *ip, size_t n)
{
    struct cw_addr a;
    bool           v6 = n >= 40 && ip[0] >> 4 == 6;

    if (n < 20)
        return;
    a = v6 ? addr_from6(ip + 24) : addr_from4(ip + 16);
    if (!addr_is_multicast(&a) && !addr_is_bcast(&a))
        cw_addr_add(plugin.run.host.st, 0, &a, v6 ? 128 : 32);
}

static int the_netdev_send(void *u, const void *packet, size_t n)
{
    bool ok;

    (void)u;
    plugin_enter();
    be_addressed(packet, n);
    ok = n >= 20 && host_give(&plugin.run.host, packet, n);
    return (int)plugin_leave(ok ? 0 : -CW_EINVAL);
}

static int the_netdev_receive(void *u, void *packet, size_t *n, long long *us)
{
    struct host *h = &plugin.run.host;
    struct sent *x;

    (void)u;
    plugin_enter();
    while (!h->head && cw_stack_deadline(h->st) < NS_NEVER)
        plugin_run(ns_max(cw_stack_deadline(h->st), plugin.clock));
    x = host_take(h);
    *n = 0;
    if (x) {
        *n = x->len;
        *us = x->t / NS_US;
        memcpy(packet, x->ip, x->len);
        plugin.clock = ns_max(plugin.clock, x->t);
    }
    return (int)plugin_leave(0);
}

/* ---- descriptors -------------------------------------------------------------- */

int plugin_sd(int fd)
{
    return fd >= 0 && fd < PLUGIN_FDS ? plugin.fds[fd].sd : -1;
}

/* Real ones: what a script leaves open packetdrill closes itself. */
int plugin_fd_new(int sd, bool nonblock)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd < 0 || fd >= PLUGIN_FDS) {
        if (fd >= 0)
            close(fd);
        cw_close(plugin.run.host.st, sd, plugin.run.host.now);
        return -CW_EMFILE;
    }
    plugin.fds[fd].sd = sd;
    plugin.fds[fd].nonblock = nonblock;
    return fd;
}

/* ---- the table ----------------------------------------------------------------- */

static void the_free(void *u)
{
    (void)u;
    pthread_mutex_lock(&plugin.lock);
    if (plugin.started)
        host_end(&plugin.run.host);
    plugin.started = false;
    ast_free(&plugin.ast);
    pthread_mutex_unlock(&plugin.lock);
}

/* Several scripts may run in a process; each begins anew. */
static void reset(void)
{
    static struct script_result        result;
    static const struct script_options none;

    if (plugin.started)
        host_end(&plugin.run.host);
    ast_free(&plugin.ast);
    memset(&plugin.run, 0, sizeof plugin.run);
    memset(&plugin.ast, 0, sizeof plugin.ast);
    memset(&result, 0, sizeof result);
    plugin.run.res = &result;
    plugin.run.o = &none;
    plugin.run.name = "so_flags";
    plugin.run.ast = &plugin.ast;
    plugin.started = false;
    plugin.other = OTHER_NONE;
    plugin.main = pthread_self();
    plugin.clock = START_NS;
    for (int i = 0; i < PLUGIN_FDS; i++)
        plugin.fds[i].sd = -1;
    flags_default(&plugin.run.set);
}

CW_API void packetdrill_interface_init(const char          *flags,
                                       struct plugin_table *table)
{
    pthread_mutex_lock(&plugin.lock);
    reset();
    if (flags)
        read_flags(flags);
    pthread_mutex_unlock(&plugin.lock);
    *table = (struct plugin_table){ .userdata = &plugin,
                                    .free = the_free,
                                    .netdev_send = the_netdev_send,
                                    .netdev_receive = the_netdev_receive,
                                    .pass = the_pass,
                                    .gettimeofday = the_gettimeofday };
    plugin_calls(table);
}
