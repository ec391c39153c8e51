/* flowtab.h: four-tuple table with a keyed hash.
 *
 * Intrusive chains in linear hashing (Litwin 1980): the table grows and
 * shrinks by one bucket at a time, so that no insertion pauses.  The order
 * of nothing observable depends on it.  The first buckets are inline; more
 * come in parts from the arena and go back to it.
 *
 * A node is 28 bytes, because every connection and every TIME-WAIT record
 * has one.  Its local end (address and scope, of which a host has few) is
 * kept once and known by a number; nodes are chained by arena_ref(), so they
 * must be objects of the table's arena, at its alignment.
 */
#ifndef STORE_FLOWTAB_H
#define STORE_FLOWTAB_H

#include "base/addr.h"
#include "base/limits.h"
#include "base/siphash.h"
#include "store/arena.h"

struct flowkey {
    struct cw_addr local, remote;
    uint16_t       lport, rport;
    uint32_t       scope;
};

struct flownode {
    uint32_t       next; /* arena_ref() */
    uint16_t       end;  /* the local end's number; 0: the node has no name */
    uint16_t       lport, rport;
    uint8_t        kind; /* the table's user says what the node is in */
    uint8_t        user; /* and this is for it, too */
    struct cw_addr remote;
};

/* A local end of flows. */
struct flowend {
    struct cw_addr addr;
    uint32_t       scope;
    uint32_t       refs;
    uint16_t       next; /* in its bucket */
};

enum {
    FLOWTAB_INLINE = 64,
    FLOWTAB_PART = 1024,
    FLOWTAB_PARTS = 256,
    FLOWTAB_END_BUCKETS = 64,
};

struct flowtab {
    struct sipkey secret;
    struct arena *arena;
    struct slab   parts; /* of FLOWTAB_PART buckets */
    uint32_t      count, buckets;
    uint32_t      first[FLOWTAB_INLINE]; /* buckets 0 to 63 */
    uint32_t     *part[FLOWTAB_PARTS];   /* part 0 from bucket 64 on */

    struct slab ends;
    uint16_t    end_bucket[FLOWTAB_END_BUCKETS];
    uint16_t    end_fresh, end_free; /* numbers: never used, given back */
    uint32_t    end[FLOW_ENDS_MAX]; /* arena_ref(), or the next free number */
};

void flowtab_init(struct flowtab *t, struct arena *a, struct sipkey secret);
/* Only when empty. */
void             flowtab_fini(struct flowtab *t);
struct flownode *flowtab_find(struct flowtab *t, const struct flowkey *key);

/* Gives a node its name, in the table or not; false: memory is out.  It has
 * it until flownode_unname() (of one without a name: nothing). */
bool           flownode_name(struct flowtab *t, struct flownode *node,
                             const struct flowkey *key);
void           flownode_unname(struct flowtab *t, struct flownode *node);
struct flowkey flownode_key(const struct flowtab  *t,
                            const struct flownode *node);

/* node has a name that is not in the table, and its kind is set. */
void flowtab_insert(struct flowtab *t, struct flownode *node);
void flowtab_remove(struct flowtab *t, struct flownode *node);

static inline const struct flowend *flownode_end(const struct flowtab  *t,
                                                 const struct flownode *node)
{
    return arena_at(t->arena, t->end[node->end]);
}

#endif
