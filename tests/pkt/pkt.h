/* pkt.h: packet scripts in C: one stack in virtual time, and the test plays
 * the peer.  Segments are lines of text (segment.h), compared exactly; time
 * has no tolerance; each test runs over IPv4 and over IPv6, and there
 * sequence numbers, timestamps and the clock wrap.
 *
 *     PKT(rfc9293_3_5_passive_open)
 *     {
 *         listens(1);
 *         in("S seq 0 win 1000 mss 1000");
 *         out("S. seq 0 ack 1 win 65535 mss M");
 *         in(". seq 1 ack 1");
 *         accepts();
 *         in(". seq 1 len 10 ack 1");
 *         after(40 ms, ". seq 1 ack 11");   nothing before, then this
 *         quiet(60 sec);                    nothing
 *     }
 *     T_MAIN(BOTH(rfc9293_3_5_passive_open))
 *
 * A step that finds a segment nobody expected fails.  Every segment we send
 * is checked for what holds always: checksum, reserved and ECN bits, TTL,
 * payload, that the right window edge does not move left.
 */
#ifndef PKT_H
#define PKT_H

#include "base/count.h"
#include "base/event.h"
#include "base/limits.h"
#include "base/ns.h"
#include "base/why.h"
#include "segment.h"
#include "t.h"

#include <stdio.h>

/* 40 ms, 60 sec */
#define ms  *NS_MS
#define sec *NS_S

/* One of the peer's connections: flow n is from or to its port 2000 + n. */
struct pk_flow {
    struct sg_ends ends;
    bool           iss_known;
    int            sd;
    int64_t        sent, read;    /* by the application */
    int64_t        edge;          /* that we advertised */
    int64_t        shift, pshift; /* window scales of the SYNs, or SG_NONE */
};

extern struct pk {
    bool             v6;
    struct cw_config config; /* may be changed before the first step */
    cw_ns            now;
    int              listener;
    enum why         dropped; /* of the last segment that came in */
    struct sg        seen;    /* what the last out() met */
    struct pk_flow  *f;       /* the flow at hand */
    cw_stack        *st;
} pk;

/* ---- the application ---------------------------------------------------- */
void listens(int backlog);
void accepts(void);
void dials(void); /* connect; its SYN is still to be expected */
/* The same, through the handshake: what the peer's SYN (or SYN-ACK) offers.
 * Without options from the peer; its window is 65535. */
void passive(const char *offer);
void active(const char *offer);
/* A connection in this state; sg_vars are its SND.NXT and RCV.NXT.  Each of
 * them is still the application's.  SYN-RECEIVED: by simultaneous open. */
void given(enum cw_state state);
void sends(int64_t n); /* all n are taken */
void sends_flags(int64_t n, int flags);
void reads(int64_t n); /* at least n are there; n are taken and compared */
void reads_result(int64_t result); /* 0: the end; -CW_E*: that */
void shuts(int how);
void closes(void);
void sets(int level, int name, int value);
void lingers(int seconds);
int  gets(int level, int name);

/* ---- the peer ----------------------------------------------------------- */
void flow(int n);
void pk_restart(uint64_t seed); /* another host in its place */
void renumber(uint32_t irs);    /* a new incarnation: both sides */
#define in(text) pk_in(text, __FILE__, __LINE__)
/* The same, written as printf writes. */
#define in_f(...) pk_in_f(__FILE__, __LINE__, __VA_ARGS__)
/* Between burst() and go() what comes in is one call of the stack. */
void burst(void);
void go(void);
enum icmp {
    UNREACH_NET,
    UNREACH_HOST,
    UNREACH_PROTO,
    UNREACH_PORT,
    UNREACH_ADMIN,
    TIME_EXCEEDED,
    PARAM_PROBLEM,
    TOO_BIG,
    SOURCE_QUENCH
};
/* An ICMP error about the segment that we sent at `seq`. */
void icmp(enum icmp kind, int64_t seq, unsigned mtu);

/* ---- what is expected --------------------------------------------------- */
#define out(text)      pk_out(0, text, __FILE__, __LINE__)
#define after(t, text) pk_out(t, text, __FILE__, __LINE__)
#define quiet(t)       pk_quiet(t, __FILE__, __LINE__)
/* To the next timer. */
void pk_step(void);
/* From timer to timer until something is sent. */
void pk_until_sent(void);
/* Whatever it was; false: nothing was sent. */
bool pk_skip(void);
/* All of it; how much that was.  The rig begins from an empty queue again. */
int pk_drain(void);
#define nothing()   pk_quiet(0, __FILE__, __LINE__)
#define state(want) EXPECT_EQ(pk_state(), want)
enum { GONE = 0 }; /* the state of a flow that no row is about */
int                pk_state(void);
uint64_t           counter(enum count c);
struct cw_tcp_info info(void);

void pk_settle(void); /* takes what the stack has to send */
void pk_in(const char *text, const char *file, int line);
void PRINTF_LIKE(3, 4)
    pk_in_f(const char *file, int line, const char *format, ...);
void pk_out(cw_ns wait, const char *text, const char *file, int line);
void pk_quiet(cw_ns t, const char *file, int line);
int  pk_setup4(void **state), pk_setup6(void **state);
int  pk_teardown(void **state);

#define PKT(name) static void name(void **unused_ __attribute__((unused)))
#define BOTH(name)                                                  \
    { #name " ipv4", name, pk_setup4, pk_teardown, NULL },          \
    {                                                               \
#name " ipv6, wrapping", name, pk_setup6, pk_teardown, NULL \
    }

#endif
