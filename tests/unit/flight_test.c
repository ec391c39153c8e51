/* flight_test.c: slots, chains and the heap against naive models. */
#include "emu/flight.h"
#include "t.h"

enum { MAX_SLOTS = 500 };

/* The least by looking at all. */
static unsigned naive_least(const struct heap_entry *e, unsigned n)
{
    unsigned least = 0;

    for (unsigned i = 1; i < n; i++)
        if (e[i].at < e[least].at
            || (e[i].at == e[least].at && e[i].key < e[least].key))
            least = i;
    return least;
}

TEST(heap_agrees_with_search)
{
    struct flight     f;
    struct heap       h = { 0 };
    struct heap_entry model[MAX_SLOTS];
    struct prng       draw = t_prng("heap");
    unsigned          n = 0;
    uint64_t          key = 0;

    flight_init(&f, t_alloc(), MAX_SLOTS);
    for (unsigned i = 0; i < 30000; i++) {
        bool push = n == 0 || prng_below(&draw, 100) < 52;

        if (push && flight_reserve(&f, &h)) {
            cw_ns at = (cw_ns)prng_below(&draw, 50);

            model[n] = (struct heap_entry){ at, ++key, slot_take(&f) };
            heap_push(&h, model[n++]);
        } else if (n) {
            unsigned          least = naive_least(model, n);
            struct heap_entry e = heap_pop(&h);

            EXPECT_EQ(e.key, model[least].key);
            EXPECT_EQ(e.at, model[least].at);
            EXPECT_EQ(e.slot, model[least].slot);
            slot_give(&f, e.slot);
            model[least] = model[--n];
        }
        EXPECT_EQ(f.live, n);
        EXPECT_EQ(h.n, n);
    }
    while (h.n)
        slot_give(&f, heap_pop(&h).slot);
    heap_free(&h, t_alloc());
    flight_free(&f);
}

TEST(slots_are_bounded_and_distinct)
{
    struct flight f;
    struct heap   h = { 0 };
    uint8_t       taken[100] = { 0 };

    flight_init(&f, t_alloc(), 100);
    for (unsigned i = 0; i < 100; i++) {
        uint32_t slot;

        EXPECT(flight_reserve(&f, &h));
        slot = slot_take(&f);
        EXPECT(slot < 100 && !taken[slot]);
        taken[slot] = 1;
    }
    EXPECT(!flight_reserve(&f, &h));
    slot_give(&f, 42);
    EXPECT(flight_reserve(&f, &h));
    EXPECT_EQ(slot_take(&f), 42);
    for (uint32_t i = 0; i < 100; i++)
        slot_give(&f, i);
    heap_free(&h, t_alloc());
    flight_free(&f);
}

TEST(chains_are_first_in_first_out)
{
    struct flight f;
    struct heap   h = { 0 };
    struct chain  c;
    uint32_t      slots[10];

    flight_init(&f, t_alloc(), 100);
    chain_init(&c);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 10; i++) {
            EXPECT(flight_reserve(&f, &h));
            slots[i] = slot_take(&f);
            chain_push(&f, &c, slots[i]);
        }
        for (unsigned i = 0; i < 10; i++) {
            EXPECT(!chain_empty(&c));
            EXPECT_EQ(chain_pop(&f, &c), slots[i]);
            slot_give(&f, slots[i]);
        }
        EXPECT(chain_empty(&c));
    }
    heap_free(&h, t_alloc());
    flight_free(&f);
}

T_MAIN(T(heap_agrees_with_search), T(slots_are_bounded_and_distinct),
       T(chains_are_first_in_first_out))
