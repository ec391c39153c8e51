/* count.c: the names of the counters, from the one table in count.h.
 *
 * Owns no counts: those hang from the stack.
 */
#include "base/count.h"
#include "base/check.h"

const char *count_name(unsigned i)
{
    static const char *const names[] = {
#define NAME(id, name) name,
        COUNT_TABLE(NAME)
#undef NAME
    };

    _Static_assert(ARRAY_LEN(names) == COUNT_COUNT_OF, "a name each");
    INVARIANT(i < ARRAY_LEN(names));
    return names[i];
}
