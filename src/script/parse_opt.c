/* parse_opt.c: TCP options.
 *
 *   <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>
 *   <nop,nop,sack 1:1001 2001:3001>
 *   <ECN e0b 1 ceb 0 e1b 1>  <ECN e1b 1>
 *   <FO 0123456789abcdef>  <FO>  <FOEXP ...>  <opt 253 0a0b>  <raw 0200>  <...>
 */
#include "script/parse.h"

#include <ctype.h>
#include <string.h>

enum {
    KIND_EOL = 0,
    KIND_NOP = 1,
    KIND_MSS = 2,
    KIND_WSCALE = 3,
    KIND_SACK_OK = 4,
    KIND_SACK = 5,
    KIND_TS = 8,
    KIND_MD5 = 19,
    KIND_FO = 34,
    KIND_ACCECN0 = 172,
    KIND_ACCECN1 = 174,
    KIND_EXP = 254
};

static void parse_hex(struct lex *l, struct sp_opt *o)
{
    char   word[LEX_WORD_MAX];
    size_t n;

    lex_run(l, ",>", word);
    n = strlen(word);
    if (n % 2 || n / 2 > sizeof o->bytes) {
        lex_fail(l, "'%s' are no bytes that fit into an option", word);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)word[i];

        if (!isxdigit(c)) {
            lex_fail(l, "'%s' is not hexadecimal", word);
            return;
        }
        o->bytes[i / 2] = (uint8_t)(o->bytes[i / 2] << 4
                                    | (isdigit(c) ? c - '0'
                                                  : tolower(c) - 'a' + 10));
    }
    o->len = (uint8_t)(n / 2);
}

/* A cookie, none, or any. */
static void parse_cookie(struct lex *l, struct sp_opt *o)
{
    char c;

    if (lex_take_word(l, "TFO_COOKIE") || lex_take(l, "...")) {
        o->any = true;
        return;
    }
    c = lex_peek(l);
    if (c != ',' && c != '>')
        parse_hex(l, o);
}

static void parse_sack(struct lex *l, struct sp_opt *o)
{
    while (lex_is_number(l)) {
        if (o->nv == SP_OPT_NUMBERS) {
            lex_fail(l, "at most four blocks fit into an option");
            return;
        }
        o->v[o->nv++] = (uint32_t)lex_number(l);
        lex_need(l, ":");
        o->v[o->nv++] = (uint32_t)lex_number(l);
    }
}

static void parse_numbers(struct lex *l, struct sp_opt *o, uint8_t kind)
{
    o->kind = kind;
    if (kind == KIND_MSS || kind == KIND_WSCALE) {
        o->v[o->nv++] = (uint32_t)lex_number(l);
    } else if (kind == KIND_TS) {
        lex_need(l, "val");
        o->v[o->nv++] = (uint32_t)lex_number(l);
        lex_need(l, "ecr");
        o->v[o->nv++] = (uint32_t)lex_number(l);
    } else if (kind == KIND_SACK) {
        parse_sack(l, o);
    }
}

/* RFC 9768 §3.2.3: the fields in the order of their option, or in the other's,
 * as many as there are. */
static void parse_accecn(struct lex *l, struct sp_opt *o)
{
    static const char *const names[] = { "e0b", "ceb", "e1b" };
    bool                     other = lex_take_word(l, names[2]);

    o->kind = other ? KIND_ACCECN1 : KIND_ACCECN0;
    if (!other && !lex_take_word(l, names[0]))
        return;
    o->v[o->nv++] = (uint32_t)lex_number(l) & 0xffffff;
    while (o->nv < 3 && lex_take_word(l, names[other ? 2 - o->nv : o->nv])) {
        o->v[o->nv] = (uint32_t)lex_number(l) & 0xffffff;
        o->nv++;
    }
}

static void parse_bytes(struct lex *l, const char *name, struct sp_opt *o)
{
    if (strcmp(name, "FO") == 0) {
        o->kind = KIND_FO;
        parse_cookie(l, o);
    } else if (strcmp(name, "FOEXP") == 0) {
        o->kind = KIND_EXP;
        o->is_exp = true;
        parse_cookie(l, o);
    } else if (strcmp(name, "ECN") == 0) {
        parse_accecn(l, o);
    } else if (strcmp(name, "raw") == 0) {
        o->raw = true;
        parse_hex(l, o);
    } else if (strcmp(name, "opt") == 0) {
        o->kind = (uint8_t)lex_number(l);
        if (lex_peek(l) != ',' && lex_peek(l) != '>')
            parse_hex(l, o);
    } else {
        lex_lack(l, "the TCP option '%s'", name);
    }
}

static void parse_option(struct lex *l, struct sp_opt *o)
{
    static const struct {
        const char *name;
        uint8_t     kind;
    } kinds[] = {
        { "eol", KIND_EOL },        { "nop", KIND_NOP },
        { "mss", KIND_MSS },        { "wscale", KIND_WSCALE },
        { "sackOK", KIND_SACK_OK }, { "sack", KIND_SACK },
        { "TS", KIND_TS },
    };
    char name[LEX_WORD_MAX];

    lex_word(l, name);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0) {
            parse_numbers(l, o, kinds[i].kind);
            return;
        }
    parse_bytes(l, name, o);
}

void parse_opts(struct lex *l, struct sp *out)
{
    if (lex_take(l, "...")) {
        out->opts_any = true;
        lex_need(l, ">");
        return;
    }
    while (!l->bad && !lex_take(l, ">")) {
        if (out->nopts == SP_OPTS) {
            lex_fail(l, "too many options for a segment");
            return;
        }
        parse_option(l, &out->opts[out->nopts++]);
        if (lex_peek(l) != '>')
            lex_need(l, ",");
    }
}
