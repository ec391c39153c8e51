/* drop.c: exact drops: the n-th packet of a kind is lost.
 *
 *   Every rule counts every packet, also one that another rule takes or that
 *   the link loses later: `data 1` and `data 2` together are `data 1,2`, and
 *   a count never depends on chance.  The first rule that matches is the one
 *   that is named.
 */
#include "emu/node.h"

static bool in_ranges(const struct link_rule *r, uint64_t n)
{
    INVARIANT(r->nranges <= LINK_RULE_RANGES_MAX);
    for (unsigned i = 0; i < r->nranges; i++)
        if (n >= r->ranges[i].lo && n <= r->ranges[i].hi)
            return true;
    return false;
}

enum why drop_step(struct link *l, unsigned dir, const struct cw_pkt *pkt,
                   const struct link_rule **hit)
{
    unsigned kinds;

    *hit = NULL;
    if (l->nrules == 0)
        return GO_ON;
    kinds = link_kinds(pkt);
    for (unsigned i = 0; i < l->nrules; i++) {
        struct link_rule *r = &l->rules[i];

        if (!(r->kind & kinds) || !(r->dirs & 1u << dir))
            continue;
        r->seen++;
        if (!*hit && in_ranges(r, r->seen))
            *hit = r;
    }
    return *hit ? WHY_LINK_RULE : GO_ON;
}
