/* panic.c: the default end of a program whose invariant broke.
 *
 * Owns cw_panic() for programs that have none of their own: one line on
 * standard error, then abort(), so that a debugger or a core file has the
 * stack.  It is host code: the core only declares the hook.
 */
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

void cw_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "causeway: %s:%d: broken invariant: %s\n", file, line,
            what);
    abort();
}
