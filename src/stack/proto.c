/* proto.c: how the network layer reaches the transports without knowing
 * them: by their number in the IP header.
 */
#include "stack/stack.h"

void stack_protos(struct cw_stack *st)
{
    struct proto udp = udp_proto(st->udp);
    struct proto tcp = tcp_proto(st->tcp);

    net_set_proto(st->net, CW_IPPROTO_UDP, &udp);
    net_set_proto(st->net, CW_IPPROTO_TCP, &tcp);
}
