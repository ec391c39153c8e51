/* sockets_filter.c: ss's filter language: compiled to postfix (Dijkstra's
 * shunting yard), judged with a stack of bits.
 *
 *     state established exclude time-wait
 *     sport = :80   dport >= :1024   src 10.0.0.1   dst 10.0.0.0/24:80
 *     and or not ( )   also & | !   and nothing between two means "and"
 */
#include "obs/sockets_own.h"

#include "base/check.h"
#include "base/nearest.h"

#define BIT(s) (1u << CW_##s)

enum { WORD_MAX = 128 };

static const struct {
    const char *name, *shown;
    uint32_t    states;
} names[] = {
    { "established", "ESTAB", BIT(ESTABLISHED) },
    { "syn-sent", "SYN-SENT", BIT(SYN_SENT) },
    { "syn-recv", "SYN-RECV", BIT(SYN_RECV) },
    { "fin-wait-1", "FIN-WAIT-1", BIT(FIN_WAIT1) },
    { "fin-wait-2", "FIN-WAIT-2", BIT(FIN_WAIT2) },
    { "time-wait", "TIME-WAIT", BIT(TIME_WAIT) },
    { "closed", "UNCONN", BIT(CLOSED) },
    { "close-wait", "CLOSE-WAIT", BIT(CLOSE_WAIT) },
    { "last-ack", "LAST-ACK", BIT(LAST_ACK) },
    { "listening", "LISTEN", BIT(LISTEN) },
    { "closing", "CLOSING", BIT(CLOSING) },
    { "all", NULL, 0xffe },
    { "estab", NULL, BIT(ESTABLISHED) },
    { "listen", NULL, BIT(LISTEN) },
    { "unconnected", NULL, BIT(CLOSED) },
    { "connected", NULL, 0xffe & ~(BIT(CLOSED) | BIT(LISTEN)) },
    { "synchronized", NULL,
      0xffe & ~(BIT(CLOSED) | BIT(LISTEN) | BIT(SYN_SENT)) },
    { "bucket", NULL, BIT(SYN_RECV) | BIT(TIME_WAIT) },
    { "big", NULL, 0xffe & ~(BIT(SYN_RECV) | BIT(TIME_WAIT)) },
};

const char *sockets_state_name(unsigned state)
{
    for (size_t i = 0; i < CW_CLOSING; i++)
        if (names[i].states == 1u << (state & 31))
            return names[i].shown;
    return "?";
}

/* ---- reading ---------------------------------------------------------------- */

enum token_kind {
    T_END,
    T_AND,
    T_OR,
    T_NOT,
    T_OPEN,
    T_CLOSE,
    T_CMP,
    T_WORD,
    T_TOO_LONG
};

struct parser {
    struct sockets_filter *f;
    struct fmt            *err;
    const char *const     *words;
    unsigned               n, at;
    const char            *rest; /* of the word at hand */
    enum token_kind        kind;
    uint8_t                cmp;
    char                   text[WORD_MAX];
    uint8_t                yard[SOCKETS_TERMS_MAX]; /* operators, T_OPEN */
    unsigned               nyard, depth;
    bool                   had_term; /* the last thing was a value */
};

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool fail(struct parser *p, const char *what)
{
    fmt_f(p->err, "filter: %s%s%s", p->text, *p->text ? ": " : "", what);
    return false;
}

static bool is_sign(char c)
{
    return c == '(' || c == ')' || c == '!' || c == '=' || c == '<'
        || c == '>' || c == '&' || c == '|';
}

static const struct {
    const char     *text;
    enum token_kind kind;
    uint8_t         cmp;
} signs[] = {
    { "and", T_AND, 0 },      { "&&", T_AND, 0 },
    { "&", T_AND, 0 },        { "or", T_OR, 0 },
    { "||", T_OR, 0 },        { "|", T_OR, 0 },
    { "not", T_NOT, 0 },      { "(", T_OPEN, 0 },
    { ")", T_CLOSE, 0 },      { "==", T_CMP, CMP_EQ },
    { "=", T_CMP, CMP_EQ },   { "eq", T_CMP, CMP_EQ },
    { "!=", T_CMP, CMP_NE },  { "ne", T_CMP, CMP_NE },
    { "neq", T_CMP, CMP_NE }, { ">=", T_CMP, CMP_GE },
    { "ge", T_CMP, CMP_GE },  { "geq", T_CMP, CMP_GE },
    { "<=", T_CMP, CMP_LE },  { "le", T_CMP, CMP_LE },
    { "leq", T_CMP, CMP_LE }, { ">", T_CMP, CMP_GT },
    { "gt", T_CMP, CMP_GT },  { "<", T_CMP, CMP_LT },
    { "lt", T_CMP, CMP_LT },  { "!", T_NOT, 0 },
};

/* How many characters the token at s has: a sign of one or two, or a word. */
static size_t token_len(const char *s)
{
    size_t n = 0;

    if (*s == '(' || *s == ')')
        return 1;
    if (is_sign(*s))
        return is_sign(s[1]) && s[1] != '(' && s[1] != ')'
                && (s[1] == '=' || s[1] == s[0])
            ? 2
            : 1;
    while (s[n] && s[n] != ' ' && s[n] != '\t' && !is_sign(s[n]))
        n++;
    return n;
}

static void next(struct parser *p)
{
    size_t n;

    p->text[0] = '\0';
    p->kind = T_END;
    while (*p->rest == ' ' || *p->rest == '\t' || !*p->rest) {
        if (*p->rest) {
            p->rest++;
            continue;
        }
        if (p->at == p->n)
            return;
        p->rest = p->words[p->at++];
    }
    n = token_len(p->rest);
    p->kind = T_WORD;
    if (n >= WORD_MAX) {
        p->kind = T_TOO_LONG;
        return;
    }
    memcpy(p->text, p->rest, n);
    p->text[n] = '\0';
    p->rest += n;
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        if (same(signs[i].text, p->text)) {
            p->kind = signs[i].kind;
            p->cmp = signs[i].cmp;
            return;
        }
}

/* ---- state NAME --------------------------------------------------------------- */

static bool take_state(struct parser *p, bool exclude)
{
    const char *list[ARRAY_LEN(names)], *near;

    next(p);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        list[i] = names[i].name;
        if (!same(names[i].name, p->text))
            continue;
        if (exclude)
            p->f->states = (p->f->states ?: 0xffe) & ~names[i].states;
        else
            p->f->states |= names[i].states;
        return true;
    }
    near = nearest(p->text, list, ARRAY_LEN(list));
    fmt_f(p->err, "filter: state %s: no such state; %s %s", p->text,
          near ? "did you mean" : "one is", near ? near : "established");
    if (near)
        fmt_char(p->err, '?');
    return false;
}

/* ---- terms -------------------------------------------------------------------- */

static bool push_term(struct parser *p, const struct sockets_term *t)
{
    if (p->f->nterms == SOCKETS_TERMS_MAX)
        return fail(p, "the expression is too long");
    p->f->terms[p->f->nterms++] = *t;
    return true;
}

static bool number(const char *s, uint32_t max, uint32_t *out)
{
    uint32_t v = 0;

    if (!*s)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        v = v * 10 + (uint32_t)(*s - '0');
        if (v > max)
            return false;
    }
    *out = v;
    return true;
}

static bool take_port(struct parser *p, struct sockets_term *t)
{
    const char *s = p->text;
    uint32_t    v;

    if (*s == ':')
        s++;
    if (p->kind != T_WORD || !number(s, 65535, &v))
        return fail(p, "a port is a number like :80");
    t->by_port = true;
    t->port = (uint16_t)v;
    return true;
}

/* Cuts text at the last c; answers what is behind, or NULL. */
static char *cut_at(char *text, char c)
{
    char *at = NULL;

    for (char *s = text; *s; s++)
        if (*s == c)
            at = s;
    if (!at)
        return NULL;
    *at = '\0';
    return at + 1;
}

/* "[fd00::1]:80", "fd00::1": only brackets tell a port from the rest. */
static char *cut_port(char *text, char **addr)
{
    char    *port;
    unsigned colons = 0;

    *addr = text;
    for (char *s = text; *s; s++)
        colons += *s == ':';
    if (*text == '[') {
        *addr = text + 1;
        port = cut_at(text, ']');
        return port && *port == ':' ? port + 1 : NULL;
    }
    return colons == 1 ? cut_at(text, ':') : NULL;
}

/* ADDR[/PREFIX][:PORT] */
static bool take_addr(struct parser *p, struct sockets_term *t)
{
    char    *addr, *prefix, *port;
    uint32_t v;

    if (p->kind != T_WORD)
        return fail(p, "an address is missing");
    port = cut_port(p->text, &addr);
    prefix = cut_at(addr, '/');
    t->cmp = CMP_EQ;
    if (port && *port && !same(port, "*")) {
        if (!number(port, 65535, &v))
            return fail(p, "behind the colon stands a port");
        t->by_port = true;
        t->port = (uint16_t)v;
    }
    if (!*addr || same(addr, "*"))
        return true;
    if (!addr_parse(addr, &t->addr))
        return fail(p, "an address is like 10.0.0.1 or [fd00::1]:80");
    t->by_addr = true;
    v = addr_is4(&t->addr) ? 32 : 128;
    if (prefix && !number(prefix, v, &v))
        return fail(p, "the prefix is too long");
    t->prefix = (uint8_t)v;
    return true;
}

static bool take_term(struct parser *p)
{
    struct sockets_term t = { .op = SOCKETS_TEST };
    bool port = same(p->text, "sport") || same(p->text, "dport");
    bool addr = same(p->text, "src") || same(p->text, "dst");

    if (!port && !addr)
        return fail(p,
                    "not understood; there are state, sport, dport, src "
                    "and dst");
    t.peer = p->text[0] == 'd';
    t.cmp = CMP_EQ;
    next(p);
    if (p->kind == T_CMP) {
        t.cmp = p->cmp;
        next(p);
    }
    if (addr && t.cmp != CMP_EQ && t.cmp != CMP_NE)
        return fail(p, "addresses are = or !=");
    if (port)
        return take_port(p, &t) && push_term(p, &t);
    if (t.cmp == CMP_NE) {
        struct sockets_term inverse = { .op = SOCKETS_NOT };

        return take_addr(p, &t) && push_term(p, &t) && push_term(p, &inverse);
    }
    return take_addr(p, &t) && push_term(p, &t);
}

/* ---- operators ------------------------------------------------------------------ */

static unsigned binding(unsigned kind)
{
    return kind == T_NOT ? 3 : kind == T_AND ? 2 : kind == T_OR ? 1 : 0;
}

static bool pop(struct parser *p)
{
    uint8_t             kind = p->yard[--p->nyard];
    struct sockets_term t = { .op = kind == T_NOT ? SOCKETS_NOT
                                  : kind == T_AND ? SOCKETS_AND
                                                  : SOCKETS_OR };

    return push_term(p, &t);
}

static bool push(struct parser *p, enum token_kind kind)
{
    if (p->nyard == SOCKETS_TERMS_MAX)
        return fail(p, "the expression is too deep");
    p->yard[p->nyard++] = (uint8_t)kind;
    return true;
}

static bool join(struct parser *p, enum token_kind kind)
{
    if (kind == T_NOT)
        return push(p, kind);
    while (p->nyard > 0 && binding(p->yard[p->nyard - 1]) >= binding(kind))
        if (!pop(p))
            return false;
    return push(p, kind);
}

static bool close_paren(struct parser *p)
{
    while (p->nyard > 0 && p->yard[p->nyard - 1] != T_OPEN)
        if (!pop(p))
            return false;
    if (p->nyard == 0)
        return fail(p, "this parenthesis was not opened");
    p->nyard--;
    return true;
}

/* Something that begins a value. */
static bool value(struct parser *p)
{
    if (p->had_term && !join(p, T_AND))
        return false;
    p->had_term = false;
    if (p->kind == T_OPEN)
        return push(p, T_OPEN);
    if (p->kind == T_NOT)
        return join(p, T_NOT);
    p->had_term = true;
    return take_term(p);
}

static bool take(struct parser *p)
{
    switch (p->kind) {
    case T_AND:
    case T_OR:
        if (!p->had_term)
            return fail(p, "something is missing before it");
        p->had_term = false;
        return join(p, p->kind);
    case T_CLOSE:
        return p->had_term ? close_paren(p)
                           : fail(p, "something is missing before it");
    case T_CMP:
        return fail(p, "something is missing before it");
    case T_TOO_LONG:
        return fail(p, "a word is too long");
    case T_WORD:
        if (same(p->text, "state") || same(p->text, "exclude"))
            return take_state(p, p->text[0] == 'e');
        return value(p);
    case T_OPEN:
    case T_NOT:
        return value(p);
    case T_END:
        break;
    }
    return true;
}

bool sockets_filter_parse(struct sockets_filter *f, unsigned n,
                          const char *const *words, struct fmt *err)
{
    struct parser p = {
        .f = f, .err = err, .words = words, .n = n, .rest = ""
    };

    *f = (struct sockets_filter){ 0 };
    for (next(&p); p.kind != T_END; next(&p))
        if (!take(&p))
            return false;
    if (!p.had_term && p.nyard > 0)
        return fail(&p, "the expression is not complete");
    while (p.nyard > 0) {
        if (p.yard[p.nyard - 1] == T_OPEN)
            return fail(&p, "a parenthesis is not closed");
        if (!pop(&p))
            return false;
    }
    return true;
}

/* ---- judging ------------------------------------------------------------------------ */

static bool compare(uint16_t a, uint8_t cmp, uint16_t b)
{
    switch ((enum sockets_cmp)cmp) {
    case CMP_EQ:
        return a == b;
    case CMP_NE:
        return a != b;
    case CMP_GE:
        return a >= b;
    case CMP_LE:
        return a <= b;
    case CMP_GT:
        return a > b;
    case CMP_LT:
        return a < b;
    }
    return false;
}

static bool test(const struct sockets_term *t, const struct cw_sock_row *row)
{
    const struct cw_sockaddr *a = t->peer ? &row->peer : &row->local;

    if (t->by_port && !compare(a->port, t->cmp, t->port))
        return false;
    return !t->by_addr || addr_in_prefix(&a->addr, &t->addr, t->prefix);
}

bool sockets_match(const struct sockets_filter *f, const struct run_row *r)
{
    bool     stack[SOCKETS_TERMS_MAX + 1];
    unsigned n = 0;

    for (unsigned i = 0; i < f->nterms; i++) {
        const struct sockets_term *t = &f->terms[i];

        switch ((enum sockets_op)t->op) {
        case SOCKETS_TEST:
            INVARIANT(n < SOCKETS_TERMS_MAX);
            stack[n++] = test(t, &r->row);
            break;
        case SOCKETS_NOT:
            INVARIANT(n >= 1);
            stack[n - 1] = !stack[n - 1];
            break;
        case SOCKETS_AND:
            INVARIANT(n >= 2);
            n--;
            stack[n - 1] = stack[n - 1] && stack[n];
            break;
        case SOCKETS_OR:
            INVARIANT(n >= 2);
            n--;
            stack[n - 1] = stack[n - 1] || stack[n];
            break;
        }
    }
    return n == 0 || stack[0];
}
