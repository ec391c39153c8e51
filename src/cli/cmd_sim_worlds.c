/* cmd_sim_worlds.c: `causeway sim worlds`: every placement of up to three
 * faults in a short connection.
 */
#include "cli/cmd_sim.h"
#include "cli/say.h"

#include "loop/loop.h"
#include "sim/small.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_MAX = 20 };

struct worlds_opts {
    struct small_spec spec;
    const char       *profile;
    unsigned          faults;
    bool              json, verbose;
};

struct tally {
    uint64_t worlds[SMALL_FAULTS_MAX + 1], packets, failed;
    cw_ns    took[SMALL_FAULTS_MAX + 1]; /* the slowest */
    cw_ns    clean;
    uint64_t digest; /* of all worlds, in order */
};

/* The command of the world that runs, for a broken invariant. */
static char running[600];

static void on_abort(int sig)
{
    static const char head[] = "causeway: in this world: ";
    ssize_t           n = write(STDERR_FILENO, head, sizeof head - 1);

    n += write(STDERR_FILENO, running, strlen(running));
    n += write(STDERR_FILENO, "\n", 1);
    if (n > 0)
        signal(sig, SIG_DFL);
}

static void tell(struct tally *t, const char *error)
{
    if (t->failed++ >= SHOWN_MAX)
        return;
    say(false, "%s", error);
    say(false, "    again: %s", running);
}

static void judge_time(const struct worlds_opts *o, struct tally *t,
                       const struct small_case *c, cw_ns took)
{
    char  text[120];
    cw_ns bound;

    if (c->n == 0)
        t->clean = took;
    t->took[c->n] = took > t->took[c->n] ? took : t->took[c->n];
    bound = small_bound(&o->spec, c, t->clean);
    if (took <= bound)
        return;
    snprintf(text, sizeof text,
             "done after %.3f s, and %s no more than %.3f s",
             (double)took / 1e9, c->n ? "timeouts explain" : "the path needs",
             (double)bound / 1e9);
    tell(t, text);
}

static void explore(const struct worlds_opts *o, struct small *s,
                    struct tally *t)
{
    struct small_case   c = { .n = 0 };
    struct small_result r;

    do {
        struct fmt f = fmt_of(running, sizeof running);

        small_command(&o->spec, &c, &f);
        t->worlds[c.n]++;
        if (small_run(s, &c, &r))
            judge_time(o, t, &c, r.took);
        else
            tell(t, r.error);
        t->packets += r.packets;
        if (o->verbose)
            printf("%u packets, %.6f s: %s\n", r.packets,
                   (double)r.took / 1e9, running);
        t->digest = (t->digest ^ r.digest) * UINT64_C(0x9e3779b97f4a7c15);
    } while (small_next(&c, r.packets, o->faults));
}

static void print_json(const struct worlds_opts *o, const struct tally *t)
{
    printf("{\"schema\":\"causeway.worlds/1\",\"faults\":%u,\"failed\":%llu,"
           "\"packets\":%llu,\"digest\":\"%016llx\",\"worlds\":[",
           o->faults, (unsigned long long)t->failed,
           (unsigned long long)t->packets, (unsigned long long)t->digest);
    for (unsigned i = 0; i <= o->faults; i++)
        printf("%s{\"count\":%llu,\"slowest_ns\":%lld}", i ? "," : "",
               (unsigned long long)t->worlds[i], (long long)t->took[i]);
    printf("]}\n");
}

static void print_text(const struct worlds_opts *o, const struct tally *t)
{
    static const char *const names[] = { "no fault", "1 fault", "2 faults",
                                         "3 faults" };

    for (unsigned i = 0; i <= o->faults; i++)
        printf("%-9s %9llu worlds, the slowest %7.3f s\n", names[i],
               (unsigned long long)t->worlds[i], (double)t->took[i] / 1e9);
}

static int run(const struct worlds_opts *o)
{
    static struct tally t;
    struct small       *s = small_new(&o->spec);
    cw_ns               began = clock_now();
    uint64_t            all = 0;

    if (!s)
        return complain(2, "sim worlds: no memory, or no controller %s",
                        o->spec.cc ? o->spec.cc : "");
    signal(SIGABRT, on_abort);
    explore(o, s, &t);
    small_free(s);
    for (unsigned i = 0; i <= o->faults; i++)
        all += t.worlds[i];
    if (o->json)
        print_json(o, &t);
    else
        print_text(o, &t);
    say(o->json,
        "%s, %s, IPv%d: %llu worlds, %llu failed; %llu packets in "
        "%.1f s",
        o->profile, o->spec.cc ? o->spec.cc : "its controller",
        o->spec.v6 ? 6 : 4, (unsigned long long)all,
        (unsigned long long)t.failed, (unsigned long long)t.packets,
        (double)(clock_now() - began) / 1e9);
    return t.failed > 0;
}

static const struct option options[] = {
    { "faults", required_argument, NULL, 'f' },
    { "cc", required_argument, NULL, 'c' },
    { "profile", required_argument, NULL, 'p' },
    { "ipv6", no_argument, NULL, '6' },
    { "json", no_argument, NULL, 'j' },
    { "verbose", no_argument, NULL, 'v' },
    { NULL, 0, NULL, 0 },
};

static bool take_option(struct worlds_opts *o, int c)
{
    int profile;

    o->json |= c == 'j';
    o->verbose |= c == 'v';
    o->spec.v6 |= c == '6';
    if (c == 'c')
        o->spec.cc = optarg;
    if (c == 'f') {
        o->faults = (unsigned)(optarg[0] - '0');
        if (optarg[0] < '0' || o->faults > SMALL_FAULTS_MAX || optarg[1]) {
            complain(2, "sim worlds: --faults %s: write a number from 0 to 3",
                     optarg);
            return false;
        }
    }
    if (c == 'p') {
        o->profile = optarg;
        profile = sim_profile(optarg);
        if (profile < 0) {
            complain(2,
                     "sim worlds: --profile %s: there are deployed, strict "
                     "and classic",
                     optarg);
            return false;
        }
        o->spec.profile = (enum cw_profile)profile;
    }
    return true;
}

int cmd_sim_worlds(int argc, char **argv)
{
    struct worlds_opts o = { .profile = "deployed", .faults = 1 };
    int                c;

    o.spec.alloc = memory_alloc();
    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":6v", options, NULL)) != -1) {
        if (c == '?' || c == ':')
            return complain(2, "sim worlds: %s: %s", argv[optind - 1],
                            c == ':' ? "it needs a value"
                                     : "unknown option; there are --faults, "
                                       "--cc, --profile, --ipv6, --json and "
                                       "-v");
        if (!take_option(&o, c))
            return 2;
    }
    if (optind < argc)
        return complain(2,
                        "sim worlds: %s: not understood; options begin "
                        "with --",
                        argv[optind]);
    return run(&o);
}
