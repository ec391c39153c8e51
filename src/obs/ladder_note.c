/* ladder_note.c: remarks for people below the ladders: how to read them, who
 * stays in TIME-WAIT and why, what is not drawn.
 */
#include "obs/ladder_own.h"

#include "wire/ipproto.h"

enum { NOTE_MAX = 512, WAITS_MAX = 8 };

void lad_note(const struct ladder *l, const char *format, ...)
{
    char       text[NOTE_MAX];
    struct fmt f = fmt_of(text, sizeof text);
    va_list    ap;

    va_start(ap, format);
    fmt_v(&f, format, ap);
    va_end(ap);
    l->out->note(l->out->ctx, text);
}

static const char *role(unsigned end)
{
    return end == 0 ? "client" : "server";
}

static void whole_seconds(struct fmt *f, cw_ns t)
{
    fmt_ns(f, t, t % NS_S ? 3 : 0);
}

/* RFC 9293 §3.6: who closes first waits for 2 MSL. */
static void time_wait(const struct ladder *l, const struct lad_conv *c,
                      const char *which)
{
    const struct lad_end *a = &c->end[0], *b = &c->end[1];
    bool waits[2] = { a->last_state == CW_TIME_WAIT && a->wait_for > 0,
                      b->last_state == CW_TIME_WAIT && b->wait_for > 0 };
    const struct lad_end *e = waits[0] ? a : b;
    const char           *who = role(waits[0] ? 0 : 1);
    char                  d[32], until[32];
    struct fmt            fd = fmt_of(d, sizeof d);
    struct fmt            fu = fmt_of(until, sizeof until);

    if (!waits[0] && !waits[1])
        return;
    whole_seconds(&fd, e->wait_for);
    fmt_ns(&fu, ns_max(a->wait_until, b->wait_until), 3);
    if (waits[0] && waits[1])
        lad_note(l,
                 "%sboth closed at once, so both stay in TIME-WAIT for "
                 "%s s, until %s s.",
                 which, d, until);
    else
        lad_note(l,
                 "%sthe %s closed first, so the %s stays in TIME-WAIT for "
                 "%s s, until %s s.",
                 which, who, who, d, until);
}

static void time_waits(const struct ladder *l, uint32_t first, uint32_t count)
{
    char which[48];

    for (uint32_t n = first; n < first + count && n < first + WAITS_MAX;
         n++) {
        struct fmt f = fmt_of(which, sizeof which);

        if (count > 1)
            fmt_f(&f, "conversation %u: ", n + 1);
        if (l->convs[n].proto == PROTO_TCP)
            time_wait(l, &l->convs[n], which);
    }
}

/* What a learner waits for in vain. */
static void lost_datagrams(const struct ladder *l, uint32_t first,
                           uint32_t count)
{
    uint32_t lost = 0;

    for (uint32_t n = first; n < first + count; n++)
        if (l->convs[n].proto == PROTO_UDP)
            lost += l->convs[n].nlost;
    if (lost > 0)
        lad_note(l,
                 "%u datagram%s lost: UDP does not send again, that is the "
                 "program's job.",
                 lost, lost == 1 ? " was" : "s were");
}

void lad_notes(const struct ladder *l, uint32_t first, uint32_t count)
{
    bool tcp = false;

    for (uint32_t n = first; n < first + count; n++)
        tcp |= l->convs[n].proto == PROTO_TCP;
    if (l->nconvs == 0)
        lad_note(l, "no packet of TCP, UDP or an echo was sent.");
    else if (tcp)
        lad_note(l,
                 "times are when a packet is sent; a state beside an arrow "
                 "head holds once it has arrived.");
    time_waits(l, first, count);
    lost_datagrams(l, first, count);
    if (count < l->nconvs && !l->o->conn)
        lad_note(l,
                 "the first %u of %u conversations; causeway ladder N "
                 "draws the N-th, --list lists them, --all draws all.",
                 count, l->nconvs);
    if (l->nothers > 0)
        lad_note(l,
                 "%u other packet%s (ARP, neighbours ...) are not drawn; "
                 "causeway trace has them.",
                 l->nothers, l->nothers == 1 ? "" : "s");
    if (!l->run->complete)
        lad_note(l,
                 "the run goes on, or was cut short: this is what there "
                 "is so far.");
}
