/* family.c: the descendants of this process, by /proc.
 *
 * Daemons that programs leave behind stay ours (PR_SET_CHILD_SUBREAPER), so
 * everything a run started is below us and can be ended.
 */
#include "shim/child.h"

#include "base/check.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { FAMILY_MAX = 4096 };

void child_adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

struct kin {
    pid_t pid, parent;
    bool  ours;
};

/* "pid (name) S ppid": the name may hold anything. */
static bool read_stat(const char *path, char *state, pid_t *parent)
{
    char   text[512];
    FILE  *f = fopen(path, "re");
    size_t n;
    char  *p;
    int    ppid;

    if (!f)
        return false;
    n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    p = strrchr(text, ')');
    if (!p || sscanf(p + 1, " %c %d", state, &ppid) != 2)
        return false;
    *parent = ppid;
    return true;
}

static size_t all_processes(struct kin *out)
{
    DIR           *d = opendir("/proc");
    struct dirent *e;
    size_t         n = 0;
    char           path[300], state;

    while (d && n < FAMILY_MAX && (e = readdir(d))) {
        if (e->d_name[0] < '1' || e->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        out[n] = (struct kin){ .pid = (int)strtol(e->d_name, NULL, 10) };
        if (read_stat(path, &state, &out[n].parent) && state != 'Z')
            n++;
    }
    if (d)
        closedir(d);
    return n;
}

/* Marks the descendants of `root` (and itself); answers how many others. */
static unsigned mark(struct kin *k, size_t n, pid_t root)
{
    unsigned found = 0;
    bool     more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < n; i++) {
            bool child = k[i].parent == root;

            for (size_t j = 0; j < n && !child; j++)
                child = k[j].ours && k[j].pid == k[i].parent;
            if (!k[i].ours && child) {
                k[i].ours = more = true;
                found++;
            }
        }
    }
    return found;
}

unsigned child_kill_all(int sig)
{
    struct kin *k = calloc(FAMILY_MAX, sizeof *k);
    size_t      n;
    unsigned    found;

    INVARIANT(k);
    n = all_processes(k);
    found = mark(k, n, getpid());
    for (size_t i = 0; i < n; i++)
        if (k[i].ours && sig != 0)
            kill(k[i].pid, sig);
    free(k);
    return found;
}

/* Of one process; true if `one` was true of each thread. */
static bool each_thread(pid_t pid, child_thread *one, void *ctx)
{
    char           path[64];
    DIR           *d;
    struct dirent *e;
    bool           all = true;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    d = opendir(path);
    while (d && all && (e = readdir(d)))
        if (e->d_name[0] != '.')
            all = one(ctx, pid, (int)strtol(e->d_name, NULL, 10));
    if (d)
        closedir(d);
    return all;
}

bool child_each_thread(pid_t pid, child_thread *one, void *ctx)
{
    struct kin *k = calloc(FAMILY_MAX, sizeof *k);
    size_t      n;
    bool        all = each_thread(pid, one, ctx);

    INVARIANT(k);
    n = all_processes(k);
    mark(k, n, pid);
    for (size_t i = 0; i < n && all; i++)
        if (k[i].ours)
            all = each_thread(k[i].pid, one, ctx);
    free(k);
    return all;
}

static bool asleep(void *ctx, pid_t pid, pid_t tid)
{
    char  path[64], state;
    pid_t parent;

    (void)ctx;
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    return !read_stat(path, &state, &parent) || state == 'S' || state == 'Z'
        || state == 'T';
}

bool child_all_asleep(pid_t pid)
{
    return child_each_thread(pid, asleep, NULL);
}
