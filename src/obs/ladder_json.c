/* ladder_json.c: a conversation as JSON Lines, schema causeway.ladder/1: one
 * object for the conversation, then one for each packet and for each state
 * that was entered without one.  Nothing is folded.
 */
#include "obs/ladder_own.h"
#include "obs/run_json.h"

#include "wire/ipproto.h"
#include "wire/tcphdr.h"

enum { JSON_MAX = 8192, TEXT_MAX = 256 };

static struct json begin(const struct ladder *l, struct fmt *f,
                         const char *kind, uint32_t conv)
{
    struct json j = json_of(f);

    (void)l;
    json_open(&j, NULL);
    json_str(&j, "schema", "causeway.ladder/1");
    json_str(&j, "kind", kind);
    json_u64(&j, "conversation", conv + 1u);
    return j;
}

static void finish(const struct ladder *l, struct json *j)
{
    json_close(j);
    l->out->line(l->out->ctx, j->f->buf, j->f->len);
}

static const char *role(unsigned end)
{
    return end == 0 ? "client" : "server";
}

static void put_end(const struct ladder *l, const struct lad_end *e,
                    const char *key, struct json *j)
{
    char addr[ADDR_TEXT_MAX];

    addr_print(&e->addr, addr);
    json_open(j, key);
    json_str(j, "host", run_name_of(l->run, &e->addr));
    json_str(j, "address", addr);
    json_u64(j, "port", e->port);
    json_close(j);
}

static void put_conv(const struct ladder *l, uint32_t conv)
{
    const struct lad_conv *c = &l->convs[conv];
    char                   line[JSON_MAX];
    struct fmt             f = fmt_of(line, sizeof line);
    struct json            j = begin(l, &f, "conversation", conv);

    json_str(&j, "proto",
             c->proto == PROTO_TCP       ? "tcp"
                 : c->proto == PROTO_UDP ? "udp"
                                         : "icmp");
    put_end(l, &c->end[0], "client", &j);
    put_end(l, &c->end[1], "server", &j);
    json_u64(&j, "packets", c->npackets);
    json_u64(&j, "lost", c->nlost);
    finish(l, &j);
}

static uint32_t relative(const struct lad_end *e, uint32_t number)
{
    return e->has_base ? number - e->base : number;
}

static void put_tcp(const struct ladder *l, const struct lad_packet *p,
                    struct json *j)
{
    const struct lad_look *k = &p->look;
    const struct lad_end  *peer = &l->convs[p->conv].end[!p->end];

    run_json_flags(k->flags, j);
    json_u64(j, "seq", lad_seq(l, p));
    if (k->flags & F_ACK)
        json_u64(j, "ack", relative(peer, k->ack));
    json_u64(j, "wnd", k->wnd);
    if (k->flags & F_URG)
        json_u64(j, "urgent", k->up);
    if (k->nsack == 0)
        return;
    json_array(j, "sack");
    for (unsigned i = 0; i < k->nsack; i++) {
        json_array(j, NULL);
        json_u64(j, NULL, relative(peer, k->sack[i].left));
        json_u64(j, NULL, relative(peer, k->sack[i].right));
        json_end(j);
    }
    json_end(j);
}

static void put_packet(const struct ladder *l, uint32_t i)
{
    const struct lad_packet *p = &l->packets[i];
    const struct run_packet *r = &l->run->packets[i];
    char                     line[JSON_MAX], label[LAD_LABEL_MAX];
    struct fmt               f = fmt_of(line, sizeof line);
    struct fmt               what = fmt_of(label, sizeof label);
    struct json              j = begin(l, &f, "packet", p->conv);

    json_u64(&j, "number", r->number);
    json_i64(&j, "t_ns", r->t);
    json_str(&j, "from", role(p->end));
    lad_label(l, i, LAD_LABEL_MAX - 1, 0, &what);
    json_str(&j, "label", label);
    if (p->look.kind == LAD_TCP)
        put_tcp(l, p, &j);
    json_u64(&j, "len", p->look.len);
    if (p->look.text.len > 0)
        json_strn(&j, "text", (const char *)p->look.text.p,
                  MIN(p->look.text.len, (size_t)TEXT_MAX));
    run_json_why(r->why, r->why_arg, &j);
    json_bool(&j, "again", p->again);
    json_bool(&j, "lost", lad_lost(l, i));
    run_json_fates(r, &j);
    if (p->drop)
        json_str(&j, "dropped", why_slug((enum why)p->drop));
    if (p->tail_state)
        json_str(&j, "state", lad_state_name(p->tail_state));
    if (p->head_state)
        json_str(&j, "peer_state", lad_state_name(p->head_state));
    finish(l, &j);
}

static void put_moment(const struct ladder *l, uint32_t conv,
                       const struct lad_moment *m)
{
    char        line[JSON_MAX];
    struct fmt  f = fmt_of(line, sizeof line);
    struct json j = begin(l, &f, "state", conv);

    json_i64(&j, "t_ns", m->t);
    json_str(&j, "from", role(m->end));
    json_str(&j, "state", lad_state_name(m->state));
    run_json_why(m->why, m->why_arg, &j);
    finish(l, &j);
}

void lad_json(const struct ladder *l, uint32_t conv)
{
    const struct lad_conv *c = &l->convs[conv];
    uint32_t               i = c->first, m = c->first_moment;

    put_conv(l, conv);
    while (i != NONE || m != NONE) {
        if (i != NONE
            && (m == NONE || l->run->packets[i].t <= l->moments[m].t)) {
            put_packet(l, i);
            i = l->packets[i].next;
        } else {
            put_moment(l, conv, &l->moments[m]);
            m = l->moments[m].next;
        }
    }
}
