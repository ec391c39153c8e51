/* parse_pkt.c: a packet: what IP says of it, then TCP, UDP or ICMP.
 *
 *   [ect0, ttl 5] S. 0:0(0) ack 1 win 65535 urg 3 <mss 1460>
 *   udp (1000)
 *   icmp unreachable frag_needed mtu 1400 [1:1461(1460)]
 */
#include "script/icmp.h"
#include "script/parse.h"

#include <ctype.h>
#include <string.h>

static const char flag_letters[] = "FSRP.UEWA";

static bool parse_ecn(const char *word, int *ecn)
{
    static const struct {
        const char *name;
        int         ecn;
    } names[] = {
        { "noecn", 0 }, { "nonect", 0 }, { "not_ect", 0 },      { "ect1", 1 },
        { "ect0", 2 },  { "ce", 3 },     { "ect01", SP_ECT01 },
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i].name, word) == 0) {
            *ecn = names[i].ecn;
            return true;
        }
    return false;
}

static void parse_addr(struct lex *l, struct cw_addr *to, bool *has)
{
    char word[LEX_WORD_MAX];

    lex_run(l, ",]", word);
    *has = addr_parse(word, to);
    if (!*has)
        lex_fail(l, "'%s' is no address", word);
}

/* Ours: what a packet that comes in has wrong. */
static bool parse_wrong(struct lex *l, struct sp *p, const char *word)
{
    if (strcmp(word, "badsum") == 0)
        p->badsum = true;
    else if (strcmp(word, "resv") == 0)
        p->resv = (uint8_t)(lex_number(l) & 7);
    else if (strcmp(word, "doff") == 0)
        p->doff = (uint8_t)(lex_number(l) & 15);
    else if (strcmp(word, "src") == 0)
        parse_addr(l, &p->src, &p->has_src);
    else if (strcmp(word, "dst") == 0)
        parse_addr(l, &p->dst, &p->has_dst);
    else
        return false;
    return true;
}

/* Between the brackets before a packet. */
static void parse_ip(struct lex *l, struct sp *p)
{
    char word[LEX_WORD_MAX];

    do {
        lex_word(l, word);
        if (parse_ecn(word, &p->ecn))
            continue;
        if (strcmp(word, "tos") == 0 || strcmp(word, "tclass") == 0)
            p->tos = (int)lex_number(l);
        else if (strcmp(word, "ttl") == 0 || strcmp(word, "hoplimit") == 0)
            p->ttl = (int)lex_number(l);
        else if (strcmp(word, "flow") == 0)
            p->flow = (int)lex_number(l);
        else if (parse_wrong(l, p, word))
            continue;
        else if (strcmp(word, "df") == 0 || strcmp(word, "nodf") == 0)
            p->df_said = true, p->df = word[0] == 'd';
        else
            lex_lack(l, "[%s] before a packet", word);
    } while (!l->bad && (lex_take(l, ",") || lex_peek(l) != ']'));
    lex_need(l, "]");
    if (p->flow < 0 || p->flow > 99)
        lex_fail(l, "flows have the numbers 0 to 99");
}

/* 1:1001(1000) */
static void parse_seq(struct lex *l, struct sp *p)
{
    int64_t from = lex_number(l), to, len;

    lex_need(l, ":");
    to = lex_number(l);
    lex_need(l, "(");
    len = lex_number(l);
    lex_need(l, ")");
    p->seq = (uint32_t)from;
    p->len = (uint32_t)len;
    if ((uint32_t)to != p->seq + p->len)
        lex_fail(l, "%lld:%lld is not (%lld)", (long long)from, (long long)to,
                 (long long)len);
    if (len > 65000)
        lex_fail(l, "%lld bytes do not fit into a packet", (long long)len);
}

static void parse_flags(struct lex *l, struct sp *p)
{
    char word[LEX_WORD_MAX];

    lex_run(l, "", word);
    for (const char *w = word; *w; w++) {
        const char *at = strchr(flag_letters, *w);

        if (at)
            p->flags |= (uint16_t)(1u << (at - flag_letters));
        else if (*w != '-')
            lex_fail(l, "'%s' are no flags of TCP: SFRP.UEWA", word);
    }
}

static void parse_tcp(struct lex *l, struct sp *p)
{
    p->proto = SP_TCP;
    parse_flags(l, p);
    parse_seq(l, p);
    if (lex_take_word(l, "ack")) {
        p->ack = (uint32_t)lex_number(l);
        if (!(p->flags & SP_ACK))
            lex_fail(l, "an ack, but no flag for it: write a dot");
    } else if (p->flags & SP_ACK) {
        lex_fail(l, "the dot says ACK, but no ack follows");
    }
    if (lex_take_word(l, "win"))
        p->win = lex_number(l);
    if (p->win > 65535)
        lex_fail(l, "the window's field has 16 bits");
    if (lex_take_word(l, "urg"))
        p->up = lex_number(l);
    if (lex_take(l, "<"))
        parse_opts(l, p);
}

static void parse_udp(struct lex *l, struct sp *p)
{
    p->proto = SP_UDP;
    lex_need(l, "(");
    p->len = (uint32_t)lex_number(l);
    lex_need(l, ")");
    if (p->len > 65507)
        lex_fail(l, "a datagram has at most 65507 bytes");
}

static void clear(struct sp *p)
{
    p->ecn = p->tos = p->ttl = -1;
    p->win = p->up = p->mtu = -1;
}

/* [1:1461(1460)] or [udp (1000)]: what an error quotes. */
static void parse_quote(struct lex *l, struct sp *p)
{
    struct sp *q = pool_get(&l->ast->pool, sizeof *q);

    clear(q);
    p->inner = q;
    if (lex_take_word(l, "udp")) {
        parse_udp(l, q);
    } else {
        if (!isdigit((unsigned char)lex_peek(l)))
            parse_flags(l, q);
        parse_seq(l, q);
    }
    lex_need(l, "]");
}

static void parse_icmp(struct lex *l, struct sp *p, bool v6)
{
    char word[LEX_WORD_MAX];

    p->proto = SP_ICMP;
    if (lex_is_number(l)) {
        p->type = (int)lex_number(l);
    } else {
        lex_word(l, word);
        if (!icmp_type_of(word, v6, &p->type))
            lex_fail(l, "no type of ICMP is called '%s'", word);
    }
    p->is_echo = icmp_is_echo(p->type, v6);
    if (lex_is_number(l)) {
        p->code = (int)lex_number(l);
    } else if (lex_peek(l) != '[' && lex_peek(l) != '('
               && !lex_take_word(l, "code")) {
        struct lex before = *l;

        lex_word(l, word);
        if (!word[0] || !icmp_code_of(word, p->type, v6, &p->code))
            *l = before;
    } else if (lex_is_number(l)) {
        p->code = (int)lex_number(l);
    }
    if (lex_take_word(l, "mtu"))
        p->mtu = lex_number(l);
    if (lex_take(l, "["))
        parse_quote(l, p);
    if (lex_take(l, "(")) {
        p->len = (uint32_t)lex_number(l);
        lex_need(l, ")");
    }
}

static bool is_tunnel(struct lex *l)
{
    static const char *const tunnels[] = { "ipv4", "ipv6", "gre",
                                           "mpls", "sctp", "udplite" };

    for (size_t i = 0; i < ARRAY_LEN(tunnels); i++)
        if (lex_take_word(l, tunnels[i])) {
            lex_lack(l, "packets within %s", tunnels[i]);
            return true;
        }
    return false;
}

void parse_pkt(struct lex *l, bool inbound, struct sp *out)
{
    clear(out);
    if (lex_take(l, "["))
        parse_ip(l, out);
    if (inbound && out->ecn == SP_ECT01)
        lex_fail(l,
                 "ect01 is for what goes out; what comes in is one of "
                 "them");
    if (is_tunnel(l))
        return;
    if (lex_take_word(l, "udp"))
        parse_udp(l, out);
    else if (lex_take_word(l, "icmp"))
        parse_icmp(l, out, false);
    else if (lex_take_word(l, "icmpv6"))
        parse_icmp(l, out, true);
    else
        parse_tcp(l, out);
}
