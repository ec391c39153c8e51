/* flow.h: one of the script's connections, and how its numbers become those
 * on the wire: sequence numbers and timestamps of a script begin where its
 * author liked, the stack's where it must.
 */
#ifndef SCRIPT_FLOW_H
#define SCRIPT_FLOW_H

#include "script/ast.h"

#include "base/addr.h"

enum { FLOW_STAMPS = 64 };

struct flow {
    int            number;
    enum sp_proto  proto;
    bool           v6; /* on the wire */
    struct cw_addr local, remote;
    uint16_t       lport, rport; /* lport 0: not chosen yet */
    int            sd;           /* of the stack; -1: none yet */
    /* live number = script's + off */
    uint32_t loff, roff;
    bool     loff_known;
    bool     fresh; /* our next SYN may begin anew */
    /* The script's initial numbers, from which payload is counted. */
    uint32_t iss, irs;
    bool     irs_known;
    bool     free_out, free_in; /* the payload is not the usual one */
    /* The script's timestamps of ours, and what they were. */
    struct stamp {
        uint32_t script, live;
    } stamps[FLOW_STAMPS], stamp0; /* stamp0: the first */
    unsigned nstamps;
};

/* The payload at this place of a stream: the application's, or the peer's. */
uint8_t flow_byte(bool peer, uint32_t at);

void     flow_stamp(struct flow *f, uint32_t script, uint32_t live);
uint32_t flow_stamp_live(const struct flow *f, uint32_t script);
uint32_t flow_stamp_script(const struct flow *f, uint32_t live);

#endif
