/* compiler.h: the few things that depend on the compiler. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKELY(x)    __builtin_expect(!!(x), 1)
#define UNLIKELY(x)  __builtin_expect(!!(x), 0)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_USE               __attribute__((warn_unused_result))
#define PURE                   __attribute__((pure))

/* Each argument is evaluated once; nesting does not shadow. */
#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define MIN_OF(a, b, x, y)              \
    ({                                  \
        __typeof__(a) x = (a);          \
        __typeof__(b) y = (b);          \
        (__typeof__(a))(x < y ? x : y); \
    })
#define MAX_OF(a, b, x, y)              \
    ({                                  \
        __typeof__(a) x = (a);          \
        __typeof__(b) y = (b);          \
        (__typeof__(a))(x < y ? y : x); \
    })
#define MIN(a, b) \
    MIN_OF(a, b, PASTE(min_a_, __COUNTER__), PASTE(min_b_, __COUNTER__))
#define MAX(a, b) \
    MAX_OF(a, b, PASTE(max_a_, __COUNTER__), PASTE(max_b_, __COUNTER__))

#endif
