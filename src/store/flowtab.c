/* flowtab.c: linear hashing, and the local ends.  See flowtab.h.
 *
 *   With b buckets and 2^k =< b < 2^(k+1), a hash belongs to its low k+1 bits
 *   if there is such a bucket, else to its low k bits.  Growing by one bucket
 *   splits the bucket whose number lacks the new one's top bit; shrinking
 *   undoes that.  If a part cannot be had, the table just stays as it is.
 *   Hashes are not kept: a node is hashed when its bucket is split and when
 *   it goes, which is cheaper than four bytes in each.
 */
#include "store/flowtab.h"
#include "base/check.h"

_Static_assert(sizeof(struct flownode) == 28, "records count on it");

/* ---- local ends ---------------------------------------------------------- */

/* Ends are the host's own addresses: nobody outside chooses them. */
static uint16_t *end_bucket(struct flowtab *t, const struct cw_addr *a)
{
    uint64_t hi, lo;

    memcpy(&hi, a->b, 8);
    memcpy(&lo, a->b + 8, 8);
    hi = (hi ^ lo) * UINT64_C(0x9e3779b97f4a7c15);
    return &t->end_bucket[hi >> 58];
}

static struct flowend *end_at(const struct flowtab *t, uint16_t i)
{
    INVARIANT(i > 0 && i < FLOW_ENDS_MAX);
    return arena_at(t->arena, t->end[i]);
}

/* The number of this end; 0: no flow has it. */
static uint16_t end_find(struct flowtab *t, const struct flowkey *k)
{
    uint16_t i = *end_bucket(t, &k->local);

    while (i) {
        const struct flowend *e = end_at(t, i);

        if (addr_eq(&e->addr, &k->local) && e->scope == k->scope)
            break;
        i = e->next;
    }
    return i;
}

static uint16_t end_add(struct flowtab *t, const struct flowkey *k)
{
    uint16_t       *head = end_bucket(t, &k->local);
    uint16_t        i = t->end_free ?: t->end_fresh;
    struct flowend *e;

    if (i == FLOW_ENDS_MAX || !(e = slab_get0(&t->ends)))
        return 0;
    if (i == t->end_fresh)
        t->end_fresh++;
    else
        t->end_free = (uint16_t)t->end[i];
    e->addr = k->local;
    e->scope = k->scope;
    e->next = *head;
    *head = i;
    t->end[i] = arena_ref(t->arena, e);
    return i;
}

static void end_put(struct flowtab *t, uint16_t i)
{
    struct flowend *e = end_at(t, i);
    uint16_t       *at = end_bucket(t, &e->addr);

    INVARIANT(e->refs > 0);
    if (--e->refs > 0)
        return;
    while (*at != i)
        at = &end_at(t, *at)->next;
    *at = e->next;
    slab_put(e);
    t->end[i] = t->end_free;
    t->end_free = i;
}

bool flownode_name(struct flowtab *t, struct flownode *node,
                   const struct flowkey *key)
{
    uint16_t i;

    INVARIANT(node->end == 0);
    i = end_find(t, key) ?: end_add(t, key);
    if (i == 0)
        return false;
    end_at(t, i)->refs++;
    node->end = i;
    node->lport = key->lport;
    node->rport = key->rport;
    node->remote = key->remote;
    return true;
}

void flownode_unname(struct flowtab *t, struct flownode *node)
{
    if (node->end)
        end_put(t, node->end);
    node->end = 0;
}

struct flowkey flownode_key(const struct flowtab *t, const struct flownode *n)
{
    const struct flowend *e = end_at(t, n->end);

    return (struct flowkey){ .local = e->addr,
                             .remote = n->remote,
                             .lport = n->lport,
                             .rport = n->rport,
                             .scope = e->scope };
}

/* ---- buckets ------------------------------------------------------------- */

static uint32_t hash_of(const struct flowtab *t, const struct flownode *n)
{
    uint8_t b[24];

    memcpy(b, n->remote.b, 16);
    be16_store(b + 16, n->end);
    be16_store(b + 18, n->lport);
    be16_store(b + 20, n->rport);
    be16_store(b + 22, 0);
    return (uint32_t)siphash(t->secret, b, sizeof b);
}

static struct flownode *node_at(const struct flowtab *t, uint32_t ref)
{
    return arena_at(t->arena, ref);
}

static bool same(const struct flownode *a, const struct flownode *b)
{
    return a->rport == b->rport && a->lport == b->lport && a->end == b->end
        && addr_eq(&a->remote, &b->remote);
}

static uint32_t *bucket(struct flowtab *t, uint32_t i)
{
    if (i < FLOWTAB_INLINE)
        return &t->first[i];
    return &t->part[i / FLOWTAB_PART][i % FLOWTAB_PART];
}

/* The highest power of two that is no larger than n. */
static uint32_t floor2(uint32_t n)
{
    return UINT32_C(1) << (31 - __builtin_clz(n));
}

static uint32_t *home(struct flowtab *t, const struct flownode *n)
{
    uint32_t hash = hash_of(t, n);
    uint32_t whole = floor2(t->buckets);
    uint32_t i = hash & (2 * whole - 1);

    return bucket(t, i < t->buckets ? i : hash & (whole - 1));
}

void flowtab_init(struct flowtab *t, struct arena *a, struct sipkey secret)
{
    memset(t, 0, sizeof *t);
    t->secret = secret;
    t->arena = a;
    t->buckets = FLOWTAB_INLINE;
    t->end_fresh = 1;
    slab_init(&t->parts, a, FLOWTAB_PART * sizeof(uint32_t));
    slab_init(&t->ends, a, sizeof(struct flowend));
}

void flowtab_fini(struct flowtab *t)
{
    INVARIANT(t->count == 0 && t->ends.live == 0);
    for (unsigned i = 0; i < FLOWTAB_PARTS; i++)
        if (t->part[i])
            slab_put(t->part[i]);
    memset(t->part, 0, sizeof t->part);
    t->buckets = FLOWTAB_INLINE;
}

/* Moves to *to the nodes of *from for which that is now home. */
static void split(struct flowtab *t, uint32_t *from, uint32_t *to)
{
    while (*from) {
        uint32_t         ref = *from;
        struct flownode *n = node_at(t, ref);

        if (home(t, n) != to) {
            from = &n->next;
            continue;
        }
        *from = n->next;
        n->next = *to;
        *to = ref;
    }
}

static void grow(struct flowtab *t)
{
    uint32_t   i = t->buckets;
    uint32_t **part = &t->part[i / FLOWTAB_PART];

    if (i >= FLOWTAB_PARTS * FLOWTAB_PART)
        return;
    if (!*part && !(*part = slab_get0(&t->parts)))
        return;
    t->buckets++;
    split(t, bucket(t, i - floor2(i)), bucket(t, i));
}

static void shrink(struct flowtab *t)
{
    uint32_t   i = t->buckets - 1;
    uint32_t  *from = bucket(t, i);
    uint32_t  *to = bucket(t, i - floor2(i));
    uint32_t **part = &t->part[i / FLOWTAB_PART];

    while (*to)
        to = &node_at(t, *to)->next;
    *to = *from;
    *from = 0;
    t->buckets = i;
    if (i % FLOWTAB_PART == 0 || i == FLOWTAB_INLINE) {
        slab_put(*part);
        *part = NULL;
    }
}

struct flownode *flowtab_find(struct flowtab *t, const struct flowkey *key)
{
    struct flownode want = { .end = end_find(t, key),
                             .lport = key->lport,
                             .rport = key->rport,
                             .remote = key->remote };
    uint32_t        ref;

    if (want.end == 0)
        return NULL;
    for (ref = *home(t, &want); ref; ref = node_at(t, ref)->next)
        if (same(node_at(t, ref), &want))
            return node_at(t, ref);
    return NULL;
}

void flowtab_insert(struct flowtab *t, struct flownode *node)
{
    uint32_t *at = home(t, node);

    INVARIANT(node->end != 0);
    node->next = *at;
    *at = arena_ref(t->arena, node);
    t->count++;
    if (t->count > t->buckets)
        grow(t);
}

void flowtab_remove(struct flowtab *t, struct flownode *node)
{
    uint32_t  ref = arena_ref(t->arena, node);
    uint32_t *at = home(t, node);

    while (*at != ref) {
        INVARIANT(*at != 0);
        at = &node_at(t, *at)->next;
    }
    *at = node->next;
    node->next = 0;
    t->count--;
    /* two for each removal, so that an empty table is a small one */
    for (int i = 0; i < 2; i++)
        if (t->buckets > FLOWTAB_INLINE && t->count < t->buckets)
            shrink(t);
}
