/* memory.c: a cw_alloc over the C library, for stacks and links. */
#include "loop/loop.h"

#include <stdlib.h>

static void *take(void *ctx, size_t size, size_t align)
{
    void *mem;

    (void)ctx;
    if (align < sizeof(void *))
        align = sizeof(void *);
    return posix_memalign(&mem, align, size) == 0 ? mem : NULL;
}

static void give_back(void *ctx, void *mem, size_t size)
{
    (void)ctx;
    (void)size;
    free(mem);
}

const struct cw_alloc *memory_alloc(void)
{
    static const struct cw_alloc alloc = { NULL, take, give_back };

    return &alloc;
}
