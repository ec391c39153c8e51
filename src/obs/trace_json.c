/* trace_json.c: a packet as a JSON object.  What the headers say comes from
 * the same look at a frame as the ladder's.
 */
#include "obs/ladder_own.h"
#include "obs/run_json.h"
#include "obs/trace.h"

#include "wire/ipproto.h"
#include "wire/tcphdr.h"

enum { LINE_MAX = 4096 };

static const char *proto_name(const struct lad_look *k)
{
    switch (k->kind) {
    case LAD_TCP:
        return "tcp";
    case LAD_UDP:
        return "udp";
    case LAD_ICMP:
        return k->v6 ? "icmp6" : "icmp";
    case LAD_FRAGMENT:
        return "fragment";
    default:
        return "other";
    }
}

static void put_ends(const struct lad_look *k, struct json *j)
{
    bool ports = k->kind == LAD_TCP || k->kind == LAD_UDP;
    char text[ADDR_TEXT_MAX];

    addr_print(&k->src, text);
    json_str(j, "src", text);
    if (ports)
        json_u64(j, "sport", k->sport);
    addr_print(&k->dst, text);
    json_str(j, "dst", text);
    if (ports)
        json_u64(j, "dport", k->dport);
}

static void put_tcp(const struct lad_look *k, struct json *j)
{
    run_json_flags(k->flags, j);
    json_u64(j, "seq", k->seq);
    if (k->flags & F_ACK)
        json_u64(j, "ack", k->ack);
    json_u64(j, "win", k->wnd);
    if (k->nsack == 0)
        return;
    json_array(j, "sack");
    for (unsigned i = 0; i < k->nsack; i++) {
        json_array(j, NULL);
        json_u64(j, NULL, k->sack[i].left);
        json_u64(j, NULL, k->sack[i].right);
        json_end(j);
    }
    json_end(j);
}

/* src and dst are there whenever the addresses were understood. */
static void put_headers(struct span frame, struct json *j)
{
    static const struct cw_addr none;
    struct lad_look             k;

    lad_look(frame, &k);
    json_str(j, "proto", proto_name(&k));
    if (memcmp(&k.src, &none, sizeof none) != 0
        || memcmp(&k.dst, &none, sizeof none) != 0)
        put_ends(&k, j);
    if (k.kind == LAD_TCP)
        put_tcp(&k, j);
    if (k.kind == LAD_TCP || k.kind == LAD_UDP)
        json_u64(j, "len", k.len);
}

static void put_line(struct print_state *st, const struct run_packet *p,
                     struct json *j)
{
    static const struct print_opts o = { .time_mode = PRINT_TIME_NONE };
    char                           line[LINE_MAX];
    struct fmt                     f = fmt_of(line, sizeof line);

    print_packet(&f, st, &o, p->t, p->frame, p->wire_len);
    json_str(j, "line", line);
}

void trace_json(struct fmt *out, struct print_state *st, const struct run *r,
                const struct run_packet *p)
{
    struct json j = json_of(out);
    char        name[TRACE_NAME_MAX];

    json_open(&j, NULL);
    json_str(&j, "schema", "causeway.trace/1");
    json_u64(&j, "number", p->number);
    json_i64(&j, "t_ns", p->t);
    if (r->nhosts > 0) {
        trace_interface(r, p, name);
        json_str(&j, "interface", name);
        json_str(&j, "link", trace_link(r, p));
    }
    put_headers(p->frame, &j);
    json_u64(&j, "frame_len", p->wire_len);
    run_json_why(p->why, p->why_arg, &j);
    if (r->nhosts > 0) {
        json_bool(&j, "name_service", p->name);
        json_bool(&j, "lost", !run_arrived(p));
        run_json_fates(p, &j);
    }
    put_line(st, p, &j);
    json_close(&j);
    fmt_char(out, '\n');
}
