/* ast.h: a script after it was read: options, then events in their order.
 *
 * A packet has one form, whether a script expects it, sends it in, or the
 * stack sent it: numbers are the script's, so that two can be compared and
 * printed side by side.
 */
#ifndef SCRIPT_AST_H
#define SCRIPT_AST_H

#include "script/pool.h"

#include "base/addr.h"
#include "base/compiler.h"
#include "base/ns.h"

/* ---- values: what stands between the brackets of a call ----------------- */

enum val_kind {
    VAL_ANY,    /* ... */
    VAL_INT,    /* a number, or names that are numbers */
    VAL_TEXT,   /* "..." */
    VAL_NAME,   /* a name that we do not know */
    VAL_LIST,   /* [ ... ] */
    VAL_STRUCT, /* { name = value, ... } */
    VAL_CALL,   /* htons(80) */
};

struct val {
    enum val_kind kind;
    int64_t       n;
    const char   *text; /* of VAL_TEXT, VAL_NAME, VAL_CALL */
    size_t        len;
    const char   *field; /* in a struct: its name */
    struct val   *first; /* of what it holds */
    struct val   *next;
};

/* ---- packets ------------------------------------------------------------- */

enum { SP_OPTS = 24, SP_OPT_NUMBERS = 8, SP_COOKIE_MAX = 34 };

enum sp_proto { SP_TCP, SP_UDP, SP_ICMP };

/* Flags as in the header; AE is the ninth. */
enum {
    SP_FIN = 0x01,
    SP_SYN = 0x02,
    SP_RST = 0x04,
    SP_PSH = 0x08,
    SP_ACK = 0x10,
    SP_URG = 0x20,
    SP_ECE = 0x40,
    SP_CWR = 0x80,
    SP_AE = 0x100,
};

/* A TCP option: numbers, or bytes as they are. */
struct sp_opt {
    uint8_t  kind, nv, len;
    bool     is_exp; /* the experimental form of Fast Open */
    bool     any;    /* the bytes are not compared */
    bool     raw;    /* bytes alone: no kind, no length before them */
    uint32_t v[SP_OPT_NUMBERS];
    uint8_t  bytes[SP_COOKIE_MAX];
};

struct sp {
    enum sp_proto proto;
    /* IP; -1: not said */
    int  ecn; /* 0 to 3, or SP_ECT01 */
    int  tos, ttl;
    int  flow; /* 0: the connection at hand */
    bool df, df_said;
    /* What comes in may be wrong on purpose; doff 0: it is not. */
    bool           badsum, has_src, has_dst;
    uint8_t        resv, doff;
    struct cw_addr src, dst;
    /* TCP */
    uint16_t      flags;
    uint32_t      seq, ack, len; /* len: of UDP's payload, too */
    int64_t       win, up;       /* -1: not said */
    bool          opts_any;
    uint8_t       nopts;
    struct sp_opt opts[SP_OPTS];
    /* ICMP */
    int        type, code;
    int64_t    mtu; /* -1: not said */
    bool       is_echo;
    struct sp *inner; /* what it quotes */
};

enum { SP_ECT01 = 4 };

/* ---- events -------------------------------------------------------------- */

enum ev_kind { EVENT_IN, EVENT_OUT, EVENT_CALL, EVENT_CODE, EVENT_SHELL };

struct when {
    bool  relative, any;
    cw_ns from, to; /* equal: exactly then */
    cw_ns end;      /* of a call that blocks; NS_NEVER: it does not */
};

struct call {
    const char *name;
    struct val *args;
    unsigned    nargs;
    struct val *result;
    int         err; /* 0: none */
};

struct event {
    struct event *next;
    enum ev_kind  kind;
    int           line;
    bool          untimed; /* a command before or behind the script */
    struct when   when;
    union {
        struct sp   pkt;
        struct call call;
        const char *text;
    };
};

struct flag {
    struct flag *next;
    const char  *name, *value; /* value NULL: none */
    int          line;
};

struct ast {
    struct pool   pool;
    struct flag  *flags;
    struct event *events;
    unsigned      nevents;
    int           bad_line; /* 0: it could be read */
    bool          unsupported;
    char          error[256];
};

/* parse.c */
void ast_read(struct ast *a, const char *text, size_t len);
void ast_free(struct ast *a);

#endif
