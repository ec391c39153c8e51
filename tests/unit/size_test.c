/* size_test.c: what a connection costs in each part of its life: bytes that
 * the arena lends, the share of tables included.
 */
#include "sock/socktab.h"
#include "sock_rig.h"
#include "t.h"
#include "tcp/bbr.h"
#include "wire/cksum.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"

enum { N = 1000, PORT = 9, SHARE = 8 /* of the flow table, rounded up */ };

/* Pairs on the loopback: the client's end, then the server's. */
static int ends[N][2];

static int listen_on(struct rig *r, const char *addr)
{
    struct cw_sockaddr a = at4(addr, PORT);
    int sd = cw_socket(r->st, CW_AF_INET, CW_SOCK_STREAM, 0, r->now);

    CALL(0, cw_bind(r->st, sd, &a, r->now));
    CALL(0, cw_listen(r->st, sd, TCP_BACKLOG_MAX, r->now));
    return sd;
}

static void connect_all(struct rig *r, int listener)
{
    struct cw_sockaddr a = at4("127.0.0.1", PORT);

    for (int i = 0; i < N; i++) {
        ends[i][0] = cw_socket(r->st, CW_AF_INET, CW_SOCK_STREAM, 0, r->now);
        CALL(-CW_EINPROGRESS, cw_connect(r->st, ends[i][0], &a, r->now));
        rig_pump(r);
        ends[i][1] = cw_accept(r->st, listener, NULL, r->now);
        assert_true(ends[i][1] >= 0);
    }
}

/* A byte each way, and every acknowledgement that is owed. */
static void talk(struct rig *r)
{
    char c = 'x';

    for (int i = 0; i < N; i++)
        for (int way = 0; way < 2; way++) {
            CALL(1, cw_send(r->st, ends[i][way], &c, 1, 0, r->now));
            rig_pump(r);
            CALL(1, cw_recv(r->st, ends[i][!way], &c, 1, 0, r->now));
            rig_pump(r);
        }
    rig_run(r, r->now + NS_S);
}

static size_t used(const struct rig *r)
{
    return cw_stack_memory_used(r->st);
}

/* Each end of an idle pair has 512 bytes at most: its socket, its control
 * block, its place in the table, and, of a client, its port's entry (the
 * server's shares the listener's). */
TEST(an_idle_connection_has_512_bytes)
{
    struct rig r;
    size_t     before;
    int        listener;

    rig_init(&r);
    listener = listen_on(&r, "127.0.0.1");
    before = used(&r);
    connect_all(&r, listener);
    talk(&r);
    EXPECT_LE((used(&r) - before) / N,
              2 * 512 - sizeof(struct portbind)); /* both ends */
    EXPECT_LE(sizeof(struct sock) + sizeof(struct tcp) + SHARE / 2
                  + sizeof(struct portbind),
              512); /* the client's */
    rig_free(&r);
}

/* BBR's model of the path takes one record more of whoever has sent something,
 * for as long as the connection lives, and no longer. */
TEST(a_model_of_the_path_has_a_record)
{
    struct rig r;
    size_t     before, plain;
    int        listener;

    rig_init(&r);
    listener = listen_on(&r, "127.0.0.1");
    before = used(&r);
    connect_all(&r, listener);
    plain = used(&r);
    for (int i = 0; i < N; i++)
        CALL(0,
             cw_setsockopt(r.st, ends[i][0], CW_IPPROTO_TCP,
                           CW_TCP_CONGESTION, "bbr", 3, r.now));
    EXPECT_EQ(used(&r), plain); /* nothing was sent */
    talk(&r);
    EXPECT_GE((used(&r) - plain) / N, sizeof(struct bbr));
    EXPECT_LE((used(&r) - plain) / N, sizeof(struct tcp_flight) + 16);
    for (int i = 0; i < N; i++)
        CALL(0,
             cw_setsockopt(r.st, ends[i][0], CW_IPPROTO_TCP,
                           CW_TCP_CONGESTION, i % 2 ? "cubic" : "bbr",
                           i % 2 ? 5 : 3, r.now));
    EXPECT_LE((used(&r) - plain) / N, sizeof(struct tcp_flight) / 2 + 16);
    for (int i = 0; i < N; i++) {
        CALL(0, cw_close(r.st, ends[i][0], r.now));
        rig_pump(&r);
        CALL(0, cw_close(r.st, ends[i][1], r.now));
        rig_pump(&r);
    }
    rig_run(&r, r.now + 61 * NS_S);
    EXPECT_EQ(used(&r), before);
    CALL(0, cw_close(r.st, listener, r.now));
    rig_free(&r);
}

/* The server closes first, so that its records share the listener's port. */
TEST(a_time_wait_record_has_64_bytes)
{
    struct rig r;
    size_t     before;
    int        listener;

    rig_init(&r);
    listener = listen_on(&r, "127.0.0.1");
    before = used(&r);
    connect_all(&r, listener);
    for (int i = 0; i < N; i++) {
        CALL(0, cw_close(r.st, ends[i][1], r.now));
        rig_pump(&r);
        CALL(0, cw_close(r.st, ends[i][0], r.now));
        rig_pump(&r);
    }
    EXPECT_LE((used(&r) - before) / N, 64 + SHARE);
    EXPECT((used(&r) - before) / N >= 64); /* they are there */
    rig_run(&r, r.now + 61 * NS_S);
    CALL(0, cw_close(r.st, listener, r.now));
    rig_pump(&r);
    EXPECT_EQ(used(&r), 0);
    rig_free(&r);
}

/* A SYN from 10.0.0.2, which will never hear of the answer. */
static void give_syn(struct rig *r, uint16_t port)
{
    struct cw_buf    *b = cw_buf_new(r->st, 128);
    struct tcp_repr   t = { .sport = port,
                            .dport = PORT,
                            .flags = F_SYN,
                            .seq = seq_of(port),
                            .wnd = 65535 };
    struct ip4_repr   ip = { .src = at4("10.0.0.2", 0).addr,
                             .dst = at4("10.0.0.1", 0).addr,
                             .proto = 6,
                             .ttl = 64 };
    struct ether_repr e = { .dst = { { 2, 0, 10, 0, 0, 1 } },
                            .src = { { 2, 0, 10, 0, 0, 2 } },
                            .type = ETHER_IP4 };
    struct cw_pkt     pkt = { .nfrags = 1, .netif = 1 };
    uint8_t          *p = b->data;
    size_t            len;
    uint32_t          sum;

    t.opt = (struct tcpopt){ .has_mss = true,
                             .mss = 1460,
                             .sack_ok = true,
                             .has_ts = true,
                             .ts_val = 1 };
    len = tcphdr_emit(p + 34, 60, &t);
    sum = cksum_pseudo(&ip.src, &ip.dst, 6, (uint32_t)len);
    sum = cksum_add(sum, p + 34, len);
    be16_store(p + 34 + TCP_CKSUM_AT, cksum_fold(sum));
    ip.total_len = (uint16_t)(20 + len);
    ip4hdr_emit(p + 14, 20, &ip);
    etherhdr_emit(p, 14, &e);
    pkt.len = (uint32_t)(34 + len);
    pkt.frags[0] = (struct cw_frag){ b, 0, pkt.len };
    cw_stack_input(r->st, &pkt, 1, r->now);
    rig_pump(r);
}

TEST(a_half_open_connection_has_128_bytes)
{
    struct rig r;
    size_t     before;
    int        listener;

    rig_init(&r);
    listener = listen_on(&r, "10.0.0.1");
    give_syn(&r, 9999); /* the neighbour's entry, the table's first part */
    before = used(&r);
    for (uint16_t i = 0; i < N; i++)
        give_syn(&r, 10000 + i);
    EXPECT_EQ(r.eth_out, N + 1); /* each was answered */
    EXPECT_LE((used(&r) - before) / N, 128 + SHARE);
    CALL(0, cw_close(r.st, listener, r.now));
    rig_free(&r);
}

T_MAIN(T(an_idle_connection_has_512_bytes),
       T(a_model_of_the_path_has_a_record),
       T(a_time_wait_record_has_64_bytes),
       T(a_half_open_connection_has_128_bytes))
