/* main.c: `causeway COMMAND ...`: finds the command and hands over. */
#include "cli/cmd.h"
#include "cli/help.h"
#include "cli/say.h"

#include "base/check.h"
#include "base/nearest.h"
#include <causeway/causeway.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
} verbs[] = {
    { "lab", cmd_lab },         { "ladder", cmd_ladder },
    { "netstat", cmd_netstat }, { "plot", cmd_plot },
    { "replay", cmd_replay },   { "sim", cmd_sim },
    { "run", cmd_run },         { "host", cmd_host },
    { "doctor", cmd_doctor },   { "ss", cmd_ss },
    { "test", cmd_test },       { "trace", cmd_trace },
    { "link", cmd_link },
};

static int version(void)
{
    puts("causeway " CW_VERSION " (pcapng 1.0)");
    return 0;
}

static const struct verb *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[ARRAY_LEN(verbs)], *near;

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        names[i] = verbs[i].name;
    near = nearest(name, names, ARRAY_LEN(verbs));
    if (near)
        return complain(2, "%s: no such command; did you mean %s?", name,
                        near);
    if (name[0] == '-')
        return complain(2,
                        "%s: no such option before a command; there are "
                        "--help and --version",
                        name);
    return complain(2, "%s: no such command; `causeway help` lists them",
                    name);
}

/* `help --man [COMMAND]`: the pages that are installed. */
static int man(int argc, char **argv)
{
    if (argc < 2)
        help_man_overview(stdout);
    else if (!find(argv[1]))
        return unknown(argv[1]);
    else
        help_man(argv[1], stdout);
    return 0;
}

static int help(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--man") == 0)
        return man(argc - 1, argv + 1);
    if (argc < 2) {
        help_overview(stdout);
        return 0;
    }
    if (!find(argv[1]))
        return unknown(argv[1]);
    help_long(argv[1], stdout);
    return 0;
}

/* A command's own -h and --help, unless they are behind `--` or belong to a
 * program. */
static bool asks_help(int argc, char **argv, bool *full)
{
    if (argc < 2)
        return false;
    *full = strcmp(argv[1], "--help") == 0;
    return *full || strcmp(argv[1], "-h") == 0;
}

static int run_verb(const struct verb *v, int argc, char **argv)
{
    bool full;
    int  status;

    if (asks_help(argc, argv, &full)) {
        if (full)
            help_long(v->name, stdout);
        else
            help_short(v->name, stdout);
        return 0;
    }
    status = v->run(argc, argv);
    if (fflush(stdout) != 0 && status == 0)
        return complain(1, "standard output: cannot write");
    return status;
}

int main(int argc, char **argv)
{
    const struct verb *v;

    if (argc < 2) {
        help_overview(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help_overview(stdout);
        return 0;
    }
    if (strcmp(argv[1], "help") == 0)
        return help(argc - 1, argv + 1);
    v = find(argv[1]);
    return v ? run_verb(v, argc - 1, argv + 1) : unknown(argv[1]);
}
