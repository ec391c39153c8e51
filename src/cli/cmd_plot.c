/* cmd_plot.c: `causeway plot [SENDER] [FILE]`: cwnd over time, or the send
 * window as a strip.
 */
#include "cli/cmd.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/term.h"
#include "cli/viewopts.h"

#include "obs/plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 100 }; /* of strips; more only with --all */

static const struct option table[] = {
    { "window", no_argument, NULL, 'w' },
    { "list", no_argument, NULL, 'l' },
    { "all", no_argument, NULL, 'a' },
    { "ascii", no_argument, NULL, 'A' },
    { "json", no_argument, NULL, 'j' },
    { "quiet", no_argument, NULL, 'q' },
    { NULL, 0, NULL, 0 },
};

struct request {
    struct term_opts term;
    struct plot_opts draw;
    bool             quiet, all;
    const char      *file;
};

static void put_line(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    fwrite(text, 1, len, stdout);
    putchar('\n');
}

static void put_note(void *ctx, const char *text)
{
    const struct request *q = ctx;

    fflush(stdout);
    say(q->quiet, "%s", text);
}

/* [SENDER] [FILE] */
static int take_words(struct request *q, int n, char *const *words)
{
    if (n > 0 && strspn(words[0], "0123456789") == strlen(words[0])) {
        q->draw.sender = (unsigned)strtoul(words[0], NULL, 10);
        if (q->draw.sender < 1)
            return complain(2, "plot: senders count from 1");
        n--;
        words++;
    }
    if (n > 1)
        return complain(2,
                        "plot: %s: one recording at a time (causeway plot "
                        "[SENDER] [FILE])",
                        words[1]);
    q->file = n > 0 ? words[0] : NULL;
    return 0;
}

static int parse(struct request *q, int argc, char **argv)
{
    int c;

    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":q", table, NULL)) != -1) {
        if (c == '?' || c == ':')
            return view_bad_option("plot", c, table, argv);
        q->draw.window |= c == 'w';
        q->draw.list |= c == 'l';
        q->draw.json |= c == 'j';
        q->term.ascii |= c == 'A';
        q->all |= c == 'a';
        q->quiet |= c == 'q';
    }
    return take_words(q, argc - optind, argv + optind);
}

int cmd_plot(int argc, char **argv)
{
    static struct run_file file;
    struct request         q = { .quiet = false };
    struct plot_out        out = { &q, put_line, put_note };
    char                   text[RUNS_WHY_MAX];
    const char            *why = "";
    int                    status = parse(&q, argc, argv);

    if (status != 0)
        return status;
    if (!runs_load(&file, q.file, text))
        return complain(2, "plot: %s", text);
    q.draw.most = q.all ? 0 : LINES_MOST;
    q.draw.columns = term_columns();
    q.draw.ascii = term_ascii(&q.term);
    if (!plot_draw(&file.run, &q.draw, &out, &why))
        status = complain(2, "plot: %s: %s", file.path, why);
    runs_free(&file);
    return status;
}
