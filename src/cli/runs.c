/* runs.c: see runs.h. */
#include "cli/runs.h"

#include "loop/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX ".pcapng"

enum { NAMES_MAX = 4096 };

/* ---- the directory -------------------------------------------------------- */

static bool directory(char dir[RUNS_PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int         n;

    if (state && *state == '/')
        n = snprintf(dir, RUNS_PATH_MAX, "%s/causeway/runs", state);
    else if (home && *home)
        n = snprintf(dir, RUNS_PATH_MAX, "%s/.local/state/causeway/runs",
                     home);
    else
        n = snprintf(dir, RUNS_PATH_MAX, "/tmp/causeway-%u/runs",
                     (unsigned)getuid());
    return n > 0 && n < RUNS_PATH_MAX - 64;
}

/* Makes a directory and those above it. */
static bool make_directory(char *dir)
{
    for (char *p = dir + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        mkdir(dir, 0700);
        *p = '/';
    }
    return mkdir(dir, 0700) == 0 || errno == EEXIST;
}

static bool is_recording(const char *name)
{
    size_t n = strlen(name);

    return n > strlen(SUFFIX)
        && strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The recordings' names, oldest first; how many. */
static size_t list(const char *dir, char **names)
{
    DIR           *d = opendir(dir);
    struct dirent *e;
    size_t         n = 0;

    while (d && n < NAMES_MAX && (e = readdir(d))) {
        if (!is_recording(e->d_name))
            continue;
        names[n] = strdup(e->d_name);
        n += names[n] != NULL;
    }
    if (d)
        closedir(d);
    qsort(names, n, sizeof *names, by_name);
    return n;
}

static void free_names(char **names, size_t n)
{
    while (n > 0)
        free(names[--n]);
}

/* A recording that is still written is locked by whoever writes it. */
static void remove_ended(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlink(path);
    close(fd);
}

static void prune(const char *dir)
{
    static char *names[NAMES_MAX];
    char         path[RUNS_PATH_MAX + 256];
    size_t       n = list(dir, names);

    for (size_t i = 0; i + RUNS_KEPT <= n; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove_ended(path);
    }
    free_names(names, n);
}

bool runs_place(char dir[RUNS_PATH_MAX], char why[RUNS_WHY_MAX])
{
    if (directory(dir) && make_directory(dir) && access(dir, W_OK) == 0)
        return true;
    snprintf(why, RUNS_WHY_MAX, "%.400s: %s; --record FILE or --no-record",
             dir, strerror(errno));
    return false;
}

bool runs_new(char path[RUNS_PATH_MAX], char why[RUNS_WHY_MAX])
{
    char            dir[RUNS_PATH_MAX];
    struct timespec now;
    struct tm       tm;

    if (!runs_place(dir, why))
        return false;
    prune(dir);
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    /* Names sort by time. */
    snprintf(path, RUNS_PATH_MAX,
             "%.4000s/%04d%02d%02d-%02d%02d%02d.%06ld-%d" SUFFIX, dir,
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec, now.tv_nsec / 1000, (int)getpid());
    return true;
}

static bool last(char path[RUNS_PATH_MAX], char why[RUNS_WHY_MAX])
{
    static char *names[NAMES_MAX];
    char         dir[RUNS_PATH_MAX];
    size_t       n = directory(dir) ? list(dir, names) : 0;

    if (n > 0)
        snprintf(path, RUNS_PATH_MAX, "%.3800s/%.255s", dir, names[n - 1]);
    else
        snprintf(why, RUNS_WHY_MAX,
                 "nothing has been recorded yet; try: causeway lab --delay "
                 "20ms -- @upper 1000 : @send h1 1000 hello");
    free_names(names, n);
    return n > 0;
}

/* What lives writes out what it holds back when somebody looks. */
static bool last_written(char path[RUNS_PATH_MAX], char why[RUNS_WHY_MAX])
{
    struct run_file live;

    if (runs_live(&live))
        runs_free(&live);
    return last(path, why);
}

/* ---- reading -------------------------------------------------------------- */

static bool slurp(struct run_file *f, char why[RUNS_WHY_MAX])
{
    int         fd = open(f->path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t     n;

    if (fd < 0 || fstat(fd, &st) < 0)
        goto fail;
    if (!S_ISREG(st.st_mode)) {
        snprintf(why, RUNS_WHY_MAX, "%.400s: %s", f->path,
                 S_ISDIR(st.st_mode) ? strerror(EISDIR)
                                     : "it is no file, as a recording is");
        close(fd);
        return false;
    }
    f->bytes = malloc((size_t)st.st_size + 1);
    if (!f->bytes)
        goto fail;
    while (f->len < (size_t)st.st_size) {
        n = read(fd, (char *)f->bytes + f->len, (size_t)st.st_size - f->len);
        if (n < 0)
            goto fail;
        if (n == 0)
            break;
        f->len += (size_t)n;
    }
    close(fd);
    return true;
fail:
    snprintf(why, RUNS_WHY_MAX, "%.400s: %s", f->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return false;
}

/* Reads `file`'s bytes, or the last recording's. */
static bool fetch(struct run_file *out, const char *file,
                  char why[RUNS_WHY_MAX])
{
    memset(out, 0, sizeof *out);
    if (file)
        snprintf(out->path, sizeof out->path, "%s", file);
    else if (!last_written(out->path, why))
        return false;
    if (slurp(out, why))
        return true;
    runs_free(out);
    return false;
}

static bool refuse(struct run_file *f, const char *bad,
                   char why[RUNS_WHY_MAX])
{
    snprintf(why, RUNS_WHY_MAX, "%.400s: %s", f->path, bad);
    free(f->bytes);
    return false;
}

bool runs_load(struct run_file *out, const char *file, char why[RUNS_WHY_MAX])
{
    const char *bad = "";

    if (!fetch(out, file, why))
        return false;
    return run_read(&out->run, (struct span){ out->bytes, out->len },
                    memory_alloc(), &bad)
        || refuse(out, bad, why);
}

bool runs_load_capture(struct run_file *out, const char *file,
                       char why[RUNS_WHY_MAX])
{
    const char *bad = "";
    struct span bytes;

    if (!fetch(out, file, why))
        return false;
    bytes = (struct span){ out->bytes, out->len };
    return run_read(&out->run, bytes, memory_alloc(), &bad)
        || capture_read(&out->run, bytes, memory_alloc(), &bad)
        || refuse(out, bad, why);
}

void runs_free(struct run_file *f)
{
    if (f->run.alloc)
        run_free(&f->run);
    free(f->bytes);
    memset(f, 0, sizeof *f);
}
