/* sym.h: the names of a script that are numbers, as Linux numbers them. */
#ifndef SCRIPT_SYM_H
#define SCRIPT_SYM_H

#include <stdbool.h>
#include <stdint.h>

bool sym_find(const char *name, int64_t *value);
/* EAGAIN; NULL for what has no name. */
const char *sym_errno(int err);

#endif
