/* cut.c: see cut.h. */
#include "wire/cut.h"

#include "base/addr.h"
#include "base/check.h"
#include "wire/cksum.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "wire/ipproto.h"
#include "wire/tcphdr.h"

enum {
    SEQ_AT = 4,
    OFFSET_AT = 12,
    FLAGS_AT = 13,
    IP4_LEN_AT = 2,
    IP4_ID_AT = 4,
    IP4_CKSUM_AT = 10,
    IP6_LEN_AT = 4,
};

/* Is there an IP header that reaches no further than TCP's? */
static bool is_ip(const uint8_t *frame, uint32_t tcp, bool *ip4)
{
    uint16_t type = be16_load(frame + 12);
    uint8_t  first = frame[ETHER_LEN];

    *ip4 = type == ETHER_IP4;
    if (*ip4)
        return first >> 4 == 4 && frame[ETHER_LEN + 9] == PROTO_TCP
            && ETHER_LEN + 4u * (first & 15u) == tcp
            && tcp >= ETHER_LEN + IP4_HDR_MIN;
    return type == ETHER_IP6 && first >> 4 == 6
        && tcp >= ETHER_LEN + IP6_HDR_LEN;
}

bool cut_begin(struct cut *c, struct span frame, uint32_t tcp, uint16_t size)
{
    uint32_t hdr;

    *c = (struct cut){ .whole = frame, .tcp = tcp, .size = size };
    if (size == 0 || frame.len > ETHER_LEN + UINT16_MAX
        || tcp < ETHER_LEN + IP4_HDR_MIN || tcp + TCP_HDR_MIN > frame.len
        || !is_ip(frame.p, tcp, &c->ip4))
        return false;
    hdr = 4u * (frame.p[tcp + OFFSET_AT] >> 4);
    c->text = tcp + hdr;
    return hdr >= TCP_HDR_MIN && c->text < frame.len;
}

static uint32_t text_left(const struct cut *c)
{
    return (uint32_t)c->whole.len - c->text - c->at;
}

size_t cut_next_len(const struct cut *c)
{
    uint32_t left = text_left(c);

    return left ? c->text + MIN(left, (uint32_t)c->size) : 0;
}

static void mend_ip4(const struct cut *c, uint8_t *ip, size_t len)
{
    uint16_t id = be16_load(ip + IP4_ID_AT);

    be16_store(ip + IP4_LEN_AT, (uint16_t)len);
    be16_store(ip + IP4_ID_AT, (uint16_t)(id + c->index));
    be16_store(ip + IP4_CKSUM_AT, 0);
    be16_store(ip + IP4_CKSUM_AT,
               cksum_fold(cksum_add(0, ip, c->tcp - ETHER_LEN)));
}

static uint16_t tcp_cksum(const struct cut *c, const uint8_t *ip, size_t len)
{
    struct cw_addr src = c->ip4 ? addr_from4(ip + 12) : addr_from6(ip + 8);
    struct cw_addr dst = c->ip4 ? addr_from4(ip + 16) : addr_from6(ip + 24);

    return cksum_fold(
        cksum_add(cksum_pseudo(&src, &dst, PROTO_TCP, (uint32_t)len),
                  ip - ETHER_LEN + c->tcp, len));
}

void cut_next(struct cut *c, uint8_t *out)
{
    size_t   len = cut_next_len(c);
    uint8_t *ip = out + ETHER_LEN, *tcp = out + c->tcp;
    uint32_t text = (uint32_t)len - c->text;

    INVARIANT(len > c->text);
    memcpy(out, c->whole.p, c->text);
    memcpy(out + c->text, c->whole.p + c->text + c->at, text);
    if (c->ip4)
        mend_ip4(c, ip, len - ETHER_LEN);
    else
        be16_store(ip + IP6_LEN_AT,
                   (uint16_t)(len - ETHER_LEN - IP6_HDR_LEN));
    be32_store(tcp + SEQ_AT, be32_load(tcp + SEQ_AT) + c->at);
    if (text < text_left(c))
        tcp[FLAGS_AT] &= (uint8_t) ~(F_FIN | F_PSH);
    if (c->index > 0)
        tcp[FLAGS_AT] &= (uint8_t)~F_CWR;
    be16_store(tcp + TCP_CKSUM_AT, 0);
    be16_store(tcp + TCP_CKSUM_AT, tcp_cksum(c, ip, len - c->tcp));
    c->at += text;
    c->index++;
}
