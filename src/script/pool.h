/* pool.h: memory for one script: given out piece by piece, taken back whole.
 */
#ifndef SCRIPT_POOL_H
#define SCRIPT_POOL_H

#include <stddef.h>

struct pool_block;

struct pool {
    struct pool_block *blocks;
    size_t             used; /* of the first block */
};

/* Zeroed; NULL only where the system has none. */
void *pool_get(struct pool *p, size_t size);
/* A copy of n characters, with a NUL. */
char *pool_text(struct pool *p, const char *s, size_t n);
void  pool_free(struct pool *p);

#endif
