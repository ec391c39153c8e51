/* What a lab says of its hosts: the words, and what they do. */
#include "t.h"

#include "world/setting.h"

static struct setting parse(const char *name, const char *value, bool good)
{
    struct setting s;
    char           text[160];
    struct fmt     err = fmt_of(text, sizeof text);

    t_row("%s %s", name, value);
    EXPECT_EQ(setting_parse(name, value, &s, &err), good);
    EXPECT_EQ(err.len > 0, !good);
    return s;
}

TEST(values)
{
    static const struct {
        const char *name, *value;
        int64_t     is; /* -1: refused */
        const char *host;
    } rows[] = {
        { "profile", "deployed", CW_PROFILE_DEPLOYED, "" },
        { "profile", "h2=strict", CW_PROFILE_STRICT, "h2" },
        { "profile", "classic", CW_PROFILE_CLASSIC, "" },
        { "profile", "reno", -1, "" },
        { "profile", "", -1, "" },
        { "isn", "0", 0, "" },
        { "isn", "h1=8000", 8000, "h1" },
        { "isn", "4294967295", 4294967295, "" },
        { "isn", "4294967296", -1, "" },
        { "isn", "h1=-1", -1, "" },
        { "isn", "h1=", -1, "" },
        { "isn", "a-name-that-is-much-too-long-for-a-host=1", -1, "" },
        { "mss", "88", 88, "" },
        { "mss", "87", -1, "" },
        { "mss", "65495", 65495, "" },
        { "mss", "65496", -1, "" },
        { "offer", "sack", CW_OFFER_SACK, "" },
        { "offer", "sack,timestamps", CW_OFFER_SACK | CW_OFFER_TIMESTAMPS,
          "" },
        { "offer", "h3=wscale", CW_OFFER_WSCALE, "h3" },
        { "offer", "nothing", CW_OFFER_NOTHING, "" },
        { "offer", "sacks", -1, "" },
        { "offer", "sac", -1, "" },
        { "offer", "sack,", -1, "" },
        { "rcvbuf", "4000", 4000, "" },
        { "rcvbuf", "h1=64KiB", 65536, "h1" },
        { "rcvbuf", "2047", -1, "" },
        { "rcvbuf", "17MiB", -1, "" },
        { "sndbuf", "2KiB", 2048, "" },
        { "cc", "h1=reno", CW_CC_RENO, "h1" },
        { "cc", "ren", -1, "" },
        { "cc", "", -1, "" },
        { "ttl", "h1=128", 128, "h1" },
        { "ttl", "0", -1, "" },
        { "ttl", "256", -1, "" },
        { "pacing", "h2=on", 1, "h2" },
        { "pacing", "off", 0, "" },
        { "pacing", "yes", -1, "" },
        { "window", "1", -1, "" },
    };

    T_EACH (r, rows) {
        struct setting s = parse(r->name, r->value, r->is >= 0);

        if (r->is < 0)
            continue;
        EXPECT_EQ(s.value, (uint64_t)r->is);
        EXPECT_STR(s.host, r->host);
    }
}

/* As a recording has it. */
TEST(text_is_read_again)
{
    struct setting a = parse("isn", "h1=8000", true), b;
    char           text[160];
    struct fmt     err = fmt_of(text, sizeof text);

    EXPECT_STR(a.text, "isn h1=8000");
    EXPECT(setting_read(a.text, &b, &err));
    EXPECT_EQ(b.what, SETTING_ISN);
    EXPECT_EQ(b.value, 8000);
    EXPECT_STR(b.host, "h1");
    EXPECT(!setting_read("isn", &b, &err));
    EXPECT(!setting_read("", &b, &err));
}

TEST(they_reach_the_configuration)
{
    struct cw_config c;
    struct setting   s;

    cw_config_init(&c, 1);
    s = parse("profile", "h1=strict", true);
    EXPECT(setting_is_for(&s, "h1"));
    EXPECT(!setting_is_for(&s, "h2"));
    setting_apply(&s, &c);
    s = parse("isn", "7", true);
    EXPECT(setting_is_for(&s, "h2"));
    setting_apply(&s, &c);
    s = parse("mss", "1024", true);
    setting_apply(&s, &c);
    s = parse("offer", "wscale", true);
    setting_apply(&s, &c);
    s = parse("rcvbuf", "4000", true);
    setting_apply(&s, &c);
    s = parse("sndbuf", "5000", true);
    setting_apply(&s, &c);
    s = parse("ttl", "7", true);
    setting_apply(&s, &c);
    EXPECT_EQ(c.ttl, 7);
    EXPECT_EQ(c.hop_limit, 7);
    EXPECT_EQ(c.profile, CW_PROFILE_STRICT);
    EXPECT_EQ(c.teach_iss, 7);
    EXPECT_EQ(c.teach_mss, 1024);
    EXPECT_EQ(c.offer, CW_OFFER_WSCALE);
    EXPECT_EQ(c.rcvbuf, 4000);
    EXPECT_EQ(c.sndbuf, 5000);
}

T_MAIN(T(values), T(text_is_read_again), T(they_reach_the_configuration))
