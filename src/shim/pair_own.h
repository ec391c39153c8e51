/* pair_own.h: what the two files of a pair share. */
#ifndef SHIM_PAIR_OWN_H
#define SHIM_PAIR_OWN_H

#include "shim/pair.h"

/* One more thing was given; false: no memory to remember it. */
bool pair_note(struct pair *p, const struct pair_item *item);

#endif
