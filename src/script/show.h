/* show.h: packets as lines of a script, two of them one below the other. */
#ifndef SCRIPT_SHOW_H
#define SCRIPT_SHOW_H

#include "script/ast.h"

#include "base/fmt.h"

/* What differs: one bit for each column. */
unsigned show_diff(const struct sp *want, const struct sp *got);

void show_one(struct fmt *f, const struct sp *p, bool v6);
/* Aligned; columns that differ are marked below. */
void show_two(struct fmt *f, const struct sp *want, const struct sp *got,
              bool v6);

#endif
