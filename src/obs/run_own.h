/* run_own.h: how the readers fill a struct run. */
#ifndef OBS_RUN_OWN_H
#define OBS_RUN_OWN_H

#include "obs/run.h"

/* One more element, zeros, at the end of an array of n with room for *cap;
 * NULL: no memory. */
void *run_grow(const struct cw_alloc *alloc, void **array, size_t n,
               size_t *cap, size_t size);

#define RUN_GROW(run, field)                                        \
    run_grow((run)->alloc, (void **)&(run)->field, (run)->n##field, \
             &(run)->room.field, sizeof *(run)->field)

#endif
