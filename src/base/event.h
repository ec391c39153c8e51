/* event.h: the vocabulary of events (the record itself: observe.h).
 *
 * Columns: identifier, slug, then the names of v[0..4] ("" unused).  Names
 * ending in _ns are times; names ending in _addr occupy v[i] and v[i+1].
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include "base/compiler.h"
#include <causeway/observe.h>

// clang-format off
#define EVENT_TABLE(X) \
    X(NONE,       "none",        "", "", "", "", "") \
    /* sub: the new enum cw_state */ \
    X(STATE,      "state",       "from", "to", "", "", "") \
    /* what flow numbers mean: sub is the protocol */ \
    X(FLOW_ADDR,  "flow-addr",   "local_hi", "local_lo", "remote_hi", "remote_lo", "ports") \
    /* flags: AE is bit 8, IP's ECN field of what came in bits 9 and 10 */ \
    X(SEG_OUT,    "seg-out",     "seq", "ack", "len", "flags", "wnd") \
    X(SEG_IN,     "seg-in",      "seq", "ack", "len", "flags", "wnd") \
    X(DROP,       "drop",        "len", "proto", "", "", "") \
    X(REXMIT,     "rexmit",      "seq", "len", "times", "", "") \
    /* sub: enum event_timer */ \
    X(TIMER_ARM,  "timer-arm",   "delay_ns", "at_ns", "", "", "") \
    X(TIMER_FIRE, "timer-fire",  "value_ns", "times", "", "", "") \
    X(TIMER_STOP, "timer-stop",  "", "", "", "", "") \
    X(RTT,        "rtt",         "sample_ns", "srtt_ns", "rttvar_ns", "rto_ns", "") \
    X(CWND,       "cwnd",        "cwnd", "ssthresh", "flight", "", "") \
    X(DUPACK,     "dupack",      "ack", "count", "sacked", "", "") \
    X(RECOVERY,   "recovery",    "entered", "point", "", "", "") \
    X(SND_WND,    "snd-wnd",     "una", "nxt", "wnd", "unsent", "") \
    X(RCV_WND,    "rcv-wnd",     "nxt", "wnd", "queued", "", "") \
    X(OOO,        "ooo",         "seq", "len", "ranges", "", "") \
    X(URGENT,     "urgent",      "up", "", "", "", "") \
    X(UDP_OUT,    "udp-out",     "len", "", "", "", "") \
    X(UDP_IN,     "udp-in",      "len", "queued", "", "", "") \
    X(ICMP_OUT,   "icmp-out",    "type", "code", "", "", "") \
    X(ICMP_IN,    "icmp-in",     "type", "code", "", "", "") \
    X(NEIGH,      "neigh",       "addr_hi", "addr_lo", "from", "to", "") \
    /* call: enum event_call; result: as the call answered (int64) */ \
    X(SOCK,       "sock",        "call", "result", "sd", "", "") \
    X(SYN_QUEUE,  "syn-queue",   "half_open", "complete", "backlog", "", "") \
    /* links: t is when it was decided; pkt is the packet's number */ \
    X(LINK,       "link",        "link", "to", "at_ns", "copy", "rule") \
    /* an address of the host: sub: its new state */ \
    X(ADDR,       "addr",        "addr_hi", "addr_lo", "netif", "state", "") \
    X(BUFFER,     "buffer",      "sending", "from", "to", "", "")
// clang-format on

enum event_kind {
#define EVENT_ID(id, slug, a, b, c, d, e) EV_##id,
    EVENT_TABLE(EVENT_ID)
#undef EVENT_ID
        EV_COUNT_OF,
};

enum event_timer {
    EVT_NONE,
    EVT_REXMIT,
    EVT_PERSIST,
    EVT_DELACK,
    EVT_TIMEWAIT,
    EVT_KEEPALIVE,
    EVT_USER,
    EVT_FINWAIT2,
    EVT_SYNACK,
    EVT_NEIGH,
    EVT_FRAG,
    EVT_REORDER, /* RACK's */
    EVT_PTO,     /* tail loss probe */
    EVT_COUNT_OF,
};

/* The calls on a socket, as EV_SOCK's v[0] and recordings number them. */
// clang-format off
#define EVENT_CALL_TABLE(X) \
    X(NONE, "none") \
    X(SOCKET, "socket") \
    X(BIND, "bind") \
    X(LISTEN, "listen") \
    X(ACCEPT, "accept") \
    X(CONNECT, "connect") \
    X(SEND, "send") \
    X(RECV, "recv") \
    X(SHUTDOWN, "shutdown") \
    X(CLOSE, "close") \
    X(GETSOCKNAME, "getsockname") \
    X(GETPEERNAME, "getpeername") \
    X(SETSOCKOPT, "setsockopt") \
    X(GETSOCKOPT, "getsockopt") \
    X(HELD, "held") \
    X(SET_OWNER, "set-owner")
// clang-format on

enum event_call {
#define EVENT_CALL_ID(id, slug) EVC_##id,
    EVENT_CALL_TABLE(EVENT_CALL_ID)
#undef EVENT_CALL_ID
        EVC_COUNT_OF,
};

static inline const char *event_call_name(unsigned call)
{
    static const char *const names[] = {
#define EVENT_CALL_NAME(id, slug) slug,
        EVENT_CALL_TABLE(EVENT_CALL_NAME)
#undef EVENT_CALL_NAME
    };

    return call < EVC_COUNT_OF ? names[call] : "?";
}

_Static_assert(sizeof(struct cw_event) == 64, "an event is one cache line");

const char *event_slug(unsigned kind);
/* The name of v[i] for this kind, "" if unused. */
const char *event_field(unsigned kind, unsigned i);
const char *event_timer_name(unsigned timer);

#endif
