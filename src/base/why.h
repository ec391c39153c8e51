/* why.h: why something happened: a packet dropped, sent or sent again, a
 * state entered, a timer armed.
 *
 * One vocabulary for counters, events, packet comments and people.  Columns:
 * identifier, slug (stable, for machines), text (for people; '%' stands for
 * the figure that goes with it, see why_print), reference.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#include "base/fmt.h"

/* How the figure `%` is printed. */
enum why_unit {
    WHY_UNIT_NOFIG,
    WHY_UNIT_COUNT,
    WHY_UNIT_TIME,
    WHY_UNIT_BYTES
};

// clang-format off
#define WHY_TABLE(X) \
    X(NONE,              "none",             "", NOFIG, "") \
    /* a frame or packet was dropped on its way up */ \
    X(RUNT,              "runt",             "shorter than its headers", NOFIG, "") \
    X(NOT_FOR_US,        "not-for-us",       "addressed to another host", NOFIG, "RFC 1122 3.2.1.3") \
    X(ETHERTYPE,         "ethertype",        "unknown EtherType", NOFIG, "") \
    X(IP_VERSION,        "ip-version",       "wrong IP version", NOFIG, "RFC 1122 3.2.1.1") \
    X(IP_HEADER,         "ip-header",        "malformed IP header", NOFIG, "RFC 791 3.1") \
    X(IP_CHECKSUM,       "ip-checksum",      "IP header checksum wrong", NOFIG, "RFC 1122 3.2.1.2") \
    X(IP_SOURCE,         "ip-source",        "source address no host may have", NOFIG, "RFC 1122 3.2.1.3") \
    X(IP_OPTION,         "ip-option",        "IP option not accepted", NOFIG, "RFC 7126") \
    X(IP6_EXTENSION,     "ip6-extension",    "extension header not accepted", NOFIG, "RFC 8200 4") \
    X(PROTOCOL,          "protocol",         "no such protocol here", NOFIG, "RFC 1122 3.2.2.1") \
    X(FRAG_BAD,          "frag-bad",         "malformed fragment", NOFIG, "RFC 8200 4.5") \
    X(FRAG_OVERLAP,      "frag-overlap",     "fragments overlap", NOFIG, "RFC 5722 3") \
    X(FRAG_TIMEOUT,      "frag-timeout",     "reassembly took too long", NOFIG, "RFC 1122 3.3.2") \
    X(FRAG_FULL,         "frag-full",        "reassembly memory is full", NOFIG, "") \
    X(FRAG_HELD,         "frag-held",        "fragment kept until the rest comes", NOFIG, "RFC 791 3.2") \
    X(ARP_BAD,           "arp-bad",          "malformed ARP packet", NOFIG, "RFC 826") \
    X(NDP_BAD,           "ndp-bad",          "invalid neighbour discovery message", NOFIG, "RFC 4861 7.1") \
    X(ICMP_BAD,          "icmp-bad",         "malformed ICMP message", NOFIG, "") \
    X(ICMP_CHECKSUM,     "icmp-checksum",    "ICMP checksum wrong", NOFIG, "") \
    X(ICMP_UNHANDLED,    "icmp-unhandled",   "ICMP message of no use here", NOFIG, "") \
    X(ICMP_NO_MATCH,     "icmp-no-match",    "ICMP error about nothing that was sent", NOFIG, "RFC 5927 4") \
    X(ICMP_LIMITED,      "icmp-limited",     "ICMP error held back: rate limit", NOFIG, "RFC 4443 2.4") \
    X(UDP_HEADER,        "udp-header",       "malformed UDP header", NOFIG, "RFC 768") \
    X(UDP_CHECKSUM,      "udp-checksum",     "UDP checksum wrong", NOFIG, "RFC 1122 4.1.3.4") \
    X(UDP_NO_CHECKSUM,   "udp-no-checksum",  "UDP over IPv6 without a checksum", NOFIG, "RFC 8200 8.1") \
    X(UDP_NO_PORT,       "udp-no-port",      "no socket on this UDP port", NOFIG, "RFC 1122 4.1.3.1") \
    X(UDP_QUEUE_FULL,    "udp-queue-full",   "receive queue full: datagram dropped", NOFIG, "RFC 8085 3.1") \
    X(TCP_HEADER,        "tcp-header",       "malformed TCP header", NOFIG, "RFC 9293 3.1") \
    X(TCP_CHECKSUM,      "tcp-checksum",     "TCP checksum wrong", NOFIG, "RFC 9293 MUST-3") \
    X(TCP_NO_PORT,       "tcp-no-port",      "no connection or listener here", NOFIG, "RFC 9293 3.10.7.1") \
    X(TCP_BROADCAST,     "tcp-broadcast",    "TCP to a broadcast or multicast address", \
      NOFIG, "RFC 9293 MUST-57") \
    X(SEQ_UNACCEPTABLE,  "seq-unacceptable", "outside the receive window", NOFIG, "RFC 9293 3.10.7.4") \
    X(SEQ_OLD,           "seq-old",          "duplicate: it was here before", NOFIG, "RFC 9293 3.10.7.4") \
    X(PAWS,              "paws",             "timestamp too old (PAWS)", NOFIG, "RFC 7323 5.3") \
    X(RST_BLIND,         "rst-blind",        "RST not at RCV.NXT: challenged", NOFIG, "RFC 5961 3.2") \
    X(RST_ACCEPTED,      "rst-accepted",     "RST received", NOFIG, "RFC 9293 3.10.7.4") \
    X(RST_IGNORED,       "rst-ignored",      "RST not about this connection", NOFIG, "RFC 9293 3.10.7") \
    X(SYN_IN_SYNC,       "syn-in-sync",      "SYN on a live connection: challenged", NOFIG, "RFC 5961 4.2") \
    X(NO_ACK,            "no-ack",           "segment without ACK", NOFIG, "RFC 9293 3.10.7.4") \
    X(ACK_UNACCEPTABLE,  "ack-unacceptable", "acknowledges what was never sent", NOFIG, "RFC 9293 3.10.7.4") \
    X(ACK_OLD,           "ack-old",          "acknowledgement far too old", NOFIG, "RFC 5961 5.2") \
    X(NOT_FOR_SYN_SENT,  "not-for-syn-sent", "neither SYN nor RST in SYN-SENT", NOFIG, "RFC 9293 3.10.7.3") \
    X(NOT_FOR_LISTEN,    "not-for-listen",   "nothing that a listener takes", NOFIG, "RFC 9293 3.10.7.2") \
    X(BACKLOG_FULL,      "backlog-full",     "listener's queue is full", NOFIG, "RFC 4987") \
    X(TIME_WAIT,         "time-wait",        "connection is in TIME-WAIT", NOFIG, "RFC 9293 3.10.7.4") \
    X(NO_MEMORY,         "no-memory",        "out of buffers", NOFIG, "") \
    X(OOO_FULL,          "ooo-full",         "too many holes in the receive queue", NOFIG, "") \
    X(WINDOW_FULL,       "window-full",      "beyond the receive window", NOFIG, "RFC 9293 3.8.6") \
    X(AFTER_CLOSE,       "after-close",      "data for a closed socket: reset", NOFIG, "RFC 9293 SHLD-3") \
    X(DONE,              "done",             "processed", NOFIG, "") \
    /* a packet was dropped on its way down */ \
    X(NO_ROUTE,          "no-route",         "no route to this destination", NOFIG, "") \
    X(TOO_BIG,           "too-big",          "larger than the interface carries", NOFIG, "") \
    X(NEIGH_FAILED,      "neigh-failed",     "neighbour does not answer", NOFIG, "RFC 4861 7.3.3") \
    X(NEIGH_WAITS,       "neigh-waits",      "waits for the neighbour's address", NOFIG, "RFC 1122 2.3.2.2") \
    X(NEIGH_QUEUE_FULL,  "neigh-queue-full", "too many packets wait for the neighbour", NOFIG, "") \
    X(TXQ_FULL,          "txq-full",         "interface's queue is full", NOFIG, "") \
    /* why a packet was sent */ \
    X(TX_SYN,            "tx-syn",           "opens the connection", NOFIG, "RFC 9293 3.5") \
    X(TX_SYNACK,         "tx-synack",        "answers the SYN", NOFIG, "RFC 9293 3.5") \
    X(TX_HANDSHAKE_ACK,  "tx-handshake-ack", "completes the handshake", NOFIG, "RFC 9293 3.5") \
    X(TX_DATA,           "tx-data",          "new data", NOFIG, "") \
    X(TX_FIN,            "tx-fin",           "end of our data", NOFIG, "RFC 9293 3.6") \
    X(TX_ACK,            "tx-ack",           "acknowledges data", NOFIG, "RFC 9293 3.8.6.3") \
    X(TX_QUICKACK,       "tx-quickack",      "acknowledges at once: start of the connection", \
      NOFIG, "RFC 9293 3.8.6.3") \
    X(TX_ACK_2ND,        "tx-ack-2nd",       "acknowledges the second full segment", NOFIG, "RFC 5681 4.2") \
    X(TX_ACK_DELAYED,    "tx-ack-delayed",   "delayed acknowledgement after %", TIME, "RFC 9293 MUST-40") \
    X(TX_ACK_FIN,        "tx-ack-fin",       "acknowledges the FIN", NOFIG, "RFC 9293 3.6") \
    X(TX_ACK_HOLE,       "tx-ack-hole",      "a hole was filled", NOFIG, "RFC 5681 4.2") \
    X(TX_DUPACK,         "tx-dupack",        "duplicate ACK %: a segment is missing", COUNT, "RFC 5681 4.2") \
    X(TX_DUPACK_OF_3,    "tx-dupack-of-3",   "duplicate ACK % of 3", COUNT, "RFC 5681 3.2") \
    X(TX_ACK_OLD,        "tx-ack-old",       "acknowledges a duplicate again", NOFIG, "RFC 9293 3.10.7.4") \
    X(TX_ACK_CE,         "tx-ack-ce",        "acknowledges at once: congestion was marked on the way", \
      NOFIG, "RFC 3168 6.1.3") \
    X(TX_WINDOW,         "tx-window",        "window update: % free", BYTES, "RFC 9293 3.8.6.2") \
    X(TX_CHALLENGE,      "tx-challenge",     "challenge ACK", NOFIG, "RFC 5961") \
    X(TX_RTO,            "tx-rto",           "retransmission: RTO %", TIME, "RFC 6298 5.4") \
    X(TX_FAST,           "tx-fast",          "fast retransmission: % duplicate ACKs", COUNT, "RFC 5681 3.2") \
    X(TX_SACK_LOST,      "tx-sack-lost",     "retransmission: SACK shows it lost", NOFIG, "RFC 6675 5") \
    X(TX_PARTIAL,        "tx-partial",       "retransmission: partial ACK", NOFIG, "RFC 6582 3.2") \
    X(TX_LIMITED,        "tx-limited",       "limited transmit: new data on duplicate ACK %", COUNT, "RFC 3042") \
    X(TX_RECOVER,        "tx-recover",       "retransmission after the timeout", NOFIG, "RFC 5681 3.1") \
    X(TX_RESCUE,         "tx-rescue",        "rescue retransmission", NOFIG, "RFC 6675 4") \
    X(TX_PROBE,          "tx-probe",         "window probe after %", TIME, "RFC 9293 MUST-36") \
    X(TX_KEEPALIVE,      "tx-keepalive",     "keep-alive", NOFIG, "RFC 9293 3.8.4") \
    X(TX_RST_NO_PORT,    "tx-rst-no-port",   "nobody is here: connection refused", NOFIG, "RFC 9293 3.5.2") \
    X(TX_RST_BAD_ACK,    "tx-rst-bad-ack",   "reset: acknowledges what was never sent", \
      NOFIG, "RFC 9293 3.5.2") \
    X(TX_RST_ABORT,      "tx-rst-abort",     "reset: aborted by the program", NOFIG, "RFC 9293 3.10.5") \
    X(TX_RST_UNREAD,     "tx-rst-unread",    "reset: closed with unread data", NOFIG, "RFC 2525 2.17") \
    X(TX_RST_CLOSED,     "tx-rst-closed",    "reset: data for a closed socket", NOFIG, "RFC 9293 SHLD-3") \
    X(TX_RST_TIMEOUT,    "tx-rst-timeout",   "reset: given up", NOFIG, "RFC 9293 3.8.3") \
    X(TX_URGENT,         "tx-urgent",        "urgent data", NOFIG, "RFC 6093") \
    X(TX_UDP,            "tx-udp",           "datagram", NOFIG, "RFC 768") \
    X(TX_ECHO_REPLY,     "tx-echo-reply",    "echo reply", NOFIG, "RFC 1122 3.2.2.6") \
    X(TX_UNREACHABLE,    "tx-unreachable",   "nobody there: unreachable", NOFIG, "RFC 1122 3.2.2.1") \
    X(TX_ICMP_ERROR,     "tx-icmp-error",    "reports an error", NOFIG, "RFC 1122 3.2.2") \
    X(TX_ARP_ASK,        "tx-arp-ask",       "asks for a neighbour's address", NOFIG, "RFC 826") \
    X(TX_ARP_TELL,       "tx-arp-tell",      "tells its address", NOFIG, "RFC 826") \
    X(TX_NS,             "tx-ns",            "asks for a neighbour's address", NOFIG, "RFC 4861 7.2.2") \
    X(TX_NA,             "tx-na",            "tells its address", NOFIG, "RFC 4861 7.2.4") \
    X(TX_FRAGMENT,       "tx-fragment",      "fragment of a larger packet", NOFIG, "RFC 791 3.2") \
    X(TX_NAME,           "tx-name",          "answers a name", NOFIG, "RFC 1035") \
    /* why a state was entered or a connection ended */ \
    X(CALL_OPEN,         "call-open",        "the program connects", NOFIG, "RFC 9293 3.10.1") \
    X(CALL_LISTEN,       "call-listen",      "the program listens", NOFIG, "RFC 9293 3.10.1") \
    X(CALL_CLOSE,        "call-close",       "the program closes", NOFIG, "RFC 9293 3.10.4") \
    X(CALL_SHUTDOWN,     "call-shutdown",    "the program has sent all", NOFIG, "RFC 9293 3.10.4") \
    X(CALL_ABORT,        "call-abort",       "the program aborts", NOFIG, "RFC 9293 3.10.5") \
    X(GOT_SYN,           "got-syn",          "SYN arrived", NOFIG, "RFC 9293 3.10.7") \
    X(GOT_SYNACK,        "got-synack",       "our SYN was acknowledged", NOFIG, "RFC 9293 3.10.7.3") \
    X(GOT_ACK_OF_SYN,    "got-ack-of-syn",   "our SYN-ACK was acknowledged", NOFIG, "RFC 9293 3.10.7.4") \
    X(GOT_FIN,           "got-fin",          "FIN arrived", NOFIG, "RFC 9293 3.10.7.4") \
    X(GOT_ACK_OF_FIN,    "got-ack-of-fin",   "our FIN was acknowledged", NOFIG, "RFC 9293 3.10.7.4") \
    X(GAVE_UP,           "gave-up",          "no answer after % tries", COUNT, "RFC 9293 3.8.3") \
    X(UNREACHABLE,       "unreachable",      "the network says: unreachable", NOFIG, "RFC 5461") \
    X(TIMEWAIT_OVER,     "timewait-over",    "2 MSL have passed", NOFIG, "RFC 9293 MUST-13") \
    X(TIMEWAIT_REUSED,   "timewait-reused",  "a new SYN took the place of TIME-WAIT", NOFIG, "RFC 6191") \
    X(FINWAIT2_OVER,     "finwait2-over",    "nobody waits for the peer's FIN any more", NOFIG, "") \
    X(STACK_GONE,        "stack-gone",       "the host was switched off", NOFIG, "") \
    /* what a timer is for (arm, fire, stop) */ \
    X(T_SENT,            "t-sent",           "data is on its way", NOFIG, "RFC 6298 5.1") \
    X(T_ACKED,           "t-acked",          "new data was acknowledged", NOFIG, "RFC 6298 5.3") \
    X(T_ALL_ACKED,       "t-all-acked",      "everything is acknowledged", NOFIG, "RFC 6298 5.2") \
    X(T_BACKOFF,         "t-backoff",        "backed off, % times", COUNT, "RFC 6298 5.5") \
    X(T_WINDOW_SHUT,     "t-window-shut",    "the peer's window is shut", NOFIG, "RFC 9293 3.8.6.1") \
    X(T_WINDOW_OPEN,     "t-window-open",    "the peer's window is open again", NOFIG, "RFC 9293 3.8.6.1") \
    X(T_ACK_OWED,        "t-ack-owed",       "an ACK may wait for data to ride on", NOFIG, "RFC 9293 3.8.6.3") \
    X(T_ACK_SENT,        "t-ack-sent",       "the ACK went with a segment", NOFIG, "") \
    X(T_OVER,            "t-over",           "the connection has no use for it", NOFIG, "") \
    /* congestion window changes */ \
    X(CC_SLOW_START,     "cc-slow-start",    "slow start", NOFIG, "RFC 5681 3.1") \
    X(CC_AVOIDANCE,      "cc-avoidance",     "congestion avoidance", NOFIG, "RFC 5681 3.1") \
    X(CC_CSS,            "cc-css",           "conservative slow start", NOFIG, "RFC 9406 4.2") \
    X(CC_CUBIC,          "cc-cubic",         "congestion avoidance", NOFIG, "RFC 9438 4.2") \
    X(CC_RECOVERY,       "cc-recovery",      "fast recovery begins", NOFIG, "RFC 5681 3.2") \
    X(CC_RECOVERED,      "cc-recovered",     "recovery is over", NOFIG, "RFC 6582 3.2") \
    X(CC_TIMEOUT,        "cc-timeout",       "retransmission timeout", NOFIG, "RFC 5681 3.1") \
    X(CC_ECN,            "cc-ecn",           "congestion was marked", NOFIG, "RFC 3168 6.1.2") \
    X(CC_IDLE,           "cc-idle",          "restart after idle", NOFIG, "RFC 5681 4.1") \
    /* what became of a packet on a link */ \
    X(LINK_ARRIVED,      "link-arrived",     "arrived", NOFIG, "") \
    X(LINK_RULE,         "link-rule",        "rule", NOFIG, "") \
    X(LINK_RANDOM,       "link-random",      "random loss", NOFIG, "") \
    X(LINK_BURST,        "link-burst",       "loss burst", NOFIG, "") \
    X(LINK_QUEUE,        "link-queue",       "queue full", NOFIG, "") \
    X(LINK_DOWN,         "link-down",        "link down", NOFIG, "") \
    X(LINK_CORRUPT,      "link-corrupt",     "corrupted", NOFIG, "") \
    X(LINK_MARKED,       "link-marked",      "marked: congestion experienced", NOFIG, "RFC 3168 5") \
    X(LINK_DUPLICATE,    "link-duplicate",   "duplicated", NOFIG, "") \
    X(LINK_REORDER,      "link-reorder",     "reordered", NOFIG, "") \
    X(LINK_OVERSIZE,     "link-oversize",    "too large for the link", NOFIG, "") \
    X(LINK_FULL,         "link-full",        "emulator out of room", NOFIG, "") \
    X(LINK_NOBODY,       "link-nobody",      "no host behind this address", NOFIG, "") \
    /* added since recordings hold these numbers: at the end */ \
    X(NO_TIMESTAMP,      "no-timestamp",     "without the timestamp agreed on", NOFIG, "RFC 7323 3.2") \
    X(GROUP_BAD,         "group-bad",        "invalid group membership message", NOFIG, "RFC 3376 4") \
    X(TX_GROUP,          "tx-group",         "tells routers who listens to which group", \
      NOFIG, "RFC 3376 5.1") \
    X(TX_UDP_MORE,       "tx-udp-more",      "one more datagram of the same call (UDP_SEGMENT)", \
      NOFIG, "udp(7)") \
    X(ICMP_MTU,          "icmp-mtu",         "told an MTU that no link may have", NOFIG, "RFC 8201 4") \
    X(TX_PMTU,           "tx-pmtu",          "cut and sent again: the path carries only %", BYTES, "RFC 1191 6.4") \
    X(TX_MTU_PROBE,      "tx-mtu-probe",     "probes whether the path carries %", BYTES, "RFC 4821 7.3") \
    X(TX_BLACK_HOLE,     "tx-black-hole",    "cut to %: full segments vanish without a word", \
      BYTES, "RFC 4821 7.7") \
    X(TX_PROBE_LOST,     "tx-probe-lost",    "cut and sent again: the probe of % was lost", BYTES, "RFC 4821 7.6.2") \
    X(TX_RS,             "tx-rs",            "asks for routers", NOFIG, "RFC 4861 6.3.7") \
    X(ADDR_DUPLICATE,    "addr-duplicate",   "the address is somebody else's", NOFIG, "RFC 4862 5.4.5") \
    X(ADDR_EXPIRED,      "addr-expired",     "the address is no longer valid", NOFIG, "RFC 4862 5.5.4") \
    X(TX_DHCP,           "tx-dhcp",          "asks for an address, or to keep it", NOFIG, "RFC 2131 4.4") \
    X(DHCP_BAD,          "dhcp-bad",         "invalid DHCP message", NOFIG, "RFC 2131 2") \
    X(TX_COOKIE,         "tx-cookie",        "answers the SYN with a cookie: the queue is full", \
      NOFIG, "RFC 4987 3.6") \
    X(GOT_COOKIE,        "got-cookie",       "our SYN cookie came back", NOFIG, "RFC 4987 3.6") \
    X(TX_TOO_BIG,        "tx-too-big",       "a router: its next link carries less", NOFIG, "RFC 1191 4") \
    X(T_KEEPALIVE,       "t-keepalive",      "the connection may be idle for so long", NOFIG, "RFC 9293 3.8.4") \
    X(FRAG_ECN,          "frag-ecn",         "one fragment marked, another not capable of marks", NOFIG, \
      "RFC 3168 5.3") \
    X(TX_SYN_DATA,       "tx-syn-data",      "opens the connection, with data: the cookie is known", \
      NOFIG, "RFC 7413 4.2.2") \
    X(TX_SYN_DATA_AGAIN, "tx-syn-data-again", "sent again: not taken with the SYN", NOFIG, "RFC 7413 4.2.2") \
    X(TX_RACK_LOST,      "tx-rack-lost",     "retransmission: what was sent after it has arrived", \
      NOFIG, "RFC 8985 6.2") \
    X(TX_RACK_AGAIN,     "tx-rack-again",    "retransmission: the one before was lost, too", \
      NOFIG, "RFC 8985 6.2") \
    X(TX_TLP,            "tx-tlp",           "tail loss probe: no ACK for %, the last segment again", \
      TIME, "RFC 8985 7.3") \
    X(TX_TLP_NEW,        "tx-tlp-new",       "tail loss probe: no ACK for %, new data", TIME, "RFC 8985 7.3") \
    X(TX_FRTO,           "tx-frto",          "new data, to see whether the timeout was needless", \
      NOFIG, "RFC 5682 3.1") \
    X(T_REORDER,         "t-reorder",        "what is missing may only be late", NOFIG, "RFC 8985 6.2") \
    X(T_PTO,             "t-pto",            "if no ACK comes, a tail loss probe will ask", \
      NOFIG, "RFC 8985 7.2") \
    X(T_PROBED,          "t-probed",         "a tail loss probe was due", NOFIG, "RFC 8985 7.3") \
    X(T_SENT_AGAIN,      "t-sent-again",     "the oldest segment was sent again", NOFIG, "RFC 6675 6") \
    X(CC_PRR,            "cc-prr",           "sends in proportion to what arrives", NOFIG, "RFC 9937 6.2") \
    X(CC_PROBE_REPAIRED, "cc-probe-repaired", "the tail loss probe has repaired a loss", \
      NOFIG, "RFC 8985 7.4.2") \
    X(CC_UNDO_EIFEL,     "cc-undo-eifel",    "taken back: the original has arrived", NOFIG, "RFC 3522 3.2") \
    X(CC_UNDO_DSACK,     "cc-undo-dsack",    "taken back: all retransmissions were duplicates", \
      NOFIG, "RFC 3708 3") \
    X(CC_UNDO_FRTO,      "cc-undo-frto",     "taken back: the timeout was needless", NOFIG, "RFC 5682 3.1") \
    X(CC_BBR,            "cc-bbr",           "cwnd as the path's model has it", NOFIG, "draft-ietf-ccwg-bbr 5.6.4") \
    X(CC_BBR_STARTUP,    "cc-bbr-startup",   "startup: twice as fast each round trip", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.1") \
    X(CC_BBR_PLATEAU,    "cc-bbr-plateau",   "drain: it gets no faster, the pipe is full", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.1.2") \
    X(CC_BBR_LOSSES,     "cc-bbr-losses",    "drain: startup lost more than 2 %", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.1.3") \
    X(CC_BBR_DRAINED,    "cc-bbr-drained",   "probe down: the queue is drained", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.2") \
    X(CC_BBR_DRAIN_OVER, "cc-bbr-drain-over", "probe down: three round trips have not drained the queue", \
      NOFIG, "draft-ietf-ccwg-bbr 5.3.2") \
    X(CC_BBR_CRUISE,     "cc-bbr-cruise",    "cruise: there is room for others", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.3.2") \
    X(CC_BBR_REFILL,     "cc-bbr-refill",    "refill: it is time to probe for bandwidth", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.3.8") \
    X(CC_BBR_SAFE,       "cc-bbr-safe",      "refill: the careful probe lost little", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.3.6") \
    X(CC_BBR_AGAIN,      "cc-bbr-again",     "refill: the loss that ended the probe was none", NOFIG, \
      "draft-ietf-ccwg-bbr 5.5.11") \
    X(CC_BBR_UP,         "cc-bbr-up",        "probe up: the pipe is full, is there more?", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.3.5") \
    X(CC_BBR_FULL,       "cc-bbr-full",      "probe down: it got no faster", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.3.7") \
    X(CC_BBR_TOO_HIGH,   "cc-bbr-too-high",  "probe down: the probe lost more than 2 %", NOFIG, \
      "draft-ietf-ccwg-bbr 5.5.10") \
    X(CC_BBR_CAREFUL,    "cc-bbr-careful",   "probe down: as much is in flight as was too much", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.3.6") \
    X(CC_BBR_PROBE_RTT,  "cc-bbr-probe-rtt", "probe for the round-trip time: half of the BDP", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.4") \
    X(CC_BBR_RTT_KNOWN,  "cc-bbr-rtt-known", "the round-trip time is known anew", NOFIG, \
      "draft-ietf-ccwg-bbr 5.3.4") \
    X(CC_NO_MEMORY,      "cc-no-memory",     "no memory for BBR's model: Reno governs", NOFIG, "") \
    X(TX_RST_ECN,        "tx-rst-ecn",       "reset: asked for two kinds of ECN feedback", NOFIG, "RFC 9768 3.1.5")
// clang-format on

enum why {
#define WHY_ID(id, slug, text, unit, ref) WHY_##id,
    WHY_TABLE(WHY_ID)
#undef WHY_ID
        WHY_COUNT_OF,
};

/* A step of processing answers GO_ON (zero) or why the journey ends. */
#define GO_ON WHY_NONE

const char *why_slug(enum why w);
const char *why_text(enum why w);
const char *why_ref(enum why w);
/* Is it the reason of a retransmission? */
bool why_is_again(enum why w);
/* The text with its figure: times ("240 ms") from nanoseconds. */
void why_print(struct fmt *f, enum why w, uint64_t figure);
/* A slug back into its number; WHY_COUNT_OF if there is none. */
enum why why_of_slug(const char *slug);

#endif
