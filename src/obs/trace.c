/* trace.c: see trace.h. */
#include "obs/trace.h"

#include "base/check.h"
#include "obs/block.h"

enum { NOTE_MAX = 512 };

static const char *colour_of(const struct run_packet *p)
{
    if (!run_arrived(p))
        return "\033[38;5;166m";
    return why_is_again((enum why)p->why) ? "\033[38;5;214m" : NULL;
}

static size_t first_line(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && text[n] != '\n')
        n++;
    return n;
}

/* The note goes behind the first line: the text is moved up for it. */
static void insert(struct fmt *out, size_t at, const struct fmt *note)
{
    size_t tail = out->len - at;

    for (size_t i = 0; i < note->len; i++)
        fmt_char(out, ' ');
    if (out->cut)
        return;
    memmove(out->buf + at + note->len, out->buf + at, tail);
    memcpy(out->buf + at, note->buf, note->len);
}

static void add_note(struct fmt *out, size_t from, const struct run *r,
                     const struct run_packet *p)
{
    char       text[NOTE_MAX];
    struct fmt note = fmt_of(text, sizeof text);

    fmt_str(&note, "  # ");
    run_comment(r, p, &note);
    if (note.len > 4)
        insert(out, from + first_line(out->buf + from, out->len - from),
               &note);
}

void trace_text(struct fmt *out, struct print_state *st,
                const struct trace_opts *o, const struct run *r,
                const struct run_packet *p)
{
    const char *colour = o->colour ? colour_of(p) : NULL;
    size_t      from;

    if (colour)
        fmt_str(out, colour);
    from = out->len;
    print_packet(out, st, &o->print, p->t + BLOCK_EPOCH, p->frame,
                 p->wire_len);
    if (o->notes)
        add_note(out, from, r, p);
    if (colour)
        fmt_str(out, "\033[0m");
    fmt_char(out, '\n');
}

void trace_interface(const struct run *r, const struct run_packet *p,
                     char name[TRACE_NAME_MAX])
{
    struct fmt f = fmt_of(name, TRACE_NAME_MAX);
    bool       lo = p->netif == 0;

    if (p->host == 0 || p->host > r->nhosts)
        fmt_str(&f, "");
    else if (r->nhosts == 1)
        fmt_str(&f, lo ? "lo" : "eth0");
    else
        fmt_f(&f, "%s%s", r->hosts[p->host - 1].name, lo ? "-lo" : "");
}

const char *trace_link(const struct run *r, const struct run_packet *p)
{
    unsigned to = p->netif == 0 || p->nfates == 0 ? p->host : p->fates[0].to;

    for (size_t i = 0; i < r->nlinks; i++) {
        const struct run_link *l = &r->links[i];

        if ((l->a == p->host && l->b == to)
            || (l->b == p->host && l->a == to))
            return l->name;
    }
    /* To nobody: of two hosts it can only have been one link. */
    return r->nhosts == 2 && p->netif != 0 && r->nlinks > 0
        ? r->links[r->nlinks - 1].name
        : "";
}
