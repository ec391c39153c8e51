/* Addresses: text both ways (RFC 4291 §2.2, RFC 5952), classes, prefixes. */
#include "base/addr.h"
#include "t.h"

static struct cw_addr of(const char *text)
{
    struct cw_addr a;

    if (!addr_parse(text, &a))
        FAIL("no address: \"%s\"", text);
    return a;
}

TEST(text_both_ways)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "0.0.0.0", "0.0.0.0" },
        { "10.0.0.1", "10.0.0.1" },
        { "255.255.255.255", "255.255.255.255" },
        { "::", "::" },
        { "::1", "::1" },
        { "1::", "1::" },
        { "2001:db8::1", "2001:db8::1" },
        { "2001:0DB8:0:0:0:0:0:0001", "2001:db8::1" },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* §4.2.2 */
        { "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
        { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },       /* the longest */
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" }, /* the first */
        { "0:0:1:2:3:4:0:0", "::1:2:3:4:0:0" },
        { "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
        { "0:0:1:2:3:4:5:6", "::1:2:3:4:5:6" },
        { "fe80::AbCd", "fe80::abcd" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
        { "::ffff:10.0.0.1", "10.0.0.1" },
        { "::ffff:a00:1", "10.0.0.1" },
        { "0:0:0:0:0:ffff:10.0.0.1", "10.0.0.1" },
        { "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
        { "::1.2.3.4", "::102:304" },
        { "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
    };

    T_EACH (row, rows) {
        size_t         len = strlen(row->in) + 1;
        char           text[ADDR_TEXT_MAX];
        struct cw_addr a;

        t_row("%s", row->in);
        EXPECT(addr_parse((const char *)t_guard(row->in, len), &a));
        EXPECT_EQ(addr_print(&a, text), strlen(row->out));
        EXPECT_STR(text, row->out);
    }
}

TEST(what_is_no_address)
{
    // clang-format off
    static const char *const rows[] = {
        "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3",
        "256.0.0.1", "1.2.3.1000", "01.2.3.4", "1.2.3.04", "1.2.3.4 ",
        " 1.2.3.4", "+1.2.3.4", "0x1.2.3.4", "1.2.3.a", ":", ":::", "1:",
        ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8:", "1::2::3", "1:2:3:4:5:6:7::8:9", "12345::",
        "g::", "::1%eth0", "fe80::1%1", "::1.2.3", "::1.2.3.4:5",
        "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8::", "[::1]", "::1/128", "::256.1.1.1", "h1",
    };
    // clang-format on

    T_EACH (row, rows) {
        size_t         len = strlen(*row) + 1;
        struct cw_addr a = { { 0x77 } };

        t_row("\"%s\"", *row);
        EXPECT(!addr_parse((const char *)t_guard(*row, len), &a));
        EXPECT_EQ(a.b[0], 0x77);
    }
}

TEST(print_then_parse_is_identity)
{
    struct prng r = t_prng("addr");

    for (int i = 0; i < 20000; i++) {
        struct cw_addr a, b;
        char           text[ADDR_TEXT_MAX];

        for (unsigned g = 0; g < 8; g++) {
            uint64_t x = prng_u64(&r);

            be16_store(a.b + 2 * g, x & 1 ? 0 : (uint16_t)(x >> 32));
        }
        addr_print(&a, text);
        t_row("%s", text);
        EXPECT(addr_parse(text, &b));
        EXPECT(addr_eq(&a, &b));
    }
}

enum { ANY = 1, LOOP = 2, MCAST = 4, BCAST = 8, LL = 16, V4 = 32 };

TEST(classes)
{
    static const struct {
        const char *text;
        unsigned    classes;
    } rows[] = {
        { "0.0.0.0", ANY | V4 },
        { "::", ANY },
        { "127.0.0.1", LOOP | V4 },
        { "127.255.0.9", LOOP | V4 },
        { "128.0.0.1", V4 },
        { "::1", LOOP },
        { "::2", 0 },
        { "223.255.255.255", V4 },
        { "224.0.0.1", MCAST | V4 },
        { "239.255.255.255", MCAST | V4 },
        { "240.0.0.1", V4 },
        { "255.255.255.255", BCAST | V4 },
        { "255.255.255.254", V4 },
        { "169.254.1.1", LL | V4 },
        { "169.253.1.1", V4 },
        { "fe80::1", LL },
        { "febf::1", LL },
        { "fec0::1", 0 },
        { "ff02::1", MCAST },
        { "2001:db8::1", 0 },
    };

    T_EACH (row, rows) {
        struct cw_addr a = of(row->text);
        unsigned       got = (addr_is_any(&a) ? ANY : 0u)
            | (addr_is_loopback(&a) ? LOOP : 0u)
            | (addr_is_multicast(&a) ? MCAST : 0u)
            | (addr_is_bcast(&a) ? BCAST : 0u)
            | (addr_is_linklocal(&a) ? LL : 0u) | (addr_is4(&a) ? V4 : 0u);

        t_row("%s", row->text);
        EXPECT_EQ(got, row->classes);
    }
}

TEST(prefixes)
{
    static const struct {
        const char *a, *net;
        unsigned    common, of; /* the last prefix that holds is `common` */
    } rows[] = {
        { "10.0.0.1", "10.0.0.2", 30, 32 },
        { "10.0.0.1", "10.0.0.1", 32, 32 },
        { "10.0.0.1", "11.0.0.1", 7, 32 },
        { "128.0.0.1", "0.0.0.0", 0, 32 },
        { "2001:db8::1", "2001:db8::2", 126, 128 },
        { "2001:db8::1", "2001:db9::1", 31, 128 },
        { "::1", "::1", 128, 128 },
        { "8000::", "::", 0, 128 },
    };

    T_EACH (row, rows) {
        struct cw_addr a = of(row->a), net = of(row->net);

        t_row("%s %s", row->a, row->net);
        EXPECT_EQ(addr_common_bits(&a, &net), row->common);
        for (unsigned p = 0; p <= row->of; p++)
            EXPECT_EQ(addr_in_prefix(&a, &net, p), p <= row->common);
    }
}

TEST(families_never_share_a_prefix)
{
    struct cw_addr v4 = of("0.0.0.0"), v6 = of("::");

    EXPECT(!addr_in_prefix(&v4, &v6, 0));
    EXPECT(!addr_in_prefix(&v6, &v4, 0));
    EXPECT_EQ(addr_common_bits(&v4, &v6), 0);
    EXPECT_PANIC(addr_in_prefix(&v4, &v4, 33));
    EXPECT_PANIC(addr_in_prefix(&v6, &v6, 129));
}

TEST(from_packets)
{
    static const uint8_t b4[] = { 192, 0, 2, 33 };
    static const uint8_t b6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 };
    struct cw_addr       a = addr_from4(t_guard(b4, 4));
    struct cw_addr       b = addr_from6(t_guard(b6, 16));
    struct cw_addr       want4 = of("192.0.2.33"), want6 = of("2001:db8::9");

    EXPECT(addr_eq(&a, &want4));
    EXPECT(addr_eq(&b, &want6));
    EXPECT_EQ(addr_u4(&a), 0xc0000221);
    EXPECT_LT(addr_cmp(&a, &b), 0);
    EXPECT_LT(0, addr_cmp(&b, &a));
    EXPECT_EQ(addr_cmp(&a, &a), 0);
}

TEST(ethernet_addresses)
{
    // clang-format off
    static const char *const bad[] = {
        "", "02:00:0a:00:00", "02:00:0a:00:00:0", "02:00:0a:00:00:01:",
        "02-00-0a-00-00-01", "02:00:0a:00:00:0g", "2:0:a:0:0:1",
    };
    // clang-format on
    struct cw_mac m = mac_of_addr4(0x0a000001), back;
    char          text[MAC_TEXT_MAX];

    EXPECT_EQ(mac_print(&m, text), 17);
    EXPECT_STR(text, "02:00:0a:00:00:01");
    EXPECT(mac_parse("02:00:0A:00:00:01", &back));
    EXPECT(mac_eq(&m, &back));
    T_EACH (row, bad) {
        t_row("\"%s\"", *row);
        EXPECT(
            !mac_parse((const char *)t_guard(*row, strlen(*row) + 1), &back));
    }
}

/* RFC 1112 §6.4: the low 23 bits; RFC 2464 §7: the low 32. */
TEST(multicast_ethernet_addresses)
{
    static const struct {
        const char *group, *mac;
    } rows[] = {
        { "224.0.0.1", "01:00:5e:00:00:01" },
        { "239.255.255.250", "01:00:5e:7f:ff:fa" },
        { "224.128.1.2", "01:00:5e:00:01:02" },
        { "ff02::1", "33:33:00:00:00:01" },
        { "ff02::1:ff12:3456", "33:33:ff:12:34:56" },
    };
    struct cw_addr host = of("10.0.0.1");

    T_EACH (row, rows) {
        struct cw_addr a = of(row->group);
        struct cw_mac  m = mac_of_multicast(&a);
        char           text[MAC_TEXT_MAX];

        mac_print(&m, text);
        EXPECT_STR(text, row->mac);
    }
    EXPECT_PANIC(mac_of_multicast(&host));
}

T_MAIN(T(text_both_ways), T(what_is_no_address),
       T(print_then_parse_is_identity), T(classes), T(prefixes),
       T(families_never_share_a_prefix), T(from_packets),
       T(ethernet_addresses), T(multicast_ethernet_addresses))
