/* netopts.c: link options by table.
 *
 * A link option is a shortcut for a word of the link's grammar (emu/link.h),
 * which judges its value; so an error is said once, there.
 */
#include "cli/netopts.h"

#include "base/check.h"
#include "base/nearest.h"
#include "loop/loop.h"
#include "world/setting.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_WORD = 256, /* a word of the link's grammar: the option's name */
    OPT_LINK,
    OPT_NET,
    OPT_DROP,
    OPT_SETTING, /* of hosts: the option's name */
    OPT_SEED,
    OPT_CLOCK,
    OPT_TIMEOUT,
    OPT_FAST,
    OPT_ARP,
    OPT_RECORD,
    OPT_NO_RECORD,
    OPT_DEV,
    OPT_ADDR,
    OPT_GATEWAY,
};

static const struct option table[] = {
    { "delay", required_argument, NULL, OPT_WORD },
    { "loss", required_argument, NULL, OPT_WORD },
    { "rate", required_argument, NULL, OPT_WORD },
    { "queue", required_argument, NULL, OPT_WORD },
    { "reorder", required_argument, NULL, OPT_WORD },
    { "duplicate", required_argument, NULL, OPT_WORD },
    { "corrupt", required_argument, NULL, OPT_WORD },
    { "mark", required_argument, NULL, OPT_WORD },
    { "pmtu", required_argument, NULL, OPT_WORD },
    { "link", required_argument, NULL, OPT_LINK },
    { "net", required_argument, NULL, OPT_NET },
    { "drop", required_argument, NULL, OPT_DROP },
    { "fault", required_argument, NULL, OPT_DROP },
    { "profile", required_argument, NULL, OPT_SETTING },
    { "isn", required_argument, NULL, OPT_SETTING },
    { "mss", required_argument, NULL, OPT_SETTING },
    { "offer", required_argument, NULL, OPT_SETTING },
    { "rcvbuf", required_argument, NULL, OPT_SETTING },
    { "sndbuf", required_argument, NULL, OPT_SETTING },
    { "mtu-probing", required_argument, NULL, OPT_SETTING },
    { "cc", required_argument, NULL, OPT_SETTING },
    { "ttl", required_argument, NULL, OPT_SETTING },
    { "ecn", required_argument, NULL, OPT_SETTING },
    { "pacing", required_argument, NULL, OPT_SETTING },
    { "seed", required_argument, NULL, OPT_SEED },
    { "clock", required_argument, NULL, OPT_CLOCK },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "fast", no_argument, NULL, OPT_FAST },
    { "arp", no_argument, NULL, OPT_ARP },
    { "record", required_argument, NULL, OPT_RECORD },
    { "no-record", no_argument, NULL, OPT_NO_RECORD },
    { "dev", required_argument, NULL, OPT_DEV },
    { "addr", required_argument, NULL, OPT_ADDR },
    { "addr6", required_argument, NULL, OPT_ADDR },
    { "gateway", required_argument, NULL, OPT_GATEWAY },
    { "quiet", no_argument, NULL, 'q' },
    { "verbose", no_argument, NULL, 'v' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static const struct {
    const char *name, *words;
} presets[] = {
    { "3g", "delay 100ms 20ms loss 1% rate 2mbit queue 50p" },
    { "dsl", "delay 20ms rate 8mbit queue 100p" },
    { "wifi", "delay 3ms 2ms loss 0.5% rate 40mbit" },
    { "sat", "delay 270ms loss 0.5% rate 10mbit" },
};

static bool refuse(struct net_opts *o, const char *opt, const char *value,
                   const char *what)
{
    snprintf(o->why, sizeof o->why, "--%s %s: %s", opt, value, what);
    return false;
}

/* The words are judged as they come, so that the message can name the
 * option. */
static bool link_words(struct net_opts *o, const char *opt, const char *name,
                       const char *words)
{
    char             text[160];
    struct fmt       err = fmt_of(text, sizeof text);
    struct link_spec spec;
    size_t           n = strlen(o->words), room = sizeof o->words - n;
    int k = snprintf(o->words + n, room, "%s%s%s%s", n ? " " : "", name,
                     *name ? " " : "", words);

    o->link_given = true;
    if (k < 0 || (size_t)k >= room)
        return refuse(o, opt, words, "too many words for a link");
    if (spec_parse(o->words, &spec, &err))
        return true;
    if (!*name)
        return refuse(o, opt, words, text);
    snprintf(o->why, sizeof o->why, "--%s", text); /* it names the word */
    return false;
}

static bool preset(struct net_opts *o, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(presets); i++)
        if (strcmp(presets[i].name, name) == 0)
            return link_words(o, "net", "", presets[i].words);
    return refuse(o, "net", name, "there are 3g, dsl, wifi and sat");
}

static bool drop_rule(struct net_opts *o, const char *text)
{
    char       reason[160];
    struct fmt err = fmt_of(reason, sizeof reason);

    if (o->nrules == NET_RULES_MAX)
        return refuse(o, "drop", text, "there are too many rules (16)");
    if (!spec_drop_parse(text, &o->rules[o->nrules], &err))
        return refuse(o, "drop", text, reason);
    o->nrules++;
    o->link_given = true;
    return true;
}

static bool setting(struct net_opts *o, const char *name, const char *value)
{
    char       reason[160];
    struct fmt err = fmt_of(reason, sizeof reason);

    if (o->nsettings == SETTINGS_MAX)
        return refuse(o, name, value, "there are too many settings (32)");
    if (!setting_parse(name, value, &o->settings[o->nsettings], &err))
        return refuse(o, name, value, reason);
    o->nsettings++;
    return true;
}

static bool seed(struct net_opts *o, const char *text)
{
    char *end;

    o->seed_given = true;
    if (strcmp(text, "random") == 0) {
        o->seed = entropy_seed();
        return true;
    }
    errno = 0;
    o->seed = strtoull(text, &end, 0);
    if (errno == ERANGE)
        return refuse(o, "seed", text, "it is too large; a seed has 64 bits");
    return (*text >= '0' && *text <= '9' && *end == 0)
        || refuse(o, "seed", text, "a seed is a whole number, or `random`");
}

static bool clock_word(struct net_opts *o, const char *text)
{
    if (strcmp(text, "real") == 0)
        o->clock = NET_CLOCK_REAL;
    else if (strcmp(text, "virtual") == 0)
        o->clock = NET_CLOCK_VIRTUAL;
    else
        return refuse(o, "clock", text, "write real or virtual");
    return true;
}

/* A time in the link's own grammar, so that its units are the same. */
static bool time_limit(struct net_opts *o, const char *text)
{
    char             words[64], reason[160];
    struct fmt       err = fmt_of(reason, sizeof reason);
    struct link_spec spec;

    snprintf(words, sizeof words, "delay %s", text);
    if (!spec_parse(words, &spec, &err) || spec.delay == 0)
        return refuse(o, "timeout", text,
                      "write a time with its unit, for instance 30s");
    o->timeout = spec.delay;
    return true;
}

static bool flag(struct net_opts *o, int c)
{
    o->fast |= c == OPT_FAST;
    o->arp |= c == OPT_ARP;
    o->no_record |= c == OPT_NO_RECORD;
    o->quiet |= c == 'q';
    o->verbose += c == 'v';
    return true;
}

static bool unknown(struct net_opts *o, const char *word)
{
    const char *names[ARRAY_LEN(table)], *near;
    const char *bare = strncmp(word, "--", 2) == 0 ? word + 2 : "";
    char        name[NEAREST_WORD_MAX + 1];
    size_t      n = 0;

    for (size_t i = 0; table[i].name; i++)
        names[n++] = table[i].name;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(bare, "="), bare);
    near = nearest(name, names, n);
    snprintf(o->why, sizeof o->why, "%s: unknown option%s%s%s", word,
             near ? "; did you mean --" : "", near ? near : "",
             near ? "?" : "; --help lists them");
    return false;
}

static bool one(struct net_opts *o, int c, int index, char *value)
{
    switch (c) {
    case OPT_WORD:
        return link_words(o, table[index].name, table[index].name, value);
    case OPT_LINK:
        return link_words(o, "link", "", value);
    case OPT_NET:
        return preset(o, value);
    case OPT_DROP:
        return drop_rule(o, value);
    case OPT_SETTING:
        return setting(o, table[index].name, value);
    case OPT_SEED:
        return seed(o, value);
    case OPT_CLOCK:
        return clock_word(o, value);
    case OPT_TIMEOUT:
        return time_limit(o, value);
    case OPT_RECORD:
        o->record = value;
        return true;
    case OPT_DEV:
        return net_opts_dev(o, value);
    case OPT_ADDR:
        return net_opts_addr(o, value);
    case OPT_GATEWAY:
        return net_opts_gateway(o, value);
    case '?':
        return unknown(o, value);
    case ':':
        snprintf(o->why, sizeof o->why, "%s: it needs a value", value);
        return false;
    default:
        return flag(o, c);
    }
}

bool net_opts_take(struct net_opts *o, const char *name, char *value)
{
    int i = 0;

    while (table[i].name && strcmp(table[i].name, name) != 0)
        i++;
    INVARIANT(table[i].name); /* the caller's table has ours */
    return one(o, table[i].val, i, value);
}

bool net_opts_settle(struct net_opts *o)
{
    char       text[160];
    struct fmt err = fmt_of(text, sizeof text);

    if (!spec_parse(o->words, &o->spec, &err))
        snprintf(o->why, sizeof o->why, "%s", text);
    return !*o->why;
}

int net_opts_parse(struct net_opts *o, int argc, char **argv)
{
    int c, index = 0;

    memset(o, 0, sizeof *o);
    o->timeout = NS_NEVER;
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    while ((c = getopt_long(argc, argv, "+:qvh", table, &index)) != -1) {
        if (c == 'h')
            return 0;
        if (c == '?' || c == ':')
            optarg = argv[optind - 1];
        if (!one(o, c, index, optarg))
            return -1;
    }
    if (!net_opts_settle(o) || !net_opts_outside_ok(o))
        return -1;
    if (optind >= argc) {
        snprintf(o->why, sizeof o->why,
                 "no program is named; write it after `--`");
        return -1;
    }
    return optind;
}

void net_link_print(const struct net_opts *o, char *out, size_t size)
{
    char       words[LINK_SPEC_TEXT_MAX];
    struct fmt f = fmt_of(words, sizeof words);
    size_t     n;

    spec_print(&o->spec, &f);
    n = (size_t)snprintf(out, size, "%s", words);
    for (unsigned i = 0; i < o->nrules && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s \"%s\"", n ? " " : "",
                              o->rules[i].fate ? "fault" : "drop",
                              o->rules[i].text);
    if (o->spec.delay > 0 && n < size)
        snprintf(out + n, size - n, " (RTT %g ms)",
                 (double)(2 * o->spec.delay) / 1e6);
}

static size_t settings_print(const struct net_opts *o, char *out, size_t size)
{
    size_t n = 0;

    *out = '\0';
    for (unsigned i = 0; i < o->nsettings && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "",
                              o->settings[i].text);
    return n;
}

bool net_settings_same(const struct net_opts *a, const struct net_opts *b)
{
    char x[SETTINGS_MAX * SETTING_TEXT_MAX], y[sizeof x];

    settings_print(a, x, sizeof x);
    settings_print(b, y, sizeof y);
    return strcmp(x, y) == 0;
}

void net_opts_print(const struct net_opts *o, char *out, size_t size)
{
    size_t n;

    net_link_print(o, out, size);
    if (o->nsettings == 0)
        return;
    n = strlen(out);
    n += (size_t)snprintf(out + n, size - n, "%s; ", n ? "" : "perfect");
    if (n < size)
        settings_print(o, out + n, size - n);
}
