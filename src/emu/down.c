/* down.c: scheduled down time.  What is sent while the link is down is lost;
 * what is under way arrives, as if the break were at the sender's end.
 */
#include "emu/node.h"

enum why down_step(const struct link_spec *s, cw_ns since_epoch)
{
    INVARIANT(s->ndowns <= LINK_DOWNS_MAX);
    for (unsigned i = 0; i < s->ndowns; i++)
        if (since_epoch >= s->downs[i].from && since_epoch < s->downs[i].to)
            return WHY_LINK_DOWN;
    return GO_ON;
}
