/* socktab.c: sockets and their numbers; see socktab.h.
 *
 *   Invariant: a slot is fresh, free (on the FIFO) or holds a socket whose
 *              number leads back to it.
 */
#include "sock/sock.h"

enum { NO_SLOT = UINT32_MAX };

size_t sock_table_size(unsigned max)
{
    return max * sizeof(struct sock_slot);
}

void sock_table_init(struct sock_table *t, struct arena *a, void *slots,
                     unsigned max)
{
    INVARIANT(max > 0);
    slab_init(&t->slab, a, sizeof(struct sock));
    slab_init(&t->plans, a, sizeof(struct sock_plan));
    t->slots = slots;
    t->max = max;
    while (1u << t->bits < max)
        t->bits++;
    t->head = t->tail = NO_SLOT;
}

static int number_of(const struct sock_table *t, uint32_t slot)
{
    uint32_t generations = (uint32_t)INT32_MAX >> t->bits;

    return (int)((t->slots[slot].generation & generations) << t->bits | slot);
}

static uint32_t take_slot(struct sock_table *t)
{
    uint32_t slot = t->head;

    if (t->fresh < t->max)
        return t->fresh++;
    if (slot == NO_SLOT)
        return NO_SLOT;
    t->head = t->slots[slot].next;
    if (t->head == NO_SLOT)
        t->tail = NO_SLOT;
    return slot;
}

static void give_slot(struct sock_table *t, uint32_t slot)
{
    t->slots[slot].sock = NULL;
    t->slots[slot].generation++;
    t->slots[slot].next = NO_SLOT;
    if (t->tail == NO_SLOT)
        t->head = slot;
    else
        t->slots[t->tail].next = slot;
    t->tail = slot;
}

int sock_table_add(struct sock_table *t, struct sock **out)
{
    uint32_t     slot = take_slot(t);
    struct sock *s;

    if (slot == NO_SLOT)
        return -CW_EMFILE;
    s = slab_get0(&t->slab);
    if (!s) {
        give_slot(t, slot);
        return -CW_ENOMEM;
    }
    s->sd = number_of(t, slot);
    t->slots[slot].sock = s;
    *out = s;
    return 0;
}

struct sock *sock_table_get(const struct sock_table *t, int sd)
{
    uint32_t     slot = (uint32_t)sd & ((1u << t->bits) - 1);
    struct sock *s;

    if (sd < 0 || slot >= t->fresh)
        return NULL;
    s = t->slots[slot].sock;
    return s && s->sd == sd ? s : NULL;
}

void sock_table_remove(struct sock_table *t, struct sock *s)
{
    uint32_t slot = (uint32_t)s->sd & ((1u << t->bits) - 1);

    INVARIANT(t->slots[slot].sock == s);
    near_del(&s->ready);
    sock_table_unplan(s);
    give_slot(t, slot);
    slab_put(s);
}

struct sock_plan *sock_table_plan(struct sock_table *t, struct sock *s)
{
    if (!s->plan)
        s->plan = slab_get0(&t->plans);
    return s->plan;
}

void sock_table_unplan(struct sock *s)
{
    if (!s->plan)
        return;
    INVARIANT(!s->plan->bind);
    slab_put(s->plan);
    s->plan = NULL;
}

void sock_table_fini(struct sock_table *t)
{
    for (uint32_t slot = 0; slot < t->fresh; slot++) {
        struct sock *s = t->slots[slot].sock;

        if (!s)
            continue;
        if (sock_tcp(s)) { /* not closed as close() does: nothing is sent */
            tcp_call_abort(sock_tcp(s));
            sock_is_nothing(s);
        }
        sock_release(s);
        sock_table_remove(t, s);
    }
}
