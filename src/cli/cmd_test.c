/* cmd_test.c: `causeway test FILE.pkt ...`: packet scripts.
 */
#include "cli/cmd.h"
#include "cli/say.h"

#include "base/check.h"
#include "base/fmt.h"
#include "loop/loop.h"
#include "script/script.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FLAGS_MAX = 32, SCRIPT_MAX = 4 << 20, PATH_SIZE = 1024 };

struct test_opts {
    struct script_options script;
    const char           *flags[FLAGS_MAX];
    char                  profile[sizeof("--profile=deployed")];
    bool                  json, verbose, quiet;
};

struct tally {
    unsigned passed, failed, unsupported;
};

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    puts(line);
}

static void print_json(const char *path, const struct script_result *r)
{
    static const char *const names[] = { "passed", "failed", "unsupported" };
    char                     text[8192];
    struct fmt               f = fmt_of(text, sizeof text);
    struct json              j = json_of(&f);

    json_open(&j, NULL);
    json_str(&j, "schema", "causeway.test/1");
    json_str(&j, "file", path);
    json_str(&j, "result", names[r->verdict]);
    json_u64(&j, "events", r->events);
    json_i64(&j, "time_ns", r->took);
    if (r->verdict != SCRIPT_PASSED) {
        json_i64(&j, "line", r->line);
        json_str(&j, "why", r->text);
    }
    json_close(&j);
    puts(text);
}

static void report(const struct test_opts *o, const char *path,
                   const struct script_result *r)
{
    if (o->json)
        print_json(path, r);
    else if (r->verdict != SCRIPT_PASSED)
        puts(r->text);
    else if (o->verbose)
        printf("%s: passed\n", path);
}

/* The whole file; NULL: errno says why not. */
static char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "re");
    char *text;

    if (!f)
        return NULL;
    text = malloc(SCRIPT_MAX);
    if (text) {
        *len = fread(text, 1, SCRIPT_MAX, f);
        if (ferror(f) || *len == SCRIPT_MAX) {
            errno = ferror(f) ? EIO : EFBIG;
            free(text);
            text = NULL;
        }
    }
    fclose(f);
    return text;
}

static int one_file(const struct test_opts *o, const char *path,
                    struct tally *t)
{
    struct script_result r;
    size_t               len;
    char                *text = read_file(path, &len);

    if (!text)
        return complain(2, "test: %s: %s", path, strerror(errno));
    script_run(path, text, len, &o->script, &r);
    free(text);
    t->passed += r.verdict == SCRIPT_PASSED;
    t->failed += r.verdict == SCRIPT_FAILED;
    t->unsupported += r.verdict == SCRIPT_UNSUPPORTED;
    report(o, path, &r);
    return 0;
}

static int one(const struct test_opts *o, const char *path, struct tally *t);

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

/* The scripts below a directory, in the order of their names. */
static int directory(const struct test_opts *o, const char *path,
                     struct tally *t)
{
    struct dirent **names;
    int             n = scandir(path, &names, is_shown, alphasort);
    int             status = 0;

    if (n < 0)
        return complain(2, "test: %s: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        char        below[PATH_SIZE];
        struct stat s;
        const char *dot = strrchr(names[i]->d_name, '.');

        snprintf(below, sizeof below, "%s/%s", path, names[i]->d_name);
        if (status == 0 && stat(below, &s) == 0
            && (S_ISDIR(s.st_mode) || (dot && strcmp(dot, ".pkt") == 0)))
            status = one(o, below, t);
        free(names[i]);
    }
    free(names);
    return status;
}

static int one(const struct test_opts *o, const char *path, struct tally *t)
{
    struct stat s;

    if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
        return directory(o, path, t);
    return one_file(o, path, t);
}

static int run(const struct test_opts *o, char **paths)
{
    struct tally t = { 0 };
    cw_ns        began = clock_now();
    int          status = 0;

    for (; *paths && status == 0; paths++)
        status = one(o, *paths, &t);
    script_forget();
    if (status)
        return status;
    fflush(stdout); /* the words on standard error come behind */
    say(o->json || o->quiet, "%u scripts in %.3f s",
        t.passed + t.failed + t.unsupported,
        (double)(clock_now() - began) / 1e9);
    if (!o->json)
        printf("%u passed, %u failed, %u unsupported\n", t.passed, t.failed,
               t.unsupported);
    return t.failed > 0;
}

static const struct option options[] = {
    { "exact", no_argument, NULL, 'x' },
    { "flag", required_argument, NULL, 'f' },
    { "ipv6", no_argument, NULL, '6' },
    { "json", no_argument, NULL, 'j' },
    { "profile", required_argument, NULL, 'p' },
    { "quiet", no_argument, NULL, 'q' },
    { "verbose", no_argument, NULL, 'v' },
    { "wrap", no_argument, NULL, 'w' },
    { NULL, 0, NULL, 0 },
};

static int add_flag(struct test_opts *o, const char *flag)
{
    if (strncmp(flag, "--", 2) != 0)
        return complain(2,
                        "test: --flag %s: write it as in a script: "
                        "--flag=--mtu=1400",
                        flag);
    if (o->script.nflags == FLAGS_MAX)
        return complain(2, "test: at most %d flags", FLAGS_MAX);
    o->flags[o->script.nflags++] = flag;
    return 0;
}

/* An option line before all others; a script's own comes later. */
static int set_profile(struct test_opts *o, const char *name)
{
    static const char *const names[] = { "deployed", "strict", "classic" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0) {
            snprintf(o->profile, sizeof o->profile, "--profile=%s", name);
            return add_flag(o, o->profile);
        }
    return complain(2,
                    "test: --profile %s: there are deployed, strict and "
                    "classic",
                    name);
}

int cmd_test(int argc, char **argv)
{
    struct test_opts o = { .json = false };
    int              c, status;

    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":qv", options, NULL)) != -1) {
        if (c == '?' || c == ':')
            return complain(2, "test: %s: %s", argv[optind - 1],
                            c == ':' ? "it needs a value"
                                     : "unknown option; there are --exact, "
                                       "--flag, --ipv6, --json, "
                                       "--profile, --wrap, -q and -v");
        if (c == 'f' && (status = add_flag(&o, optarg)) != 0)
            return status;
        if (c == 'p' && (status = set_profile(&o, optarg)) != 0)
            return status;
        o.script.exact |= c == 'x';
        o.script.wrap |= c == 'w';
        o.script.ipv6 |= c == '6';
        o.json |= c == 'j';
        o.quiet |= c == 'q';
        o.verbose |= c == 'v';
    }
    if (optind == argc)
        return complain(2,
                        "test: which scripts? Name files or directories: "
                        "causeway test tests/pkt");
    o.script.flags = o.flags;
    if (o.verbose && !o.json)
        o.script.log = print_line;
    return run(&o, argv + optind);
}
