/* t.c: the other half of t.h: failures, guard pages, a counting allocator.
 *
 * Owns cw_panic() in tests: a broken invariant that nobody waits for fails
 * the test with the place of the invariant.
 */
#include "t.h"
#include "base/check.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GUARDS_MAX = 65536 };

struct guard {
    void  *map;
    size_t size;
};

static struct {
    char          row[256];
    struct guard  guards[GUARDS_MAX];
    unsigned      nguards;
    size_t        bytes, blocks;
    int           allocs_left;
    jmp_buf       panic;
    volatile bool panic_armed;
    uint64_t      seed;
} g = { .allocs_left = -1 };

void t_row(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(g.row, sizeof(g.row), format, ap);
    va_end(ap);
}

static _Noreturn void give_up(const char *file, int line)
{
    if (g.row[0])
        print_error("    row: %s\n", g.row);
    if (g.seed)
        print_error("    again: T_SEED=%llu\n", (unsigned long long)g.seed);
    _fail(file, line);
    abort();
}

void t_fail(const char *file, int line, const char *format, ...)
{
    char    text[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    print_error("%s\n", text);
    give_up(file, line);
}

void t_expect(bool ok, const char *what, const char *file, int line)
{
    if (!ok)
        t_fail(file, line, "expected: %s", what);
}

void t_expect_int(intmax_t a, char op, intmax_t b, const char *what,
                  const char *file, int line)
{
    bool ok = op == '=' ? a == b
        : op == '!'     ? a != b
        : op == '<'     ? a < b
                        : a <= b;

    if (!ok)
        t_fail(file, line,
               "expected: %s\n    left  %jd (%#jx)\n"
               "    right %jd (%#jx)",
               what, a, (uintmax_t)a, b, (uintmax_t)b);
}

void t_expect_str(const char *got, const char *want, const char *what,
                  const char *file, int line)
{
    if (!got || !want || strcmp(got, want) != 0)
        t_fail(file, line, "%s\n    got  \"%s\"\n    want \"%s\"", what,
               got ? got : "(null)", want ? want : "(null)");
}

static void dump(const char *label, const uint8_t *p, size_t n)
{
    print_error("    %s", label);
    for (size_t i = 0; i < n && i < 256; i++)
        print_error(i % 16 == 0 && i ? "\n         %02x" : " %02x", p[i]);
    print_error("\n");
}

void t_expect_mem(const void *got, const void *want, size_t n,
                  const char *what, const char *file, int line)
{
    const uint8_t *a = got, *b = want;
    size_t         i = 0;

    while (i < n && a[i] == b[i])
        i++;
    if (i == n)
        return;
    dump("got ", a, n);
    dump("want", b, n);
    t_fail(file, line, "%s: byte %zu of %zu differs", what, i, n);
}

jmp_buf *t_panic_arm(void)
{
    g.panic_armed = true;
    return &g.panic;
}

void t_panic_missing(const char *what, const char *file, int line)
{
    g.panic_armed = false;
    t_fail(file, line, "%s: no invariant was broken", what);
}

void cw_panic(const char *file, int line, const char *what)
{
    if (g.panic_armed) {
        g.panic_armed = false;
        longjmp(g.panic, 1);
    }
    t_fail(file, line, "broken invariant: %s", what);
}

uint8_t *t_guard(const void *bytes, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t body = (len + page - 1) / page * page;
    char  *map = mmap(NULL, body + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED || g.nguards == GUARDS_MAX)
        t_fail(__FILE__, __LINE__, "t_guard: out of memory");
    g.guards[g.nguards++] = (struct guard){ map, body + page };
    if (mprotect(map + body, page, PROT_NONE) != 0)
        t_fail(__FILE__, __LINE__, "t_guard: mprotect");
    if (bytes && len)
        memcpy(map + body - len, bytes, len);
    return (uint8_t *)map + body - len;
}

uint8_t *t_hex(const char *text, size_t *len)
{
    uint8_t bytes[65536];
    size_t  n = 0;
    int     high = -1;

    for (const char *c = text; *c; c++) {
        const char *set = "0123456789abcdef", *at;

        if (isspace((unsigned char)*c))
            continue;
        at = strchr(set, tolower((unsigned char)*c));
        if (!at || n == sizeof(bytes))
            t_fail(__FILE__, __LINE__, "t_hex: bad text at \"%.16s\"", c);
        if (high < 0) {
            high = (int)(at - set);
        } else {
            bytes[n++] = (uint8_t)(high << 4 | (int)(at - set));
            high = -1;
        }
    }
    if (high >= 0)
        t_fail(__FILE__, __LINE__, "t_hex: half a byte at the end");
    *len = n;
    return t_guard(bytes, n);
}

static void *counted_alloc(void *ctx, size_t size, size_t align)
{
    void *mem = NULL;

    (void)ctx;
    if (g.allocs_left == 0)
        return NULL;
    if (g.allocs_left > 0)
        g.allocs_left--;
    if (align < sizeof(void *))
        align = sizeof(void *);
    if (posix_memalign(&mem, align, size ? size : 1) != 0)
        return NULL;
    memset(mem, 0xa5, size);
    g.bytes += size;
    g.blocks++;
    return mem;
}

static void counted_free(void *ctx, void *mem, size_t size)
{
    (void)ctx;
    if (!mem)
        return;
    if (g.blocks == 0 || g.bytes < size)
        t_fail(__FILE__, __LINE__, "freed more than was allocated");
    memset(mem, 0x5a, size);
    g.bytes -= size;
    g.blocks--;
    free(mem);
}

const struct cw_alloc *t_alloc(void)
{
    static const struct cw_alloc alloc = { NULL, counted_alloc,
                                           counted_free };

    return &alloc;
}

size_t t_alloc_bytes(void)
{
    return g.bytes;
}

void t_alloc_fail_after(int n)
{
    g.allocs_left = n;
}

struct prng t_prng(const char *purpose)
{
    const char *seed = getenv("T_SEED");

    g.seed = seed ? strtoull(seed, NULL, 0) : 1;
    return prng_stream((struct sipkey){ g.seed, 0 }, 0, purpose);
}

int t_setup(void **state)
{
    (void)state;
    g.row[0] = '\0';
    g.seed = 0;
    g.allocs_left = -1;
    g.bytes = g.blocks = 0;
    g.panic_armed = false;
    return 0;
}

int t_teardown(void **state)
{
    (void)state;
    while (g.nguards > 0) {
        g.nguards--;
        munmap(g.guards[g.nguards].map, g.guards[g.nguards].size);
    }
    if (g.blocks == 0)
        return 0;
    print_error("leak: %zu bytes in %zu blocks\n", g.bytes, g.blocks);
    return -1;
}

const char *t_name(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash ? slash + 1 : file;
}
