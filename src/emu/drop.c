/* drop.c: exact faults: the n-th packet of a kind is lost, comes twice, or
 * comes late.
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

static void meet(const struct link_rule *r, struct passing *p,
                 const struct link_rule **hit)
{
    switch ((enum link_rule_fate)r->fate) {
    case LINK_RULE_LOSE:
        *hit = *hit ?: r;
        return;
    case LINK_RULE_TWICE:
        p->twice = true;
        return;
    case LINK_RULE_LATE:
        p->late = true;
        return;
    case LINK_RULE_FATES:
        break;
    }
    INVARIANT(r->fate < LINK_RULE_FATES);
}

enum why drop_step(struct link *l, unsigned dir, struct passing *p,
                   const struct link_rule **hit)
{
    unsigned kinds;

    *hit = NULL;
    if (l->nrules == 0)
        return GO_ON;
    kinds = link_kinds(&p->pkt);
    for (unsigned i = 0; i < l->nrules; i++) {
        struct link_rule *r = &l->rules[i];

        if (!(r->kind & kinds) || !(r->dirs & 1u << dir))
            continue;
        r->seen++;
        if (in_ranges(r, r->seen))
            meet(r, p, hit);
    }
    return *hit ? WHY_LINK_RULE : GO_ON;
}
