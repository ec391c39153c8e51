/* lab.c: the usual shapes of a world: hosts in a full mesh, or one host
 * alone; and its links while it lives.
 *
 * Every pair has a link of the same words, and every host a perfect one for
 * lo; on a host alone the words are lo's.
 */
#include "world/inner.h"

/* A rule or setting that names hosts must name some of these. */
static const char *check_rules(const struct world      *w,
                               const struct lab_config *c)
{
    for (unsigned i = 0; i < c->nrules; i++) {
        const struct link_rule *r = &c->rules[i];

        if ((r->from[0] && !world_station_find(w, r->from))
            || (r->to[0] && !world_station_find(w, r->to)))
            return "--drop: a rule names a host that is not in this lab; they "
                   "are h1, h2 ..., one for each program";
    }
    for (unsigned i = 0; i < c->nsettings; i++)
        if (c->settings[i].host[0]
            && !world_host_find(w, c->settings[i].host))
            return "a setting (--isn, --mss, --profile ...) names a host that "
                   "is not in the lab";
    return NULL;
}

static bool join(struct world *w, unsigned a, unsigned b,
                 const struct lab_config *c)
{
    static const struct link_rule none;
    struct link_rule              rules[LINK_RULES_MAX];
    struct wlink                  ends = { .a = a, .b = b };
    bool                          plain = (a == b) != c->lo_link;
    struct link_config            l = {
                   .rules = rules,
                   .seed = w->seed,
                   .packets_max = w->config.link_packets_max,
                   .epoch = w->config.start,
                   .alloc = w->config.alloc,
    };

    rules[0] = none;
    if (!plain) {
        l.fwd = c->fwd;
        l.back = c->back;
        for (unsigned i = 0; i < c->nrules; i++)
            l.nrules += wlink_resolve(w, &ends, &c->rules[i],
                                      &rules[l.nrules]);
    }
    return wlink_new(w, a, b, &l) != NULL;
}

/* May checksums be skipped?  Only if no link harms bytes. */
static unsigned offload(const struct world *w, const struct lab_config *c)
{
    if (!w->config.csum_offload || c->fwd.corrupt_p || c->back.corrupt_p)
        return 0;
    return CW_NETIF_CSUM;
}

static bool know_each_other(struct world *w)
{
    for (unsigned a = 1; a <= w->nhosts; a++)
        for (unsigned b = 1; b <= w->nhosts; b++) {
            const struct host *to = w->hosts[b];
            cw_stack          *st = w->hosts[a]->st;

            if (a != b
                && (cw_neigh_add(st, WORLD_ETH0, &to->addr4, &to->mac)
                    || cw_neigh_add(st, WORLD_ETH0, &to->addr6, &to->mac)))
                return false;
        }
    return true;
}

/* Every host, and what is outside, with every other. */
static bool join_all(struct world *w, const struct lab_config *c)
{
    for (unsigned a = 1; a <= w->nhosts; a++)
        for (unsigned b = a; b <= stations(w); b++)
            if (!join(w, a, b, c))
                return false;
    return true;
}

bool world_lab(struct world *w, const struct lab_config *c, const char **why)
{
    bool                   arp = c->arp || c->outside.on;
    const struct host_plan plan = {
        .name = c->hosts == 1 ? c->name : NULL,
        .flags = offload(w, c) | (arp ? 0 : CW_NETIF_NOARP),
        .lab = c,
    };

    INVARIANT(w->nhosts == 0 && c->nrules <= LINK_RULES_MAX);
    if (c->hosts < 1 || c->hosts > WORLD_HOSTS_MAX) {
        *why = "a lab has from 1 to 32 hosts";
        return false;
    }
    w->plan = c->outside;
    for (unsigned n = 0; n < c->hosts; n++)
        if (!world_host_new(w, &plan, why))
            return false;
    if (c->outside.on && !outside_new(w, why))
        return false;
    *why = check_rules(w, c);
    if (*why)
        return false;
    *why = "no memory for links and neighbours";
    return join_all(w, c) && (arp || know_each_other(w));
}

/* ---- links ------------------------------------------------------------- */

static struct wlink *link_of(const struct world *w, unsigned link)
{
    INVARIANT(link < w->nlinks);
    return w->links[link];
}

unsigned world_links(const struct world *w)
{
    return w->nlinks;
}

const char *world_link_name(const struct world *w, unsigned link)
{
    return link_of(w, link)->name;
}

void world_link_ends(const struct world *w, unsigned link, unsigned *a,
                     unsigned *b)
{
    *a = link_of(w, link)->a;
    *b = link_of(w, link)->b;
}

struct link *world_link(const struct world *w, unsigned link)
{
    return link_of(w, link)->l;
}

static void tell_change(struct world *w, unsigned link, unsigned dir,
                        const struct link_spec *spec,
                        const struct link_rule *rule)
{
    const struct world_hooks *hooks = &w->config.hooks;

    if (hooks->change)
        hooks->change(hooks->ctx, w->now, link, dir, spec, rule);
}

bool world_link_set(struct world *w, unsigned link, unsigned dir,
                    const struct link_spec *spec)
{
    struct wlink *l = link_of(w, link);

    if (w->config.csum_offload && spec->corrupt_p)
        return false;
    if (!link_set(l->l, dir, spec, w->now))
        return false;
    l->next = link_next(l->l);
    tell_change(w, link, dir, spec, NULL);
    return true;
}

bool world_link_drop(struct world *w, unsigned link,
                     const struct link_rule *rule)
{
    struct wlink    *l = link_of(w, link);
    struct link_rule resolved;

    if (!wlink_resolve(w, l, rule, &resolved) || !link_drop(l->l, &resolved))
        return false;
    tell_change(w, link, 0, NULL, &resolved);
    return true;
}
