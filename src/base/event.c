/* event.c: the names of events, their fields and the timers in them.
 *
 * Owns nothing but names; events are recorded by whoever the configuration
 * names (observe.h).  A number from a file may be anything, so that unknown
 * kinds have a name too.
 */
#include "base/event.h"

enum { FIELDS = 5 };

struct kind {
    const char *slug;
    const char *field[FIELDS];
};

static const struct kind kinds[] = {
#define KIND(id, slug, a, b, c, d, e) { slug, { a, b, c, d, e } },
    EVENT_TABLE(KIND)
#undef KIND
};

_Static_assert(ARRAY_LEN(kinds) == EV_COUNT_OF, "a row each");

const char *event_slug(unsigned kind)
{
    return kind < ARRAY_LEN(kinds) ? kinds[kind].slug : "unknown";
}

const char *event_field(unsigned kind, unsigned i)
{
    if (kind >= ARRAY_LEN(kinds) || i >= FIELDS)
        return "";
    return kinds[kind].field[i];
}

const char *event_timer_name(unsigned timer)
{
    static const char *const names[] = {
        [EVT_NONE] = "none",          [EVT_REXMIT] = "retransmit",
        [EVT_PERSIST] = "persist",    [EVT_DELACK] = "delayed-ack",
        [EVT_TIMEWAIT] = "time-wait", [EVT_KEEPALIVE] = "keepalive",
        [EVT_USER] = "user",          [EVT_FINWAIT2] = "fin-wait-2",
        [EVT_SYNACK] = "syn-ack",     [EVT_NEIGH] = "neighbour",
        [EVT_FRAG] = "reassembly",    [EVT_REORDER] = "reordering",
        [EVT_PTO] = "loss-probe",
    };

    _Static_assert(ARRAY_LEN(names) == EVT_COUNT_OF, "a name each");
    return timer < ARRAY_LEN(names) ? names[timer] : "unknown";
}
