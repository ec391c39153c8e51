/* flowtab.c: linear hashing.  See flowtab.h.
 *
 *   With b buckets and 2^k =< b < 2^(k+1), a hash belongs to its low k+1 bits
 *   if there is such a bucket, else to its low k bits.  Growing by one bucket
 *   splits the bucket whose number lacks the new one's top bit; shrinking
 *   undoes that.  If a part cannot be had, the table just stays as it is.
 */
#include "store/flowtab.h"
#include "base/check.h"

static uint32_t hash_of(const struct flowtab *t, const struct flowkey *k)
{
    uint8_t b[40];

    memcpy(b, k->local.b, 16);
    memcpy(b + 16, k->remote.b, 16);
    be16_store(b + 32, k->lport);
    be16_store(b + 34, k->rport);
    be32_store(b + 36, k->scope);
    return (uint32_t)siphash(t->secret, b, sizeof b);
}

static bool key_eq(const struct flowkey *a, const struct flowkey *b)
{
    return a->lport == b->lport && a->rport == b->rport
        && a->scope == b->scope && addr_eq(&a->remote, &b->remote)
        && addr_eq(&a->local, &b->local);
}

static struct flownode **bucket(struct flowtab *t, uint32_t i)
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

static struct flownode **home(struct flowtab *t, uint32_t hash)
{
    uint32_t whole = floor2(t->buckets);
    uint32_t i = hash & (2 * whole - 1);

    return bucket(t, i < t->buckets ? i : hash & (whole - 1));
}

void flowtab_init(struct flowtab *t, struct arena *a, struct sipkey secret)
{
    memset(t, 0, sizeof *t);
    t->secret = secret;
    t->buckets = FLOWTAB_INLINE;
    slab_init(&t->parts, a, FLOWTAB_PART * sizeof(struct flownode *));
}

void flowtab_fini(struct flowtab *t)
{
    INVARIANT(t->count == 0);
    for (unsigned i = 0; i < FLOWTAB_PARTS; i++)
        if (t->part[i])
            slab_put(t->part[i]);
    memset(t->part, 0, sizeof t->part);
    t->buckets = FLOWTAB_INLINE;
}

/* Moves to *to the nodes of *from for which that is now home. */
static void split(struct flowtab *t, struct flownode **from,
                  struct flownode **to)
{
    while (*from) {
        struct flownode *n = *from;

        if (home(t, n->hash) != to) {
            from = &n->next;
            continue;
        }
        *from = n->next;
        n->next = *to;
        *to = n;
    }
}

static void grow(struct flowtab *t)
{
    uint32_t           i = t->buckets;
    struct flownode ***part = &t->part[i / FLOWTAB_PART];

    if (i >= FLOWTAB_PARTS * FLOWTAB_PART)
        return;
    if (!*part && !(*part = slab_get0(&t->parts)))
        return;
    t->buckets++;
    split(t, bucket(t, i - floor2(i)), bucket(t, i));
}

static void shrink(struct flowtab *t)
{
    uint32_t           i = t->buckets - 1;
    struct flownode  **from = bucket(t, i);
    struct flownode  **to = bucket(t, i - floor2(i));
    struct flownode ***part = &t->part[i / FLOWTAB_PART];

    while (*to)
        to = &(*to)->next;
    *to = *from;
    *from = NULL;
    t->buckets = i;
    if (i % FLOWTAB_PART == 0 || i == FLOWTAB_INLINE) {
        slab_put(*part);
        *part = NULL;
    }
}

struct flownode *flowtab_find(struct flowtab *t, const struct flowkey *key)
{
    uint32_t         hash = hash_of(t, key);
    struct flownode *n = *home(t, hash);

    while (n && (n->hash != hash || !key_eq(&n->key, key)))
        n = n->next;
    return n;
}

void flowtab_insert(struct flowtab *t, struct flownode *node)
{
    struct flownode **at;

    node->hash = hash_of(t, &node->key);
    at = home(t, node->hash);
    node->next = *at;
    *at = node;
    t->count++;
    if (t->count > t->buckets)
        grow(t);
}

void flowtab_remove(struct flowtab *t, struct flownode *node)
{
    struct flownode **at = home(t, node->hash);

    while (*at != node) {
        INVARIANT(*at != NULL);
        at = &(*at)->next;
    }
    *at = node->next;
    node->next = NULL;
    t->count--;
    /* two for each removal, so that an empty table is a small one */
    for (int i = 0; i < 2; i++)
        if (t->buckets > FLOWTAB_INLINE && t->count < t->buckets)
            shrink(t);
}
