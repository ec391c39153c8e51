/* ep_sent.c: answers on their way to another process.
 *
 * Its caller may have been interrupted before the answer comes; then what
 * was in it must not be lost: a connection goes back to the listener, a
 * datagram to the program's end, a failed connect() to whoever polls.
 */
#include "shim/ep.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

struct sent {
    struct list       link;
    struct ctl_front *front;
    uint64_t          id;
    uint8_t           op; /* CALL_ACCEPT, CALL_RECV, CALL_CONNECT */
    int               err;
    struct ep        *listener, *ep; /* listener NULL: it is gone */
    struct pair_item  item;
    char             *data;
};

static struct sent *add(struct ep *ep, struct ctl_front *front, uint64_t id,
                        int op)
{
    struct sent *s = calloc(1, sizeof *s);

    INVARIANT(s);
    s->front = front;
    s->id = id;
    s->op = (uint8_t)op;
    s->ep = ep;
    list_push_back(&ep->ctl->sent, &s->link);
    return s;
}

void ep_sent_accept(struct ep *listener, struct ep *child,
                    struct ctl_front *front, uint64_t id)
{
    add(child, front, id, CALL_ACCEPT)->listener = listener;
}

void ep_sent_connect(struct ep *ep, struct ctl_front *front, uint64_t id,
                     int err)
{
    add(ep, front, id, CALL_CONNECT)->err = err;
}

void ep_sent_gram(struct ep *ep, struct ctl_front *front, uint64_t id,
                  const struct pair_item *item)
{
    struct sent *s = add(ep, front, id, CALL_RECV);

    s->item = *item;
    s->data = malloc(item->bytes + 1);
    INVARIANT(s->data && item->bytes <= sizeof ep->ctl->buf);
    memcpy(s->data, ep->ctl->buf, item->bytes);
}

static void sent_free(struct sent *s)
{
    list_del(&s->link);
    free(s->data);
    free(s);
}

static void undo(struct sent *s)
{
    if (s->op == CALL_ACCEPT) {
        ep_accept_undo(s->listener, s->ep);
        if (s->listener && !s->listener->dead)
            ep_listen_ready(s->listener); /* for others who wait */
    } else if (s->op == CALL_CONNECT) {
        ep_connect_untold(s->ep, s->err);
    } else {
        memcpy(s->ep->ctl->buf, s->data, s->item.bytes);
        ep_gram_give(s->ep, &s->item);
    }
}

/* Off the list first: undoing may end endpoints. */
static void settle(struct sent *s, bool arrived)
{
    list_del(&s->link);
    if (!arrived)
        undo(s);
    else if (s->op == CALL_ACCEPT)
        ep_delivered(s->ep);
    else if (s->op == CALL_CONNECT)
        pair_unfill(&s->ep->pair);
    sent_free(s);
}

void ctl_told(struct ctl *ctl, struct ctl_front *front, uint64_t id,
              bool arrived)
{
    list_each (it, &ctl->sent) {
        struct sent *s = list_entry(it, struct sent, link);

        if (s->front != front || s->id != id)
            continue;
        settle(s, arrived);
        return;
    }
}

void ep_sent_forget(struct ep *ep)
{
    list_each (it, &ep->ctl->sent) {
        struct sent *s = list_entry(it, struct sent, link);

        if (s->listener == ep)
            s->listener = NULL;
        if (s->ep == ep)
            sent_free(s);
    }
}

void ep_sent_drop(struct ctl *ctl, const struct ctl_front *front)
{
    for (;;) {
        struct sent *found = NULL;

        list_each (it, &ctl->sent) {
            struct sent *s = list_entry(it, struct sent, link);

            if (!found && (!front || s->front == front))
                found = s;
        }
        if (!found)
            return;
        settle(found, false);
    }
}
