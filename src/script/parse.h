/* parse.h: the parser's parts, for each other. */
#ifndef SCRIPT_PARSE_H
#define SCRIPT_PARSE_H

#include "script/lex.h"

/* parse_pkt.c: what follows < or >. */
void parse_pkt(struct lex *l, bool inbound, struct sp *out);
/* parse_opt.c: the options between < and >; the < was taken. */
void parse_opts(struct lex *l, struct sp *out);
/* parse_call.c: name(arguments) = result */
void parse_call(struct lex *l, struct call *out);

#endif
