/* grouphdr.h: who listens to which group: IGMP (RFC 1112 Appendix I, RFC
 * 2236 §2, RFC 3376 §4) and MLD (RFC 2710 §3, RFC 3810 §5).
 *
 * MLD is IGMP with longer addresses, so both have one form here, and IGMP's
 * numbers of versions: MLDv1 is 2, MLDv2 is 3.  Parse looks at form alone;
 * checksums, hop limits and the Router Alert option are the receiver's.  A
 * parsed message's sources are counted and all there.
 */
#ifndef WIRE_GROUPHDR_H
#define WIRE_GROUPHDR_H

#include "base/addr.h"
#include "base/why.h"

enum {
    IGMP_QUERY = 0x11,
    IGMP_REPORT1 = 0x12,
    IGMP_REPORT2 = 0x16,
    IGMP_LEAVE = 0x17,
    IGMP_REPORT3 = 0x22,
};

enum { GROUP_CKSUM_AT = 2, GROUP_REPORT_HDR = 8 };

enum group_kind {
    GROUP_QUERY,
    GROUP_REPORT, /* of versions 1 and 2: one group */
    GROUP_LEAVE,
    GROUP_REPORT3, /* of version 3: records */
};

struct group_repr {
    uint8_t        kind;       /* enum group_kind */
    uint8_t        version;    /* 1 to 3 */
    struct cw_addr group;      /* the wildcard: a general query */
    uint32_t       max_ms;     /* query: maximum response time */
    uint8_t        robustness; /* 0: not said */
    uint32_t       interval_s; /* between queries; 0: not said */
    uint16_t       nsrc;
    struct span    src; /* of 4 or 16 bytes each */
};

/* Whole IGMP message (ip4) or MLD message.  WHY_GROUP_BAD. */
enum why grouphdr_parse(struct span msg, bool ip4, struct group_repr *out);
/* The i-th source of a query. */
struct cw_addr group_source(const struct group_repr *q, bool ip4, unsigned i);

/* Records of a version 3 report: RFC 3376 §4.2.12. */
enum group_record_type {
    GROUP_IS_IN = 1,
    GROUP_IS_EX,
    GROUP_TO_IN,
    GROUP_TO_EX,
    GROUP_ALLOW,
    GROUP_BLOCK,
};

struct group_record {
    uint8_t               type; /* enum group_record_type */
    uint16_t              nsrc;
    struct cw_addr        group;
    const struct cw_addr *src;
};

/* Each writes at p and answers the length; checksums are zero.  A message of
 * the older versions; a version 3 report's header, then its records. */
size_t group_emit_old(uint8_t *p, size_t cap, const struct group_repr *r);
size_t group_emit_report3(uint8_t *p, size_t cap, bool ip4, unsigned nrec);
size_t group_emit_record(uint8_t *p, size_t cap,
                         const struct group_record *r);
/* A record's length. */
size_t group_record_len(bool ip4, unsigned nsrc);

#endif
