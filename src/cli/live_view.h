/* live_view.h: what runs now can be looked at: `causeway ss` while it runs.
 *
 * A process with a world in real time offers its sockets under a name in the
 * user's directory (shim/place.h), as a recording without packets; who asks
 * merges what it finds there (runs_live()).
 */
#ifndef CLI_LIVE_VIEW_H
#define CLI_LIVE_VIEW_H

#include "loop/loop.h"
#include "shim/place.h"
#include "world/record.h"
#include "world/world.h"

struct live_view {
    struct loop_src     src;
    struct loop_task    task;
    struct loop        *loop;
    const struct world *world; /* NULL: it could not be set up */
    struct recorder    *rec;   /* written out when somebody looks; or NULL */
    struct place        place;
    struct list         clients, grave;
    char                name[32];
};

enum view_msg { VIEW_BYTES = 1, VIEW_END };

/* Nothing fails if it cannot be offered: then it is only not seen. */
void live_view_begin(struct live_view *v, struct loop *loop,
                     const struct world *w, struct recorder *rec);
void live_view_end(struct live_view *v);

/* Writes down which programs have the sockets, before they are gone. */
void owners_record(struct recorder *r, const struct world *w);

#endif
