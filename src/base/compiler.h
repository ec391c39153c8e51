/* compiler.h: the few things that depend on the compiler. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_USE __attribute__((warn_unused_result))
#define PURE     __attribute__((pure))

#define MIN(a, b)                  \
    ({                             \
        __typeof__(a) _a = (a);    \
        __typeof__(b) _b = (b);    \
        _a < _b ? _a : _b;         \
    })
#define MAX(a, b)                  \
    ({                             \
        __typeof__(a) _a = (a);    \
        __typeof__(b) _b = (b);    \
        _a > _b ? _a : _b;         \
    })

#endif
