/* run_rig.c: see run_rig.h. */
#include "run_rig.h"
#include "base/addr.h"
#include "base/ns.h"
#include "t.h"
#include "wire/etherhdr.h"
#include "wire/icmp4hdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "wire/tcphdr.h"
#include "wire/udphdr.h"

#include <stdio.h>
#include <string.h>

enum { ISN_CLIENT = 1000, ISN_SERVER = 8000, DELAY_US = 20000 };

void rig_init(struct run_rig *r)
{
    memset(r, 0, sizeof *r);
    r->run.alloc = t_alloc();
    r->run.complete = true;
    for (unsigned i = 0; i < 2; i++) {
        snprintf(r->hosts[i].name, RUN_NAME_MAX, "h%u", i + 1);
        r->hosts[i].addr4 = addr4(0x0a000001 + i);
        r->hosts[i].addr6.b[0] = 0xfd;
        r->hosts[i].addr6.b[15] = (uint8_t)(i + 1);
    }
    snprintf(r->link.name, sizeof r->link.name, "h1-h2");
    r->link.a = 1;
    r->link.b = 2;
    r->run.hosts = r->hosts;
    r->run.nhosts = 2;
    r->run.links = &r->link;
    r->run.nlinks = 1;
    r->run.packets = r->packets;
    r->run.events = r->events;
    r->run.rows = r->rows;
    r->run.owners = r->owners;
    r->client_port = 49152;
    r->server_port = 12000;
}

static struct run_packet *last(struct run_rig *r)
{
    return &r->packets[r->run.npackets - 1];
}

/* ---- frames --------------------------------------------------------------- */

static size_t put_ip(struct run_rig *r, uint8_t *p, unsigned from,
                     uint8_t proto, size_t len)
{
    struct ip4_repr   ip4 = { .src = r->hosts[from - 1].addr4,
                              .dst = r->hosts[2 - from].addr4,
                              .proto = proto,
                              .ttl = 64,
                              .hdr_len = 20,
                              .total_len = (uint16_t)(20 + len) };
    struct ip6_repr   ip6 = { .src = r->hosts[from - 1].addr6,
                              .dst = r->hosts[2 - from].addr6,
                              .next = proto,
                              .hop = 64,
                              .payload_len = (uint16_t)len };
    struct ether_repr e = { .type = r->six ? ETHER_IP6 : ETHER_IP4 };
    size_t            n = etherhdr_emit(p, ETHER_LEN, &e);

    return n
        + (r->six ? ip6hdr_emit(p + n, IP6_HDR_LEN, &ip6)
                  : ip4hdr_emit(p + n, IP4_HDR_MIN, &ip4));
}

static uint32_t add(struct run_rig *r, int64_t us, unsigned from, size_t len)
{
    struct run_packet *p = &r->packets[r->run.npackets];

    assert_true(r->run.npackets < RIG_PACKETS);
    assert_true(len <= sizeof r->frames[0]);
    *p = (struct run_packet){
        .t = us * NS_US,
        .number = (uint32_t)r->run.npackets + 1,
        .host = (uint16_t)from,
        .netif = 1,
        .flow = 7,
        .frame = span_of(r->frames[r->run.npackets], len),
        .nfates = 1,
        .fates = { { .t = us * NS_US,
                     .arrive_at = (us + DELAY_US) * NS_US,
                     .why = WHY_LINK_ARRIVED,
                     .to = (uint16_t)(3 - from) } },
    };
    r->run.npackets++;
    r->run.end = p->t;
    return p->number;
}

uint32_t rig_tcp(struct run_rig *r, int64_t us, unsigned from,
                 struct rig_seg s)
{
    uint8_t        *p = r->frames[r->run.npackets];
    struct tcp_repr t = { .flags = s.flags,
                          .up = s.up,
                          .wnd = s.wnd ? s.wnd : 512 };
    size_t          text = s.text ? s.text_len ?: strlen(s.text) : 0, at, n;
    uint32_t        mine = from == 2 ? ISN_CLIENT : ISN_SERVER;
    uint32_t        other = from == 2 ? ISN_SERVER : ISN_CLIENT;

    t.seq = seq_of(mine + s.seq);
    t.ack = seq_of(s.flags & RIG_ACK ? other + s.ack : 0);
    t.sport = from == 2 ? r->client_port : r->server_port;
    t.dport = from == 2 ? r->server_port : r->client_port;
    if (s.sack_right) {
        t.opt.nsack = 1;
        t.opt.sack[0].left = seq_of(other + s.sack_left);
        t.opt.sack[0].right = seq_of(other + s.sack_right);
    }
    n = tcphdr_len(&t);
    at = put_ip(r, p, from, PROTO_TCP, n + text);
    tcphdr_emit(p + at, n, &t);
    if (text)
        memcpy(p + at + n, s.text, text);
    return add(r, us, from, at + n + text);
}

uint32_t rig_udp(struct run_rig *r, int64_t us, unsigned from,
                 const void *text, size_t len)
{
    uint8_t        *p = r->frames[r->run.npackets];
    struct udp_repr u = { .len = (uint16_t)(UDP_LEN + len) };
    size_t          at;

    u.sport = from == 2 ? r->client_port : r->server_port;
    u.dport = from == 2 ? r->server_port : r->client_port;
    at = put_ip(r, p, from, PROTO_UDP, UDP_LEN + len);
    udphdr_emit(p + at, UDP_LEN, &u);
    memcpy(p + at + UDP_LEN, text, len);
    return add(r, us, from, at + UDP_LEN + len);
}

uint32_t rig_unreachable(struct run_rig *r, int64_t us, uint32_t about)
{
    uint8_t          *p = r->frames[r->run.npackets];
    struct span       q = r->packets[about - 1].frame;
    struct icmp4_repr m = { .type = ICMP4_UNREACH,
                            .code = ICMP4_UNREACH_PORT };
    size_t            n = q.len - ETHER_LEN, at;

    at = put_ip(r, p, 1, PROTO_ICMP4, ICMP_HDR_LEN + n);
    icmp4hdr_emit(p + at, ICMP_HDR_LEN, &m);
    memcpy(p + at + ICMP_HDR_LEN, q.p + ETHER_LEN, n);
    return add(r, us, 1, at + ICMP_HDR_LEN + n);
}

/* ---- their stories ---------------------------------------------------------- */

void rig_why(struct run_rig *r, enum why why, uint64_t arg)
{
    last(r)->why = (uint16_t)why;
    last(r)->why_arg = arg;
}

void rig_lost(struct run_rig *r, enum why why, const char *rule)
{
    struct run_fate *f = &last(r)->fates[0];

    f->why = (uint16_t)why;
    f->arrive_at = NS_NEVER;
    if (rule)
        snprintf(f->rule, sizeof f->rule, "%s", rule);
}

static struct cw_event *event(struct run_rig *r, int64_t us, unsigned host,
                              enum event_kind kind, uint32_t pkt)
{
    struct cw_event *e = &r->events[r->run.nevents++];

    assert_true(r->run.nevents <= RIG_EVENTS);
    *e = (struct cw_event){ .t = us * NS_US,
                            .host = (uint16_t)host,
                            .flow = 7,
                            .kind = (uint16_t)kind,
                            .pkt = pkt };
    return e;
}

void rig_state(struct run_rig *r, int64_t us, unsigned host, uint32_t pkt,
               enum cw_state from, enum cw_state to, enum why why)
{
    struct cw_event *e = event(r, us, host, EV_STATE, pkt);

    e->why = (uint16_t)why;
    e->sub = (uint16_t)to;
    e->v[0] = from;
    e->v[1] = to;
}

void rig_drop(struct run_rig *r, unsigned host, uint32_t pkt, enum why why)
{
    event(r, 0, host, EV_DROP, pkt)->why = (uint16_t)why;
}

void rig_time_wait(struct run_rig *r, int64_t us, unsigned host)
{
    struct cw_event *e = event(r, us, host, EV_TIMER_ARM, 0);

    e->sub = EVT_TIMEWAIT;
    e->v[0] = 60 * NS_S;
    e->v[1] = (uint64_t)(us * NS_US + 60 * NS_S);
}

void rig_handshake(struct run_rig *r)
{
    uint32_t n = rig_tcp(r, 0, 2, (struct rig_seg){ .flags = RIG_SYN });

    rig_why(r, WHY_TX_SYN, 0);
    rig_state(r, 0, 2, 0, CW_CLOSED, CW_SYN_SENT, WHY_CALL_OPEN);
    rig_state(r, 20000, 1, n, CW_LISTEN, CW_SYN_RECV, WHY_GOT_SYN);
    n = rig_tcp(r, 20000, 1,
                (struct rig_seg){ .flags = RIG_SYN | RIG_ACK, .ack = 1 });
    rig_why(r, WHY_TX_SYNACK, 0);
    rig_state(r, 40000, 2, n, CW_SYN_SENT, CW_ESTABLISHED, WHY_GOT_SYNACK);
    n = rig_tcp(r, 40000, 2,
                (struct rig_seg){ .flags = RIG_ACK, .seq = 1, .ack = 1 });
    rig_why(r, WHY_TX_HANDSHAKE_ACK, 0);
    rig_state(r, 60000, 1, n, CW_SYN_RECV, CW_ESTABLISHED,
              WHY_GOT_ACK_OF_SYN);
}

struct run_row *rig_row(struct run_rig *r, unsigned host, unsigned type,
                        enum cw_state state)
{
    struct run_row *row = &r->rows[r->run.nrows++];

    assert_true(r->run.nrows <= RIG_ROWS);
    memset(row, 0, sizeof *row);
    row->host = (uint16_t)host;
    row->row.type = (uint8_t)type;
    row->row.state = (uint8_t)state;
    row->row.domain = r->six ? CW_AF_INET6 : CW_AF_INET;
    row->row.local.addr = row->row.peer.addr = addr4(0);
    if (r->six)
        memset(&row->row.local.addr, 0, 16),
            memset(&row->row.peer.addr, 0, 16);
    return row;
}

/* ---- drawing ------------------------------------------------------------------ */

static void put_line(void *ctx, const char *text, size_t len)
{
    struct run_rig *r = ctx;
    size_t          at = strlen(r->out);

    assert_true(at + len + 2 < sizeof r->out);
    memcpy(r->out + at, text, len);
    memcpy(r->out + at + len, "\n", 2);
}

static void put_note(void *ctx, const char *text)
{
    struct run_rig *r = ctx;
    size_t          at = strlen(r->notes);

    snprintf(r->notes + at, sizeof r->notes - at, "%s\n", text);
}

bool rig_draw(struct run_rig *r, struct ladder_opts o)
{
    struct ladder_out out = { r, put_line, put_note };
    const char       *why = "";

    r->out[0] = r->notes[0] = '\0';
    if (ladder_draw(&r->run, &o, &out, &why))
        return true;
    put_note(r, why);
    return false;
}
