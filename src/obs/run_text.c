/* run_text.c: what a recorded packet's story is in words. */
#include "base/addr.h"
#include "obs/run.h"

bool run_arrived(const struct run_packet *p)
{
    for (unsigned i = 0; i < p->nfates; i++)
        if (p->fates[i].why == WHY_LINK_ARRIVED)
            return true;
    return p->nfates == 0;
}

static const char *link_name(const struct run *r, unsigned a, unsigned b)
{
    for (size_t i = 0; i < r->nlinks; i++)
        if ((r->links[i].a == a && r->links[i].b == b)
            || (r->links[i].a == b && r->links[i].b == a))
            return r->links[i].name;
    return "?";
}

static void fate_text(const struct run *r, const struct run_packet *p,
                      const struct run_fate *f, struct fmt *out)
{
    const char *link = link_name(r, p->host,
                                 p->netif == 0 || !f->to ? p->host : f->to);

    switch (f->why) {
    case WHY_LINK_ARRIVED:
        return;
    case WHY_LINK_CORRUPT:
    case WHY_LINK_MARKED:
    case WHY_LINK_DUPLICATE:
    case WHY_LINK_REORDER:
        fmt_f(out, "; %s on link %s", why_text((enum why)f->why), link);
        return;
    case WHY_LINK_NOBODY:
        fmt_f(out, "; %s", why_text((enum why)f->why));
        return;
    default:
        fmt_f(out, "; lost on link %s: %s", link, why_text((enum why)f->why));
        if (f->why == WHY_LINK_RULE)
            fmt_f(out, " %s", f->rule);
        return;
    }
}

void run_comment(const struct run *r, const struct run_packet *p,
                 struct fmt *out)
{
    why_print(out, (enum why)p->why, p->why_arg);
    for (unsigned i = 0; i < p->nfates; i++)
        fate_text(r, p, &p->fates[i], out);
}

const char *run_name_of(const struct run *r, const struct cw_addr *a)
{
    for (size_t i = 0; i < r->nhosts && !addr_is_any(a); i++)
        if (addr_eq(&r->hosts[i].addr4, a) || addr_eq(&r->hosts[i].addr6, a))
            return r->hosts[i].name;
    return "";
}
