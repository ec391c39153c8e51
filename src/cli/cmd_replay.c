/* cmd_replay.c: `causeway replay --check [FILE]`. */
#include "cli/cmd.h"
#include "cli/runs.h"
#include "cli/say.h"

#include "loop/loop.h"
#include "wire/print.h"
#include "obs/block.h"
#include "world/replay.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static struct run_file      file;
static struct replay_result res;
static struct print_state   print_state;

/* A packet in tcpdump's words, and its why. */
static void show(const char *what, const struct run_packet *p)
{
    char              text[1024], why[256];
    struct fmt        line = fmt_of(text, sizeof text);
    struct fmt        w = fmt_of(why, sizeof why);
    struct print_opts o = { .abs_seq = true, .time_mode = PRINT_TIME_DAY };

    if (!p) {
        say(false, "     %s nothing", what);
        return;
    }
    print_packet(&line, &print_state, &o, p->t + BLOCK_EPOCH, p->frame,
                 p->frame.len);
    why_print(&w, (enum why)p->why, p->why_arg);
    say(false, "     %s %s%s%s", what, text, why[0] ? "  # " : "", why);
}

static int verdict(cw_ns took, bool json)
{
    char secs[32], real[32];

    /* Cut off, as the run's own summary is. */
    snprintf(secs, sizeof secs, "%lld.%03lld", (long long)(res.end / NS_S),
             (long long)(res.end % NS_S / NS_MS));
    snprintf(real, sizeof real, "%.2f", (double)took / 1e9);
    if (json) {
        printf("{\"schema\":\"causeway.replay/1\",\"same\":%s,"
               "\"packets\":%u,\"trace\":\"%08x\",\"end_ns\":%lld}\n",
               res.same ? "true" : "false", res.packets, res.trace_id,
               (long long)res.end);
        return res.same ? 0 : 1;
    }
    if (res.same) {
        say(false,
            "replayed %u packets, %s s of network time in %s s: "
            "identical (trace %08x)%s",
            res.packets, secs, real, res.trace_id,
            file.run.complete ? "" : "; the recording ends early");
        return 0;
    }
    say(false, "%s", res.why);
    if (res.has_now || res.then) {
        show("recorded:", res.then);
        show("now:     ", res.has_now ? &res.now : NULL);
    }
    return 1;
}

static const struct option options[] = {
    { "check", no_argument, NULL, 'c' },
    { "json", no_argument, NULL, 'j' },
    { NULL, 0, NULL, 0 },
};

int cmd_replay(int argc, char **argv)
{
    char        text[RUNS_WHY_MAX];
    const char *why = "";
    bool        json = false, ok;
    cw_ns       began = clock_now();
    int         c, status;

    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (c == '?' || c == ':')
            return complain(2,
                            "replay: %s: unknown option; there are "
                            "--check and --json",
                            argv[optind - 1]);
        json |= c == 'j';
    }
    if (argc - optind > 1)
        return complain(2, "replay: %s: one recording at a time",
                        argv[optind + 1]);
    if (!runs_load(&file, argv[optind], text))
        return complain(2, "replay: %s", text);
    ok = replay_check(span_of(file.bytes, file.len), &file.run,
                      memory_alloc(), &res, &why);
    status = ok ? verdict(clock_now() - began, json)
                : complain(2, "replay: %s: %s", file.path, why);
    runs_free(&file);
    return status;
}
