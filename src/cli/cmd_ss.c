/* cmd_ss.c: `causeway ss` and `causeway netstat`: the sockets of what runs
 * now; or of the last recording, or a named one, at its end.
 */
#include "cli/cmd.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/viewopts.h"

#include "obs/counters.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPT_JSON = 256, OPT_EXPLAIN, OPT_HOST, OPT_LAST };
enum { WORDS_MAX = 64 };

static const struct option ss_table[] = {
    { "tcp", no_argument, NULL, 't' },
    { "udp", no_argument, NULL, 'u' },
    { "listening", no_argument, NULL, 'l' },
    { "all", no_argument, NULL, 'a' },
    { "numeric", no_argument, NULL, 'n' },
    { "resolve", no_argument, NULL, 'r' },
    { "processes", no_argument, NULL, 'p' },
    { "info", no_argument, NULL, 'i' },
    { "extended", no_argument, NULL, 'e' },
    { "options", no_argument, NULL, 'o' },
    { "memory", no_argument, NULL, 'm' },
    { "summary", no_argument, NULL, 's' },
    { "no-header", no_argument, NULL, 'H' },
    { "oneline", no_argument, NULL, 'O' },
    { "ipv4", no_argument, NULL, '4' },
    { "ipv6", no_argument, NULL, '6' },
    { "quiet", no_argument, NULL, 'q' },
    { "json", no_argument, NULL, OPT_JSON },
    { "explain", no_argument, NULL, OPT_EXPLAIN },
    { "host", required_argument, NULL, OPT_HOST },
    { "last", no_argument, NULL, OPT_LAST },
    { NULL, 0, NULL, 0 },
};

static const struct option netstat_table[] = {
    { "tcp", no_argument, NULL, 't' },
    { "udp", no_argument, NULL, 'u' },
    { "listening", no_argument, NULL, 'l' },
    { "all", no_argument, NULL, 'a' },
    { "numeric", no_argument, NULL, 'n' },
    { "programs", no_argument, NULL, 'p' },
    { "extend", no_argument, NULL, 'e' },
    { "timers", no_argument, NULL, 'o' },
    { "wide", no_argument, NULL, 'W' },
    { "statistics", no_argument, NULL, 's' },
    { "inet", no_argument, NULL, '4' },
    { "inet6", no_argument, NULL, '6' },
    { "quiet", no_argument, NULL, 'q' },
    { "json", no_argument, NULL, OPT_JSON },
    { "host", required_argument, NULL, OPT_HOST },
    { "last", no_argument, NULL, OPT_LAST },
    { NULL, 0, NULL, 0 },
};

struct request {
    const char         *verb;
    bool                numeric, netstat, summary, json, explain, quiet, last;
    struct sockets_opts o;
    struct sockets_filter filter;
    const char           *host, *file;
};

static void put_line(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    fwrite(text, 1, len, stdout);
    putchar('\n');
}

/* ---- the command line ------------------------------------------------------- */

static void take_output_option(struct request *q, int c)
{
    switch (c) {
    case 's':
        q->summary = true;
        break;
    case 'q':
        q->quiet = true;
        break;
    case OPT_JSON:
        q->json = true;
        break;
    case OPT_EXPLAIN:
        q->explain = true;
        break;
    case OPT_HOST:
        q->host = optarg;
        break;
    case OPT_LAST:
        q->last = true;
        break;
    case 'n':
        q->numeric = true;
        break;
    default: /* -W: it is so anyway */
        break;
    }
}

static void take_option(struct request *q, int c)
{
    struct sockets_opts *o = &q->o;
    const struct {
        int   c;
        bool *what;
    } flags[] = {
        { 't', &o->tcp },    { 'u', &o->udp },       { 'l', &o->listening },
        { 'a', &o->all },    { 'r', &o->names },     { 'p', &o->processes },
        { 'i', &o->info },   { 'e', &o->extended },  { 'o', &o->timers },
        { 'm', &o->memory }, { 'H', &o->no_header }, { 'O', &o->oneline },
        { '4', &o->four },   { '6', &o->six },
    };

    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (flags[i].c == c)
            *flags[i].what = true;
    take_output_option(q, c);
}

static bool names_a_file(const char *word)
{
    static const char *const own[] = { "state", "exclude", "sport",
                                       "dport", "src",     "dst",
                                       "and",   "or",      "not" };
    size_t                   n = strlen(word);

    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (strcmp(word, own[i]) == 0)
            return false;
    return (n > 7 && strcmp(word + n - 7, ".pcapng") == 0)
        || access(word, F_OK) == 0;
}

/* [FILTER] [FILE], the file anywhere. */
static int take_words(struct request *q, int n, char *const *words)
{
    const char *filter[WORDS_MAX];
    unsigned    count = 0;
    char        text[512];
    struct fmt  err = fmt_of(text, sizeof text);

    for (int i = 0; i < n; i++) {
        if (!q->file && names_a_file(words[i]))
            q->file = words[i];
        else if (q->netstat)
            return complain(2, "netstat: %s: no such recording", words[i]);
        else if (count == WORDS_MAX)
            return complain(2, "ss: the filter has more than %d words",
                            (int)WORDS_MAX);
        else
            filter[count++] = words[i];
    }
    if (!sockets_filter_parse(&q->filter, count, filter, &err))
        return complain(2, "ss: %s", text);
    q->o.filter = &q->filter;
    return 0;
}

static int parse(struct request *q, int argc, char **argv)
{
    const struct option *table = q->netstat ? netstat_table : ss_table;
    const char          *letters = q->netstat ? ":tulanpeosWq46"
                                              : ":tulanrpieomsHO46q";
    int                  c;

    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, letters, table, NULL)) != -1) {
        if (c == '?' || c == ':')
            return view_bad_option(q->verb, c, table, argv);
        take_option(q, c);
    }
    return take_words(q, argc - optind, argv + optind);
}

/* ---- the sockets -------------------------------------------------------------- */

static int find_host(struct request *q, const struct run *r)
{
    if (!q->host)
        return 0;
    for (size_t i = 0; i < r->nhosts; i++)
        if (strcmp(r->hosts[i].name, q->host) == 0) {
            q->o.host = (unsigned)i + 1;
            return 0;
        }
    return complain(2,
                    "%s: --host %s: there is no such host (the first is "
                    "%s)",
                    q->verb, q->host,
                    r->nhosts ? r->hosts[0].name : "missing");
}

/* As net-tools asks: the name of a port in /etc/services. */
static const char *service_name(uint16_t port, bool tcp)
{
    const struct servent *s = getservbyport(htons(port), tcp ? "tcp" : "udp");

    return s ? s->s_name : NULL;
}

static void show(struct request *q, const struct run *r)
{
    struct sockets_out out = { NULL, put_line };

    if (q->netstat && !q->numeric) {
        q->o.names = true;
        q->o.service = service_name;
    }
    if (q->json && q->netstat && q->summary)
        counters_json(r, &q->o, &out);
    else if (q->netstat && q->summary)
        counters_netstat(r, &q->o, &out);
    else if (q->json)
        sockets_json(r, &q->o, &out);
    else if (q->netstat)
        sockets_netstat(r, &q->o, &out);
    else if (q->summary)
        sockets_summary(r, &q->o, &out);
    else if (q->explain)
        sockets_explain(r, &q->o, &out);
    else
        sockets_ss(r, &q->o, &out);
}

/* What lives is looked at first. */
static int load(const struct request *q, struct run_file *f, bool *live)
{
    char text[RUNS_WHY_MAX];

    *live = !q->file && !q->last && runs_live(f);
    if (!*live && !runs_load(f, q->file, text))
        return complain(2, "%s: %s", q->verb, text);
    return 0;
}

static void remark(const struct request *q, const struct run *r)
{
    say(q->quiet,
        "%sthese are the last run's %s at its end, after "
        "%lld.%03lld s",
        q->last ? "" : "nothing runs now; ",
        q->netstat && q->summary ? "counters" : "sockets",
        (long long)(r->end / 1000000000),
        (long long)(r->end % 1000000000 / 1000000));
}

static void put_advice(void *ctx, const char *text, size_t len)
{
    const struct request *q = ctx;

    fflush(stdout);
    say(q->quiet, "%.*s", (int)len, text);
}

static void advise(struct request *q, const struct run *r)
{
    struct sockets_out out = { q, put_advice };

    if (!q->netstat && !q->json && !q->summary)
        sockets_advice(r, &q->o, &out);
}

static int run(struct request *q, int argc, char **argv)
{
    static struct run_file file;
    bool                   live = false;
    int                    status = parse(q, argc, argv);

    if (status == 0)
        status = load(q, &file, &live);
    if (status != 0)
        return status;
    status = find_host(q, &file.run);
    if (status == 0 && !live && !q->file)
        remark(q, &file.run);
    if (status == 0) {
        show(q, &file.run);
        advise(q, &file.run);
    }
    runs_free(&file);
    return status;
}

int cmd_ss(int argc, char **argv)
{
    struct request q = { .verb = "ss" };

    return run(&q, argc, argv);
}

int cmd_netstat(int argc, char **argv)
{
    struct request q = { .verb = "netstat", .netstat = true };

    return run(&q, argc, argv);
}
