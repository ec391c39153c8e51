/* avl.c: height-balanced trees.  See avl.h. */
#include "base/avl.h"
#include "base/check.h"

static uint32_t height(const struct avl *n)
{
    return n ? n->height : 0;
}

static void measure(struct avl *n)
{
    n->height = 1 + MAX(height(n->child[0]), height(n->child[1]));
}

static void set_child(struct avl *n, int side, struct avl *c)
{
    n->child[side] = c;
    if (c)
        c->parent = n;
}

/* `by` stands where n stood. */
static void replace(struct avl **root, struct avl *n, struct avl *by)
{
    struct avl *p = n->parent;

    if (!p)
        *root = by;
    else
        p->child[p->child[1] == n] = by;
    if (by)
        by->parent = p;
}

/* n goes down to `side`; its other child takes its place. */
static struct avl *rotate(struct avl **root, struct avl *n, int side)
{
    struct avl *c = n->child[!side];

    INVARIANT(c != NULL);
    replace(root, n, c);
    set_child(n, !side, c->child[side]);
    set_child(c, side, n);
    measure(n);
    measure(c);
    return c;
}

/* From where something changed upwards. */
static void balance(struct avl **root, struct avl *n)
{
    for (; n; n = n->parent) {
        uint32_t    h[2] = { height(n->child[0]), height(n->child[1]) };
        int         heavy = h[1] > h[0];
        struct avl *c = n->child[heavy];

        INVARIANT(h[heavy] - h[!heavy] <= 2);
        if (h[heavy] - h[!heavy] == 2) {
            if (height(c->child[!heavy]) > height(c->child[heavy]))
                rotate(root, c, heavy);
            n = rotate(root, n, !heavy);
        }
        measure(n);
    }
}

struct avl *avl_end(struct avl *root, int side)
{
    while (root && root->child[side])
        root = root->child[side];
    return root;
}

struct avl *avl_next(const struct avl *n, int side)
{
    const struct avl *p = n->parent;

    if (n->child[side])
        return avl_end(n->child[side], !side);
    while (p && p->child[side] == n) {
        n = p;
        p = p->parent;
    }
    return (struct avl *)(uintptr_t)p;
}

void avl_insert(struct avl **root, struct avl *at, struct avl *n)
{
    int side = AVL_BEFORE;

    *n = (struct avl){ .height = 1 };
    if (!*root) {
        INVARIANT(!at);
        *root = n;
        return;
    }
    if (!at || at->child[AVL_BEFORE]) {
        at = avl_end(at ? at->child[AVL_BEFORE] : *root, AVL_BEHIND);
        side = AVL_BEHIND;
    }
    INVARIANT(!at->child[side]);
    set_child(at, side, n);
    balance(root, at);
}

void avl_remove(struct avl **root, struct avl *n)
{
    struct avl *from = n->parent, *s;

    if (!n->child[0] || !n->child[1]) {
        replace(root, n, n->child[0] ? n->child[0] : n->child[1]);
    } else {
        s = avl_end(n->child[1], AVL_BEFORE);
        from = s->parent == n ? s : s->parent;
        if (s->parent != n) {
            replace(root, s, s->child[1]);
            set_child(s, 1, n->child[1]);
        }
        set_child(s, 0, n->child[0]);
        replace(root, n, s);
    }
    balance(root, from);
}
