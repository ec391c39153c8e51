/* cmd_link.c: an emulated link between two TAP devices, in real time.
 *
 *     causeway link [LINK OPTIONS] --dev tap:A --dev tap:B
 *
 *   Owns:      the devices, one link, and how late it was.
 *   Does not   look into frames but for --drop; give the devices addresses.
 *   Invariant: a frame enters at the time of the turn that read it and
 *              leaves in the first turn after its time, never before.
 *
 * The stack is only where buffers come from: no frame is ever given to it.
 */
#include "cli/cmd.h"
#include "base/late.h"
#include "cli/netopts.h"
#include "cli/say.h"

#include "base/check.h"
#include "base/compiler.h"
#include "base/nearest.h"
#include "drv/tap.h"
#include "loop/loop.h"

#include <getopt.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Frames at once, how often in a turn; memory for those under way. */
enum { BURST = 64, BURSTS = 8, MEMORY = 256 << 20 };

struct wire;

struct port {
    char              name[IFNAMSIZ];
    struct cw_driver *driver;
    struct loop_src   src;
    struct wire      *wire;
    unsigned          dir; /* of what comes from here */
    uint64_t          came;
};

struct wire {
    struct net_opts  opts, back;
    bool             back_given, json;
    struct port      ports[LINK_DIRS];
    unsigned         nports;
    cw_stack        *pool;
    struct link     *link;
    struct loop     *loop;
    struct loop_task task;
    struct loop_src  signals;
    struct late      late;
    int              status;
};

/* ---- frames ------------------------------------------------------------------ */

static void on_frames(struct loop_src *src, uint32_t events)
{
    struct port  *p = container_of(src, struct port, src);
    struct wire  *w = p->wire;
    struct cw_pkt burst[BURST];
    int           n = BURST;

    (void)events;
    for (unsigned i = 0; i < BURSTS && n == BURST; i++) {
        n = p->driver->ops->recv(p->driver, w->pool, burst, BURST);
        for (int k = 0; k < n; k++)
            link_send(w->link, p->dir, &burst[k], loop_now(w->loop));
        p->came += n > 0 ? (unsigned)n : 0;
    }
    if (n >= 0)
        return;
    w->status = complain(1, "link: tap:%s is gone", p->name);
    loop_unwatch(w->loop, src);
    loop_stop(w->loop);
}

static cw_ns wire_next(struct loop_task *task)
{
    return link_next(container_of(task, struct wire, task)->link);
}

static void wire_run(struct loop_task *task, cw_ns now)
{
    struct wire *w = container_of(task, struct wire, task);
    cw_ns        due = link_next(w->link);

    if (due > now)
        return;
    late_note(&w->late, now - due);
    for (unsigned dir = 0; dir < LINK_DIRS; dir++) {
        struct cw_driver *to = w->ports[!dir].driver;
        struct cw_pkt     burst[BURST];
        unsigned          n;

        while ((n = link_recv(w->link, dir, burst, BURST, now, NULL)) > 0)
            to->ops->send(to, burst, n);
    }
}

static void on_signal(struct loop_src *src, uint32_t events)
{
    struct wire *w = container_of(src, struct wire, signals);

    (void)events;
    loop_stop(w->loop);
}

/* ---- options ----------------------------------------------------------------- */

enum { OPT_NET = 256, OPT_DEV, OPT_BACK, OPT_JSON };

static const struct option table[] = {
    { "delay", required_argument, NULL, OPT_NET },
    { "loss", required_argument, NULL, OPT_NET },
    { "rate", required_argument, NULL, OPT_NET },
    { "queue", required_argument, NULL, OPT_NET },
    { "reorder", required_argument, NULL, OPT_NET },
    { "duplicate", required_argument, NULL, OPT_NET },
    { "corrupt", required_argument, NULL, OPT_NET },
    { "pmtu", required_argument, NULL, OPT_NET },
    { "link", required_argument, NULL, OPT_NET },
    { "net", required_argument, NULL, OPT_NET },
    { "drop", required_argument, NULL, OPT_NET },
    { "seed", required_argument, NULL, OPT_NET },
    { "dev", required_argument, NULL, OPT_DEV },
    { "back", required_argument, NULL, OPT_BACK },
    { "json", no_argument, NULL, OPT_JSON },
    { "quiet", no_argument, NULL, 'q' },
    { NULL, 0, NULL, 0 },
};

static int bad_option(const char *word, bool value_missing)
{
    const char *names[ARRAY_LEN(table)], *near;
    char        bare[NEAREST_WORD_MAX + 1];
    size_t      n = 0;

    if (value_missing)
        return complain(2, "link: %s: it needs a value", word);
    while (table[n].name) {
        names[n] = table[n].name;
        n++;
    }
    word += strspn(word, "-");
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word);
    near = nearest(bare, names, n);
    return complain(2, "link: --%s: unknown option%s%s%s", word,
                    near ? "; did you mean --" : "", near ? near : "",
                    near ? "?" : "; --help lists them");
}

static int device(struct wire *w, const char *text)
{
    struct net_opts dev = { .nrules = 0 };
    struct port    *p = &w->ports[w->nports];

    if (!net_opts_dev(&dev, text))
        return complain(2, "link: %s", dev.why);
    if (w->nports == LINK_DIRS)
        return complain(2, "link: --dev %s: a link has two ends", text);
    if (strlen(text) - strlen("tap:") >= sizeof p->name)
        return complain(2,
                        "link: --dev %s: a device's name has at most 15 "
                        "characters",
                        text);
    snprintf(p->name, sizeof p->name, "%s", text + strlen("tap:"));
    if (w->nports == 1 && strcmp(w->ports[0].name, p->name) == 0)
        return complain(2, "link: --dev %s: the ends are the same device",
                        text);
    p->wire = w;
    p->dir = w->nports++;
    return 0;
}

static int option(struct wire *w, int c, int index)
{
    char *name = "link";

    switch (c) {
    case OPT_NET:
        return net_opts_take(&w->opts, table[index].name, optarg)
            ? 0
            : complain(2, "link: %s", w->opts.why);
    case OPT_BACK:
        w->back_given = true;
        return net_opts_take(&w->back, name, optarg)
            ? 0
            : complain(2, "link: --back %s", w->back.why + strlen("--link "));
    case OPT_DEV:
        return device(w, optarg);
    case OPT_JSON:
        w->json = true;
        return 0;
    case 'q':
        w->opts.quiet = true;
        return 0;
    default:
        return bad_option(optarg, c == ':');
    }
}

/* The ends in a rule are devices. */
static bool resolve(const struct wire *w, struct link_rule *r)
{
    if (!r->from[0])
        return true;
    r->dirs = 0;
    for (unsigned d = 0; d < LINK_DIRS; d++)
        if (strcmp(r->from, w->ports[d].name) == 0
            && strcmp(r->to, w->ports[!d].name) == 0)
            r->dirs = (uint8_t)(1u << d);
    return r->dirs != 0;
}

/* Once all options are there. */
static int settle(struct wire *w)
{
    if (!net_opts_settle(&w->opts))
        return complain(2, "link: %s", w->opts.why);
    if (!net_opts_settle(&w->back))
        return complain(2, "link: --back: %s", w->back.why);
    if (!w->back_given)
        w->back.spec = w->opts.spec;
    if (w->nports < LINK_DIRS)
        return complain(2,
                        "link: a link has two ends: write --dev tap:A "
                        "--dev tap:B");
    if ((w->opts.spec.pmtu && !w->opts.spec.silent)
        || (w->back.spec.pmtu && !w->back.spec.silent))
        return complain(2,
                        "link: --pmtu: no router stands between two "
                        "devices that could say what is too big; write "
                        "'%u blackhole'",
                        w->opts.spec.pmtu ?: w->back.spec.pmtu);
    for (unsigned i = 0; i < w->opts.nrules; i++)
        if (!resolve(w, &w->opts.rules[i]))
            return complain(2, "link: --drop '%s': the ends are %s and %s",
                            w->opts.rules[i].text, w->ports[0].name,
                            w->ports[1].name);
    return 0;
}

static int parse(struct wire *w, int argc, char **argv)
{
    int c, index = 0, status = 0;

    w->opts.timeout = w->back.timeout = NS_NEVER;
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    while (status == 0
           && (c = getopt_long(argc, argv, "+:q", table, &index)) != -1) {
        if (c == '?' || c == ':')
            optarg = argv[optind - 1];
        status = option(w, c, index);
    }
    if (status == 0 && optind < argc)
        return complain(2,
                        "link: %s: it runs no program; start those in the "
                        "devices' namespaces",
                        argv[optind]);
    return status ? status : settle(w);
}

/* ---- the end ----------------------------------------------------------------- */

static void print_way(const struct wire *w, unsigned dir)
{
    const struct link_counts *c = link_counts_of(w->link, dir);
    const struct port        *from = &w->ports[dir], *to = &w->ports[!dir];
    char                      lost[256] = "";
    size_t                    n = 0;

    for (unsigned i = 0; i < ARRAY_LEN(c->lost_by); i++)
        if (c->lost_by[i] && n < sizeof lost)
            n += (size_t)snprintf(
                lost + n, sizeof lost - n, "%s%llu %s", n ? ", " : ": ",
                (unsigned long long)c->lost_by[i],
                why_text((enum why)(WHY_LINK_ARRIVED + (int)i)));
    say(w->opts.quiet, "%s > %s: %llu frames, %llu lost%s", from->name,
        to->name, (unsigned long long)c->sent, (unsigned long long)c->lost,
        lost);
    if (tap_dropped(to->driver))
        say(w->opts.quiet, "%s: %llu frames were not taken", to->name,
            (unsigned long long)tap_dropped(to->driver));
    if (from->came == 0)
        say(w->opts.quiet,
            "nothing came from %s: it must be up, with an address: "
            "ip link set %s up; the two ends belong in different network "
            "namespaces",
            from->name, from->name);
}

static void print_json(const struct wire *w)
{
    printf("{\"schema\":\"causeway.link/1\",\"seed\":%llu,\"ways\":[",
           (unsigned long long)w->opts.seed);
    for (unsigned d = 0; d < LINK_DIRS; d++) {
        const struct link_counts *c = link_counts_of(w->link, d);

        printf("%s{\"from\":\"%s\",\"to\":\"%s\",\"sent\":%llu,"
               "\"arrived\":%llu,\"duplicated\":%llu,\"corrupted\":%llu,"
               "\"reordered\":%llu,\"refused\":%llu,\"lost\":{",
               d ? "," : "", w->ports[d].name, w->ports[!d].name,
               (unsigned long long)c->sent, (unsigned long long)c->arrived,
               (unsigned long long)c->duplicated,
               (unsigned long long)c->corrupted,
               (unsigned long long)c->reordered,
               (unsigned long long)tap_dropped(w->ports[!d].driver));
        for (unsigned i = 1; i < ARRAY_LEN(c->lost_by); i++)
            printf("%s\"%s\":%llu", i > 1 ? "," : "",
                   why_slug((enum why)(WHY_LINK_ARRIVED + (int)i)),
                   (unsigned long long)c->lost_by[i]);
        printf("}}");
    }
    printf("],\"late_ns\":{\"median\":%lld,\"p99\":%lld,\"max\":%lld}}\n",
           (long long)late_share(&w->late, 50),
           (long long)late_share(&w->late, 99), (long long)w->late.most);
}

static void summary(const struct wire *w)
{
    if (w->json)
        print_json(w);
    for (unsigned dir = 0; dir < LINK_DIRS; dir++)
        print_way(w, dir);
    if (w->late.n)
        say(w->opts.quiet,
            "frames left later than the link has it by %.3f ms (half of "
            "them), %.3f (99 %%), %.3f (all)",
            (double)late_share(&w->late, 50) / 1e6,
            (double)late_share(&w->late, 99) / 1e6,
            (double)w->late.most / 1e6);
}

/* ---- from beginning to end --------------------------------------------------- */

static void banner(const struct wire *w)
{
    char words[NET_WORDS_MAX], back[NET_WORDS_MAX];

    net_link_print(&w->opts, words, sizeof words);
    net_link_print(&w->back, back, sizeof back);
    say(w->opts.quiet, "%s > %s: %s%s%s; seed %llu; ^C ends it",
        w->ports[0].name, w->ports[1].name, *words ? words : "perfect",
        w->back_given ? "; back: " : "", w->back_given ? back : "",
        (unsigned long long)w->opts.seed);
}

static int open_ports(struct wire *w)
{
    for (unsigned d = 0; d < LINK_DIRS; d++) {
        char why[TAP_WHY_MAX];

        w->ports[d].driver = tap_open(w->ports[d].name, why);
        if (!w->ports[d].driver)
            return complain(125, "link: --dev %s", why);
    }
    return 0;
}

static void watch(struct wire *w)
{
    sigset_t set;
    int      error = 0;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    w->signals = (struct loop_src){ .ready = on_signal };
    w->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    INVARIANT(w->signals.fd >= 0);
    error = loop_watch(w->loop, &w->signals, EPOLLIN);
    for (unsigned d = 0; d < LINK_DIRS && error == 0; d++) {
        struct port *p = &w->ports[d];

        p->src = (struct loop_src){ .fd = p->driver->ops->wait_fd(p->driver),
                                    .ready = on_frames };
        error = loop_watch(w->loop, &p->src, EPOLLIN);
    }
    INVARIANT(error == 0);
    w->task = (struct loop_task){ .next = wire_next, .run = wire_run };
    loop_add(w->loop, &w->task);
}

static struct link *make_link(const struct wire *w)
{
    struct link_config c = { .fwd = w->opts.spec,
                             .back = w->back.spec,
                             .rules = w->opts.rules,
                             .nrules = w->opts.nrules,
                             .seed = { w->opts.seed, 0 },
                             .id = 1,
                             .epoch = loop_now(w->loop),
                             .alloc = memory_alloc() };

    return link_new(&c);
}

static int run(struct wire *w)
{
    struct cw_config config;
    const char      *why;

    cw_config_init(&config, w->opts.seed);
    config.memory_max = MEMORY;
    w->loop = loop_new();
    w->pool = cw_stack_new(&config, memory_alloc(), &why);
    INVARIANT(w->loop && w->pool);
    w->link = make_link(w);
    INVARIANT(w->link);
    watch(w);
    banner(w);
    loop_run(w->loop);
    summary(w);
    loop_remove(&w->task);
    link_free(w->link);
    cw_stack_free(w->pool);
    close(w->signals.fd);
    loop_free(w->loop);
    return w->status;
}

int cmd_link(int argc, char **argv)
{
    static struct wire w;
    int                status = parse(&w, argc, argv);

    if (status == 0 && !w.opts.seed_given)
        w.opts.seed = 1;
    if (status == 0)
        status = open_ports(&w) ?: run(&w);
    for (unsigned d = 0; d < LINK_DIRS; d++)
        if (w.ports[d].driver)
            w.ports[d].driver->ops->close(w.ports[d].driver);
    return status;
}
