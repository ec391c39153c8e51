/* grouphdr_test.c: IGMP's and MLD's messages: RFC 2236 §2, RFC 3376 §4, §7.1,
 * RFC 2710 §3, RFC 3810 §5. */
#include "t.h"

#include "wire/grouphdr.h"

enum { BAD = 99 };

static const struct {
    const char *name, *hex;
    bool        ip4;
    int         kind, version;
    unsigned    max_ms, nsrc, robustness, interval_s;
} rows[] = {
    { "v1 query", "1100 0000 00000000", true, GROUP_QUERY, 1, 10000, 0, 0,
      0 },
    { "v2 query", "1164 0000 00000000", true, GROUP_QUERY, 2, 10000, 0, 0,
      0 },
    { "v2 of a group", "110a 0000 ef010203", true, GROUP_QUERY, 2, 1000, 0, 0,
      0 },
    { "v3 query", "1164 0000 00000000 027d 0000", true, GROUP_QUERY, 3, 10000,
      0, 2, 125 },
    { "v3: large times", "118f 0000 00000000 02ff 0000", true, GROUP_QUERY, 3,
      (15 + 16) * 8 * 100, 0, 2, (15 + 16) * 1024 },
    { "v3: two sources", "1101 0000 ef010203 0000 0002 0a000001 0a000002",
      true, GROUP_QUERY, 3, 100, 2, 0, 0 },
    { "v3: something behind", "1101 0000 ef010203 0000 0001 0a000001 ffff",
      true, GROUP_QUERY, 3, 100, 1, 0, 0 },
    { "v3: a source too many", "1101 0000 ef010203 0000 0002 0a000001", true,
      BAD, 0, 0, 0, 0, 0 },
    { "v3: 65535 sources", "1101 0000 ef010203 0000 ffff", true, BAD, 0, 0, 0,
      0, 0 },
    { "neither v2 nor v3", "1101 0000 ef010203 0000", true, BAD, 0, 0, 0, 0,
      0 },
    { "cut", "1164 0000 000000", true, BAD, 0, 0, 0, 0, 0 },
    { "nothing", "", true, BAD, 0, 0, 0, 0, 0 },
    { "v1 report", "1200 0000 ef010203", true, GROUP_REPORT, 1, 0, 0, 0, 0 },
    { "v2 report", "1600 0000 ef010203", true, GROUP_REPORT, 2, 0, 0, 0, 0 },
    { "leave", "1700 0000 ef010203", true, GROUP_LEAVE, 2, 0, 0, 0, 0 },
    { "v3 report", "2200 0000 0000 0001", true, GROUP_REPORT3, 3, 0, 0, 0,
      0 },
    { "DVMRP", "1300 0000 00000000", true, BAD, 0, 0, 0, 0, 0 },
    { "MLDv1 query", "8200 0000 2710 0000 00000000000000000000000000000000",
      false, GROUP_QUERY, 2, 10000, 0, 0, 0 },
    { "MLDv2 query",
      "8200 0000 2710 0000 00000000000000000000000000000000 027d 0000", false,
      GROUP_QUERY, 3, 10000, 0, 2, 125 },
    { "MLDv2: large delay",
      "8200 0000 8001 0000 00000000000000000000000000000000 0000 0000", false,
      GROUP_QUERY, 3, 4097 * 8, 0, 0, 0 },
    { "MLDv2: a source too many",
      "8200 0000 0001 0000 ff150000000000000000000000000001 0000 0001", false,
      BAD, 0, 0, 0, 0, 0 },
    { "between the versions",
      "8200 0000 2710 0000 00000000000000000000000000000000 02", false, BAD,
      0, 0, 0, 0, 0 },
    { "a group that is IPv4's",
      "8300 0000 0000 0000 00000000000000000000ffffef010203", false, BAD, 0,
      0, 0, 0, 0 },
    { "MLDv1 report", "8300 0000 0000 0000 ff150000000000000000000000000001",
      false, GROUP_REPORT, 2, 0, 0, 0, 0 },
    { "done", "8400 0000 0000 0000 ff150000000000000000000000000001", false,
      GROUP_LEAVE, 2, 0, 0, 0, 0 },
    { "MLDv2 report", "8f00 0000 0000 0001", false, GROUP_REPORT3, 3, 0, 0, 0,
      0 },
    { "cut MLD", "8200 0000 2710 0000 00", false, BAD, 0, 0, 0, 0, 0 },
};

TEST(messages_are_read_as_their_length_says)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t            len;
        const uint8_t    *p = t_hex(rows[i].hex, &len);
        struct group_repr r;
        enum why why = grouphdr_parse(span_of(p, len), rows[i].ip4, &r);

        t_row("%s", rows[i].name);
        if (rows[i].kind == BAD) {
            EXPECT_EQ(why, WHY_GROUP_BAD);
            continue;
        }
        EXPECT_EQ(why, GO_ON);
        EXPECT_EQ(r.kind, rows[i].kind);
        EXPECT_EQ(r.version, rows[i].version);
        EXPECT_EQ(r.nsrc, rows[i].nsrc);
        EXPECT_EQ(r.robustness, rows[i].robustness);
        EXPECT_EQ(r.interval_s, rows[i].interval_s);
        if (r.kind == GROUP_QUERY)
            EXPECT_EQ(r.max_ms, rows[i].max_ms);
    }
}

/* Each way of cutting each message: no byte behind the end is read. */
TEST(cut_messages_are_refused_or_read_within)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t         len;
        const uint8_t *p = t_hex(rows[i].hex, &len);

        t_row("%s", rows[i].name);
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t          *q = t_guard(p, cut);
            struct group_repr r;

            if (grouphdr_parse(span_of(q, cut), rows[i].ip4, &r) != GO_ON)
                continue;
            for (unsigned k = 0; k < r.nsrc; k++)
                (void)group_source(&r, rows[i].ip4, k);
        }
    }
}

TEST(sources_are_in_order)
{
    size_t            len;
    const uint8_t    *p = t_hex("1101 0000 ef010203 0000 0002 0a000001"
                                   "0a000002",
                                &len);
    struct group_repr r;
    struct cw_addr    a;

    EXPECT_EQ(grouphdr_parse(span_of(p, len), true, &r), GO_ON);
    EXPECT_EQ(addr_u4(&r.group), 0xef010203);
    a = group_source(&r, true, 1);
    EXPECT_EQ(addr_u4(&a), 0x0a000002);
}

TEST(reports_stand_as_the_rfcs_draw_them)
{
    static const uint8_t v2[] = { 0x16, 0, 0, 0, 0xef, 1, 2, 3 };
    static const uint8_t leave[] = { 0x17, 0, 0, 0, 0xef, 1, 2, 3 };
    static const uint8_t v3[] = { 0x22, 0, 0,    0, 0, 0, 0,  1, 5, 0,
                                  0,    1, 0xef, 1, 2, 3, 10, 0, 0, 9 };
    struct cw_addr       src = addr4(0x0a000009);
    struct group_repr    old = { .kind = GROUP_REPORT,
                                 .version = 2,
                                 .group = addr4(0xef010203) };
    struct group_record  rec = { .type = GROUP_ALLOW,
                                 .nsrc = 1,
                                 .group = addr4(0xef010203),
                                 .src = &src };
    uint8_t             *p = t_guard(NULL, sizeof v3);

    EXPECT_EQ(group_emit_old(p, 8, &old), 8);
    EXPECT_MEM(p, v2, 8);
    old.kind = GROUP_LEAVE;
    EXPECT_EQ(group_emit_old(p, 8, &old), 8);
    EXPECT_MEM(p, leave, 8);
    EXPECT_EQ(group_emit_report3(p, sizeof v3, true, 1), 8);
    EXPECT_EQ(group_emit_record(p + 8, sizeof v3 - 8, &rec), 12);
    EXPECT_EQ(group_record_len(true, 1), 12);
    EXPECT_EQ(group_record_len(false, 2), 52);
    EXPECT_MEM(p, v3, sizeof v3);
}

T_MAIN(T(messages_are_read_as_their_length_says),
       T(cut_messages_are_refused_or_read_within), T(sources_are_in_order),
       T(reports_stand_as_the_rfcs_draw_them))
