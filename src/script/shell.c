/* shell.c: `commands`: those that set what we have a knob for, or what is so
 * anyway.  All others end the script as unsupported: it would not be the
 * host that it asks for.
 */
#include "script/run.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

enum { WORD = 128 };

/* ---- sysctl --------------------------------------------------------------- */

/* Linux's settings that mean what we have; `any`: nothing that a script sees
 * depends on it here. */
static const struct knob {
    const char *name;
    void (*set)(struct run *r, long value);
    long fixed; /* else: this value is how we are */
} knobs[];

/* What 1 turns on a profile may not have: then it is offered in addition. */
static void offer(struct run *r, unsigned what)
{
    struct cw_config *c = &r->set.host.cw;

    c->offer = (c->offer ?: knobs_of(c->profile)->offers) | what;
}

static void set_timestamps(struct run *r, long v)
{
    r->set.host.cw.no_timestamps = v == 0;
    offer(r, v ? CW_OFFER_TIMESTAMPS : 0);
}

static void set_sack(struct run *r, long v)
{
    r->set.host.cw.no_sack = v == 0;
    offer(r, v ? CW_OFFER_SACK : 0);
}

static void set_scaling(struct run *r, long v)
{
    r->set.host.cw.no_wscale = v == 0;
    offer(r, v ? CW_OFFER_WSCALE : 0);
}

static void set_probing(struct run *r, long v)
{
    r->set.host.cw.mtu_probing = v == 0 ? CW_MTU_PROBING_OFF
        : v == 1                        ? CW_MTU_PROBING_BLACK_HOLE
                                        : CW_MTU_PROBING_ALWAYS;
}

static void set_no_pmtud(struct run *r, long v)
{
    r->set.host.cw.no_pmtud = v != 0;
}

static void set_pmtu_floor(struct run *r, long v)
{
    r->set.host.cw.pmtu_floor4 = (uint16_t)v;
}

static void set_ttl(struct run *r, long v)
{
    r->set.host.cw.ttl = (uint8_t)v;
}

static void set_hop_limit(struct run *r, long v)
{
    r->set.host.cw.hop_limit = (uint8_t)v;
}

static void set_base_mss(struct run *r, long v)
{
    r->set.host.cw.mtu_base_mss = (uint16_t)v;
}

static void set_fastopen(struct run *r, long v)
{
    r->set.host.cw.fastopen = v ? (unsigned)v : CW_FASTOPEN_NONE;
}

static void set_syncookies(struct run *r, long v)
{
    r->set.host.cw.syn_cookies = v == 0 ? CW_SYN_COOKIES_OFF
        : v == 1                        ? CW_SYN_COOKIES_FULL
                                        : CW_SYN_COOKIES_ALWAYS;
    if (v > 1)
        r->set.host.cw.teach_iss = -1; /* a cookie is nobody's choice */
}

static void ignore(struct run *r, long v)
{
    (void)r;
    (void)v;
}

static void set_ecn(struct run *r, int64_t v)
{
    /* as Linux numbers them: who answers accurately does so in any case */
    static const enum cw_ecn modes[] = {
        CW_ECN_OFF,      CW_ECN_ON, CW_ECN_PASSIVE,
        CW_ECN_ACCURATE, CW_ECN_ON, CW_ECN_PASSIVE,
    };

    if (v >= 0 && v < (int64_t)ARRAY_LEN(modes))
        r->set.host.cw.ecn = modes[v];
    else
        run_fail(r, "tcp_ecn is 0 to 5");
}

static void set_ecn_option(struct run *r, int64_t v)
{
    r->set.host.cw.no_ecn_option = v == 0;
}

static const struct knob knobs[] = {
    { "tcp_timestamps", set_timestamps, 0 },
    { "tcp_sack", set_sack, 0 },
    { "tcp_window_scaling", set_scaling, 0 },
    { "tcp_ecn", set_ecn, 0 },
    { "tcp_ecn_option", set_ecn_option, 0 },
    { "tcp_ecn_option_beacon", ignore, 0 },
    { "tcp_ecn_fallback", ignore, 0 },
    { "tcp_fastopen", set_fastopen, 0 },
    { "tcp_fastopen_blackhole_timeout_sec", NULL, 0 },
    { "tcp_fastopen_blackhole_timeout", NULL, 0 },
    { "tcp_dsack", NULL, 1 },
    { "tcp_min_tso_segs", ignore, 0 },
    { "tcp_tso_win_divisor", ignore, 0 },
    { "tcp_limit_output_bytes", ignore, 0 },
    { "tcp_pacing_ss_ratio", ignore, 0 },
    { "tcp_pacing_ca_ratio", ignore, 0 },
    { "tcp_no_metrics_save", ignore, 0 },
    { "tcp_abc", ignore, 0 },
    { "tcp_adv_win_scale", ignore, 0 },
    { "tcp_app_win", ignore, 0 },
    { "tcp_autocorking", ignore, 0 },
    { "tcp_early_demux", ignore, 0 },
    { "tcp_slow_start_after_idle", NULL, 1 },
    { "tcp_syncookies", set_syncookies, 0 },
    { "tcp_tw_reuse", ignore, 0 },
    { "tcp_max_tw_buckets", ignore, 0 },
    { "tcp_max_syn_backlog", ignore, 0 },
    { "tcp_invalid_ratelimit", ignore, 0 },
    { "tcp_challenge_ack_limit", ignore, 0 },
    { "tcp_mem", ignore, 0 },
    { "rmem_max", ignore, 0 },
    { "wmem_max", ignore, 0 },
    { "rmem_default", ignore, 0 },
    { "wmem_default", ignore, 0 },
    { "tcp_moderate_rcvbuf", ignore, 0 },
    { "tcp_reordering", NULL, 3 },
    { "tcp_retrans_collapse", ignore, 0 },
    { "tcp_workaround_signed_windows", NULL, 0 },
    { "tcp_stdurg", NULL, 0 },
    { "tcp_rfc1337", ignore, 0 },
    { "tcp_mtu_probing", set_probing, 0 },
    { "tcp_base_mss", set_base_mss, 0 },
    { "ip_no_pmtu_disc", set_no_pmtud, 0 },
    { "min_pmtu", set_pmtu_floor, 0 },
    { "ip_default_ttl", set_ttl, 0 },
    { "hop_limit", set_hop_limit, 0 },
    { "tcp_thin_dupack", NULL, 0 },
    { "tcp_thin_linear_timeouts", NULL, 0 },
    { "tcp_frto", ignore, 0 },
    { "ip_local_port_range", ignore, 0 },
};

static void set_algorithm(struct run *r, const char *value)
{
    const char *name = value + strspn(value, "\"' ");
    enum cw_cc  cc = cc_named(name, strcspn(name, "\"' \n"));

    if (cc == CW_CC_PROFILE)
        run_lack(r, "the congestion control %s", value);
    else if (r->started)
        run_lack(r, "setting the congestion control after the first socket");
    else
        r->set.host.cw.cc = cc;
}

/* "least initial most": Linux grows a buffer to its most, which also settles
 * the window scale; ours has its size from the start. */
static void set_buffer(struct run *r, uint32_t *buffer, const char *value)
{
    char *end;
    long  most = 0;

    for (value += strspn(value, "\"' "); *value; value = end) {
        long v = strtol(value, &end, 10);

        if (end == value)
            break;
        most = v;
    }
    if (most < SOCKBUF_MIN || most > SOCKBUF_MAX)
        run_lack(r, "buffers of %ld bytes", most);
    else if (r->started)
        run_lack(r, "setting buffers after the first socket");
    else
        *buffer = (uint32_t)most;
}

/* a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4, and perhaps another after a comma:
 * words, each little-endian in memory. */
static void set_fastopen_key(struct run *r, const char *value)
{
    struct cw_config *c = &r->set.host.cw;
    unsigned          words = 0;

    for (value += strspn(value, "\"' "); *value && words < 8; words++) {
        char         *end;
        unsigned long w = strtoul(value, &end, 16);

        if (end != value + 8)
            break;
        for (unsigned i = 0; i < 4; i++)
            c->fastopen_key[words / 4][words % 4 * 4 + i] =
                (uint8_t)(w >> 8 * i);
        value = end + strspn(end, "-,\"' ");
    }
    if (words != 4 && words != 8)
        run_lack(r, "this form of tcp_fastopen_key");
    else if (r->started)
        run_lack(r, "setting tcp_fastopen_key after the first socket");
    c->fastopen_keys = words / 4;
}

/* What Linux's own scripts begin with. */
static void set_defaults(struct run *r)
{
    if (r->started)
        return;
    r->set.host.cw.rcvbuf = 15 << 20;
    r->set.host.cw.sndbuf = 4 << 20;
}

/* The settings that are no numbers. */
static bool set_text(struct run *r, const char *name, const char *value)
{
    if (strcmp(name, "tcp_congestion_control") == 0)
        set_algorithm(r, value);
    else if (strcmp(name, "tcp_fastopen_key") == 0)
        set_fastopen_key(r, value);
    else if (strcmp(name, "tcp_rmem") == 0)
        set_buffer(r, &r->set.host.cw.rcvbuf, value);
    else if (strcmp(name, "tcp_wmem") == 0)
        set_buffer(r, &r->set.host.cw.sndbuf, value);
    else
        return false;
    return true;
}
static void sysctl_set(struct run *r, const char *name, const char *value)
{
    const char *last = strrchr(name, '.');

    last = last && strchr(last, '/') == NULL ? last : strrchr(name, '/');
    name = last ? last + 1 : name;
    if (set_text(r, name, value))
        return;
    for (size_t i = 0; i < ARRAY_LEN(knobs); i++) {
        long v;

        if (strcmp(knobs[i].name, name) != 0)
            continue;
        v = strtol(value + strspn(value, "\"' "), NULL, 10);
        if (knobs[i].set && r->started && knobs[i].set != ignore)
            run_lack(r, "setting %s after the first socket", name);
        else if (knobs[i].set)
            knobs[i].set(r, v);
        else if (v != knobs[i].fixed)
            run_lack(r, "%s=%s", name, value);
        return;
    }
    run_lack(r, "the setting %s", name);
}

/* NAME=VALUE, where blanks may stand around the sign or in quotes. */
static void sysctl_words(struct run *r, char *words)
{
    while (!r->over && *words) {
        size_t n = strspn(words, " \t\n;\"'");
        char  *name = words + n, *sign = strchr(name, '='), *end;

        if (strncmp(name, "-q", 2) == 0 || strncmp(name, "-w", 2) == 0
            || strncmp(name, "sysctl", 6) == 0) {
            words = name + strcspn(name, " \t\n");
            continue;
        }
        if (!*name)
            return;
        if (!sign) {
            run_lack(r, "this use of sysctl");
            return;
        }
        *sign = 0;
        name[strcspn(name, " \t")] = 0;
        end = sign + 1 + strspn(sign + 1, " \t");
        n = *end == '"' || *end == '\''
            ? 1 + strcspn(end + 1, *end == '"' ? "\"" : "'") + 1
            : strcspn(end, " \t\n;");
        words = end[n - (n > 0)] ? end + n : end + strlen(end);
        if (*words)
            *words++ = 0;
        sysctl_set(r, name, end);
    }
}

/* ---- other commands ------------------------------------------------------- */

static bool names(const char *command, const char *what)
{
    return strstr(command, what) != NULL;
}

/* Those that make a machine what our host is from the start. */
static bool is_idle(const char *command)
{
    // clang-format off
    static const char *const idle[] = {
        "defaults.sh", "set_sysctls.py restore", "sysctl_restore",
        "sysctl_pop", "tc qdisc", "ethtool", "true", "sync", "nstat", "cat ",
        "echo ", "conntrack -", "ip tcp_metrics flush", "flush",
    };
    // clang-format on
    static const char *const wise[] = { ">", "grep", "|" };

    for (size_t i = 0; i < ARRAY_LEN(wise); i++)
        if (names(command, wise[i]))
            return false;
    for (size_t i = 0; i < ARRAY_LEN(idle); i++)
        if (names(command, idle[i]))
            return true;
    return false;
}

static void one(struct run *r, char *command)
{
    command += strspn(command, " \t\n");
    if (!*command || *command == '#')
        return;
    if (names(command, "sysctl -") || names(command, "set_sysctls.py /")
        || strncmp(command, "sysctl ", 7) == 0) {
        char *at = strpbrk(command, " \t");

        sysctl_words(r, at);
        return;
    }
    if (names(command, "defaults.sh"))
        set_defaults(r);
    if (!is_idle(command))
        run_lack(r, "the command `%.100s`", command);
}

/* Commands are lines, or parts of one between ; and &&. */
void shell_run(struct run *r, const char *command)
{
    char *text = pool_text(&r->ast->pool, command, strlen(command));

    for (char *at; !r->over && *text; text = at) {
        size_t n = strcspn(text, "\n;&");

        /* A line that goes on. */
        while (n && text[n] == '\n' && text[n - 1] == '\\') {
            text[n - 1] = text[n] = ' ';
            n = strcspn(text, "\n;&");
        }
        at = text + n;
        while (*at == '\n' || *at == ';' || *at == '&')
            *at++ = 0;
        one(r, text);
    }
}
