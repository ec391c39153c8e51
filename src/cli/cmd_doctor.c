/* cmd_doctor.c: can this machine run it, which way, what is missing?
 *
 *     causeway doctor [--json]
 */
#include "cli/cmd.h"
#include "cli/runs.h"
#include "cli/say.h"

#include "base/check.h"
#include "base/fmt.h"
#include "shim/crew.h"
#include "shim/probe.h"
#include "world/world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 7, JSON_MAX = 8192, WIDTH = 80, INDENT = 21 };

#define TRIAL_LIMIT (10 * NS_S)

/* ---- the trial: a program that knows nothing of us -------------------------------- */

static int trial_child(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(PORT),
                             .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int                s = socket(AF_INET, SOCK_STREAM, 0), c, d;
    char               text[8] = "";

    if (bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 1) < 0)
        return 1;
    c = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c, (struct sockaddr *)&a, sizeof a) < 0)
        return 2;
    d = accept(s, NULL, NULL);
    if (d < 0 || write(c, "hello", 5) != 5 || read(d, text, 5) != 5)
        return 3;
    return strcmp(text, "hello") == 0 ? 0 : 4;
}

struct trial {
    struct loop_task pump;
    struct loop     *loop;
    struct world    *world;
    struct ctl      *ctl;
    uint64_t         packets;
};

static void on_packet(void *ctx, const struct world_packet *p)
{
    (void)p;
    ((struct trial *)ctx)->packets++;
}

static cw_ns pump_next(struct loop_task *task)
{
    struct trial *t = container_of(task, struct trial, pump);

    return ns_min(world_next(t->world), ctl_next(t->ctl));
}

static void pump_run(struct loop_task *task, cw_ns now)
{
    struct trial *t = container_of(task, struct trial, pump);

    world_advance(t->world, now);
    ctl_settle(t->ctl, now);
}

static bool trial_world(struct trial *t)
{
    struct world_config wc;
    struct lab_config   lc = { .hosts = 1, .lo_link = true, .name = "local" };
    struct ctl_stack    stack;
    const char         *why;

    world_config_init(&wc, 1, memory_alloc());
    wc.start = clock_now();
    wc.hooks = (struct world_hooks){ .ctx = t, .packet = on_packet };
    t->loop = loop_new();
    t->world = world_new(&wc, &why);
    if (!t->loop || !t->world || !world_lab(t->world, &lc, &why))
        return false;
    stack = ctl_stack_of_world(t->world);
    t->ctl = ctl_new(t->loop, &stack, 1);
    t->pump = (struct loop_task){ .next = pump_next, .run = pump_run };
    loop_add(t->loop, &t->pump);
    return t->ctl != NULL;
}

static void trial_run(struct trial *t, struct probe *p)
{
    char *const argv[] = { (char[]){ "/proc/self/exe" }, (char[]){ "doctor" },
                           (char[]){ "trial" }, NULL };
    struct crew_config cc = { .loop = t->loop,
                              .ctl = t->ctl,
                              .world = t->world,
                              .sink = call_sink_of_ctl(t->ctl),
                              .guard = -1,
                              .timeout = TRIAL_LIMIT };
    struct crew       *crew = crew_new(&cc);
    enum crew_end      end;
    int                status;

    INVARIANT(crew);
    crew_program(crew, 1, "local", argv);
    end = crew_run(crew);
    status = crew_status(crew);
    p->ok = end == CREW_EXITED && status == 0 && t->packets > 0;
    if (p->ok)
        snprintf(p->text, sizeof p->text,
                 "a program spoke with itself over "
                 "our TCP: %llu packets",
                 (unsigned long long)t->packets);
    else
        snprintf(p->text, sizeof p->text,
                 "a program was to speak with itself "
                 "over our TCP, but: %.100s (%d)",
                 crew_story(crew), status);
    crew_free(crew);
}

static void probe_trial(struct probe *p)
{
    struct trial t = { .packets = 0 };

    if (trial_world(&t))
        trial_run(&t, p);
    else
        snprintf(p->text, sizeof p->text, "out of memory or descriptors");
    if (t.ctl)
        loop_remove(&t.pump);
    ctl_free(t.ctl);
    world_free(t.world);
    loop_free(t.loop);
}

/* ---- what only helps ------------------------------------------------------------------ */

static void probe_runs(struct probe *p)
{
    char dir[RUNS_PATH_MAX], why[RUNS_WHY_MAX];

    p->ok = runs_place(dir, why);
    snprintf(p->text, sizeof p->text, "%.200s", p->ok ? dir : why);
}

static bool in_path(const char *name)
{
    char        file[4096];
    const char *path = getenv("PATH");

    while (path && *path) {
        size_t n = strcspn(path, ":");

        snprintf(file, sizeof file, "%.*s/%s", (int)n, path, name);
        if (access(file, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

static void tool(struct probe *p, const char *name)
{
    p->ok = in_path(name);
    snprintf(p->text, sizeof p->text,
             p->ok ? "reads recordings, too"
                   : "not found; it is not needed, "
                     "but reads recordings, too");
}

static void probe_tcpdump(struct probe *p)
{
    tool(p, "tcpdump");
}

static void probe_tshark(struct probe *p)
{
    tool(p, "tshark");
}

/* ---- the list ------------------------------------------------------------------------- */

static const struct {
    const char *name;
    probe_fn   *run;
    bool        needed;
    bool        filters; /* makes no sense without "seccomp notify" */
} list[] = {
    { "kernel", probe_kernel, true, false },
    { "seccomp notify", probe_filter, true, false },
    { "seccomp addfd", probe_add_fd, true, true },
    { "process_vm", probe_memory, true, false },
    { "pidfd_getfd", probe_get_fd, true, false },
    { "ptrace scope", probe_ptrace, true, false },
    { "unix sockets", probe_pair, true, false },
    { "urgent data", probe_urgent, false, false },
    { "descriptors", probe_files, false, false },
    { "live host", probe_place, true, false },
    { "recordings", probe_runs, false, false },
    { "trial", probe_trial, true, true },
    { "tcpdump", probe_tcpdump, false, false },
    { "tshark", probe_tshark, false, false },
};

enum { PROBES = ARRAY_LEN(list) };

static bool judge(struct probe p[PROBES])
{
    bool ok = true, filter = true;

    for (size_t i = 0; i < PROBES; i++) {
        p[i] = (struct probe){ .name = list[i].name,
                               .needed = list[i].needed };
        if (list[i].filters && !filter)
            snprintf(p[i].text, sizeof p[i].text,
                     "not tried, since there is no seccomp notify");
        else
            list[i].run(&p[i]);
        filter &= list[i].run != probe_filter || p[i].ok;
        ok &= p[i].ok || !p[i].needed;
    }
    return ok;
}

/* Words, in lines of at most WIDTH columns. */
static void print_words(const char *text)
{
    size_t at = INDENT;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (at > INDENT && at + 1 + n > WIDTH) {
            printf("\n%*s", INDENT, "");
            at = INDENT;
        }
        at += (size_t)printf("%s%.*s", at > INDENT ? " " : "", (int)n, text);
        text += n + (text[n] == ' ');
    }
    putchar('\n');
}

static void print(const struct probe p[PROBES], bool ok)
{
    for (size_t i = 0; i < PROBES; i++) {
        printf("%-4s %-15s ",
               p[i].ok           ? "ok"
                   : p[i].needed ? "no"
                                 : "-",
               p[i].name);
        print_words(p[i].text);
    }
    puts(ok ? "This machine can take over unmodified programs, without root."
            : "This machine cannot take over programs: see the lines that "
              "begin with \"no\".\nBuilt-in endpoints work all the same: "
              "causeway lab -- @upper 1000 : @send h1 1000 hello");
}

static void print_json(const struct probe p[PROBES], bool ok)
{
    static char text[JSON_MAX];
    struct fmt  f = fmt_of(text, sizeof text);
    struct json j = json_of(&f);

    json_open(&j, NULL);
    json_str(&j, "schema", "causeway.doctor/1");
    json_bool(&j, "ok", ok);
    json_array(&j, "checks");
    for (size_t i = 0; i < PROBES; i++) {
        json_open(&j, NULL);
        json_str(&j, "name", p[i].name);
        json_bool(&j, "ok", p[i].ok);
        json_bool(&j, "needed", p[i].needed);
        json_str(&j, "text", p[i].text);
        json_close(&j);
    }
    json_end(&j);
    json_close(&j);
    puts(text);
}

int cmd_doctor(int argc, char **argv)
{
    static struct probe p[PROBES];
    bool                json = argc == 2 && strcmp(argv[1], "--json") == 0;
    bool                ok;

    if (argc == 2 && strcmp(argv[1], "socket") == 0)
        return probe_socket_child();
    if (argc == 2 && strcmp(argv[1], "trial") == 0)
        return trial_child();
    if (argc > 1 && !json)
        return complain(2, "doctor: %s: it takes --json and nothing else",
                        argv[1]);
    fflush(stdout);
    ok = judge(p);
    if (json)
        print_json(p, ok);
    else
        print(p, ok);
    return ok ? 0 : 3;
}
