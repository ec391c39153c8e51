/* loop.c: the pump, on epoll.
 *
 * Owns the descriptors that are waited on and the list of tasks; knows
 * neither the world nor programs.  Invariant: the clock is read once a turn,
 * so that everything in a turn happens at one time.
 */
#include "loop/loop.h"

#include "base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256 };

struct loop {
    int                epfd;
    bool               stop;
    cw_ns              now;
    struct list        tasks;
    struct epoll_event batch[BATCH];
    int                nbatch;
};

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return NULL;
    loop->epfd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epfd < 0) {
        free(loop);
        return NULL;
    }
    list_init(&loop->tasks);
    loop->now = clock_now();
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    INVARIANT(list_empty(&loop->tasks));
    close(loop->epfd);
    free(loop);
}

static int control(struct loop *loop, struct loop_src *src, int op,
                   uint32_t events)
{
    struct epoll_event ev = { .events = events, .data = { .ptr = src } };

    INVARIANT(src->fd >= 0 && src->ready);
    return epoll_ctl(loop->epfd, op, src->fd, &ev) < 0 ? -errno : 0;
}

int loop_watch(struct loop *loop, struct loop_src *src, uint32_t events)
{
    return control(loop, src, EPOLL_CTL_ADD, events);
}

int loop_rewatch(struct loop *loop, struct loop_src *src, uint32_t events)
{
    return control(loop, src, EPOLL_CTL_MOD, events);
}

void loop_unwatch(struct loop *loop, struct loop_src *src)
{
    if (src->fd >= 0)
        epoll_ctl(loop->epfd, EPOLL_CTL_DEL, src->fd, NULL);
    for (int i = 0; i < loop->nbatch; i++)
        if (loop->batch[i].data.ptr == src)
            loop->batch[i].data.ptr = NULL;
}

void loop_add(struct loop *loop, struct loop_task *task)
{
    INVARIANT(task->next && task->run);
    list_push_back(&loop->tasks, &task->link);
}

void loop_remove(struct loop_task *task)
{
    list_del(&task->link);
}

cw_ns loop_now(const struct loop *loop)
{
    return loop->now;
}

static cw_ns next_task(const struct loop *loop, cw_ns until)
{
    list_each (it, &loop->tasks) {
        struct loop_task *task = list_entry(it, struct loop_task, link);

        until = ns_min(until, task->next(task));
    }
    return until;
}

static int wait_events(struct loop *loop, cw_ns until)
{
    struct timespec ts = { 0, 0 };
    cw_ns           left = 0;
    int             n;

    if (until != NS_NEVER)
        left = ns_max(0, until - clock_now());
    ts.tv_sec = (time_t)(left / NS_S);
    ts.tv_nsec = (long)(left % NS_S);
    n = epoll_pwait2(loop->epfd, loop->batch, BATCH,
                     until == NS_NEVER ? NULL : &ts, NULL);
    if (n < 0 && errno == ENOSYS) /* before Linux 5.11: whole milliseconds */
        n = epoll_wait(loop->epfd, loop->batch, BATCH,
                       until == NS_NEVER
                           ? -1
                           : (int)ns_min((left + NS_MS - 1) / NS_MS, 60000));
    INVARIANT(n >= 0 || errno == EINTR);
    return n < 0 ? 0 : n;
}

static void run_tasks(struct loop *loop)
{
    list_each (it, &loop->tasks) {
        struct loop_task *task = list_entry(it, struct loop_task, link);

        task->run(task, loop->now);
    }
}

static void tell(struct loop *loop, bool late)
{
    for (int i = 0; i < loop->nbatch; i++) {
        struct loop_src *src = loop->batch[i].data.ptr;

        if (src && src->late == late)
            src->ready(src, loop->batch[i].events);
    }
}

void loop_turn(struct loop *loop, cw_ns until)
{
    loop->nbatch = wait_events(loop, next_task(loop, until));
    loop->now = clock_now();
    run_tasks(loop);
    tell(loop, false);
    tell(loop, true);
    loop->nbatch = 0;
    run_tasks(loop);
}

void loop_run(struct loop *loop)
{
    while (!loop->stop)
        loop_turn(loop, NS_NEVER);
    loop->stop = false;
}

void loop_stop(struct loop *loop)
{
    loop->stop = true;
}
