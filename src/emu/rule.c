/* rule.c: the text of an exact fault: [lose|twice|late] [FROM>TO] KIND LIST.
 *
 *   Owns:      the grammar; the canonical text that fates name.
 *   Does not   know who FROM and TO are: whoever made the link does.
 */
#include "base/nearest.h"
#include "emu/node.h"
#include "emu/words.h"

enum { NAMES = 10 };

static const char *const kind_names[NAMES] = {
    "packet", "data", "ack", "syn",  "synack",
    "fin",    "rst",  "udp", "icmp", "arp",
};

static const uint16_t kind_bits[NAMES] = {
    LINK_PACKET, LINK_DATA, LINK_ACK, LINK_SYN,  LINK_SYNACK,
    LINK_FIN,    LINK_RST,  LINK_UDP, LINK_ICMP, LINK_ARP,
};

static const char *const fate_names[LINK_RULE_FATES] = {
    [LINK_RULE_LOSE] = "lose",
    [LINK_RULE_TWICE] = "twice",
    [LINK_RULE_LATE] = "late",
};

/* The word before the rest, if it is a fate; being lost needs no word. */
static bool take_fate(struct words *w, struct link_rule *r)
{
    struct fmt *err;

    for (unsigned i = 0; i < LINK_RULE_FATES; i++) {
        if (!word_is(w->word, fate_names[i]))
            continue;
        r->fate = (uint8_t)i;
        if (words_keyword(w))
            return true;
        err = words_error(w, NULL);
        if (err)
            fmt_f(err, "of what? Write %s data 1", fate_names[i]);
        return false;
    }
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* A host's name up to `end`; NULL if it is none or too long. */
static const char *take_name(const char *at, char end,
                             char name[static LINK_NAME_MAX])
{
    size_t n = 0;

    while (n < LINK_NAME_MAX - 1 && is_name_char(at[n])) {
        name[n] = at[n];
        n++;
    }
    name[n] = '\0';
    return n && at[n] == end ? at + n : NULL;
}

/* The word before the kind, if it is a direction. */
static bool take_hosts(struct words *w, struct link_rule *r)
{
    const char *at = w->word;
    struct fmt *err;

    while (*at && *at != '>')
        at++;
    if (!*at)
        return true;
    at = take_name(w->word, '>', r->from);
    if (at)
        at = take_name(at + 1, '\0', r->to);
    if (!at || word_is(r->from, r->to)) {
        err = words_error(w, NULL);
        fmt_str(err, "no direction. Write two hosts, as in h1>h2 data 1");
        return false;
    }
    if (!words_keyword(w)) {
        err = words_error(w, NULL);
        if (err)
            fmt_f(err, "of what? Write %s data 1", w->word);
        return false;
    }
    return true;
}

static bool take_kind(struct words *w, struct link_rule *r)
{
    const char *near;
    struct fmt *err;

    for (unsigned i = 0; i < NAMES; i++)
        if (word_is(w->word, kind_names[i]))
            r->kind = kind_bits[i];
    if (r->kind)
        return true;
    near = nearest(w->word, kind_names, NAMES);
    err = words_error(w, NULL);
    if (near) {
        fmt_f(err, "no such kind of packet. Did you mean %s?", near);
        return false;
    }
    fmt_str(err, "no such kind of packet. Write one of");
    for (unsigned i = 0; i < NAMES; i++)
        fmt_f(err, " %s", kind_names[i]);
    return false;
}

/* Digits; NULL if there are none, or more than nine. */
static const char *take_number(const char *at, uint64_t *out)
{
    unsigned n = 0;

    *out = 0;
    for (; at[n] >= '0' && at[n] <= '9'; n++) {
        if (n == 9)
            return NULL;
        *out = *out * 10 + (uint64_t)(at[n] - '0');
    }
    return n && *out ? at + n : NULL;
}

/* N, N..M or N.. */
static const char *take_range(const char *at, struct link_rule *r)
{
    uint64_t lo, hi;

    if (r->nranges == LINK_RULE_RANGES_MAX)
        return NULL;
    at = take_number(at, &lo);
    if (!at)
        return NULL;
    hi = lo;
    if (at[0] == '.' && at[1] == '.') {
        at += 2;
        hi = UINT64_MAX;
        if (*at && *at != ',')
            at = take_number(at, &hi);
    }
    if (!at || hi < lo)
        return NULL;
    r->ranges[r->nranges].lo = lo;
    r->ranges[r->nranges++].hi = hi;
    return at;
}

static bool take_list(struct words *w, struct link_rule *r)
{
    char        value[WORD_MAX];
    const char *at = value;
    struct fmt *err;

    if (!words_value(w, value, "1"))
        return false;
    while (at) {
        at = take_range(at, r);
        if (!at || !*at)
            break;
        at = *at == ',' ? at + 1 : NULL;
    }
    if (at)
        return true;
    err = words_error(w, value);
    fmt_str(err,
            "Write which ones, counted from 1: 1 or 1,3 or 2..4 or 5.. "
            "(at most 8 of these)");
    return false;
}

static void print_rule(struct fmt *f, const struct link_rule *r)
{
    if (r->fate != LINK_RULE_LOSE)
        fmt_f(f, "%s ", fate_names[r->fate]);
    if (r->from[0])
        fmt_f(f, "%s>%s ", r->from, r->to);
    for (unsigned i = 0; i < NAMES; i++)
        if (r->kind == kind_bits[i])
            fmt_str(f, kind_names[i]);
    for (unsigned i = 0; i < r->nranges; i++) {
        fmt_char(f, i ? ',' : ' ');
        fmt_u64(f, r->ranges[i].lo);
        if (r->ranges[i].hi == r->ranges[i].lo)
            continue;
        fmt_str(f, "..");
        if (r->ranges[i].hi != UINT64_MAX)
            fmt_u64(f, r->ranges[i].hi);
    }
}

bool spec_drop_parse(const char *text, struct link_rule *out, struct fmt *err)
{
    struct link_rule r = { .dirs = 1 << LINK_FWD | 1 << LINK_BACK };
    struct words     w = words_of(text, err);
    struct fmt       canonical = fmt_of(r.text, sizeof(r.text));

    if (!words_keyword(&w)) {
        if (!w.bad)
            fmt_str(err, "the rule is empty. Write data 1");
        return false;
    }
    if (!take_fate(&w, &r) || !take_hosts(&w, &r) || !take_kind(&w, &r)
        || !take_list(&w, &r))
        return false;
    if (w.next[0]) {
        words_keyword(&w);
        err = words_error(&w, NULL);
        if (err)
            fmt_str(err, "one rule has one kind. Write a rule for each");
        return false;
    }
    print_rule(&canonical, &r);
    INVARIANT(!canonical.cut);
    *out = r;
    return true;
}
