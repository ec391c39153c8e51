/* fmt.h: bounded text and JSON writers without stdio.
 *
 * A sink is a buffer; what does not fit is cut and `cut` stays set.  The
 * text is always NUL-terminated (if cap > 0).
 */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include "base/compiler.h"
#include <stdarg.h>

struct fmt {
    char  *buf;
    size_t cap, len;
    bool   cut;
};

struct fmt fmt_of(char *buf, size_t cap);
void       fmt_reset(struct fmt *f);
void       fmt_char(struct fmt *f, char c);
void       fmt_str(struct fmt *f, const char *s);
void       fmt_strn(struct fmt *f, const char *s, size_t n);
void       fmt_u64(struct fmt *f, uint64_t v);
void       fmt_i64(struct fmt *f, int64_t v);
/* Lower-case hexadecimal of at least `digits` digits, no prefix. */
void fmt_hex(struct fmt *f, uint64_t v, unsigned digits);
/* v right-aligned in `width` columns, filled with `fill`. */
void fmt_u64_pad(struct fmt *f, uint64_t v, unsigned width, char fill);
/* Spaces up to column `col` (bytes written so far on this sink). */
void fmt_pad_to(struct fmt *f, size_t col);
/* Nanoseconds as seconds with `digits` decimals (0-9), rounded down. */
void fmt_ns(struct fmt *f, int64_t ns, unsigned digits);
/* printf's d i u x X s c % with flags 0 -, width, .precision, l ll z. */
void fmt_f(struct fmt *f, const char *format, ...) PRINTF_LIKE(2, 3);
void fmt_v(struct fmt *f, const char *format, va_list ap);

/* JSON: commas are put where they belong.  Depth is bounded (16). */
struct json {
    struct fmt *f;
    uint32_t    has; /* bit per depth: something stands there already */
    uint8_t     depth;
};

struct json json_of(struct fmt *f);
void        json_open(struct json *j, const char *key);  /* { */
void        json_close(struct json *j);                  /* } */
void        json_array(struct json *j, const char *key); /* [ */
void        json_end(struct json *j);                    /* ] */
void        json_str(struct json *j, const char *key, const char *v);
void json_strn(struct json *j, const char *key, const char *v, size_t n);
void json_u64(struct json *j, const char *key, uint64_t v);
void json_i64(struct json *j, const char *key, int64_t v);
void json_bool(struct json *j, const char *key, bool v);

#endif
