/* cmd_sim_path.c: `causeway sim path`: flows over one bottleneck in virtual
 * time, and what theory says of it.
 */
#include "cli/cmd_sim.h"
#include "cli/say.h"

#include "base/units.h"
#include "loop/loop.h"
#include "sim/path.h"
#include "sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MBIT = 1000000, WORDS_MAX = 400, TIME_FOR_BYTES = 600 };

struct path_opts {
    struct path_spec spec;
    const char      *rate, *rtt, *queue, *loss, *reorder, *outage, *link;
    const char      *profile;
    char             ccs[128];
    uint64_t         first, last;
    bool             json, counters;
};

/* ---- one run, for people -------------------------------------------------- */

static void mbit(const char *name, uint64_t bps)
{
    printf("  %-22s %llu.%02llu Mbit/s\n", name,
           (unsigned long long)(bps / MBIT),
           (unsigned long long)(bps % MBIT / (MBIT / 100)));
}

static void ms(const char *name, cw_ns t, const char *what)
{
    printf("  %-22s %lld.%03lld ms%s\n", name, (long long)(t / NS_MS),
           (long long)(t % NS_MS / NS_US), what);
}

static void count(const char *name, uint64_t n, const char *what)
{
    printf("  %-22s %llu%s\n", name, (unsigned long long)n, what);
}

static void share(const char *name, uint64_t part, uint64_t of)
{
    if (of >= 1000)
        printf("  %-22s %llu.%llu %%\n", name,
               (unsigned long long)(part / (of / 1000) / 10),
               (unsigned long long)(part / (of / 1000) % 10));
}

/* From connect() to the last byte, of all flows. */
static cw_ns slowest(const struct path_result *r)
{
    cw_ns most = 0;

    for (unsigned i = 0; i < r->flows; i++)
        most = r->flow[i].done == NS_NEVER
            ? NS_NEVER
            : ns_max(most, r->flow[i].done - r->flow[i].start);
    return most;
}

static void print_times(const struct path_opts   *o,
                        const struct path_result *r)
{
    if (o->spec.fwd.rate_bps) {
        ms("queue delay, mean", r->queue_mean, "");
        ms("queue delay, p99", r->queue_p99, "");
    }
    if (o->spec.bytes && slowest(r) != NS_NEVER)
        ms("complete after", slowest(r), "");
    if (o->spec.bytes && slowest(r) == NS_NEVER)
        printf("  %-22s not in this time\n", "complete after");
    if (o->spec.bytes)
        ms("not before", r->bound, " (handshake, slow start, rate)");
    if (!o->outage && o->spec.pause.to == 0)
        return;
    if (r->recovery != NS_NEVER)
        ms("back at 80 % after", r->recovery, " from the first packet");
    else
        printf("  %-22s never\n", "back at 80 % after");
}

static void print_text(const struct path_opts *o, uint64_t seed,
                       const struct path_result *r)
{
    char       words[LINK_SPEC_TEXT_MAX];
    struct fmt f = fmt_of(words, sizeof words);

    spec_print(&o->spec.fwd, &f);
    printf("%s; %u flow%s, %s; seed %llu; %lld.%03lld s\n", words, r->flows,
           r->flows == 1 ? "" : "s", o->ccs[0] ? o->ccs : o->profile,
           (unsigned long long)seed, (long long)(r->end / NS_S),
           (long long)(r->end % NS_S / NS_MS));
    mbit("goodput", r->goodput);
    if (r->ideal) {
        mbit("ideal", r->ideal);
        share("share of the ideal", r->goodput, r->ideal);
    }
    if (r->mathis) {
        mbit("Mathis, for Reno", r->mathis);
        share("share of Mathis", r->goodput, r->mathis);
    }
    count("segments", r->segs, "");
    count("retransmissions", r->rexmits, "");
    count("  without need", r->spurious, "");
    count("timeouts", r->timeouts, "");
    count("lost by chance", r->lost, "");
    count("lost in the queue", r->queue_drops, "");
    print_times(o, r);
    if (r->flows > 1)
        printf("  %-22s %u.%03u\n", "Jain's index", r->jain / 1000,
               r->jain % 1000);
}

/* ---- for machines --------------------------------------------------------- */

static void json_flows(struct json *j, const struct path_result *r)
{
    json_array(j, "flow");
    for (unsigned i = 0; i < r->flows; i++) {
        const struct path_flow *f = &r->flow[i];

        json_open(j, NULL);
        json_u64(j, "bytes", f->bytes);
        json_u64(j, "segments", f->segs);
        json_u64(j, "retransmissions", f->rexmits);
        json_u64(j, "spurious", f->spurious);
        if (f->done != NS_NEVER)
            json_i64(j, "completion_ns", f->done - f->start);
        json_close(j);
    }
    json_end(j);
}

static void json_counts(struct json *j, const struct path_result *r)
{
    json_open(j, "counters");
    for (unsigned i = 0; i < COUNT_COUNT_OF; i++)
        if (r->counts[i])
            json_u64(j, count_name(i), r->counts[i]);
    json_close(j);
}

static void print_json(const struct path_opts *o, uint64_t seed,
                       const struct path_result *r)
{
    char        text[20000];
    struct fmt  f = fmt_of(text, sizeof text);
    struct json j = json_of(&f);

    json_open(&j, NULL);
    json_str(&j, "schema", "causeway.path/1");
    json_u64(&j, "seed", seed);
    json_u64(&j, "goodput_bps", r->goodput);
    json_u64(&j, "ideal_bps", r->ideal);
    json_u64(&j, "mathis_bps", r->mathis);
    json_u64(&j, "segments", r->segs);
    json_u64(&j, "retransmissions", r->rexmits);
    json_u64(&j, "spurious", r->spurious);
    json_u64(&j, "timeouts", r->timeouts);
    json_u64(&j, "lost", r->lost);
    json_u64(&j, "queue_drops", r->queue_drops);
    json_i64(&j, "queue_mean_ns", r->queue_mean);
    json_i64(&j, "queue_p99_ns", r->queue_p99);
    json_i64(&j, "queue_max_ns", r->queue_max);
    json_u64(&j, "jain_permille", r->jain);
    json_i64(&j, "end_ns", r->end);
    if (o->spec.bytes)
        json_i64(&j, "bound_ns", r->bound);
    if (r->first_back != NS_NEVER)
        json_i64(&j, "first_back_ns", r->first_back);
    if (r->recovery != NS_NEVER)
        json_i64(&j, "recovery_ns", r->recovery);
    json_u64(&j, "packets", r->packets);
    json_u64(&j, "digest", r->digest);
    json_flows(&j, r);
    json_counts(&j, r);
    json_close(&j);
    puts(text);
}

/* ---- several seeds -------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void spread(const char *name, uint64_t *v, size_t n, unsigned unit)
{
    uint64_t at[3];

    qsort(v, n, sizeof *v, by_value);
    at[0] = v[n / 2];
    at[1] = v[0];
    at[2] = v[n - 1];
    printf("%s", name);
    for (unsigned i = 0; i < 3; i++)
        printf("%s%llu.%02llu",
               i == 0       ? " "
                   : i == 1 ? " ("
                            : " to ",
               (unsigned long long)(at[i] / (unit * 100u)),
               (unsigned long long)(at[i] / unit % 100));
    printf("), median and range of %zu seeds\n", n);
}

static int fail(uint64_t seed, const struct path_result *r)
{
    return complain(1, "sim path: seed %llu: %s", (unsigned long long)seed,
                    r->ok ? "no memory" : r->error);
}

static int run_seeds(struct path_opts *o)
{
    size_t    n = (size_t)(o->last - o->first + 1), i = 0;
    uint64_t *goodput = calloc(n, sizeof *goodput);
    uint64_t *after = calloc(n, sizeof *after);
    int       status = goodput && after ? 0 : complain(1, "no memory");

    for (uint64_t seed = o->first; status == 0 && i < n; i++, seed++) {
        static struct path_result r;

        o->spec.seed = seed;
        if (!path_run(&o->spec, &r)) {
            status = fail(seed, &r);
            break;
        }
        goodput[i] = r.goodput;
        after[i] = (uint64_t)slowest(&r);
        if (o->json)
            print_json(o, seed, &r);
        else if (n == 1)
            print_text(o, seed, &r);
    }
    if (status == 0 && !o->json && n > 1) {
        spread("goodput, Mbit/s:", goodput, n, MBIT / 100);
        if (o->spec.bytes)
            spread("completion, ms:", after, n, (unsigned)NS_MS / 100);
    }
    free(goodput);
    free(after);
    return status;
}

/* ---- options -------------------------------------------------------------- */

static bool read_time(const char *option, const char *text, cw_ns *out)
{
    char       why[160];
    struct fmt err = fmt_of(why, sizeof why);

    if (units_time(text, out, &err))
        return true;
    complain(2, "sim path: --%s %s: %s", option, text, why);
    return false;
}

static bool read_down(const char *option, const char *text,
                      struct link_down *out)
{
    char             words[64], why[200];
    struct link_spec s;
    struct fmt       f = fmt_of(words, sizeof words);
    struct fmt       err = fmt_of(why, sizeof why);

    fmt_f(&f, "down %s", text);
    if (f.cut || !spec_parse(words, &s, &err)) {
        complain(2, "sim path: --%s %s: write from..to, as in 10s..11s",
                 option, text);
        return false;
    }
    *out = s.downs[0];
    return true;
}

/* The words of the link, one parser for all: emu/spec.c's. */
static bool make_link(struct path_opts *o)
{
    char       words[WORDS_MAX], why[300];
    struct fmt f = fmt_of(words, sizeof words);
    struct fmt err = fmt_of(why, sizeof why);

    fmt_f(&f, "rtt %s rate %s queue %s", o->rtt, o->rate, o->queue);
    if (o->loss)
        fmt_f(&f, " loss %s", o->loss);
    if (o->reorder)
        fmt_f(&f, " reorder %s", o->reorder);
    if (o->outage)
        fmt_f(&f, " down %s", o->outage);
    if (o->link)
        fmt_f(&f, " %s", o->link);
    if (f.cut || !spec_parse(words, &o->spec.fwd, &err)) {
        complain(2, "sim path: %s", f.cut ? "these words are too long" : why);
        return false;
    }
    o->spec.back = (struct link_spec){ .delay = o->spec.fwd.delay,
                                       .rate_bps = o->spec.fwd.rate_bps,
                                       .ndowns = o->spec.fwd.ndowns };
    memcpy(o->spec.back.downs, o->spec.fwd.downs, sizeof o->spec.fwd.downs);
    return true;
}

static bool read_ccs(struct path_opts *o, const char *text)
{
    char *at = o->ccs;

    if (strlen(text) >= sizeof o->ccs / 2)
        return false;
    memcpy(o->ccs, text, strlen(text) + 1);
    for (unsigned i = 0; i < PATH_CCS_MAX && at; i++) {
        struct cw_config c;
        char            *comma = strchr(at, ',');

        o->spec.cc[i] = at;
        o->spec.nccs = i + 1;
        if (comma)
            *comma++ = '\0';
        cw_config_init(&c, 1);
        if (!path_set_cc(&c, at)) {
            complain(2, "sim path: --cc %s: there is no such controller", at);
            return false;
        }
        at = comma;
    }
    return true;
}

/* What labs can say of their hosts: "ecn on". */
static bool read_setting(struct path_opts *o, const char *text)
{
    char       why[200] = "there are too many";
    struct fmt err = fmt_of(why, sizeof why);

    if (o->spec.nsettings < PATH_SETTINGS_MAX
        && setting_read(text, &o->spec.settings[o->spec.nsettings], &err)
        && !o->spec.settings[o->spec.nsettings].host[0]) {
        o->spec.nsettings++;
        return true;
    }
    complain(2, "sim path: --set %s: %s", text,
             err.len ? why : "write for all hosts, as in 'ecn on'");
    return false;
}

static bool read_number(const char *option, const char *text, uint64_t max,
                        uint64_t *out)
{
    char       why[160];
    struct fmt err = fmt_of(why, sizeof why);

    if (units_count(text, out, &err) && *out >= 1 && *out <= max)
        return true;
    complain(2, "sim path: --%s %s: write a number from 1 to %llu", option,
             text, (unsigned long long)max);
    return false;
}

static bool read_bytes(const char *text, uint64_t *out)
{
    char       why[160];
    struct fmt err = fmt_of(why, sizeof why);

    if (units_size(text, out, &err) && *out >= 1 && *out <= 2000000000)
        return true;
    complain(2, "sim path: --bytes %s: %s", text,
             why[0] ? why : "write from 1B to 2GB");
    return false;
}

static bool read_profile(struct path_opts *o, const char *text)
{
    int profile = sim_profile(text);

    o->profile = text;
    if (profile < 0)
        complain(2,
                 "sim path: --profile %s: there are deployed, strict and "
                 "classic",
                 text);
    else
        o->spec.profile = (enum cw_profile)profile;
    return profile >= 0;
}

enum {
    O_RATE = 1000,
    O_RTT,
    O_QUEUE,
    O_LOSS,
    O_REORDER,
    O_OUTAGE,
    O_PAUSE,
    O_CC,
    O_PROFILE,
    O_FLOWS,
    O_TIME,
    O_BYTES,
    O_TICK,
    O_SEEDS,
    O_JSON
};

static const struct option options[] = {
    { "rate", required_argument, NULL, O_RATE },
    { "rtt", required_argument, NULL, O_RTT },
    { "queue", required_argument, NULL, O_QUEUE },
    { "loss", required_argument, NULL, O_LOSS },
    { "reorder", required_argument, NULL, O_REORDER },
    { "outage", required_argument, NULL, O_OUTAGE },
    { "pause", required_argument, NULL, O_PAUSE },
    { "cc", required_argument, NULL, O_CC },
    { "profile", required_argument, NULL, O_PROFILE },
    { "flows", required_argument, NULL, O_FLOWS },
    { "time", required_argument, NULL, O_TIME },
    { "bytes", required_argument, NULL, O_BYTES },
    { "clock-tick", required_argument, NULL, O_TICK },
    { "seed", required_argument, NULL, O_SEEDS },
    { "seeds", required_argument, NULL, O_SEEDS },
    { "json", no_argument, NULL, O_JSON },
    { "ipv6", no_argument, NULL, '6' },
    { "link", required_argument, NULL, 'l' },
    { "set", required_argument, NULL, 's' },
    { NULL, 0, NULL, 0 },
};

static bool take_number(struct path_opts *o, int c, const char *text)
{
    uint64_t n = 0;

    switch (c) {
    case O_FLOWS:
        if (!read_number("flows", text, PATH_FLOWS_MAX, &n))
            return false;
        o->spec.flows = (unsigned)n;
        return true;
    case O_TIME:
        return read_time("time", text, &o->spec.time);
    case O_BYTES:
        return read_bytes(text, &o->spec.bytes);
    case O_TICK:
        return read_time("clock-tick", text, &o->spec.tick);
    case O_PAUSE:
        return read_down("pause", text, &o->spec.pause);
    case O_SEEDS:
        if (sim_read_range(text, &o->first, &o->last))
            return true;
        complain(2, "sim path: --seed %s: write a number, or a range: 1..5",
                 text);
        return false;
    default:
        return false;
    }
}

static bool take_option(struct path_opts *o, int c, const char *text)
{
    const char **const words[] = { &o->rate, &o->rtt,     &o->queue,
                                   &o->loss, &o->reorder, &o->outage };

    if (c >= O_RATE && c <= O_OUTAGE) {
        *words[c - O_RATE] = text;
        return true;
    }
    o->json |= c == O_JSON;
    o->spec.v6 |= c == '6';
    if (c == O_JSON || c == '6')
        return true;
    if (c == 'l') {
        o->link = text;
        return true;
    }
    if (c == 's')
        return read_setting(o, text);
    if (c == O_CC)
        return read_ccs(o, text);
    if (c == O_PROFILE)
        return read_profile(o, text);
    return take_number(o, c, text);
}

static bool sensible(struct path_opts *o)
{
    struct link_down *d = &o->spec.pause;

    if (o->spec.time == 0)
        o->spec.time = (o->spec.bytes ? TIME_FOR_BYTES : 60) * NS_S;
    if (!make_link(o))
        return false;
    if (o->outage && d->to)
        complain(2, "sim path: --outage and --pause: one of them at a time");
    else if (o->spec.time > 3600 * NS_S)
        complain(2, "sim path: --time: at most 60m");
    else if ((o->outage ? o->spec.fwd.downs[0].to : d->to) >= o->spec.time)
        complain(2,
                 "sim path: --outage, --pause: it must be over before the "
                 "--time is");
    else
        return true;
    return false;
}

int cmd_sim_path(int argc, char **argv)
{
    struct path_opts o = { .rate = "100mbit",
                           .rtt = "50ms",
                           .queue = "1bdp",
                           .profile = "deployed",
                           .first = 1,
                           .last = 1 };
    int              c;

    o.spec.flows = 1;
    o.spec.alloc = memory_alloc();
    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":6", options, NULL)) != -1) {
        if (c == '?' || c == ':')
            return complain(2, "sim path: %s: %s", argv[optind - 1],
                            c == ':' ? "it needs a value"
                                     : "unknown option; see causeway help "
                                       "sim");
        if (!take_option(&o, c, optarg))
            return 2;
    }
    if (optind < argc)
        return complain(2,
                        "sim path: %s: not understood; options begin with "
                        "--",
                        argv[optind]);
    return sensible(&o) ? run_seeds(&o) : 2;
}
