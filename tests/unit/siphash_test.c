/* SipHash-2-4 against the reference's own vectors: key 00..0f, message i is
 * the bytes 0..i-1. */
#include "base/siphash.h"
#include "t.h"

static struct sipkey reference_key(void)
{
    uint8_t key[16];

    for (unsigned i = 0; i < 16; i++)
        key[i] = (uint8_t)i;
    return sipkey_load(key);
}

/* The reference prints a hash as its eight bytes, lowest first. */
TEST(reference_vectors)
{
    static const struct {
        size_t   len;
        uint64_t want;
    } rows[] = {
        { 0, UINT64_C(0x726fdb47dd0e0e31) },
        { 1, UINT64_C(0x74f839c593dc67fd) },
        { 2, UINT64_C(0x0d6c8009d9a94f5a) },
        { 3, UINT64_C(0x85676696d7fb7e2d) },
        { 4, UINT64_C(0xcf2794e0277187b7) },
        { 5, UINT64_C(0x18765564cd99a68d) },
        { 6, UINT64_C(0xcbc9466e58fee3ce) },
        { 7, UINT64_C(0xab0200f58b01d137) },
        { 8, UINT64_C(0x93f5f5799a932462) },
        { 15, UINT64_C(0xa129ca6149be45e5) }, /* the paper's appendix A */
    };
    uint8_t msg[16];

    for (unsigned i = 0; i < sizeof(msg); i++)
        msg[i] = (uint8_t)i;
    T_EACH (row, rows) {
        t_row("%zu bytes", row->len);
        EXPECT_EQ(siphash(reference_key(), t_guard(msg, row->len), row->len),
                  row->want);
    }
}

TEST(key_is_little_endian)
{
    struct sipkey key = reference_key();

    EXPECT_EQ(key.k0, UINT64_C(0x0706050403020100));
    EXPECT_EQ(key.k1, UINT64_C(0x0f0e0d0c0b0a0908));
}

TEST(every_bit_of_key_and_message_matters)
{
    uint8_t       msg[11] = "0123456789";
    struct sipkey key = reference_key();
    uint64_t      plain = siphash(key, msg, sizeof(msg));

    for (unsigned bit = 0; bit < 8 * sizeof(msg); bit++) {
        msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
        EXPECT_NE(siphash(key, msg, sizeof(msg)), plain);
        msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (unsigned bit = 0; bit < 128; bit++) {
        struct sipkey other = key;

        *(bit < 64 ? &other.k0 : &other.k1) ^= UINT64_C(1) << bit % 64;
        EXPECT_NE(siphash(other, msg, sizeof(msg)), plain);
    }
}

TEST(no_bytes_need_no_pointer)
{
    EXPECT_EQ(siphash(reference_key(), NULL, 0),
              UINT64_C(0x726fdb47dd0e0e31));
}

T_MAIN(T(reference_vectors), T(key_is_little_endian),
       T(every_bit_of_key_and_message_matters), T(no_bytes_need_no_pointer))
