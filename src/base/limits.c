/* limits.c: what the three profiles decide (stack.h says what they are).
 *
 * Owns the one table; whoever needs a knob asks knobs_of() and keeps the
 * pointer.  "strict" is RFC 6298, 5681, 9293 to the letter; "deployed" is
 * what hosts on the Internet do (mostly Linux); "classic" is the BSD of the
 * textbooks.
 */
#include "base/limits.h"
#include "base/check.h"

#define ALL (CW_OFFER_TIMESTAMPS | CW_OFFER_SACK | CW_OFFER_WSCALE)

static const struct knobs table[] = {
    [CW_PROFILE_DEPLOYED] = {
        .rto_initial = 1 * NS_S,       /* RFC 6298 §2.1 */
        .rto_min = 0,                  /* the floor is under the variance */
        .rto_var_min = 200 * NS_MS,    /* RTO = SRTT + max(4 RTTVAR, this) */
        .rto_max = 120 * NS_S,
        .delack = 40 * NS_MS,
        .ack_adapts = true,            /* docs/decisions/18-delayed-acks.md */
        .quickacks = 16,
        .initcwnd = 10,                /* RFC 6928 */
        .ack_counts = 0,               /* bursts are acknowledged by one */
        .msl = 30 * NS_S,              /* TIME-WAIT lasts a minute */
        .syn_retries = 6,              /* 127 s in all */
        .synack_retries = 5,
        .data_retries = 15,
        .orphan_fin_wait_2 = 60 * NS_S,
        .orphan_probes = 12,           /* RFC 6429 §5 */
        .rcvbuf_max = 6 << 20,         /* as Linux's tcp_rmem, tcp_wmem */
        .sndbuf_max = 4 << 20,
        .ecn = CW_ECN_PASSIVE,         /* as net.ipv4.tcp_ecn */
        .cc = CW_CC_CUBIC,
        .ack_train = true,             /* as Linux's hystart */
        .cubic_alpha_one = false,      /* it would beat Reno */
        .offers = ALL,
        .ts_required = false,          /* middleboxes lose them */
        .paws_slack = 16,
        .rst_echoes_ts = false,        /* hosts send bare resets */
        .sack_forgets = false,         /* RFC 6675 §5.1 */
        .sack_last_resort = false,
        .sack_anyway = false,          /* it would come again too late */
        .syn_returns = false,          /* RFC 5961 §4.2 */
        .mtu_probing = CW_MTU_PROBING_OFF, /* net.ipv4.tcp_mtu_probing 0 */
        .pmtu_one_first = false,
        .soft_waits = false,           /* RFC 5461 §4.1 */
        .syn_cookies = true,
        .hard_aborts = false,          /* RFC 5461 §2, RFC 5927 §5.2 */
        .rack_tlp = true,
        .prr = true,
        .frto = true,
        .undo = true,
        .tlp_delay = 200 * NS_MS,      /* as the slowest receivers do */
    },
    [CW_PROFILE_STRICT] = {
        .rto_initial = 1 * NS_S,
        .rto_min = 1 * NS_S,           /* RFC 6298 §2.4 */
        .rto_var_min = 0,
        .rto_max = 60 * NS_S,          /* RFC 6298 §2.5 */
        .delack = 200 * NS_MS,
        .quickacks = 0,
        .initcwnd = 0,
        .ack_counts = 1,               /* RFC 5681 eq. (2) */
        .msl = 120 * NS_S,             /* RFC 9293 §3.4.2 */
        .syn_retries = 7,              /* 183 s: MUST-23 asks for 180 */
        .synack_retries = 7,
        .data_retries = 15,
        .orphan_fin_wait_2 = 600 * NS_S,
        .orphan_probes = 0,            /* MUST-37 */
        .ecn = CW_ECN_PASSIVE,
        .cc = CW_CC_RENO,
        .cubic_alpha_one = true,       /* RFC 9438 §4.3 */
        .offers = ALL,
        .ts_required = true,
        .rst_echoes_ts = true,
        .sack_forgets = true,
        .sack_last_resort = true,
        .sack_anyway = true,
        .syn_returns = true,
        .mtu_probing = CW_MTU_PROBING_BLACK_HOLE, /* RFC 4821 §7.7 */
        .pmtu_one_first = true,
        .soft_waits = true,
        .syn_cookies = false,          /* they forget what a SYN said */
        .hard_aborts = true,
        .rack_tlp = true,
        .prr = false,                  /* RFC 5681, RFC 6582 */
        .frto = true,
        .undo = true,
        .tlp_delay = 500 * NS_MS,      /* MUST-40 allows no more */
    },
    [CW_PROFILE_CLASSIC] = {
        .rto_initial = 1 * NS_S,
        .rto_min = 1 * NS_S,
        .rto_var_min = 0,
        .rto_max = 64 * NS_S,
        .delack = 200 * NS_MS,         /* BSD's fast timer */
        .quickacks = 0,
        .initcwnd = 0,
        .ack_counts = 1,               /* RFC 5681 eq. (2) */
        .msl = 30 * NS_S,
        .syn_retries = 7,
        .synack_retries = 7,
        .data_retries = 12,
        .orphan_fin_wait_2 = 600 * NS_S,
        .orphan_probes = 0,
        .ecn = CW_ECN_OFF,
        .cc = CW_CC_RENO,
        .offers = CW_OFFER_NOTHING,    /* 1990: an MSS and no more */
        .ts_required = true,
        .rst_echoes_ts = false,
        .sack_forgets = false,
        .sack_last_resort = true,
        .sack_anyway = false,
        .syn_returns = true,
        .mtu_probing = CW_MTU_PROBING_OFF,
        .pmtu_one_first = true,
        .soft_waits = false,
        .syn_cookies = false,          /* 1996 */
        .hard_aborts = false,          /* MUST-56 was all that was said */
        .rack_tlp = false,             /* RFC 6675, if SACK is wanted */
        .prr = false,
        .frto = false,
        .undo = false,
    },
};

const struct knobs *knobs_of(enum cw_profile profile)
{
    INVARIANT((unsigned)profile < ARRAY_LEN(table));
    return &table[profile];
}

static const char *const cc_names[] = {
    [CW_CC_RENO] = "reno",
    [CW_CC_CUBIC] = "cubic",
    [CW_CC_DCTCP] = "dctcp",
    [CW_CC_BBR] = "bbr",
};

const char *cc_name(enum cw_cc cc)
{
    INVARIANT((unsigned)cc < ARRAY_LEN(cc_names) && cc_names[cc]);
    return cc_names[cc];
}

enum cw_cc cc_named(const char *name, size_t len)
{
    for (unsigned i = CW_CC_RENO; i < ARRAY_LEN(cc_names); i++) {
        size_t n = 0;

        while (n < len && name[n] && name[n] == cc_names[i][n])
            n++;
        if (cc_names[i][n] == '\0' && (n == len || name[n] == '\0'))
            return (enum cw_cc)i;
    }
    return CW_CC_PROFILE;
}
