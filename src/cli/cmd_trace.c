/* cmd_trace.c: `causeway trace [FILTER] [FILE]`: packets, one a line. */
#include "cli/capfilter.h"
#include "cli/cmd.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/term.h"
#include "cli/trace_write.h"
#include "cli/viewopts.h"

#include "base/check.h"
#include "base/nearest.h"
#include "obs/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_ASCII = 256, OPT_COLOR, OPT_JSON, OPT_TCPDUMP };
enum { EXPRESSION_MAX = 4096, LINKS_MAX = 64 };

static const struct option table[] = {
    { "ascii", no_argument, NULL, OPT_ASCII },
    { "color", required_argument, NULL, OPT_COLOR },
    { "json", no_argument, NULL, OPT_JSON },
    { "tcpdump", no_argument, NULL, OPT_TCPDUMP },
    { NULL, 0, NULL, 0 },
};

struct request {
    struct term_opts  term;
    struct trace_opts show;
    bool              json, tcpdump;
    const char       *file, *write, *link;
    uint64_t          count;  /* 0: all */
    unsigned          hex[3]; /* how often -x, -X, -A */
    char              expression[EXPRESSION_MAX];
};

/* What a run of the command needs beside the request. */
struct trace {
    const struct request *q;
    struct run_file       file;
    struct capfilter     *filter;
    bool                 *chosen;
};

/* ---- options ---------------------------------------------------------------- */

static int take_count(struct request *q)
{
    char              *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(optarg, &end, 10);
    if (errno || *end || end == optarg || *optarg == '-' || n == 0)
        return complain(2,
                        "trace: -c %s: a number of packets is wanted, "
                        "like -c 10",
                        optarg);
    q->count = n;
    return 0;
}

static int take_long(struct request *q, int c)
{
    switch (c) {
    case OPT_ASCII:
        q->term.ascii = true; /* it always does without */
        return 0;
    case OPT_COLOR:
        q->term.color = optarg;
        if (!term_color_ok(optarg))
            return complain(2,
                            "trace: --color %s: it is auto, always or "
                            "never",
                            optarg);
        return 0;
    case OPT_JSON:
        q->json = true;
        return 0;
    default:
        q->tcpdump = true;
        return 0;
    }
}

static int take_option(struct request *q, int c)
{
    struct print_opts *o = &q->show.print;

    switch (c) {
    case 'n':
        return 0;
    case 'r':
        q->file = optarg;
        return 0;
    case 'w':
        q->write = optarg;
        return 0;
    case 'i':
        q->link = optarg;
        return 0;
    case 'c':
        return take_count(q);
    case 'v':
        o->verbose = true;
        return 0;
    case 'S':
        o->abs_seq = true;
        return 0;
    case 'e':
        o->ether = true;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case 't':
        o->time_mode++;
        return o->time_mode <= PRINT_TIME_SINCE
            ? 0
            : complain(2, "trace: -t: five of them at most");
    case 'x':
    case 'X':
    case 'A':
        q->hex[c == 'x' ? 0 : c == 'X' ? 1 : 2]++;
        return 0;
    default:
        return take_long(q, c);
    }
}

/* As tcpdump decides where several are given. */
static int hex_mode(const unsigned given[3])
{
    if (given[2])
        return given[2] > 1 ? PRINT_HEX_AA : PRINT_HEX_A;
    if (given[1])
        return given[1] > 1 ? PRINT_HEX_XXA : PRINT_HEX_XA;
    if (given[0])
        return given[0] > 1 ? PRINT_HEX_XX : PRINT_HEX_X;
    return PRINT_HEX_NONE;
}

/* ---- words: [FILTER] [FILE] ------------------------------------------------- */

static bool looks_like_a_file(const char *word)
{
    const char *dot = strrchr(word, '.');

    return strchr(word, '/')
        || (dot
            && (strcmp(dot, ".pcapng") == 0 || strcmp(dot, ".pcap") == 0));
}

/* The last word is the file if there is one of this name, else the first. */
static int take_words(struct request *q, int n, char *const *words)
{
    size_t len = 0;

    if (n > 0 && !q->file) {
        const char *last = words[n - 1];
        bool        there = access(last, F_OK) == 0;

        if (!there && n == 1 && looks_like_a_file(last))
            return complain(2, "trace: %s: %s", last, strerror(errno));
        if (there) {
            q->file = last;
            n--;
        } else if (access(words[0], F_OK) == 0) {
            q->file = words[0];
            words++;
            n--;
        }
    }
    for (int i = 0; i < n; i++) {
        int more = snprintf(q->expression + len, EXPRESSION_MAX - len,
                            i ? " %s" : "%s", words[i]);

        if (more < 0 || (size_t)more >= EXPRESSION_MAX - len)
            return complain(2,
                            "trace: the filter is longer than %d "
                            "characters",
                            EXPRESSION_MAX - 1);
        len += (size_t)more;
    }
    return 0;
}

static int parse(struct request *q, int argc, char **argv)
{
    int c, status = 0;

    optind = 0;
    opterr = 0;
    while (
        status == 0
        && (c = getopt_long(argc, argv, "+:nr:w:c:i:vSeqtxXA", table, NULL))
            != -1)
        status = c == '?' || c == ':'
            ? view_bad_option("trace", c, table, argv)
            : take_option(q, c);
    if (status == 0)
        status = take_words(q, argc - optind, argv + optind);
    q->show.print.hex = hex_mode(q->hex);
    q->show.notes = !q->tcpdump;
    q->show.colour = !q->tcpdump && term_colour(&q->term);
    return status;
}

/* ---- which packets ---------------------------------------------------------- */

static bool on_link(const struct trace *t, const struct run_packet *p)
{
    char name[TRACE_NAME_MAX];

    if (!t->q->link)
        return true;
    trace_interface(&t->file.run, p, name);
    return strcmp(name, t->q->link) == 0
        || strcmp(trace_link(&t->file.run, p), t->q->link) == 0;
}

/* Names are looked up out of the programs' sight; who wants to see that says
 * -v. */
static bool wanted(const struct trace *t, const struct run_packet *p)
{
    const struct request *q = t->q;

    if (p->name && !q->tcpdump && !q->write && !q->json
        && !q->show.print.verbose)
        return false;
    return on_link(t, p) && capfilter_match(t->filter, p);
}

/* -i with a name that no packet could have. */
static int check_link(const struct trace *t)
{
    const struct run *r = &t->file.run;
    const char       *names[LINKS_MAX + 1], *near;
    size_t            n = 0;

    if (!t->q->link)
        return 0;
    for (size_t i = 0; i < r->npackets; i++)
        if (on_link(t, &r->packets[i]))
            return 0;
    for (size_t i = 0; i < r->nlinks && n < LINKS_MAX; i++) {
        if (strcmp(r->links[i].name, t->q->link) == 0)
            return 0;
        names[n++] = r->links[i].name;
    }
    near = n > 0 ? nearest(t->q->link, names, n) : NULL;
    if (near)
        return complain(2, "trace: -i %s: no such link; did you mean %s?",
                        t->q->link, near);
    return complain(2, "trace: -i %s: no such link or interface%s%s",
                    t->q->link, n > 0 ? "; there is " : "",
                    n > 0 ? names[0] : "");
}

/* ---- out -------------------------------------------------------------------- */

static struct print_state seen;
static char               text[TRACE_TEXT_MAX];

static void print_one(const struct trace *t, const struct run_packet *p)
{
    struct fmt out = fmt_of(text, sizeof text);

    if (t->q->json)
        trace_json(&out, &seen, &t->file.run, p);
    else
        trace_text(&out, &seen, &t->q->show, &t->file.run, p);
    fwrite(text, 1, out.len, stdout);
}

static int go_through(struct trace *t)
{
    const struct run *r = &t->file.run;
    uint64_t          left = t->q->count ? t->q->count : UINT64_MAX;

    for (size_t i = 0; i < r->npackets && left > 0; i++) {
        if (!wanted(t, &r->packets[i]))
            continue;
        left--;
        if (t->q->write)
            t->chosen[i] = true;
        else
            print_one(t, &r->packets[i]);
    }
    if (!t->q->write || trace_write(t->q->write, &t->file, t->chosen))
        return 0;
    return complain(1, "trace: -w %s: %s", t->q->write, strerror(errno));
}

static int with_file(struct trace *t)
{
    char why[CAPFILTER_WHY_MAX];
    int  status = check_link(t);

    if (status != 0)
        return status;
    if (!capfilter_make(&t->filter, t->q->expression, &t->file.run, why))
        return complain(2, "trace: filter %s", why);
    t->chosen = calloc(t->file.run.npackets + 1, sizeof *t->chosen);
    if (t->chosen)
        status = go_through(t);
    else
        status = complain(125, "trace: out of memory");
    free(t->chosen);
    capfilter_free(t->filter);
    return status;
}

int cmd_trace(int argc, char **argv)
{
    static struct request q;
    static struct trace   t = { .q = &q };
    char                  why[RUNS_WHY_MAX];
    int                   status = parse(&q, argc, argv);

    if (status != 0)
        return status;
    if (!runs_load_capture(&t.file, q.file, why))
        return complain(2, "trace: %s", why);
    status = with_file(&t);
    runs_free(&t.file);
    return status;
}
