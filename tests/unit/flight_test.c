/* flight_test.c: slots, chains and the heap against naive models. */
#include "emu/flight.h"
#include "base/prng.h"
#include "t.h"
#include <stdlib.h>

enum { MAX_SLOTS = 500 };

static void *plain_alloc(void *ctx, size_t size, size_t align)
{
    (void)align;
    ++*(long *)ctx;
    return malloc(size);
}

static void plain_free(void *ctx, void *mem, size_t size)
{
    (void)size;
    --*(long *)ctx;
    free(mem);
}

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

static void heap_agrees_with_search(void **state)
{
    long              pieces = 0;
    struct cw_alloc   alloc = { &pieces, plain_alloc, plain_free };
    struct flight     f;
    struct heap       h = { 0 };
    struct heap_entry model[MAX_SLOTS];
    struct prng       draw = prng_stream((struct sipkey){ 1, 1 }, 0, "heap");
    unsigned          n = 0;
    uint64_t          key = 0;

    (void)state;
    flight_init(&f, &alloc, MAX_SLOTS);
    for (unsigned i = 0; i < 30000; i++) {
        bool push = n == 0 || prng_below(&draw, 100) < 52;

        if (push && flight_reserve(&f, &h)) {
            cw_ns at = (cw_ns)prng_below(&draw, 50);

            model[n] = (struct heap_entry){ at, ++key, slot_take(&f) };
            heap_push(&h, model[n++]);
        } else if (n) {
            unsigned          least = naive_least(model, n);
            struct heap_entry e = heap_pop(&h);

            assert_int_equal(e.key, model[least].key);
            assert_int_equal(e.at, model[least].at);
            assert_int_equal(e.slot, model[least].slot);
            slot_give(&f, e.slot);
            model[least] = model[--n];
        }
        assert_int_equal(f.live, n);
        assert_int_equal(h.n, n);
    }
    while (h.n)
        slot_give(&f, heap_pop(&h).slot);
    heap_free(&h, &alloc);
    flight_free(&f);
    assert_int_equal(pieces, 0);
}

static void slots_are_bounded_and_distinct(void **state)
{
    long            pieces = 0;
    struct cw_alloc alloc = { &pieces, plain_alloc, plain_free };
    struct flight   f;
    struct heap     h = { 0 };
    uint8_t         taken[100] = { 0 };

    (void)state;
    flight_init(&f, &alloc, 100);
    for (unsigned i = 0; i < 100; i++) {
        uint32_t slot;

        assert_true(flight_reserve(&f, &h));
        slot = slot_take(&f);
        assert_true(slot < 100 && !taken[slot]);
        taken[slot] = 1;
    }
    assert_false(flight_reserve(&f, &h));
    slot_give(&f, 42);
    assert_true(flight_reserve(&f, &h));
    assert_int_equal(slot_take(&f), 42);
    for (uint32_t i = 0; i < 100; i++)
        slot_give(&f, i);
    heap_free(&h, &alloc);
    flight_free(&f);
    assert_int_equal(pieces, 0);
}

static void chains_are_first_in_first_out(void **state)
{
    long            pieces = 0;
    struct cw_alloc alloc = { &pieces, plain_alloc, plain_free };
    struct flight   f;
    struct heap     h = { 0 };
    struct chain    c;
    uint32_t        slots[10];

    (void)state;
    flight_init(&f, &alloc, 100);
    chain_init(&c);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 10; i++) {
            assert_true(flight_reserve(&f, &h));
            slots[i] = slot_take(&f);
            chain_push(&f, &c, slots[i]);
        }
        for (unsigned i = 0; i < 10; i++) {
            assert_false(chain_empty(&c));
            assert_int_equal(chain_pop(&f, &c), slots[i]);
            slot_give(&f, slots[i]);
        }
        assert_true(chain_empty(&c));
    }
    heap_free(&h, &alloc);
    flight_free(&f);
    assert_int_equal(pieces, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_agrees_with_search),
        cmocka_unit_test(slots_are_bounded_and_distinct),
        cmocka_unit_test(chains_are_first_in_first_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
