/* flowtab.h: four-tuple table with a keyed hash.
 *
 * Intrusive chains in linear hashing (Litwin 1980): the table grows and
 * shrinks by one bucket at a time, so that no insertion pauses.  The order
 * of nothing observable depends on it.  The first buckets are inline; more
 * come in parts from the arena and go back to it.
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

enum { FLOWTAB_INLINE = 64, FLOWTAB_PART = 1024, FLOWTAB_PARTS = 256 };

struct flowtab {
    struct sipkey     secret;
    struct slab       parts; /* of FLOWTAB_PART buckets */
    uint32_t          count, buckets;
    struct flownode  *first[FLOWTAB_INLINE]; /* buckets 0 to 63 */
    struct flownode **part[FLOWTAB_PARTS];   /* part 0 from bucket 64 on */
};

void flowtab_init(struct flowtab *t, struct arena *a, struct sipkey secret);
/* Only when empty. */
void             flowtab_fini(struct flowtab *t);
struct flownode *flowtab_find(struct flowtab *t, const struct flowkey *key);
/* node->key and kind are set by the caller; the key must not be there. */
void flowtab_insert(struct flowtab *t, struct flownode *node);
void flowtab_remove(struct flowtab *t, struct flownode *node);

#endif
