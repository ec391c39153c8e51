/* flowtab.h: four-tuple table with a keyed hash.
 *
 * Intrusive chains; grows and shrinks in steps, never with a pause: each
 * insert or removal moves a bounded number of buckets.  The order of nothing
 * observable depends on it.  Bucket arrays come from arena pages.
 */
#ifndef STORE_FLOWTAB_H
#define STORE_FLOWTAB_H

#include "base/addr.h"
#include "base/siphash.h"
#include "store/arena.h"

struct flowkey {
    struct cw_addr local, remote;
    uint16_t       lport, rport;
    uint32_t       scope;
};

struct flownode {
    struct flownode *next;
    uint32_t         hash;
    uint8_t          kind; /* the table's user says what the node is in */
    struct flowkey   key;
};

struct flowtab {
    struct sipkey     secret;
    struct arena     *arena;
    struct flownode **old, **cur; /* two generations while growing */
    uint32_t          old_bits, cur_bits, moved;
    uint32_t          count;
    struct flownode  *first[64]; /* the table while it is small */
};

void flowtab_init(struct flowtab *t, struct arena *a, struct sipkey secret);
/* Only when empty. */
void             flowtab_fini(struct flowtab *t);
struct flownode *flowtab_find(struct flowtab *t, const struct flowkey *key);
/* node->key and kind are set by the caller; the key must not be there. */
void flowtab_insert(struct flowtab *t, struct flownode *node);
void flowtab_remove(struct flowtab *t, struct flownode *node);

#endif
