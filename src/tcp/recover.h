/* recover.h: who judges losses, paces their repair, and takes back what was
 * for nothing.  Private to tcp/; tcp_recover.c has the order of these.
 */
#ifndef TCP_RECOVER_H
#define TCP_RECOVER_H

#include "tcp/tcb.h"

/* tcp_rate.c; tcp_mark_lost() stands in tcb.h */
bool tcp_mark_gone(struct tcp *t, struct segrec *r);

/* tcp_mtu.c */
bool tcp_mtu_is_probe(const struct tcp *t, const struct segrec *r);

/* tcp_rack.c */
void tcp_rack_news(const struct tcp *t, const struct seg *s,
                   struct tcp_news *n);
void tcp_rack_ack(struct tcp *t, const struct tcp_news *n);
void tcp_rack_dsack(struct tcp *t);
void tcp_rack_recovered(struct tcp *t);
void tcp_rack_detect(struct tcp *t);
void tcp_rack_timeout(struct tcp *t);
void tcp_rack_forget(struct tcp *t);
bool tcp_rack_overdue(const struct tcp *t, const struct segrec *r);

/* tcp_tlp.c */
cw_ns tcp_tlp_pto(const struct tcp *t);
bool  tcp_tlp_may(const struct tcp *t);
void  tcp_tlp_ack(struct tcp *t, const struct tcp_news *n);
void  tcp_tlp_timeout(struct tcp *t);
void  tcp_tlp_sent(struct tcp *t, bool again);
void  tcp_tlp_reset(struct tcp *t);

/* tcp_prr.c */
void tcp_prr_begin(struct tcp *t, uint32_t delivered);
void tcp_prr_ack(struct tcp *t, uint32_t delivered, bool safe);
void tcp_prr_end(struct tcp *t);

/* tcp_undo.c */
struct tcp_past *tcp_past_new(struct tcp *t);
void             tcp_past_free(struct tcp *t);
void             tcp_undo_begin(struct tcp *t, bool timeout);
void             tcp_undo_bar(struct tcp *t);
void             tcp_undo_sent(struct tcp *t, const struct segrec *r);
bool             tcp_undo_eifel(struct tcp *t, const struct tcp_news *n);
void             tcp_undo_dsack(struct tcp *t, const struct tcp_news *n);
void             tcp_undo_sampled(struct tcp *t, cw_ns sample);
void             tcp_frto_begin(struct tcp *t, bool fresh);
void             tcp_frto_visit(struct tcp *t);
void             tcp_frto_ack(struct tcp *t, const struct tcp_news *n);

#endif
