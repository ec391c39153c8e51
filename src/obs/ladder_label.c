/* ladder_label.c: what stands on a packet's arrow and beside it.
 *
 * A label is tried from its fullest to its shortest form until it fits: the
 * excerpt of the payload goes first, then SACK blocks, then the rest.
 */
#include "obs/ladder_own.h"

#include "obs/cells.h"
#include "wire/icmp4hdr.h"
#include "wire/icmp6hdr.h"
#include "wire/ipproto.h"
#include "wire/tcphdr.h"

enum { TEXT_CELLS = 12, TEXT_LEAST = 4 };

const char *lad_state_name(unsigned state)
{
    static const char *const names[] = {
        [0] = "",
        [CW_ESTABLISHED] = "ESTAB",
        [CW_SYN_SENT] = "SYN-SENT",
        [CW_SYN_RECV] = "SYN-RCVD",
        [CW_FIN_WAIT1] = "FIN-WAIT-1",
        [CW_FIN_WAIT2] = "FIN-WAIT-2",
        [CW_TIME_WAIT] = "TIME-WAIT",
        [CW_CLOSED] = "CLOSED",
        [CW_CLOSE_WAIT] = "CLOSE-WAIT",
        [CW_LAST_ACK] = "LAST-ACK",
        [CW_LISTEN] = "LISTEN",
        [CW_CLOSING] = "CLOSING",
    };

    return state < ARRAY_LEN(names) ? names[state] : "";
}

/* "240 ms", "1.5 s": short, three figures. */
void lad_time(struct fmt *f, cw_ns t)
{
    uint64_t ns = t > 0 ? (uint64_t)t : 0, ms = ns / (uint64_t)NS_MS;

    if (ns < 10 * (uint64_t)NS_MS) {
        fmt_u64(f, ms);
        if (ns / 100000 % 10)
            fmt_f(f, ".%u", (unsigned)(ns / 100000 % 10));
        fmt_str(f, " ms");
    } else if (ms < 1000) {
        fmt_f(f, "%llu ms", (unsigned long long)ms);
    } else {
        fmt_u64(f, ms / 1000);
        if (ms % 1000 >= 10)
            fmt_f(f, ".%u", (unsigned)(ms / 100 % 10));
        if (ms % 1000 >= 10 && ms / 10 % 10)
            fmt_f(f, "%u", (unsigned)(ms / 10 % 10));
        fmt_str(f, " s");
    }
}

/* An instant, as the column of times has it. */
void lad_instant(struct fmt *f, cw_ns t)
{
    uint64_t us = t > 0 ? (uint64_t)(t / NS_US) : 0;

    fmt_f(f, "%llu.%03u", (unsigned long long)(us / 1000),
          (unsigned)(us % 1000));
}

/* ---- TCP ------------------------------------------------------------------ */

uint32_t lad_seq(const struct ladder *l, const struct lad_packet *p)
{
    const struct lad_end *e = &l->convs[p->conv].end[p->end];

    return e->has_base && !l->o->absolute ? p->look.seq - e->base
                                          : p->look.seq;
}

uint32_t lad_ack(const struct ladder *l, const struct lad_packet *p,
                 uint32_t ack)
{
    const struct lad_end *e = &l->convs[p->conv].end[!p->end];

    return e->has_base && !l->o->absolute ? ack - e->base : ack;
}

bool lad_is_plain_ack(const struct lad_packet *p)
{
    return p->look.kind == LAD_TCP && p->look.len == 0
        && !(p->look.flags & (F_SYN | F_FIN | F_RST));
}

/* At most n blocks, and how many more there are. */
static void sacks(const struct ladder *l, const struct lad_packet *p,
                  unsigned n, struct fmt *f)
{
    for (unsigned i = 0; i < MIN(n, (unsigned)p->look.nsack); i++)
        fmt_f(f, "%s%u:%u", i ? "," : " SACK ",
              lad_ack(l, p, p->look.sack[i].left),
              lad_ack(l, p, p->look.sack[i].right));
    if (p->look.nsack > n)
        fmt_f(f, " +%u", p->look.nsack - n);
}

/* What the sender offers, in bytes (RFC 7323 §2.2: never scaled on a SYN). */
static void window_words(const struct ladder *l, const struct lad_packet *p,
                         struct fmt *f)
{
    const struct lad_conv *c = &l->convs[p->conv];
    bool scaled = c->end[0].offers_scale && c->end[1].offers_scale
        && !(p->look.flags & F_SYN);

    if (l->o->windows && !(p->look.flags & F_RST))
        fmt_f(f, " win %u",
              (unsigned)p->look.wnd << (scaled ? c->end[p->end].scale : 0));
}

static void ack_words(const struct ladder *l, uint32_t i, struct fmt *f)
{
    const struct lad_packet *p = &l->packets[i];
    const struct run_packet *r = &l->run->packets[i];

    switch (r->why) {
    case WHY_TX_DUPACK:
    case WHY_TX_DUPACK_OF_3:
        fmt_f(f, " dup %llu", (unsigned long long)r->why_arg);
        break;
    case WHY_TX_WINDOW:
        if (l->o->windows)
            fmt_str(f, " update");
        else
            fmt_f(f, " window %llu", (unsigned long long)r->why_arg);
        break;
    case WHY_TX_ACK_OLD:
        fmt_str(f, " again");
        break;
    case WHY_TX_CHALLENGE:
        fmt_str(f, " challenge");
        break;
    case WHY_TX_KEEPALIVE:
        fmt_str(f, " keep-alive");
        break;
    default:
        if (p->look.wnd == 0 && !l->o->windows)
            fmt_str(f, " window 0");
        break;
    }
}

/* RFC 3168: a mark is echoed, and answered. */
static void ecn_flags(const struct lad_packet *p, char before, struct fmt *f)
{
    const struct lad_look *k = &p->look;

    if (p->ecn != LAD_ECN_FLAGS)
        return;
    if (k->flags & F_ECE)
        fmt_f(f, "%cECE", before);
    if (k->flags & F_CWR)
        fmt_f(f, "%cCWR", before);
}

/* Which of a label's parts there is room for. */
enum { FULL, LESS, LEAST };

static void pure_ack(const struct ladder *l, uint32_t i, unsigned form,
                     struct fmt *f)
{
    const struct lad_packet *p = &l->packets[i];

    fmt_f(f, "ACK %u", lad_ack(l, p, p->look.ack));
    ecn_flags(p, ' ', f);
    lad_ecn_words(p, form != FULL, f);
    if (form != LESS || p->look.nsack == 0)
        ack_words(l, i, f);
    window_words(l, p, f);
    if (form != LEAST)
        sacks(l, p, form == FULL ? LAD_SACKS : 1, f);
}

/* "SYN,ACK", "PSH" ... */
static void flag_words(const struct lad_packet *p, struct fmt *f)
{
    const struct lad_look *k = &p->look;

    if (k->flags & F_SYN)
        fmt_str(f, k->flags & F_ACK ? "SYN,ACK" : "SYN");
    else if (k->flags & F_RST)
        fmt_str(f, k->flags & F_ACK ? "RST,ACK" : "RST");
    else if (k->flags & F_FIN)
        fmt_str(f, "FIN");
    else if (k->flags & F_URG)
        fmt_str(f, "URG");
    else
        fmt_str(f, k->flags & F_PSH ? "PSH" : "DATA");
    ecn_flags(p, ',', f);
}

static bool shows_ack(const struct lad_packet *p)
{
    if (!(p->look.flags & F_ACK))
        return false;
    return p->news || (p->look.flags & (F_SYN | F_FIN | F_RST));
}

static void segment(const struct ladder *l, uint32_t i, bool with_ack,
                    struct fmt *f)
{
    const struct lad_packet *p = &l->packets[i];
    const struct lad_look   *k = &p->look;
    uint32_t                 at = lad_seq(l, p);

    flag_words(p, f);
    fmt_f(f, " %u", at);
    if (k->len > 0)
        fmt_f(f, ":%u", at + k->len);
    if (with_ack && shows_ack(p))
        fmt_f(f, " ack %u", lad_ack(l, p, k->ack));
    if (k->flags & F_URG)
        fmt_f(f, " urgent to %u", at + k->up);
    if (l->run->packets[i].why == WHY_TX_PROBE)
        fmt_str(f, " probe");
    else if (p->again)
        fmt_str(f, " again");
    lad_ecn_words(p, !with_ack, f);
    if (with_ack && (shows_ack(p) || (k->flags & F_SYN)))
        window_words(l, p, f);
}

/* ---- the others ------------------------------------------------------------- */

static const char *unreach4(uint8_t code)
{
    static const char *const names[] = {
        "ICMP net unreachable",      "ICMP host unreachable",
        "ICMP protocol unreachable", "ICMP port unreachable",
        "ICMP packet too big",
    };

    return code < ARRAY_LEN(names) ? names[code] : "ICMP unreachable";
}

static const char *unreach6(uint8_t code)
{
    switch (code) {
    case ICMP6_UNREACH_NO_ROUTE:
        return "ICMP no route";
    case ICMP6_UNREACH_ADDR:
        return "ICMP address unreachable";
    case ICMP6_UNREACH_PORT:
        return "ICMP port unreachable";
    default:
        return "ICMP unreachable";
    }
}

static const char *icmp_name(const struct lad_look *k)
{
    bool six = k->v6;

    if (k->type == (six ? ICMP6_UNREACH : ICMP4_UNREACH))
        return six ? unreach6(k->code) : unreach4(k->code);
    if (k->type == (six ? ICMP6_TIME_EXCEEDED : ICMP4_TIME_EXCEEDED))
        return "ICMP time exceeded";
    if (k->type == (six ? ICMP6_PARAM : ICMP4_PARAM))
        return "ICMP parameter problem";
    if (six && k->type == ICMP6_TOO_BIG)
        return "ICMP packet too big";
    if (k->type == (six ? ICMP6_ECHO : ICMP4_ECHO))
        return "echo request";
    if (k->type == (six ? ICMP6_ECHO_REPLY : ICMP4_ECHO_REPLY))
        return "echo reply";
    return "ICMP error";
}

static void plain_label(const struct ladder *l, uint32_t i, unsigned form,
                        struct fmt *f)
{
    const struct lad_packet *p = &l->packets[i];
    const struct lad_look   *k = &p->look;

    switch ((enum lad_kind)k->kind) {
    case LAD_TCP:
        if (lad_is_plain_ack(p))
            pure_ack(l, i, form, f);
        else
            segment(l, i, form == FULL, f);
        break;
    case LAD_UDP:
        fmt_f(f, "UDP %u", k->len);
        break;
    case LAD_ICMP:
        fmt_str(f, icmp_name(k));
        if (!k->quoted)
            fmt_f(f, " %u", k->seq);
        break;
    case LAD_FRAGMENT:
        fmt_f(f, "fragment %u:%u", k->at, k->at + k->len);
        break;
    case LAD_NONE:
        break;
    }
}

/* Of a stream, where something begins or ends; bulk speaks for itself. */
static bool has_excerpt(const struct lad_packet *p)
{
    if (p->again || p->look.len == 0)
        return false;
    return p->look.kind == LAD_UDP
        || (p->look.kind == LAD_TCP && !(p->look.flags & F_RST)
            && (p->opens || (p->look.flags & (F_PSH | F_FIN | F_URG))));
}

/* Adds as much of the payload as there is room for. */
static void excerpt(const struct ladder *l, const struct lad_packet *p,
                    unsigned room, struct fmt *f)
{
    struct fmt bare = *f;

    for (unsigned cells = TEXT_CELLS; cells >= TEXT_LEAST; cells--) {
        fmt_char(f, ' ');
        if (!cells_quote(f, p->look.text, cells, l->o->ascii)) {
            *f = bare;
            break;
        }
        if (!f->cut && cells_width(f->buf, f->len) <= room)
            return;
        *f = bare;
    }
    if (f->len < f->cap)
        f->buf[f->len] = '\0';
}

void lad_label(const struct ladder *l, uint32_t i, unsigned room,
               unsigned text_room, struct fmt *f)
{
    const struct lad_packet *p = &l->packets[i];

    for (unsigned form = FULL; form <= LEAST; form++) {
        fmt_reset(f);
        plain_label(l, i, form, f);
        if (f->len <= room)
            break;
    }
    if (has_excerpt(p))
        excerpt(l, p, text_room, f);
}

/* ---- beside it ----------------------------------------------------------------- */

static const char *reset_reason(uint16_t why)
{
    switch (why) {
    case WHY_TX_RST_NO_PORT:
        return "refused";
    case WHY_TX_RST_BAD_ACK:
        return "bad ACK";
    case WHY_TX_RST_ABORT:
        return "aborted";
    case WHY_TX_RST_UNREAD:
        return "unread data";
    case WHY_TX_RST_CLOSED:
        return "closed";
    case WHY_TX_RST_TIMEOUT:
        return "given up";
    default:
        return "";
    }
}

void lad_reason(const struct ladder *l, uint32_t i, struct fmt *f)
{
    const struct run_packet *r = &l->run->packets[i];

    if (l->packets[i].look.flags & F_RST) {
        fmt_str(f, reset_reason(r->why));
        return;
    }
    switch (r->why) {
    case WHY_TX_RTO:
        if (l->packets[i].capped) /* RFC 6298 §2.5 */
            fmt_str(f, "RTO at most");
        else if (l->packets[i].times < 16)
            fmt_f(f, "RTO x%u", 1u << l->packets[i].times);
        break;
    case WHY_TX_FAST:
        fmt_f(f, "%llu dup ACKs", (unsigned long long)r->why_arg);
        break;
    case WHY_TX_SACK_LOST:
        fmt_str(f, "SACK: lost");
        break;
    case WHY_TX_RACK_LOST:
        fmt_str(f, "RACK: lost");
        break;
    case WHY_TX_RACK_AGAIN:
        fmt_str(f, "lost again");
        break;
    case WHY_TX_TLP:
    case WHY_TX_TLP_NEW:
        fmt_str(f, "loss probe");
        break;
    case WHY_TX_FRTO:
        fmt_str(f, "F-RTO");
        break;
    case WHY_TX_PARTIAL:
        fmt_str(f, "partial ACK");
        break;
    case WHY_TX_RECOVER:
        fmt_str(f, "after RTO");
        break;
    case WHY_TX_RESCUE:
        fmt_str(f, "rescue");
        break;
    case WHY_TX_PMTU:
        fmt_str(f, "path MTU");
        break;
    case WHY_TX_MTU_PROBE:
        fmt_str(f, "MTU probe");
        break;
    case WHY_TX_PROBE_LOST:
        fmt_str(f, "probe lost");
        break;
    case WHY_TX_BLACK_HOLE:
        fmt_str(f, "black hole");
        break;
    case WHY_TX_LIMITED:
        fmt_str(f, "on dup ACK");
        break;
    case WHY_TX_ACK_HOLE:
        fmt_str(f, "hole filled");
        break;
    case WHY_TX_ACK_DELAYED:
        fmt_str(f, "held ");
        lad_time(f, (cw_ns)r->why_arg);
        break;
    default:
        break;
    }
}

void lad_wait(const struct ladder *l, uint32_t i, struct fmt *f)
{
    const struct lad_packet *p = &l->packets[i];
    unsigned                 why = l->run->packets[i].why;

    if (p->waited <= 0)
        return;
    fmt_str(f,
            why == WHY_TX_PROBE     ? "wait "
                : why == WHY_TX_RTO ? "RTO "
                                    : "PTO ");
    lad_time(f, p->waited);
}

static void fate(const struct run_fate *a, struct fmt *f)
{
    switch (a->why) {
    case WHY_LINK_ARRIVED:
    case WHY_LINK_REORDER: /* said below, if it made a difference */
        return;
    case WHY_LINK_CORRUPT:
        fmt_str(f, "corrupted on the way");
        return;
    case WHY_LINK_MARKED:
        fmt_str(f, "marked on the way (CE)");
        return;
    case WHY_LINK_DUPLICATE:
        fmt_str(f, "doubled on the way");
        return;
    case WHY_LINK_RULE:
        fmt_f(f, "lost: rule \"%s\"", a->rule);
        return;
    default:
        fmt_f(f, "lost: %s", why_text((enum why)a->why));
        return;
    }
}

void lad_cause(const struct ladder *l, uint32_t i, struct fmt *f)
{
    const struct run_packet *r = &l->run->packets[i];

    for (unsigned n = 0; n < r->nfates; n++) {
        size_t before = f->len;

        if (before > 0)
            fmt_str(f, "; ");
        fate(&r->fates[n], f);
        if (f->len == before + 2 && before > 0) {
            f->len = before; /* it arrived: no words */
            f->buf[before] = '\0';
        }
    }
    if (l->packets[i].overtaken) {
        fmt_str(f, f->len > 0 ? "; overtaken" : "overtaken");
        fmt_str(f, ", arrives at ");
        lad_instant(f, lad_arrival(r));
    }
    if (l->packets[i].drop == WHY_NONE)
        return;
    if (f->len > 0)
        fmt_str(f, "; ");
    fmt_str(f, why_text((enum why)l->packets[i].drop));
}
