/* config.c: a configuration's defaults and its limits.
 *
 *   Owns:      what 0 means in each field, and which values are refused.
 *   Invariant: after stack_config() every field is in its range.
 */
#include "base/siphash.h"
#include "stack/stack.h"

enum {
    MEMORY_DEFAULT = 16 << 20,
    MEMORY_MIN = 1 << 20, /* a page for each kind of object, and some over */
    SOCKETS_DEFAULT = 4096,
    SOCKETS_LIMIT = 1 << 22,
};

void cw_config_init(struct cw_config *config, uint64_t seed)
{
    struct sipkey expand = { seed, UINT64_C(0x63617573657761ff) };

    memset(config, 0, sizeof(*config));
    config->size = sizeof(*config);
    config->teach_iss = -1;
    for (uint8_t half = 0; half < 2; half++) {
        uint64_t h = siphash(expand, &half, 1);

        for (unsigned i = 0; i < 8; i++)
            config->seed[8 * half + i] = (uint8_t)(h >> (8 * i));
    }
}

static const char *refuse_pmtu(const struct cw_config *c)
{
    if (c->pmtu_floor4 < PMTU_FLOOR4_MIN)
        return "pmtu_floor4: at least 68";
    if (c->pmtu_life < PMTU_LIFE_MIN)
        return "pmtu_life: at least five minutes";
    if ((unsigned)c->mtu_probing > CW_MTU_PROBING_ALWAYS)
        return "mtu_probing: there is no such mode";
    if (c->mtu_base_mss < TCP_MSS_MIN)
        return "mtu_base_mss: at least 88";
    return NULL;
}

static const char *refuse_syn(const struct cw_config *c)
{
    if ((unsigned)c->syn_cookies > CW_SYN_COOKIES_ALWAYS)
        return "syn_cookies: there is no such mode";
    if (c->fastopen_keys > ARRAY_LEN(c->fastopen_key))
        return "fastopen_keys: at most two";
    if (c->fastopen_key_life < NS_S)
        return "fastopen_key_life: at least a second";
    return NULL;
}

static const char *refuse(const struct cw_config *c)
{
    if (c->memory_max < MEMORY_MIN)
        return "memory_max: a stack needs at least 1 MiB";
    if (!arena_spans((uint64_t)c->memory_max + ARENA_PAGE - 1))
        return "memory_max: less than 16 GiB";
    if (c->sockets_max > SOCKETS_LIMIT)
        return "sockets_max: at most 4194304";
    if (c->host > UINT16_MAX)
        return "host: at most 65535";
    if ((unsigned)c->profile > CW_PROFILE_CLASSIC)
        return "profile: there is no such profile";
    if (c->teach_iss < -1 || c->teach_iss > UINT32_MAX)
        return "teach_iss: -1, or a 32-bit sequence number";
    if (c->sndbuf < SOCKBUF_MIN || c->sndbuf > SOCKBUF_MAX)
        return "sndbuf: from 2 KiB to 16 MiB";
    if (c->rcvbuf < SOCKBUF_MIN || c->rcvbuf > SOCKBUF_MAX)
        return "rcvbuf: from 2 KiB to 16 MiB";
    if (c->rcvbuf_max > SOCKBUF_MAX || c->sndbuf_max > SOCKBUF_MAX)
        return "rcvbuf_max, sndbuf_max: at most 16 MiB";
    if (c->buffer_budget > c->memory_max)
        return "buffer_budget: at most memory_max";
    if (c->offer > (CW_OFFER_NOTHING << 1) - 1)
        return "offer: timestamps, sack, wscale, or nothing";
    if (c->teach_mss && c->teach_mss < TCP_MSS_MIN)
        return "teach_mss: at least 88";
    if ((unsigned)c->ecn > CW_ECN_ACCURATE)
        return "ecn: there is no such mode";
    if ((unsigned)c->cc > CW_CC_BBR)
        return "cc: there is no such controller";
    if (c->challenge_acks > CHALLENGE_ACKS_MAX)
        return "challenge_acks: at most a million";
    if (c->challenge_interval < NS_MS)
        return "challenge_interval: at least a millisecond";
    if (c->initcwnd > TCP_INITCWND_MAX)
        return "initcwnd: at most 1000 segments";
    if (c->clock_granularity < 0 || c->clock_granularity > NS_S)
        return "clock_granularity: at most a second";
    return refuse_pmtu(c) ?: refuse_syn(c);
}

/* What a buffer may grow to: as given or else by the profile, unless its
 * size was given; but no more than its share of the budget. */
static uint32_t most(const struct cw_config *c, uint32_t size, uint32_t given,
                     uint32_t profile)
{
    uint32_t wish = given || size ? given : profile;
    size_t   share = c->buffer_budget / TCP_BUF_SHARE;

    return (uint32_t)MIN((size_t)wish, share);
}

static void buffers(struct cw_config *c)
{
    bool                known = (unsigned)c->profile <= CW_PROFILE_CLASSIC;
    const struct knobs *k = knobs_of(known ? c->profile
                                           : CW_PROFILE_DEPLOYED);

    if (c->buffer_budget == 0)
        c->buffer_budget = c->memory_max - c->memory_max / 4;
    c->rcvbuf_max = most(c, c->rcvbuf, c->rcvbuf_max, k->rcvbuf_max);
    c->sndbuf_max = most(c, c->sndbuf, c->sndbuf_max, k->sndbuf_max);
    c->rcvbuf = c->rcvbuf ?: TCP_RCVBUF_DEFAULT;
    c->sndbuf = c->sndbuf ?: TCP_SNDBUF_DEFAULT;
    c->rcvbuf_max = MAX(c->rcvbuf_max, c->rcvbuf);
    c->sndbuf_max = MAX(c->sndbuf_max, c->sndbuf);
}

const char *stack_config(const struct cw_config *given, struct cw_config *out)
{
    const char *why;

    if (given->size < offsetof(struct cw_config, on_event)
        || given->size > sizeof(*out))
        return "size: not that of a struct cw_config that this library knows";
    cw_config_init(out, 0);
    memcpy(out, given, given->size); /* what is newer keeps its default */
    out->size = sizeof(*out);
    out->memory_max = out->memory_max ?: MEMORY_DEFAULT;
    out->sockets_max = out->sockets_max ?: SOCKETS_DEFAULT;
    out->pmtu_floor4 = out->pmtu_floor4 ?: PMTU_FLOOR4;
    out->pmtu_life = out->pmtu_life ?: PMTU_LIFE;
    out->mtu_base_mss = out->mtu_base_mss ?: TCP_MSS_BASE4;
    out->challenge_acks = out->challenge_acks ?: CHALLENGE_ACKS;
    out->challenge_interval = out->challenge_interval ?: NS_S;
    out->fastopen = out->fastopen ?: CW_FASTOPEN_CLIENT | CW_FASTOPEN_SERVER;
    out->fastopen_key_life = out->fastopen_key_life ?: TCP_FAST_KEY_LIFE;
    buffers(out);
    why = refuse(out);
    if (why)
        return why;
    out->offer = out->offer ?: knobs_of(out->profile)->offers;
    out->initcwnd = out->initcwnd ?: knobs_of(out->profile)->initcwnd;
    out->ecn = out->ecn ?: (enum cw_ecn)knobs_of(out->profile)->ecn;
    out->cc = out->cc ?: (enum cw_cc)knobs_of(out->profile)->cc;
    out->mtu_probing = out->mtu_probing
        ?: (enum cw_mtu_probing)knobs_of(out->profile)->mtu_probing;
    out->syn_cookies = out->syn_cookies
        ?: (knobs_of(out->profile)->syn_cookies ? CW_SYN_COOKIES_FULL
                                                : CW_SYN_COOKIES_OFF);
    return NULL;
}
