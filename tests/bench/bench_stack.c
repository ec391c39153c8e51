/* bench_stack.c: how fast two stacks in one process are, on one core.
 *
 * Bulk, request and response, connections; and what must hold besides: no
 * allocation per packet, no buffers in an idle connection.  Ends with 1 if
 * one of these two does not.
 */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 65536, BULK_SECONDS = 2, IDLE = 1000 };

static char buf[CHUNK];

static void must_not_allocate(const struct wire *w, const char *what)
{
    if (w->allocs == 0)
        return;
    fprintf(stderr, "bench: %s: %ld allocations\n", what, w->allocs);
    exit(1);
}

static void bulk(bool offload)
{
    struct wire w;
    int         sd[2], listener;
    uint64_t    bytes = 0;
    cw_ns       begun, took;
    ptrdiff_t   n;

    wire_new(&w, offload);
    listener = wire_listen(&w, 9);
    wire_connect(&w, listener, 9, sd);
    begun = wire_now();
    do {
        while (cw_send(w.st[1], sd[1], buf, CHUNK, 0, wire_now()) > 0)
            ;
        wire_carry(&w);
        while ((n = cw_recv(w.st[0], sd[0], buf, CHUNK, 0, wire_now())) > 0)
            bytes += (uint64_t)n;
        took = wire_now() - begun;
    } while (took < BULK_SECONDS * (cw_ns)1000000000);
    printf("bulk, %-22s %8.2f Gbit/s  %6.2f Mpackets/s\n",
           offload ? "checksums skipped" : "with checksums",
           (double)bytes * 8 / (double)took,
           (double)w.packets * 1e3 / (double)took);
    must_not_allocate(&w, "bulk");
    wire_free(&w);
}

static void requests(void)
{
    struct wire w;
    int         sd[2], listener;
    long        count = 0;
    cw_ns       begun, took;

    wire_new(&w, false);
    listener = wire_listen(&w, 9);
    wire_connect(&w, listener, 9, sd);
    begun = wire_now();
    do {
        for (int i = 0; i < 100; i++, count++) {
            MUST(cw_send(w.st[1], sd[1], buf, 1, 0, wire_now()) == 1);
            wire_carry(&w);
            MUST(cw_recv(w.st[0], sd[0], buf, 1, 0, wire_now()) == 1);
            MUST(cw_send(w.st[0], sd[0], buf, 1, 0, wire_now()) == 1);
            wire_carry(&w);
            MUST(cw_recv(w.st[1], sd[1], buf, 1, 0, wire_now()) == 1);
        }
        took = wire_now() - begun;
    } while (took < (cw_ns)1000000000);
    printf("request and response, 1 byte %8.0f /s        %6.2f us\n",
           (double)count / seconds(took),
           seconds(took) * 1e6 / (double)count);
    must_not_allocate(&w, "requests");
    wire_free(&w);
}

static void connections(void)
{
    struct wire w;
    int         sd[2], listener;
    long        count = 0;
    cw_ns       begun, took;

    wire_new(&w, false);
    listener = wire_listen(&w, 9);
    begun = wire_now();
    do {
        for (int i = 0; i < 100; i++, count++) {
            wire_connect(&w, listener, 9, sd);
            MUST(cw_send(w.st[1], sd[1], buf, 1, 0, wire_now()) == 1);
            wire_carry(&w);
            MUST(cw_recv(w.st[0], sd[0], buf, 1, 0, wire_now()) == 1);
            MUST(cw_close(w.st[0], sd[0], wire_now()) == 0);
            wire_carry(&w);
            MUST(cw_close(w.st[1], sd[1], wire_now()) == 0);
            wire_carry(&w);
        }
        took = wire_now() - begun;
    } while (took < (cw_ns)500000000 && count < 12000);
    printf("connections, open to close   %8.0f /s        %6.2f us\n",
           (double)count / seconds(took),
           seconds(took) * 1e6 / (double)count);
    must_not_allocate(&w, "connections");
    wire_free(&w);
}

static void idle(void)
{
    struct wire w;
    int         sd[2], listener;
    size_t      before, after;

    wire_new(&w, false);
    listener = wire_listen(&w, 9);
    before = cw_stack_memory_used(w.st[1]);
    for (int i = 0; i < IDLE; i++)
        wire_connect(&w, listener, 9, sd);
    after = cw_stack_memory_used(w.st[1]);
    printf("an idle connection           %8.0f bytes in all\n",
           (double)(after - before) / IDLE);
    if ((after - before) / IDLE > 560) {
        fprintf(stderr, "bench: an idle connection holds buffers\n");
        exit(1);
    }
    wire_free(&w);
}

int main(void)
{
    memset(buf, 'x', sizeof buf);
    bulk(false);
    bulk(true);
    requests();
    connections();
    idle();
    return 0;
}
