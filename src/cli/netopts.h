/* netopts.h: the options that run and lab share: the link, the seed, limits.
 */
#ifndef CLI_NETOPTS_H
#define CLI_NETOPTS_H

#include "emu/link.h"
#include "world/world.h"

enum { NET_RULES_MAX = 16, NET_WORDS_MAX = 512, NET_WHY_MAX = 256 };
enum { NET_DEV_MAX = 24 };

enum net_clock { NET_CLOCK_DEFAULT, NET_CLOCK_REAL, NET_CLOCK_VIRTUAL };

struct net_opts {
    char             words[NET_WORDS_MAX]; /* of the link, both directions */
    struct link_spec spec;
    struct link_rule rules[NET_RULES_MAX];
    unsigned         nrules;
    struct setting   settings[SETTINGS_MAX];
    unsigned         nsettings;
    bool             seed_given, link_given;
    uint64_t         seed;
    enum net_clock   clock;
    cw_ns            timeout; /* NS_NEVER: none */
    unsigned         verbose;
    bool             quiet, fast, arp, no_record;
    const char      *record;
    char             dev[NET_DEV_MAX]; /* "tap:NAME", or "" */
    struct lab_outside outside;
    char               why[NET_WHY_MAX]; /* one line, when it is refused */
};

/* Parses the options before `--`.  Answers the index in argv of the first
 * word of the programs; 0 if help was asked for; -1 if it is refused (then
 * the exit is 2). */
int net_opts_parse(struct net_opts *o, int argc, char **argv);

/* One of these options, by its name, for a command with a table of its own;
 * false: o->why says it.  Once all are in: do the link's words go together? */
bool net_opts_take(struct net_opts *o, const char *name, char *value);
bool net_opts_settle(struct net_opts *o);

/* netopts_dev.c: --dev, --addr and --gateway; false: o->why says it. */
bool net_opts_dev(struct net_opts *o, const char *text);
bool net_opts_addr(struct net_opts *o, const char *text);
bool net_opts_gateway(struct net_opts *o, const char *text);
/* Do they go together? */
bool net_opts_outside_ok(struct net_opts *o);

/* "delay 20ms loss 3% (RTT 40 ms)": the link in words; "" if perfect. */
void net_link_print(const struct net_opts *o, char *out, size_t size);
/* That, and what is set of the hosts: "...; isn h1=8000, mss 1024". */
void net_opts_print(const struct net_opts *o, char *out, size_t size);
bool net_settings_same(const struct net_opts *a, const struct net_opts *b);

#endif
