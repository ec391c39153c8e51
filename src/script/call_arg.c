/* call_arg.c: the arguments of calls: numbers, descriptors, addresses. */
#include "script/call.h"

#include <string.h>

const struct val *arg(const struct pending *p, unsigned i)
{
    static const struct val none = { .kind = VAL_ANY };
    const struct val       *v = p->ev->call.args;

    while (v && i--)
        v = v->next;
    return v ? v : &none;
}

bool arg_is_any(const struct val *v)
{
    return v->kind == VAL_ANY;
}

/* htons(80) and the like are what they hold. */
static int64_t int_of(struct run *r, const struct val *v)
{
    if (v->kind == VAL_INT)
        return v->n;
    if (v->kind == VAL_CALL && v->first && !v->first->next
        && (strcmp(v->text, "htons") == 0 || strcmp(v->text, "htonl") == 0))
        return int_of(r, v->first);
    if (v->kind == VAL_NAME)
        run_lack(r, "%s", v->text);
    else
        run_fail(r, "a number should stand in %s()", r->ev->call.name);
    return 0;
}

int64_t arg_int(struct run *r, const struct val *v)
{
    /* A value that the call fills in, or reads by reference: [1]. */
    if (v->kind == VAL_LIST && v->first && !v->first->next)
        v = v->first;
    return int_of(r, v);
}

int64_t arg_int_or(struct run *r, const struct val *v, int64_t any)
{
    return arg_is_any(v) ? any : arg_int(r, v);
}

struct fd *arg_fd(struct run *r, const struct val *v)
{
    int64_t n = arg_int(r, v);

    for (unsigned i = 0; i < RUN_FDS; i++)
        if (r->fds[i].open && r->fds[i].number == n)
            return &r->fds[i];
    return NULL;
}

const struct val *arg_field(const struct val *v, const char *name,
                            unsigned position)
{
    unsigned i = 0;

    for (const struct val *m = v->first; m; m = m->next, i++)
        if (m->field ? strcmp(m->field, name) == 0 : i == position)
            return m;
    return NULL;
}

/* inet_addr("1.2.3.4"), inet_pton(AF_INET6, "::1", ...), INADDR_ANY, "..." */
static void addr_of(struct run *r, const struct val *v, struct cw_addr *out)
{
    const struct val *text = v;

    if (v->kind == VAL_INT) {
        *out = addr4((uint32_t)v->n);
        return;
    }
    if (v->kind == VAL_CALL && strcmp(v->text, "htonl") == 0) {
        *out = addr4((uint32_t)int_of(r, v));
        return;
    }
    if (v->kind == VAL_NAME && strcmp(v->text, "in6addr_any") == 0) {
        *out = (struct cw_addr){ { 0 } };
        return;
    }
    for (text = v->kind == VAL_CALL ? v->first : v;
         text && text->kind != VAL_TEXT; text = text->next)
        ;
    if (!text || !addr_parse(text->text, out))
        run_fail(r, "an address should stand here");
}

void arg_addr(struct run *r, const struct val *v,
              const struct cw_sockaddr *any, struct cw_sockaddr *out)
{
    static const char *const fields[] = { "sin_port", "sin6_port", "sin_addr",
                                          "sin6_addr" };

    *out = *any;
    if (arg_is_any(v))
        return;
    if (v->kind != VAL_STRUCT) {
        run_fail(r, "an address should stand in %s()", r->ev->call.name);
        return;
    }
    for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
        const struct val *m = arg_field(v, fields[i], 99);

        if (m && !arg_is_any(m) && i < 2)
            out->port = (uint16_t)int_of(r, m);
        else if (m && !arg_is_any(m))
            addr_of(r, m, &out->addr);
    }
}

struct fd *fd_new(struct run *r, int sd, int type)
{
    for (unsigned i = 0; i < RUN_FDS; i++)
        if (!r->fds[i].open) {
            r->fds[i] = (struct fd){
                .open = true, .number = -1, .sd = sd, .type = type
            };
            return &r->fds[i];
        }
    run_fail(r, "more than %d descriptors", RUN_FDS);
    return &r->fds[0];
}

void fd_name(struct run *r, struct fd *fd, const struct event *e)
{
    const struct val *want = e->call.result;

    if (want->kind == VAL_INT && want->n >= 0) {
        for (unsigned i = 0; i < RUN_FDS; i++)
            if (r->fds[i].open && r->fds[i].number == want->n)
                run_fail(r, "descriptor %d is open", (int)want->n);
        fd->number = (int)want->n;
    }
}
