/* avl.h: intrusive ordered trees, whose depth is bounded whatever goes in.
 *
 * Owns the order of nodes and the balance; does not know keys: who inserts
 * says before which node, and who searches descends by himself.
 * Invariant: the heights of two siblings differ by one at most, so that n
 * nodes are no deeper than 1.45 log2(n + 2).
 */
#ifndef BASE_AVL_H
#define BASE_AVL_H

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

struct avl {
    struct avl *child[2]; /* before, behind */
    struct avl *parent;
    uint32_t    height; /* of a leaf: 1 */
};

enum { AVL_BEFORE, AVL_BEHIND };

/* The outermost node on a side; NULL: the tree is empty. */
struct avl *avl_end(struct avl *root, int side);
/* The neighbour in order; NULL: there is none. */
struct avl *avl_next(const struct avl *n, int side);
/* In front of `at`; NULL: behind all. */
void avl_insert(struct avl **root, struct avl *at, struct avl *n);
void avl_remove(struct avl **root, struct avl *n);

#define avl_entry(node, type, member) container_of(node, type, member)

#endif
