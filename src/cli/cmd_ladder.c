/* cmd_ladder.c: `causeway ladder [CONN] [FILE]`: the sequence diagram. */
#include "cli/cmd.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/term.h"
#include "cli/viewopts.h"

#include "obs/ladder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_ASCII = 256, OPT_COLOR, OPT_JSON, OPT_LIST, OPT_ALL, OPT_WINDOWS };
enum { DRAWN_MAX = 12 }; /* more only with --all */

static const struct option table[] = {
    { "ascii", no_argument, NULL, OPT_ASCII },
    { "color", required_argument, NULL, OPT_COLOR },
    { "json", no_argument, NULL, OPT_JSON },
    { "list", no_argument, NULL, OPT_LIST },
    { "all", no_argument, NULL, OPT_ALL },
    { "absolute", no_argument, NULL, 'S' },
    { "windows", no_argument, NULL, OPT_WINDOWS },
    { "quiet", no_argument, NULL, 'q' },
    { NULL, 0, NULL, 0 },
};

struct request {
    struct term_opts   term;
    struct ladder_opts draw;
    bool               quiet, all;
    const char        *file;
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

    fflush(stdout); /* the remarks stand below */
    say(q->quiet, "%s", text);
}

static int take_option(struct request *q, int c)
{
    switch (c) {
    case OPT_ASCII:
        q->term.ascii = true;
        return 0;
    case OPT_COLOR:
        q->term.color = optarg;
        if (!term_color_ok(optarg))
            return complain(2,
                            "ladder: --color %s: it is auto, always or "
                            "never",
                            optarg);
        return 0;
    case OPT_JSON:
        q->draw.json = true;
        return 0;
    case OPT_LIST:
        q->draw.list = true;
        return 0;
    case 'S':
        q->draw.absolute = true;
        return 0;
    case OPT_WINDOWS:
        q->draw.windows = true;
        return 0;
    case OPT_ALL:
        q->all = true;
        return 0;
    default:
        q->quiet = true;
        return 0;
    }
}

static bool is_number(const char *s)
{
    return *s && strspn(s, "0123456789") == strlen(s);
}

/* [CONN] [FILE] */
static int take_words(struct request *q, int n, char *const *words)
{
    unsigned long conn;

    if (n > 0 && is_number(words[0])) {
        errno = 0;
        conn = strtoul(words[0], NULL, 10);
        if (errno || conn < 1 || conn > UINT32_MAX / 2)
            return complain(2, "ladder: %s: conversations count from 1",
                            words[0]);
        q->draw.conn = (unsigned)conn;
        n--;
        words++;
    }
    if (n > 1)
        return complain(2,
                        "ladder: %s: one recording at a time (causeway "
                        "ladder [CONN] [FILE])",
                        words[1]);
    q->file = n > 0 ? words[0] : NULL;
    return 0;
}

static int parse(struct request *q, int argc, char **argv)
{
    int c, status = 0;

    optind = 0;
    opterr = 0;
    while (status == 0
           && (c = getopt_long(argc, argv, ":qS", table, NULL)) != -1)
        status = c == '?' || c == ':'
            ? view_bad_option("ladder", c, table, argv)
            : take_option(q, c);
    if (status == 0)
        status = take_words(q, argc - optind, argv + optind);
    return status;
}

int cmd_ladder(int argc, char **argv)
{
    static struct run_file file;
    struct request         q = { .quiet = false };
    struct ladder_out      out = { &q, put_line, put_note };
    char                   text[RUNS_WHY_MAX];
    const char            *why = "";
    int                    status = parse(&q, argc, argv);

    if (status != 0)
        return status;
    if (!runs_load(&file, q.file, text))
        return complain(2, "ladder: %s", text);
    q.draw.most = q.all ? 0 : DRAWN_MAX;
    q.draw.columns = term_columns();
    q.draw.ascii = term_ascii(&q.term);
    q.draw.colour = term_colour(&q.term);
    if (!ladder_draw(&file.run, &q.draw, &out, &why))
        status = complain(2, "ladder: %s: %s", file.path, why);
    runs_free(&file);
    return status;
}
