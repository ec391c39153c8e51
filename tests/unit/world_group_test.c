/* world_group_test.c: groups and broadcast among several hosts: everybody who
 * listens hears, and nobody else. */
#include "t.h"
#include "world_rig.h"

enum { PORT = 5000, HOSTS = 5, SENDER = 1, DEAF = 5 };

static struct rig r;
static int        sd[HOSTS + 1];
static bool       v6;

static struct cw_addr group(void)
{
    struct cw_addr a;

    EXPECT(addr_parse(v6 ? "ff15::7" : "239.1.2.3", &a));
    return a;
}

static void join(unsigned host)
{
    struct cw_addr a = group();
    uint8_t        req[20] = { 0 }; /* struct ip_mreq; ipv6_mreq */
    struct wcall   c = { .op = EVC_SETSOCKOPT, .sd = sd[host], .in = req };

    memcpy(req, v6 ? a.b : a.b + 12, v6 ? 16 : 4);
    c.a = v6 ? CW_IPPROTO_IPV6 : CW_IPPROTO_IP;
    c.b = v6 ? 20 : 35;
    c.in_len = v6 ? 20 : 8;
    EXPECT_EQ(rig_call(&r, host, c), 0);
}

/* A socket on each host; all but the sender's and the last are members. */
static void begin(bool six, bool arp)
{
    v6 = six;
    rig_defaults(&r, HOSTS, NS_MS);
    r.lab.arp = arp;
    rig_make(&r);
    for (unsigned h = 1; h <= HOSTS; h++) {
        struct wcall c = { .op = EVC_SOCKET, .b = CW_SOCK_DGRAM };

        c.a = six ? CW_AF_INET6 : CW_AF_INET;
        sd[h] = (int)rig_call(&r, h, c);
        c = (struct wcall){ .op = EVC_BIND,
                            .sd = sd[h],
                            .has_addr = true,
                            .addr = { .port = PORT } };
        EXPECT_EQ(rig_call(&r, h, c), 0);
        if (h != SENDER && h != DEAF)
            join(h);
    }
}

static ptrdiff_t send_to(struct cw_addr to)
{
    return rig_call(&r, SENDER,
                    (struct wcall){ .op = EVC_SEND,
                                    .sd = sd[SENDER],
                                    .in = "abc",
                                    .in_len = 3,
                                    .has_addr = true,
                                    .addr = { .addr = to, .port = PORT } });
}

/* How many bytes wait on the host's socket, taken; -CW_EAGAIN: none. */
static ptrdiff_t heard(unsigned host)
{
    char         buf[8];
    struct wcall c = {
        .op = EVC_RECV, .sd = sd[host], .out = buf, .out_len = sizeof buf
    };

    return rig_call(&r, host, c);
}

/* [RFC1122-3.3.7-a] */
TEST(every_member_hears_the_group)
{
    for (int k = 0; k < 4; k++) {
        begin(k & 1, k & 2);
        world_advance(r.w, world_now(r.w) + 5 * NS_S);
        EXPECT_EQ(send_to(group()), 3);
        world_advance(r.w, world_now(r.w) + NS_S);
        for (unsigned h = 1; h <= HOSTS; h++) {
            t_row("host %u", h);
            EXPECT_EQ(heard(h), h == SENDER || h == DEAF ? -CW_EAGAIN : 3);
        }
        join(SENDER); /* and now it hears itself, at once */
        EXPECT_EQ(send_to(group()), 3);
        EXPECT_EQ(heard(SENDER), 3);
        world_advance(r.w, world_now(r.w) + NS_S);
        EXPECT_EQ(heard(2), 3);
        EXPECT_EQ(heard(SENDER), -CW_EAGAIN);
        rig_free(&r);
    }
}

/* RFC 1122 §3.3.6: both forms; the sender is one of all.
 * [RFC1122-3.3.6-a] [RFC1122-3.3.6-b] */
TEST(everybody_hears_a_broadcast)
{
    static const char *const all[] = { "255.255.255.255", "10.0.0.255" };
    const int                on = 1;

    begin(false, false);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct cw_addr to;
        struct wcall   c = { .op = EVC_SETSOCKOPT,
                             .sd = sd[SENDER],
                             .a = CW_SOL_SOCKET,
                             .b = CW_SO_BROADCAST,
                             .in = &on,
                             .in_len = sizeof on };

        EXPECT(addr_parse(all[i], &to));
        if (i == 0)
            EXPECT_EQ(send_to(to), -CW_EACCES);
        EXPECT_EQ(rig_call(&r, SENDER, c), 0);
        EXPECT_EQ(send_to(to), 3);
        world_advance(r.w, world_now(r.w) + NS_S);
        for (unsigned h = 1; h <= HOSTS; h++)
            EXPECT_EQ(heard(h), 3);
    }
    rig_free(&r);
}

/* A socket may be bound to the address of all; what it sends comes from the
 * host's own.  [RFC1122-3.2.1.3-c] */
TEST(nothing_comes_from_everybody)
{
    struct wresult res;
    char           buf[8];
    struct wcall   c = { .op = EVC_SOCKET,
                         .a = CW_AF_INET,
                         .b = CW_SOCK_DGRAM };
    struct cw_addr two = addr4(0x0a000002);

    begin(false, false);
    sd[SENDER] = (int)rig_call(&r, SENDER, c);
    c = (struct wcall){ .op = EVC_BIND,
                        .sd = sd[SENDER],
                        .has_addr = true,
                        .addr = { .addr = addr4(0x0a0000ff), .port = 6000 } };
    EXPECT_EQ(rig_call(&r, SENDER, c), 0);
    EXPECT_EQ(send_to(two), 3);
    world_advance(r.w, world_now(r.w) + NS_S);
    c = (struct wcall){
        .op = EVC_RECV, .sd = sd[2], .out = buf, .out_len = sizeof buf
    };
    EXPECT_EQ(world_call(r.w, 2, &c, &res), 3);
    EXPECT_EQ(addr_u4(&res.addr.addr), 0x0a000001);
    rig_free(&r);
}

T_MAIN(T(every_member_hears_the_group), T(everybody_hears_a_broadcast),
       T(nothing_comes_from_everybody))
