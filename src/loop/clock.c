/* clock.c: the only reader of the operating system's clock. */
#include "loop/loop.h"

#include <time.h>

cw_ns clock_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (cw_ns)ts.tv_sec * NS_S + ts.tv_nsec;
}
