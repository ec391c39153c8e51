/* lex.h: the characters of a script, with its comments taken out.
 *
 * After the first mistake `bad` stays set and there is nothing more to read,
 * so that a parser checks when it likes.
 */
#ifndef SCRIPT_LEX_H
#define SCRIPT_LEX_H

#include "script/ast.h"

enum { LEX_WORD_MAX = 64 };

struct lex {
    const char *at, *end;
    int         line;
    bool        bad;
    struct ast *ast;
};

void lex_fail(struct lex *l, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same, for what is right and not to be had here. */
void lex_lack(struct lex *l, const char *format, ...) PRINTF_LIKE(2, 3);

/* Over blanks and comments; the next character, or 0 at the end. */
char lex_peek(struct lex *l);
/* Takes this text if it comes next. */
bool lex_take(struct lex *l, const char *text);
/* ... as a whole word. */
bool lex_take_word(struct lex *l, const char *text);
/* It must come next. */
void lex_need(struct lex *l, const char *text);
/* Letters, digits and _, beginning with no digit; "" if there is none. */
void lex_word(struct lex *l, char word[LEX_WORD_MAX]);
/* Everything up to one of `stops` or a blank. */
void lex_run(struct lex *l, const char *stops, char word[LEX_WORD_MAX]);
/* Decimal or 0x..., with a sign. */
bool    lex_is_number(struct lex *l);
int64_t lex_number(struct lex *l);
/* Seconds with decimals, to the nanosecond. */
cw_ns lex_seconds(struct lex *l);
/* The text up to `closing`, which is taken, too. */
const char *lex_until(struct lex *l, const char *closing, size_t *len);

#endif
