/* pool.c: see pool.h. */
#include "script/pool.h"
#include "base/check.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32768, ALIGN = 16 };

struct pool_block {
    struct pool_block *next;
    size_t             size;
    char               bytes[] __attribute__((aligned(16)));
};

void *pool_get(struct pool *p, size_t size)
{
    struct pool_block *b = p->blocks;
    void              *at;

    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!b || b->size - p->used < size) {
        size_t room = size > BLOCK ? size : (size_t)BLOCK;

        b = malloc(sizeof *b + room);
        if (!b)
            abort(); /* a script is kilobytes: the machine is at its end */
        b->size = room;
        b->next = p->blocks;
        p->blocks = b;
        p->used = 0;
    }
    at = b->bytes + p->used;
    p->used += size;
    memset(at, 0, size);
    return at;
}

char *pool_text(struct pool *p, const char *s, size_t n)
{
    char *copy = pool_get(p, n + 1);

    memcpy(copy, s, n);
    return copy;
}

void pool_free(struct pool *p)
{
    while (p->blocks) {
        struct pool_block *b = p->blocks;

        p->blocks = b->next;
        free(b);
    }
    p->used = 0;
}
