/* two_hosts.c: the stack as a library.  Two hosts in one process, joined by
 * nothing but this program, under a clock that it makes up: one listens, the
 * other connects, says something and is answered in upper case.
 *
 *     cc two_hosts.c $(pkg-config --cflags --libs causeway)
 */
#include <causeway/causeway.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000
enum { DELAY = 20 * MS, PORT = 1000, WIRE = 64 };

static const struct cw_addr address[2] = {
    { { [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 } },
    { { [10] = 0xff, [11] = 0xff, 10, 0, 0, 2 } },
};

/* A frame on its way to a host. */
struct frame {
    cw_ns          arrives;
    size_t         len;
    unsigned char *bytes;
};

static cw_stack    *host[2];
static struct frame wire[2][WIRE]; /* what is on the way to each of them */
static unsigned     on_wire[2];

void cw_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "two_hosts: broken: %s (%s:%d)\n", what, file, line);
    abort();
}

static int check(ptrdiff_t result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "two_hosts: %s: error %td\n", what, -result);
        exit(1);
    }
    return (int)result;
}

static void *take(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void give(void *ctx, void *mem, size_t size)
{
    (void)ctx;
    (void)size;
    free(mem);
}

/* Same seed, same packets: there is no other randomness. */
static cw_stack *make_host(unsigned who)
{
    static const struct cw_alloc alloc = { .alloc = take, .free = give };
    struct cw_netif_config       eth = { .name = "eth0" };
    struct cw_config             config;
    const char                  *why = "";
    cw_stack                    *st;

    cw_config_init(&config, 7 + who);
    config.memory_max = 1 << 20;
    st = cw_stack_new(&config, &alloc, &why);
    if (!st) {
        fprintf(stderr, "two_hosts: %s\n", why);
        exit(1);
    }
    eth.mac = (struct cw_mac){ { 2, 0, 10, 0, 0, (uint8_t)(who + 1) } };
    check(cw_netif_add(st, &eth), "interface");
    check(cw_addr_add(st, 0, &address[who], 24), "address");
    return st;
}

/* What a host has to send goes onto the wire; a full wire loses it. */
static void collect(unsigned who, cw_ns now)
{
    struct cw_pkt pkt;

    while (cw_stack_output(host[who], &pkt, 1, now) == 1) {
        unsigned      to = 1 - who;
        struct frame *f = &wire[to][on_wire[to]];

        if (on_wire[to] < WIRE && (f->bytes = malloc(pkt.len)) != NULL) {
            f->arrives = now + DELAY;
            f->len = 0;
            for (unsigned i = 0; i < pkt.nfrags; i++) {
                memcpy(f->bytes + f->len,
                       pkt.frags[i].buf->data + pkt.frags[i].off,
                       pkt.frags[i].len);
                f->len += pkt.frags[i].len;
            }
            on_wire[to]++;
        }
        cw_pkt_free(&pkt);
    }
}

/* The first frame on the wire arrives, in a buffer of its receiver. */
static void deliver(unsigned to, cw_ns now)
{
    struct frame   f = wire[to][0];
    struct cw_buf *buf = cw_buf_new(host[to], f.len);
    struct cw_pkt  pkt = { .nfrags = 1, .len = (uint32_t)f.len };

    memmove(wire[to], wire[to] + 1, --on_wire[to] * sizeof f);
    if (buf) {
        memcpy(buf->data, f.bytes, f.len);
        pkt.frags[0] = (struct cw_frag){ .buf = buf, .len = (uint32_t)f.len };
        printf("%3lld ms  h%u gets %zu bytes\n", (long long)(now / MS),
               to + 1, f.len);
        cw_stack_input(host[to], &pkt, 1, now);
    }
    free(f.bytes);
}

/* To the next thing that happens, and through it; false: nothing will. */
static bool advance(cw_ns *now)
{
    cw_ns next = CW_NEVER;

    for (unsigned who = 0; who < 2; who++) {
        collect(who, *now); /* what waits to be sent is due now */
        if (cw_stack_deadline(host[who]) < next)
            next = cw_stack_deadline(host[who]);
    }
    for (unsigned who = 0; who < 2; who++)
        if (on_wire[who] && wire[who][0].arrives < next)
            next = wire[who][0].arrives;
    if (next == CW_NEVER)
        return false;
    *now = next > *now ? next : *now;
    for (unsigned who = 0; who < 2; who++) {
        cw_stack_advance(host[who], *now);
        while (on_wire[who] && wire[who][0].arrives <= *now)
            deliver(who, *now);
    }
    return true;
}

/* The server's turn, whenever something has happened: nothing blocks. */
static void serve(int listener, int *conn, cw_ns now)
{
    char buf[100];

    if (*conn < 0) {
        *conn = cw_accept(host[0], listener, NULL, now);
        return;
    }
    ptrdiff_t n = cw_recv(host[0], *conn, buf, sizeof buf, 0, now);

    if (n <= 0)
        return;
    for (ptrdiff_t i = 0; i < n; i++)
        buf[i] = (char)toupper((unsigned char)buf[i]);
    check(cw_send(host[0], *conn, buf, (size_t)n, 0, now), "send");
    check(cw_close(host[0], *conn, now), "close");
}

int main(void)
{
    struct cw_sockaddr server = { .addr = address[0], .port = PORT };
    cw_ns              now = 0;
    int                listener, client, conn = -1;
    char               buf[100];
    ptrdiff_t          n;

    for (unsigned who = 0; who < 2; who++)
        host[who] = make_host(who);
    listener = check(cw_socket(host[0], CW_AF_INET, CW_SOCK_STREAM, 0, now),
                     "socket");
    check(cw_bind(host[0], listener, &server, now), "bind");
    check(cw_listen(host[0], listener, 1, now), "listen");

    client = check(cw_socket(host[1], CW_AF_INET, CW_SOCK_STREAM, 0, now),
                   "socket");
    n = cw_connect(host[1], client, &server, now);
    if (n != -CW_EINPROGRESS)
        check(n, "connect");
    while (!(cw_ready(host[1], client) & CW_POLLOUT) && advance(&now))
        serve(listener, &conn, now);
    check(cw_send(host[1], client, "hello", 5, 0, now), "send");
    while ((n = cw_recv(host[1], client, buf, sizeof buf, 0, now))
               == -CW_EAGAIN
           && advance(&now))
        serve(listener, &conn, now);
    printf("the answer: %.*s\n", check(n, "recv"), buf);

    check(cw_close(host[1], client, now), "close");
    check(cw_close(host[0], listener, now), "close");
    while (advance(&now)) /* to the end of TIME-WAIT */
        ;
    printf("all over after %lld s; memory in use: %zu and %zu bytes\n",
           (long long)(now / 1000 / MS), cw_stack_memory_used(host[0]),
           cw_stack_memory_used(host[1]));
    for (unsigned who = 0; who < 2; who++)
        cw_stack_free(host[who]);
    return 0;
}
