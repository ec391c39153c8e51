/* cmd_sim.c: `causeway sim --seed N | --seeds A..B`: random worlds with
 * oracles.
 */
#include "cli/cmd.h"
#include "cli/cmd_sim.h"
#include "cli/say.h"

#include "loop/loop.h"
#include "sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sim_opts {
    uint64_t       first, last;
    bool           json, verbose, digests;
    int            profile; /* -1: each seed's own */
    const char    *profile_word;
    struct setting settings[SIM_SETTINGS_MAX];
    unsigned       nsettings;
    char           set[200]; /* these, as they were written */
};

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    puts(line);
}

static void print_json(uint64_t seed, const struct sim_result *r)
{
    printf("{\"schema\":\"causeway.sim/1\",\"seed\":%llu,\"ok\":%s,"
           "\"packets\":%llu,\"lost\":%llu,\"bytes\":%llu,\"end_ns\":%lld,"
           "\"digest\":\"%016llx\"}\n",
           (unsigned long long)seed, r->ok ? "true" : "false",
           (unsigned long long)r->packets, (unsigned long long)r->lost,
           (unsigned long long)r->bytes, (long long)r->end,
           (unsigned long long)r->digest);
}

/* One world; a failure is told with the command that repeats it. */
static bool one(const struct sim_opts *o, uint64_t seed, uint64_t *packets)
{
    struct sim_options so = { .seed = seed,
                              .profile = o->profile,
                              .nsettings = o->nsettings,
                              .alloc = memory_alloc() };
    struct sim_result  r;
    char               text[600];
    struct fmt         f = fmt_of(text, sizeof text);

    memcpy(so.settings, o->settings, sizeof so.settings);
    if (o->verbose)
        so.log = print_line;
    sim_run(&so, &r);
    *packets += r.packets;
    if (o->json)
        print_json(seed, &r);
    else if (o->digests)
        printf("%llu %016llx\n", (unsigned long long)seed,
               (unsigned long long)r.digest);
    if (r.ok)
        return true;
    sim_describe(seed, &f);
    say(false, "seed %llu: %s", (unsigned long long)seed, r.error);
    say(false, "    %s", text);
    say(false, "    again: causeway sim --seed %llu%s%s%s",
        (unsigned long long)seed, o->profile < 0 ? "" : " --profile ",
        o->profile < 0 ? "" : o->profile_word, o->set);
    return false;
}

static void progress(const struct sim_opts *o, uint64_t done, uint64_t failed)
{
    uint64_t all = o->last - o->first + 1;

    if (isatty(STDERR_FILENO) && !o->json && !o->verbose)
        fprintf(stderr, "\rcauseway: %llu/%llu seeds, %llu failed ",
                (unsigned long long)done, (unsigned long long)all,
                (unsigned long long)failed);
}

static int run(const struct sim_opts *o)
{
    uint64_t packets = 0, done = 0, failed = 0;
    cw_ns    began = clock_now();

    for (uint64_t seed = o->first;; seed++) {
        failed += !one(o, seed, &packets);
        done++;
        progress(o, done, failed);
        if (seed == o->last)
            break;
    }
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    say(o->json,
        "%llu seed%s: %llu passed, %llu failed; %llu packets in "
        "%.1f s",
        (unsigned long long)done, done == 1 ? "" : "s",
        (unsigned long long)(done - failed), (unsigned long long)failed,
        (unsigned long long)packets, (double)(clock_now() - began) / 1e9);
    return failed > 0;
}

/* "23" or "1..500". */
bool sim_read_range(const char *text, uint64_t *first, uint64_t *last)
{
    char *end;

    errno = 0;
    if (*text < '0' || *text > '9')
        return false;
    *first = *last = strtoull(text, &end, 10);
    if (strncmp(end, "..", 2) == 0 && end[2] >= '0' && end[2] <= '9')
        *last = strtoull(end + 2, &end, 10);
    return errno == 0 && *end == '\0' && *first <= *last;
}

/* What labs can say of their hosts: "ecn on". */
static bool take_setting(struct sim_opts *o, const char *text)
{
    char            why[200] = "";
    struct fmt      err = fmt_of(why, sizeof why);
    struct setting *s = &o->settings[o->nsettings];
    size_t          n = strlen(o->set);

    if (o->nsettings < SIM_SETTINGS_MAX
        && n + strlen(text) + 10 < sizeof o->set
        && setting_read(text, s, &err) && !s->host[0]) {
        o->nsettings++;
        snprintf(o->set + n, sizeof o->set - n, " --set '%s'", text);
        return true;
    }
    complain(2, "sim: --set %s: %s", text,
             why[0] ? why : "write a few, of all hosts, as in 'ecn on'");
    return false;
}

/* A setting that has an option of its own. */
static bool take_cc(struct sim_opts *o, const char *name)
{
    char text[SETTING_TEXT_MAX];

    snprintf(text, sizeof text, "cc %s", name);
    return take_setting(o, text);
}

static const struct option options[] = {
    { "seed", required_argument, NULL, 's' },
    { "seeds", required_argument, NULL, 's' },
    { "profile", required_argument, NULL, 'p' },
    { "cc", required_argument, NULL, 'c' },
    { "set", required_argument, NULL, 'e' },
    { "digests", no_argument, NULL, 'd' },
    { "json", no_argument, NULL, 'j' },
    { "verbose", no_argument, NULL, 'v' },
    { NULL, 0, NULL, 0 },
};

int cmd_sim(int argc, char **argv)
{
    struct sim_opts o = { .first = 1, .last = 20, .profile = -1 };
    int             c;

    if (argc > 1 && strcmp(argv[1], "path") == 0)
        return cmd_sim_path(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "worlds") == 0)
        return cmd_sim_worlds(argc - 1, argv + 1);
    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":v", options, NULL)) != -1) {
        if (c == 's' && !sim_read_range(optarg, &o.first, &o.last))
            return complain(2, "sim: --%s %s: %s",
                            strchr(optarg, '.') ? "seeds" : "seed", optarg,
                            errno == ERANGE
                                ? "it is too large; a seed has 64 bits"
                                : "write a number, or a range: 1..500");
        if (c == 'p') {
            o.profile_word = optarg;
            o.profile = sim_profile(optarg);
            if (o.profile < 0)
                return complain(2,
                                "sim: --profile %s: there are deployed, "
                                "strict and classic",
                                optarg);
        }
        if ((c == 'c' && !take_cc(&o, optarg))
            || (c == 'e' && !take_setting(&o, optarg)))
            return 2;
        if (c == '?' || c == ':')
            return complain(2, "sim: %s: %s", argv[optind - 1],
                            c == ':' ? "it needs a value"
                                     : "unknown option; there are --seed, "
                                       "--seeds, --profile, --cc, "
                                       "--set, --digests, "
                                       "--json and -v");
        o.json |= c == 'j';
        o.verbose |= c == 'v';
        o.digests |= c == 'd';
    }
    if (optind < argc)
        return complain(
            2, "sim: %s: not understood; write --seed %s", argv[optind],
            sim_read_range(argv[optind], &o.first, &o.last) ? argv[optind]
                                                            : "N");
    return run(&o);
}
