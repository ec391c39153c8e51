/* setting.c: see setting.h.
 *
 *   Owns:      the names of settings and what each does to a configuration.
 *   Invariant: what setting_parse() took, setting_read() takes again from
 *              its text (a recording's CONFIG).
 */
#include "world/setting.h"

#include "base/limits.h"
#include "base/units.h"
#include "world/inner.h"

enum { MSS_MIN = 88, MSS_MAX = 65495, BUF_MIN = 2048, BUF_MAX = 16 << 20 };

static const char *const profiles[] = {
    [CW_PROFILE_DEPLOYED] = "deployed",
    [CW_PROFILE_STRICT] = "strict",
    [CW_PROFILE_CLASSIC] = "classic",
};

static const struct {
    const char *word;
    unsigned    bit;
} offers[] = {
    { "timestamps", CW_OFFER_TIMESTAMPS },
    { "sack", CW_OFFER_SACK },
    { "wscale", CW_OFFER_WSCALE },
    { "nothing", CW_OFFER_NOTHING },
};

static bool read_profile(const char *v, struct setting *s, struct fmt *err)
{
    for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
        if (text_same(v, profiles[i])) {
            s->value = i;
            return true;
        }
    fmt_str(err, "there are deployed, strict and classic");
    return false;
}

static bool read_isn(const char *v, struct setting *s, struct fmt *err)
{
    if (units_count(v, &s->value, err) && s->value <= UINT32_MAX)
        return true;
    fmt_reset(err);
    fmt_str(err, "a sequence number is from 0 to 4294967295");
    return false;
}

static bool read_mss(const char *v, struct setting *s, struct fmt *err)
{
    if (units_count(v, &s->value, err) && s->value >= MSS_MIN
        && s->value <= MSS_MAX)
        return true;
    fmt_reset(err);
    fmt_str(err, "an MSS is from 88 to 65495 bytes");
    return false;
}

static bool read_ttl(const char *v, struct setting *s, struct fmt *err)
{
    if (units_count(v, &s->value, err) && s->value >= 1
        && s->value <= UINT8_MAX)
        return true;
    fmt_reset(err);
    fmt_str(err, "a TTL is from 1 to 255");
    return false;
}

static bool read_buffer(const char *v, struct setting *s, struct fmt *err)
{
    if (!units_count(v, &s->value, err)) { /* bytes need no unit */
        fmt_reset(err);
        if (!units_size(v, &s->value, err))
            return false;
    }
    if (s->value >= BUF_MIN && s->value <= BUF_MAX)
        return true;
    fmt_str(err, "a buffer is from 2KiB to 16MiB");
    return false;
}

/* The next word up to a comma: its length in `list`. */
static unsigned offer_of(const char *list, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        size_t n = 0;

        while (n < len && offers[i].word[n] == list[n])
            n++;
        if (n == len && offers[i].word[n] == '\0')
            return offers[i].bit;
    }
    return 0;
}

static bool read_offer(const char *v, struct setting *s, struct fmt *err)
{
    for (;;) {
        size_t   len = 0;
        unsigned bit;

        while (v[len] && v[len] != ',')
            len++;
        bit = offer_of(v, len);
        if (!bit) {
            fmt_str(err,
                    "write timestamps, sack, wscale with commas between "
                    "them, or nothing");
            return false;
        }
        s->value |= bit;
        if (!v[len])
            return true;
        v += len + 1;
    }
}

static const char *const probings[] = {
    [CW_MTU_PROBING_OFF] = "off",
    [CW_MTU_PROBING_BLACK_HOLE] = "black-hole",
    [CW_MTU_PROBING_ALWAYS] = "always",
};

static bool read_probing(const char *v, struct setting *s, struct fmt *err)
{
    for (size_t i = CW_MTU_PROBING_OFF; i < ARRAY_LEN(probings); i++)
        if (text_same(v, probings[i])) {
            s->value = i;
            return true;
        }
    fmt_str(err, "there are off, black-hole and always");
    return false;
}

static bool read_cc(const char *v, struct setting *s, struct fmt *err)
{
    s->value = cc_named(v, SETTING_TEXT_MAX);
    if (s->value != CW_CC_PROFILE)
        return true;
    fmt_str(err, "there are reno, cubic, dctcp and bbr");
    return false;
}

static const char *const ecns[] = {
    [CW_ECN_OFF] = "off",
    [CW_ECN_PASSIVE] = "passive",
    [CW_ECN_ON] = "on",
    [CW_ECN_ACCURATE] = "accurate",
};

static bool read_ecn(const char *v, struct setting *s, struct fmt *err)
{
    for (size_t i = CW_ECN_OFF; i < ARRAY_LEN(ecns); i++)
        if (text_same(v, ecns[i])) {
            s->value = i;
            return true;
        }
    fmt_str(err,
            "off, passive (answers who asks), on (asks, too) or accurate "
            "(asks for RFC 9768's)");
    return false;
}

static bool read_pacing(const char *v, struct setting *s, struct fmt *err)
{
    s->value = text_same(v, "on");
    if (s->value || text_same(v, "off"))
        return true;
    fmt_str(err, "on (reno, cubic and dctcp are spaced, too) or off");
    return false;
}

static const struct {
    const char *name;
    bool (*read)(const char *v, struct setting *s, struct fmt *err);
} table[] = {
    [SETTING_PROFILE] = { "profile", read_profile },
    [SETTING_ISN] = { "isn", read_isn },
    [SETTING_MSS] = { "mss", read_mss },
    [SETTING_OFFER] = { "offer", read_offer },
    [SETTING_RCVBUF] = { "rcvbuf", read_buffer },
    [SETTING_SNDBUF] = { "sndbuf", read_buffer },
    [SETTING_MTU_PROBING] = { "mtu-probing", read_probing },
    [SETTING_CC] = { "cc", read_cc },
    [SETTING_TTL] = { "ttl", read_ttl },
    [SETTING_ECN] = { "ecn", read_ecn },
    [SETTING_PACING] = { "pacing", read_pacing },
};

/* "h1=8000": the host's name goes to s->host; answers what is behind. */
static const char *take_host(const char *value, struct setting *s)
{
    struct fmt  f = fmt_of(s->host, sizeof s->host);
    const char *p = value;

    while (*p && *p != '=')
        fmt_char(&f, *p++);
    if (*p == '=' && !f.cut)
        return p + 1;
    s->host[0] = '\0';
    return value;
}

bool setting_parse(const char *name, const char *value, struct setting *out,
                   struct fmt *err)
{
    struct fmt text = fmt_of(out->text, sizeof out->text);

    *out = (struct setting){ .text = "" };
    fmt_f(&text, "%s %s", name, value);
    if (text.cut) {
        fmt_str(err, "it is too long");
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (text_same(name, table[i].name)) {
            out->what = (uint8_t)i;
            return table[i].read(take_host(value, out), out, err);
        }
    fmt_str(err, "there is no such setting");
    return false;
}

bool setting_read(const char *text, struct setting *out, struct fmt *err)
{
    char        name[SETTING_TEXT_MAX];
    struct fmt  f = fmt_of(name, sizeof name);
    const char *p = text;

    while (*p && *p != ' ')
        fmt_char(&f, *p++);
    return setting_parse(name, *p ? p + 1 : p, out, err);
}

bool setting_is_for(const struct setting *s, const char *host)
{
    return !s->host[0] || text_same(s->host, host);
}

void setting_apply(const struct setting *s, struct cw_config *c)
{
    switch ((enum setting_what)s->what) {
    case SETTING_PROFILE:
        c->profile = (enum cw_profile)s->value;
        break;
    case SETTING_ISN:
        c->teach_iss = (int64_t)s->value;
        break;
    case SETTING_MSS:
        c->teach_mss = (uint16_t)s->value;
        break;
    case SETTING_OFFER:
        c->offer = (unsigned)s->value;
        break;
    case SETTING_RCVBUF:
        c->rcvbuf = (uint32_t)s->value;
        break;
    case SETTING_SNDBUF:
        c->sndbuf = (uint32_t)s->value;
        break;
    case SETTING_MTU_PROBING:
        c->mtu_probing = (enum cw_mtu_probing)s->value;
        break;
    case SETTING_ECN:
        c->ecn = (enum cw_ecn)s->value;
        break;
    case SETTING_CC:
        c->cc = (enum cw_cc)s->value;
        break;
    case SETTING_TTL:
        c->ttl = c->hop_limit = (uint8_t)s->value;
        break;
    case SETTING_PACING:
        c->pacing = s->value != 0;
        break;
    }
}
