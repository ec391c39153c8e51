/* owners.c: see owners.h. */
#include "shim/owners.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct search {
    const uint64_t *inodes;
    size_t          n;
    struct owner   *out;
    size_t          found, max;
    char            self[512]; /* the program that we are */
};

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static int by_process(const void *a, const void *b)
{
    const struct owner *x = a, *y = b;

    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static void name_of(int pid, char out[OWNER_NAME_MAX])
{
    char  path[64];
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    f = fopen(path, "re");
    if (!f || !fgets(out, OWNER_NAME_MAX, f))
        *out = 0;
    out[strcspn(out, "\n")] = 0;
    if (f)
        fclose(f);
}

static void link_of(const char *path, char *out, size_t size)
{
    ssize_t n = readlink(path, out, size - 1);

    out[n > 0 ? n : 0] = 0;
}

static void look(struct search *s, int pid, const char *fd)
{
    char          path[600], to[64];
    uint64_t      inode;
    struct owner *o = &s->out[s->found];

    snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, fd);
    link_of(path, to, sizeof to);
    if (s->found == s->max || sscanf(to, "socket:[%lu]", &inode) != 1
        || !bsearch(&inode, s->inodes, s->n, sizeof inode, by_number))
        return;
    *o = (struct owner){ .inode = inode,
                         .pid = pid,
                         .fd = (int)strtol(fd, NULL, 10) };
    name_of(pid, o->name);
    s->found++;
}

static void look_in(struct search *s, int pid)
{
    char           path[64], exe[512];
    DIR           *d;
    struct dirent *e;

    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    link_of(path, exe, sizeof exe);
    if (strcmp(exe, s->self) == 0)
        return; /* it passes descriptors on */
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    d = opendir(path);
    while (d && (e = readdir(d)))
        if (e->d_name[0] != '.')
            look(s, pid, e->d_name);
    if (d)
        closedir(d);
}

size_t owners_find(uint64_t *inodes, size_t n, struct owner *out, size_t max)
{
    struct search  s = { .inodes = inodes, .n = n, .out = out, .max = max };
    DIR           *d;
    struct dirent *e;

    if (n == 0 || max == 0)
        return 0;
    qsort(inodes, n, sizeof *inodes, by_number);
    link_of("/proc/self/exe", s.self, sizeof s.self);
    d = opendir("/proc");
    while (d && (e = readdir(d)))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
            look_in(&s, (int)strtol(e->d_name, NULL, 10));
    if (d)
        closedir(d);
    qsort(out, s.found, sizeof *out, by_process);
    return s.found;
}
