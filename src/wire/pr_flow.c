/* pr_flow.c: what TCP's numbers are counted from.
 *
 * The first packet with ACK of a conversation, and each SYN with ACK, are
 * shown with absolute numbers and recorded: from then on the sender's
 * sequence numbers count from its own, the receiver's from one before the
 * number acknowledged.  Packets without ACK are neither recorded nor made
 * relative.
 */
#include "base/check.h"
#include "wire/pr.h"

enum { TCP_SYN = 0x02 };

struct key {
    struct print_flow is; /* addresses, ports and family */
    bool              from_high;
};

static struct key key_of(const struct pr_ip *ip, const uint8_t *tcp)
{
    struct key     k;
    const uint8_t *src = ip->hdr + (ip->v6 ? 8 : 12);
    size_t         n = ip->v6 ? 16 : 4;
    uint16_t       sport = be16_load(tcp), dport = be16_load(tcp + 2);
    int            order = memcmp(src, src + n, n);

    memset(&k, 0, sizeof(k));
    k.from_high = order > 0 || (order == 0 && sport > dport);
    k.is.family = ip->v6 ? 6 : 4;
    k.is.low_port = k.from_high ? dport : sport;
    k.is.high_port = k.from_high ? sport : dport;
    memcpy(k.is.low, src + (k.from_high ? n : 0), n);
    memcpy(k.is.high, src + (k.from_high ? 0 : n), n);
    return k;
}

/* Fowler, Noll and Vo's mixing; who floods the table only loses relative
 * numbers. */
static size_t set_of(const struct print_flow *is)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < 16; i++)
        h = ((h ^ is->low[i]) * 16777619u ^ is->high[i]) * 16777619u;
    h = (h ^ is->low_port) * 16777619u;
    h = (h ^ is->high_port) * 16777619u;
    h ^= h >> 15;
    return h % PRINT_FLOW_SETS;
}

static bool same(const struct print_flow *a, const struct print_flow *b)
{
    return a->family == b->family && a->low_port == b->low_port
        && a->high_port == b->high_port && memcmp(a->low, b->low, 16) == 0
        && memcmp(a->high, b->high, 16) == 0;
}

/* The record of a conversation, a new one if there is none. */
static struct print_flow *record_of(struct print_state      *st,
                                    const struct print_flow *is, bool *fresh)
{
    size_t             set = set_of(is);
    struct print_flow *f;

    *fresh = false;
    for (size_t i = 0; i < PRINT_FLOW_WAYS; i++) {
        f = &st->flow[set][i];
        if (same(f, is))
            return f;
    }
    f = &st->flow[set][st->victim[set] % PRINT_FLOW_WAYS];
    st->victim[set] = (uint8_t)(st->victim[set] + 1);
    *f = *is;
    *fresh = true;
    return f;
}

void pr_flow_relative(struct pr *p, const struct pr_ip *ip,
                      const uint8_t *tcp, struct pr_seqs *s)
{
    struct key         k = key_of(ip, tcp);
    bool               fresh;
    struct print_flow *f = record_of(p->st, &k.is, &fresh);
    uint32_t          *mine = k.from_high ? &f->high_seq : &f->low_seq;
    uint32_t          *peers = k.from_high ? &f->low_seq : &f->high_seq;

    INVARIANT(f->family == 4 || f->family == 6);
    if (fresh || (tcp[13] & TCP_SYN)) {
        *mine = s->seq;
        *peers = s->ack - 1;
    } else {
        s->seq -= *mine;
        s->ack -= *peers;
    }
    s->peer_base = *peers;
}
