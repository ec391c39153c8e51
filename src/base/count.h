/* count.h: the vocabulary of counters: MIB names where a MIB has one (RFC
 * 4022, 4113, 4293), Linux's names where Linux has one, ours elsewhere.
 * The last ones tell of work, not of events.
 */
#ifndef BASE_COUNT_H
#define BASE_COUNT_H

#include "base/compiler.h"

// clang-format off
#define COUNT_TABLE(X) \
    X(IF_IN,              "IfInPackets") \
    X(IF_OUT,             "IfOutPackets") \
    X(IF_IN_OCTETS,       "IfInOctets") \
    X(IF_OUT_OCTETS,      "IfOutOctets") \
    X(TIME_BACKWARD,      "TimeBackward") \
    X(IP_IN,              "IpInReceives") \
    X(IP_IN_DELIVERS,     "IpInDelivers") \
    X(IP_IN_DISCARDS,     "IpInDiscards") \
    X(IP_IN_HDR_ERRORS,   "IpInHdrErrors") \
    X(IP_IN_ADDR_ERRORS,  "IpInAddrErrors") \
    X(IP_IN_UNKNOWN_PROTOS, "IpInUnknownProtos") \
    X(IP_OUT,             "IpOutRequests") \
    X(IP_OUT_NO_ROUTES,   "IpOutNoRoutes") \
    X(IP_OUT_DISCARDS,    "IpOutDiscards") \
    X(IP_FRAGS_CREATED,   "IpFragCreates") \
    X(IP_FRAG_OKS,        "IpFragOKs") \
    X(IP_FRAG_FAILS,      "IpFragFails") \
    X(IP_REASM_REQDS,     "IpReasmReqds") \
    X(IP_REASM_OKS,       "IpReasmOKs") \
    X(IP_REASM_FAILS,     "IpReasmFails") \
    X(IP_REASM_TIMEOUT,   "IpReasmTimeout") \
    X(IP_PMTU_DECREASES,  "IpPmtuDecreases") \
    X(ICMP_IN_MSGS,       "IcmpInMsgs") \
    X(ICMP_IN_ERRORS,     "IcmpInErrors") \
    X(ICMP_IN_ECHOS,      "IcmpInEchos") \
    X(ICMP_OUT_MSGS,      "IcmpOutMsgs") \
    X(ICMP_OUT_ECHO_REPS, "IcmpOutEchoReps") \
    X(ICMP_OUT_LIMITED,   "IcmpOutRateLimitHost") \
    X(UDP_IN,             "UdpInDatagrams") \
    X(UDP_NO_PORTS,       "UdpNoPorts") \
    X(UDP_IN_ERRORS,      "UdpInErrors") \
    X(UDP_OUT,            "UdpOutDatagrams") \
    X(UDP_RCVBUF_ERRORS,  "UdpRcvbufErrors") \
    X(UDP_ERRORS_FULL,    "UdpErrQueueFull") \
    X(UDP_IN_CSUM_ERRORS, "UdpInCsumErrors") \
    X(TCP_ACTIVE_OPENS,   "TcpActiveOpens") \
    X(TCP_PASSIVE_OPENS,  "TcpPassiveOpens") \
    X(TCP_ATTEMPT_FAILS,  "TcpAttemptFails") \
    X(TCP_ESTAB_RESETS,   "TcpEstabResets") \
    X(TCP_CURR_ESTAB,     "TcpCurrEstab") \
    X(TCP_IN_SEGS,        "TcpInSegs") \
    X(TCP_OUT_SEGS,       "TcpOutSegs") \
    X(TCP_RETRANS_SEGS,   "TcpRetransSegs") \
    X(TCP_IN_ERRS,        "TcpInErrs") \
    X(TCP_OUT_RSTS,       "TcpOutRsts") \
    X(TCP_IN_CSUM_ERRORS, "TcpInCsumErrors") \
    X(TCP_TIMEOUTS,       "TCPTimeouts") \
    X(TCP_SYN_RETRANS,    "TCPSynRetrans") \
    X(TCP_ORIG_DATA_SENT, "TCPOrigDataSent") \
    X(TCP_PURE_ACKS,      "TCPPureAcks") \
    X(TCP_EMBRYONIC_RSTS, "EmbryonicRsts") \
    X(TCP_SYN_CHALLENGE,  "TCPSYNChallenge") \
    X(TCP_OOO_DROP,       "TCPOFODrop") \
    X(TCP_OOO_PRUNED,     "OfoPruned") \
    X(TCP_RCVQ_DROP,      "TCPRcvQDrop") \
    X(TCP_DSACK_OLD_SENT, "TCPDSACKOldSent") \
    X(TCP_DSACK_OFO_SENT, "TCPDSACKOfoSent") \
    X(TCP_ABORT_ON_LINGER, "TCPAbortOnLinger") \
    X(TCP_TIMEWAIT_OVERFLOW, "TCPTimeWaitOverflow") \
    X(TCP_MEMORY_PRESSURES, "TCPMemoryPressures") \
    X(TCP_FAST_RETRANS,   "TCPFastRetrans") \
    X(TCP_SACK_RECOVERY,  "TCPSackRecovery") \
    X(TCP_RENO_RECOVERY,  "TCPRenoRecovery") \
    X(TCP_DUP_SEGS_IN,    "TCPDuplicateData") \
    X(TCP_OOO_SEGS_IN,    "TCPOFOQueue") \
    X(TCP_DELAYED_ACKS,   "DelayedACKs") \
    X(TCP_CHALLENGE_ACKS, "TCPChallengeACK") \
    X(TCP_CHALLENGE_HELD, "TCPACKSkippedChallenge") \
    X(TCP_PAWS,           "PAWSEstab") \
    X(TCP_LISTEN_OVERFLOWS, "ListenOverflows") \
    X(TCP_LISTEN_DROPS,   "ListenDrops") \
    X(TCP_WIN_PROBES,     "TCPWinProbe") \
    X(TCP_KEEPALIVES,     "TCPKeepAlive") \
    X(TCP_WANT_ZERO_WIN,  "TCPToZeroWindowAdv") \
    X(TCP_FROM_ZERO_WIN,  "TCPFromZeroWindowAdv") \
    X(TCP_TIMEWAIT,       "TW") \
    X(TCP_TIMEWAIT_REUSED, "TWRecycled") \
    X(TCP_ABORT_ON_DATA,  "TCPAbortOnData") \
    X(TCP_ABORT_ON_CLOSE, "TCPAbortOnClose") \
    X(TCP_ABORT_ON_TIMEOUT, "TCPAbortOnTimeout") \
    X(TCP_URGENT_IN,      "TCPUrgentIn") \
    X(TCP_DELIVERED_CE,   "TCPDeliveredCE") \
    X(TCP_MTUP_SUCCESS,   "TCPMTUPSuccess") \
    X(TCP_MTUP_FAIL,      "TCPMTUPFail") \
    X(TCP_MTU_BLACK_HOLE, "TCPMTUBlackHole") \
    X(TCP_ICMP_OUT_OF_WINDOW, "OutOfWindowIcmps") \
    X(TCP_ICMP_SOFT,      "TCPIcmpSoftErrors") \
    X(TCP_COOKIES_SENT,   "SyncookiesSent") \
    X(TCP_COOKIES_RECV,   "SyncookiesRecv") \
    X(TCP_COOKIES_FAILED, "SyncookiesFailed") \
    X(TCP_FAST_ACTIVE,    "TCPFastOpenActive") \
    X(TCP_FAST_ACTIVE_FAIL, "TCPFastOpenActiveFail") \
    X(TCP_FAST_PASSIVE,   "TCPFastOpenPassive") \
    X(TCP_FAST_PASSIVE_FAIL, "TCPFastOpenPassiveFail") \
    X(TCP_FAST_OVERFLOW,  "TCPFastOpenListenOverflow") \
    X(TCP_FAST_ASKED,     "TCPFastOpenCookieReqd") \
    X(TCP_FAST_BLACK_HOLE, "TCPFastOpenBlackhole") \
    X(TCP_FAST_OLD_KEY,   "TCPFastOpenPassiveAltKey") \
    X(TCP_RCVBUF_GREW,    "TCPRcvBufGrew") \
    X(TCP_SNDBUF_GREW,    "TCPSndBufGrew") \
    X(TCP_LOSS_PROBES,    "TCPLossProbes") \
    X(TCP_LOSS_PROBE_RECOVERY, "TCPLossProbeRecovery") \
    X(TCP_LOST_RETRANSMIT, "TCPLostRetransmit") \
    X(TCP_SPURIOUS_RTOS,  "TCPSpuriousRTOs") \
    X(TCP_FULL_UNDO,      "TCPFullUndo") \
    X(TCP_DSACK_UNDO,     "TCPDSACKUndo") \
    X(TCP_DSACK_RECV,     "TCPDSACKRecv") \
    X(TCP_SACK_REORDER,   "TCPSACKReorder") \
    X(NO_MEMORY,          "NoMemory") \
    X(TCP_SACK_WALK,      "TCPSackWalk") \
    X(TCP_OOO_WALK,       "TCPOFOWalk")
// clang-format on

enum count {
#define COUNT_ID(id, name) COUNT_##id,
    COUNT_TABLE(COUNT_ID)
#undef COUNT_ID
        COUNT_COUNT_OF,
};

const char *count_name(unsigned i);

#endif
