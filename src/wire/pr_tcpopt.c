/* pr_tcpopt.c: TCP's options, legal or not.
 *
 * An option advances by what its kind should have; a length that says
 * otherwise is shown as "[len 3]".  Where the header has no room for it the
 * text ends in "[bad opt]", where the capture has not, in "[|tcp]".
 * RFC 9293 §3.1, 7323, 2018, 1644, 2385, 5482, 5925, 6994, 7413.
 */
#include "base/check.h"
#include "wire/pr.h"

enum {
    TCP_BYTES = 20,
    OPT_EOL = 0,
    OPT_NOP = 1,
    OPT_MSS = 2,
    OPT_WSCALE = 3,
    OPT_SACKOK = 4,
    OPT_SACK = 5,
    OPT_ECHO = 6,
    OPT_ECHOREPLY = 7,
    OPT_TS = 8,
    OPT_CC = 11,
    OPT_CCNEW = 12,
    OPT_CCECHO = 13,
    OPT_MD5 = 19,
    OPT_SCPS = 20,
    OPT_UTO = 28,
    OPT_AO = 29,
    OPT_MPTCP = 30,
    OPT_TFO = 34,
    OPT_EXP2 = 254,
    TFO_MAGIC = 0xf989, /* RFC 7413 §A: its number among experiments */
};

/* How the walk over the options stands. */
struct walk {
    struct pr     *p;
    const uint8_t *at;   /* the option's data */
    size_t         left; /* header bytes from `at` on */
    uint32_t       base;
    uint8_t        len; /* as the option says it */
    bool           first;
    bool           whole; /* the segment is captured to its end */
};

static const char *name_of(uint8_t kind)
{
    switch (kind) {
    case OPT_EOL:
        return "eol";
    case OPT_NOP:
        return "nop";
    case OPT_MSS:
        return "mss";
    case OPT_WSCALE:
        return "wscale";
    case OPT_SACKOK:
        return "sackOK";
    case OPT_SACK:
        return "sack";
    case OPT_ECHO:
        return "echo";
    case OPT_ECHOREPLY:
        return "echoreply";
    case OPT_TS:
        return "TS";
    case OPT_CC:
        return "cc";
    case OPT_CCNEW:
        return "ccnew";
    case OPT_CCECHO:
        return "";
    case OPT_MD5:
        return "md5";
    case OPT_SCPS:
        return "scps";
    case OPT_UTO:
        return "uto";
    case OPT_AO:
        return "tcp-ao";
    case OPT_MPTCP:
        return "mptcp";
    case OPT_TFO:
        return "tfo";
    case OPT_EXP2:
        return "exp";
    default:
        return NULL;
    }
}

static bool bad_option(const struct walk *w)
{
    fmt_str(w->p->out, w->first ? "[bad opt]" : "[bad opt]]");
    return false;
}

static bool cut_option(const struct walk *w)
{
    pr_trunc(w->p);
    if (!w->first)
        fmt_char(w->p->out, '>');
    return false;
}

/* May n bytes of the option's data be read? */
static bool room(const struct walk *w, size_t n)
{
    if (n > w->left)
        return bad_option(w);
    return pr_has(w->p, w->at, n) || cut_option(w);
}

static void hex_bytes(const struct walk *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        fmt_f(w->p->out, "%02x", w->at[i]);
}

/* RFC 2018 §3: a list of edges; what is left over makes it no list. */
static bool show_sack(const struct walk *w, size_t n)
{
    struct fmt *f = w->p->out;

    if (n % 8 != 0) {
        fmt_str(f, " invalid sack");
        return true;
    }
    fmt_f(f, " %u ", (unsigned)(n / 8));
    for (size_t i = 0; i < n; i += 8) {
        if (!room(w, i + 8))
            return false;
        fmt_f(f, "{%u:%u}", be32_load(w->at + i) - w->base,
              be32_load(w->at + i + 4) - w->base);
    }
    return true;
}

/* RFC 5482 §3.1: the highest... lowest bit here says minutes, as tcpdump
 * reads it. */
static void show_timeout(const struct walk *w)
{
    uint32_t v = be16_load(w->at);
    uint32_t seconds = v & 1 ? (v >> 1) * 60 : v >> 1;

    fmt_f(w->p->out, " 0x%x %u", v, seconds);
}

/* RFC 7413 §4.1.1: nothing asks for a cookie; 4 to 16 bytes, even, are it. */
static bool show_cookie(const struct walk *w, size_t from, size_t to)
{
    size_t n = to - from;
    bool   good = n % 2 == 0 && n >= 4 && n <= 16;

    if (good && !room(w, to))
        return false;
    /* tcpdump's own space, and that of its experimental twin. */
    fmt_str(w->p->out, from == 0 ? "  " : " ");
    if (n == 0)
        fmt_str(w->p->out, "cookiereq");
    else if (!good)
        fmt_str(w->p->out, "(invalid)");
    else {
        fmt_str(w->p->out, "cookie ");
        hex_bytes(w, from, to);
    }
    return true;
}

static bool show_experiment(const struct walk *w, size_t n)
{
    uint16_t magic;

    if (!room(w, n))
        return false;
    if (n < 2)
        return bad_option(w);
    magic = be16_load(w->at);
    if (magic != TFO_MAGIC) {
        fmt_f(w->p->out, "-%04x", magic);
        return true;
    }
    fmt_str(w->p->out, "-tfo");
    return show_cookie(w, 2, n);
}

static bool show_auth(const struct walk *w, size_t n)
{
    if (n < 2) {
        fmt_str(w->p->out, " (invalid)");
        return true;
    }
    if (!room(w, 1))
        return false;
    fmt_f(w->p->out, " keyid %u", w->at[0]);
    if (!room(w, 2))
        return false;
    fmt_f(w->p->out, " rnextkeyid %u", w->at[1]);
    if (n > 2)
        fmt_str(w->p->out, " mac 0x");
    for (size_t i = 2; i < n; i++) {
        if (!room(w, i + 1))
            return false;
        hex_bytes(w, i, i + 1);
    }
    return true;
}

static bool show_unknown(const struct walk *w, size_t n)
{
    if (n > 0)
        fmt_str(w->p->out, " 0x");
    for (size_t i = 0; i < n; i++) {
        if (!room(w, i + 1))
            return false;
        fmt_f(w->p->out, "%02x", w->at[i]);
    }
    return true;
}

/* Bytes of data the kind should have; for those without a size, what the
 * length leaves. */
static size_t data_of(uint8_t kind, size_t n)
{
    switch (kind) {
    case OPT_EOL:
    case OPT_NOP:
    case OPT_SACKOK:
        return 0;
    case OPT_WSCALE:
        return 1;
    case OPT_MSS:
    case OPT_SCPS:
    case OPT_UTO:
        return 2;
    case OPT_ECHO:
    case OPT_ECHOREPLY:
    case OPT_CC:
    case OPT_CCNEW:
    case OPT_CCECHO:
        return 4;
    case OPT_TS:
        return 8;
    case OPT_MD5:
        return 16;
    default:
        return n;
    }
}

/* Kinds whose size is fixed; their data are there. */
static void show_fixed(const struct walk *w, uint8_t kind)
{
    const uint8_t *at = w->at;
    struct fmt    *f = w->p->out;

    switch (kind) {
    case OPT_MSS:
        fmt_f(f, " %u", be16_load(at));
        break;
    case OPT_WSCALE:
        fmt_f(f, " %u", at[0]);
        break;
    case OPT_ECHO:
    case OPT_ECHOREPLY:
    case OPT_CC:
    case OPT_CCNEW:
    case OPT_CCECHO:
        fmt_f(f, " %u", be32_load(at));
        break;
    case OPT_TS:
        fmt_f(f, " val %u ecr %u", be32_load(at), be32_load(at + 4));
        break;
    case OPT_MD5:
        fmt_str(f,
                w->whole ? " shared secret not supplied with -M, can't "
                           "check - "
                         : " snaplen too short, can't check - ");
        hex_bytes(w, 0, 16);
        break;
    case OPT_SCPS:
        fmt_f(f, " cap %02x id %u", at[0], at[1]);
        break;
    case OPT_UTO:
        show_timeout(w);
        break;
    default:
        break;
    }
}

/* n: what the option's length says of data. */
static bool show_data(const struct walk *w, uint8_t kind, size_t n)
{
    switch (kind) {
    case OPT_SACK:
        return show_sack(w, n);
    case OPT_AO:
        return show_auth(w, n);
    case OPT_TFO:
        return show_cookie(w, 0, n);
    case OPT_EXP2:
        return show_experiment(w, n);
    default:
        break;
    }
    if (!name_of(kind) || kind == OPT_MPTCP)
        return show_unknown(w, n);
    if (!room(w, data_of(kind, n)))
        return false;
    show_fixed(w, kind);
    return true;
}

/* One option; w->at is its kind. */
static bool show_option(struct walk *w)
{
    struct pr  *p = w->p;
    uint8_t     kind;
    size_t      head = 1, data;
    const char *name;

    if (!pr_need(p, w->at, 1))
        return false;
    kind = w->at[0];
    name = name_of(kind);
    w->len = 1;
    if (kind != OPT_EOL && kind != OPT_NOP) {
        if (!pr_need(p, w->at + 1, 1))
            return false;
        w->len = w->at[1];
        if (w->len < 2 || w->len > w->left)
            return bad_option(w);
        head = 2;
    }
    w->at += head;
    w->left -= head;
    if (name)
        fmt_str(p->out, name);
    else
        fmt_f(p->out, "unknown-%u", kind);
    if (!show_data(w, kind, w->len - head))
        return false;
    data = data_of(kind, w->len - head);
    INVARIANT(data <= w->left);
    if (data + head != w->len)
        fmt_f(p->out, "[len %u]", w->len);
    w->at += data;
    w->left = kind == OPT_EOL ? 0 : w->left - data;
    return true;
}

bool pr_tcp_options(struct pr *p, const uint8_t *at, size_t len,
                    uint32_t base)
{
    struct walk w = {
        .p = p,
        .at = at + TCP_BYTES,
        .left = (size_t)(at[12] >> 4) * 4 - TCP_BYTES,
        .base = base,
        .first = true,
        .whole = pr_has(p, at, len),
    };

    INVARIANT(w.left <= 40);
    fmt_str(p->out, ", options [");
    while (w.left > 0) {
        if (!w.first)
            fmt_char(p->out, ',');
        if (!show_option(&w))
            return false;
        w.first = false;
    }
    fmt_char(p->out, ']');
    return true;
}
