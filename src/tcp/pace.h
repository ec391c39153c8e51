/* pace.h: what tcp_pace.c offers: a rate that is not exceeded, and when the
 * next data may go by it.  It does not decide the rate: the controller, the host
 * and the program do.
 * Invariant: what is held back has a timer (tcp_pace_visited).
 * draft-ietf-ccwg-bbr, "Pacing Rate".
 */
#ifndef TCP_PACE_H
#define TCP_PACE_H

#include "tcp/tcb.h"

uint64_t tcp_pace_rate(const struct tcp *t);
uint32_t tcp_pace_quantum(const struct tcp *t);
bool     tcp_pace_holds(const struct tcp *t);
bool     tcp_pace_may(const struct tcp *t);
void     tcp_pace_hold(struct tcp *t);
void     tcp_pace_release(struct tcp *t);
void     tcp_pace_sent(struct tcp *t, uint32_t bytes);
void     tcp_pace_visited(struct tcp *t);

#endif
