/* expr.h: the expressions that scripts really use between %{ and }%: those
 * of Python, over numbers.
 */
#ifndef SCRIPT_EXPR_H
#define SCRIPT_EXPR_H

#include "base/compiler.h"

enum { EXPR_ERROR_MAX = 128 };

struct expr {
    const char *at, *end;
    /* What a name stands for; false: nothing. */
    bool (*find)(void *ctx, const char *name, size_t len, double *value);
    void *ctx;
    bool  bad; /* it cannot be understood, or not be evaluated */
    char  error[EXPR_ERROR_MAX];
    int   depth; /* of brackets */
    int   nested;
};

/* One expression; the rest is left at e->at. */
double expr_read(struct expr *e);
/* Over blanks, line ends within brackets, comments. */
void expr_skip(struct expr *e);
/* Takes this word, or this sign, if it comes next. */
bool expr_take(struct expr *e, const char *text);

#endif
