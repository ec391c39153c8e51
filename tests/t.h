/* t.h: what every test is written with; a thin layer over cmocka.
 *
 *     TEST(parses_what_it_prints)
 *     {
 *         T_EACH (row, rows) {
 *             t_row("%s", row->text);
 *             EXPECT_EQ(f(row->text), row->want);
 *         }
 *     }
 *     T_MAIN(T(parses_what_it_prints), T(another))
 *
 * A failed EXPECT prints both values, file:line and the row of the table, and
 * ends the test.  Whatever t_guard() and t_alloc() gave out is taken back
 * after each test; memory of t_alloc() that the test did not free fails it.
 */
#ifndef T_H
#define T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/prng.h"
#include <causeway/stack.h>

#define TEST(name) static void name(void **state __attribute__((unused)))
#define T(name)    cmocka_unit_test_setup_teardown(name, t_setup, t_teardown)
#define T_MAIN(...)                                                       \
    int main(void)                                                        \
    {                                                                     \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };                \
        return cmocka_run_group_tests_name(t_name(__FILE__), tests, NULL, \
                                           NULL);                         \
    }

#define T_EACH(row, table)                            \
    for (const __typeof__((table)[0]) *row = (table); \
         row < (table) + ARRAY_LEN(table); row++)

/* Names the table row that is being looked at, for failures. */
void t_row(const char *format, ...) PRINTF_LIKE(1, 2);

#define EXPECT(x) t_expect(!!(x), #x, __FILE__, __LINE__)
/* Integers of any kind, booleans, enums. */
#define EXPECT_EQ(got, want)                                                \
    t_expect_int((intmax_t)(got), '=', (intmax_t)(want), #got " == " #want, \
                 __FILE__, __LINE__)
#define EXPECT_NE(got, other)                             \
    t_expect_int((intmax_t)(got), '!', (intmax_t)(other), \
                 #got " != " #other, __FILE__, __LINE__)
#define EXPECT_LT(got, bound)                                                \
    t_expect_int((intmax_t)(got), '<', (intmax_t)(bound), #got " < " #bound, \
                 __FILE__, __LINE__)
#define EXPECT_LE(got, bound)                             \
    t_expect_int((intmax_t)(got), 'l', (intmax_t)(bound), \
                 #got " <= " #bound, __FILE__, __LINE__)
#define EXPECT_GE(got, bound)                             \
    t_expect_int((intmax_t)(bound), 'l', (intmax_t)(got), \
                 #bound " <= " #got, __FILE__, __LINE__)
#define EXPECT_STR(got, want) \
    t_expect_str((got), (want), #got, __FILE__, __LINE__)
#define EXPECT_MEM(got, want, n) \
    t_expect_mem((got), (want), (n), #got, __FILE__, __LINE__)
#define EXPECT_NULL(p) \
    t_expect((p) == NULL, #p " == NULL", __FILE__, __LINE__)
#define FAIL(...) t_fail(__FILE__, __LINE__, __VA_ARGS__)

/* The statement must break an invariant. */
#define EXPECT_PANIC(statement)                              \
    do {                                                     \
        if (setjmp(*t_panic_arm()) == 0) {                   \
            statement;                                       \
            t_panic_missing(#statement, __FILE__, __LINE__); \
        }                                                    \
    } while (0)

void t_expect(bool ok, const char *what, const char *file, int line);
void t_expect_int(intmax_t a, char op, intmax_t b, const char *what,
                  const char *file, int line);
void t_expect_str(const char *got, const char *want, const char *what,
                  const char *file, int line);
void t_expect_mem(const void *got, const void *want, size_t n,
                  const char *what, const char *file, int line);
_Noreturn void t_fail(const char *file, int line, const char *format, ...)
    PRINTF_LIKE(3, 4);
jmp_buf       *t_panic_arm(void);
_Noreturn void t_panic_missing(const char *what, const char *file, int line);

/* A copy of the bytes whose last one is followed by a page that may not be
 * touched.  bytes may be NULL (zeros). */
uint8_t *t_guard(const void *bytes, size_t len);

/* "45 00 0054" -> bytes behind a guard page; *len is how many. */
uint8_t *t_hex(const char *text, size_t *len);

/* The heap as a cw_alloc.  It counts, and it fills with 0xa5 what it gives.
 */
const struct cw_alloc *t_alloc(void);
size_t                 t_alloc_bytes(void); /* in use now */
/* From the n-th allocation on (0: the next), answer NULL; -1: never. */
void t_alloc_fail_after(int n);

/* Random numbers for models: the same on each run unless T_SEED is set;
 * a failure prints the seed. */
struct prng t_prng(const char *purpose);

int         t_setup(void **state);
int         t_teardown(void **state);
const char *t_name(const char *file);

#endif
