/* tcpdump_test.c: print_packet() against tcpdump itself: the same frames,
 * flags and times must give the same bytes.
 *
 * T_SEED and T_FRAMES (frames for each row of flags) widen the search.
 * Frames that a dissector of tcpdump's would speak up for, beyond what
 * print.h promises, are not drawn.
 */
#define _GNU_SOURCE /* memmem */
#include "t.h"
#include "wire/frames.h"
#include "wire/golden.h"
#include "wire/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 17, DEFAULT_FRAMES = 400, SKIP = 77 };

static struct print_state seen, probe;
static char               text[TEXT_MAX];

/* ---- what tcpdump hands to others ---------------------------------------- */

static bool plain_port(const char *digits)
{
    unsigned long port = strtoul(digits, NULL, 10);

    return port > 20000 ? port != 49152
                        : port < 2 || port == 9 || port == 1000
            || port == 9527 || port == 12000;
}

/* "10.0.0.1.80", "fd00::1.80", "80": is the port one without a dissector?
 * Addresses alone pass. */
static bool plain_end(const char *at, size_t n)
{
    const char *last = at;
    unsigned    dots = 0;
    bool        digits = n > 0;

    for (size_t i = 0; i < n; i++) {
        if (at[i] == '.') {
            dots++;
            last = at + i + 1;
        } else if (at[i] < '0' || at[i] > '9')
            digits = false;
    }
    if (dots == 1 || dots == 4 || (dots == 0 && digits))
        return plain_port(last);
    return true;
}

static bool plain_ends(const char *line)
{
    for (const char *p = line; (p = strstr(p, " > ")); p += 3) {
        const char *from = p, *to = p + 3;
        size_t      n = strcspn(to, " ");

        while (from > line && !strchr(" \n(", from[-1]))
            from--;
        if (n > 0 && to[n - 1] == ':')
            n--;
        if (!plain_end(from, (size_t)(p - from)) || !plain_end(to, n))
            return false;
    }
    return true;
}

/* Is each number behind `mark`, if `then` follows it, one of the list? */
static bool only(const char *line, const char *mark, char then,
                 const unsigned *list, size_t n)
{
    int base = strstr(mark, "0x") ? 16 : 10;

    for (const char *p = line; (p = strstr(p, mark));) {
        char         *end;
        unsigned long v = strtoul(p + strlen(mark), &end, base);
        bool          found = false;

        p += strlen(mark);
        for (size_t i = 0; i < n; i++)
            found = found || list[i] == v;
        if (*end == then && !found)
            return false;
    }
    return true;
}

/* RFC 4884's extensions may follow 128 bytes of an ICMP error. */
static bool short_errors(const char *line)
{
    for (const char *p = line; (p = strstr(p, ": ICMP ")); p += 7) {
        char        first[256];
        const char *len;

        snprintf(first, sizeof(first), "%.*s", (int)strcspn(p, "\n"), p);
        len = strstr(first, ", length ");
        if ((strstr(first, "unreachable") || strstr(first, "exceeded")
             || strstr(first, "problem"))
            && len && strtoul(len + 9, NULL, 10) > 120)
            return false;
    }
    return true;
}

/* ARP for ATM has a header of its own. */
static bool is_atm(const struct frame *f)
{
    return memmem(f->bytes, f->len, "\x08\x06\x00\x13", 4)
        || memmem(f->bytes, f->len, "\x80\x35\x00\x13", 4);
}

static bool ours_alone_in(const struct frame *f, const struct print_opts *o)
{
    static const char *const foreign[] = {
        "802.3,",     "FrameRelay", "mptcp",      "Hardware (19)",
        "type (138)", "type (139)", "type (140)", "type (155)",
        "igmp-19",    "igmp-20",    "igmp-30",    "igmp-31"
    };
    static const unsigned protos[] = { 61, 200, 253, 254 };
    static const unsigned types[] = { 0x0800, 0x0806, 0x1234, 0x8035, 0x8100,
                                      0x86dd, 0x88a8, 0x9100, 0x9200 };
    struct fmt            out = fmt_of(text, sizeof(text));

    print_packet(&out, &probe, o, 0, span_of(f->bytes, f->len), f->wire_len);
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (strstr(text, foreign[i]))
            return false;
    if (f->damaged && (strstr(text, "dnssl") || is_atm(f)))
        return false; /* DNS's own odd labels */
    if (!only(text, " (0x", ')', types, ARRAY_LEN(types)))
        return false;
    if (!only(text, " ip-proto-", ' ', protos, ARRAY_LEN(protos)))
        return false;
    return o->ether || (short_errors(text) && plain_ends(text));
}

static bool ours_alone(const struct frame *f)
{
    static const struct print_opts all[] = {
        { .ether = true, .verbose = true, .time_mode = PRINT_TIME_NONE },
        { .verbose = true, .time_mode = PRINT_TIME_NONE },
        { .time_mode = PRINT_TIME_NONE },
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (!ours_alone_in(f, &all[i]))
            return false;
    return true;
}

/* ---- a capture file, and both readings of it ----------------------------- */

struct capture {
    struct frame *frames;
    cw_ns        *times;
    size_t        n;
    char          path[32];
};

static void put32(FILE *f, uint32_t v)
{
    EXPECT_EQ(fwrite(&v, sizeof(v), 1, f), 1);
}

/* The older format: microseconds, this machine's byte order. */
static void write_capture(struct capture *c)
{
    static const uint16_t version[2] = { 2, 4 };
    int                   fd;
    FILE                 *f;

    strcpy(c->path, "/tmp/print-XXXXXX");
    fd = mkstemp(c->path);
    EXPECT(fd >= 0);
    f = fdopen(fd, "w");
    put32(f, 0xa1b2c3d4);
    EXPECT_EQ(fwrite(version, sizeof(version), 1, f), 1);
    put32(f, 0);
    put32(f, 0);
    put32(f, 262144);
    put32(f, 1);
    for (size_t i = 0; i < c->n; i++) {
        const struct frame *fr = &c->frames[i];

        put32(f, (uint32_t)(c->times[i] / NS_S));
        put32(f, (uint32_t)(c->times[i] % NS_S / NS_US));
        put32(f, (uint32_t)fr->len);
        put32(f, fr->wire_len);
        EXPECT_EQ(fwrite(fr->bytes, 1, fr->len, f), fr->len);
    }
    EXPECT_EQ(fclose(f), 0);
}

static void draw_frames(struct capture *c, struct prng *r)
{
    cw_ns t = INT64_C(1700000000) * NS_S;

    for (size_t i = 0; i < c->n; i++) {
        do
            frame_random(r, &c->frames[i]);
        while (!ours_alone(&c->frames[i]));
        t += (cw_ns)prng_below(r, 3 * NS_S) - NS_S / 2;
        c->times[i] = t;
    }
}

static void draw_goldens(struct capture *c)
{
    c->n = 0;
    for (size_t i = 0; i < golden_count; i++) {
        struct frame *f = &c->frames[c->n];

        f->len = golden_bytes(&goldens[i], f->bytes);
        f->wire_len = (uint32_t)f->len;
        f->damaged = false;
        c->times[c->n] = INT64_C(951782400) * NS_S
            + (cw_ns)i; /* a leap day */
        c->n += ours_alone(f);
    }
}

static FILE *run_tcpdump(const struct capture *c, const char *flags)
{
    char command[256];

    snprintf(command, sizeof(command),
             "TZ=UTC tcpdump -n %s -r %s 2>/dev/null", flags, c->path);
    return popen(command, "r");
}

/* A frame's text, and what tcpdump's output has in its place. */
static void compare_one(const struct capture *c, size_t i,
                        const struct print_opts *o, FILE *theirs)
{
    static char         got[TEXT_MAX];
    const struct frame *f = &c->frames[i];
    struct fmt          out = fmt_of(text, sizeof(text));
    size_t              n;

    print_packet(&out, &seen, o, c->times[i], span_of(f->bytes, f->len),
                 f->wire_len);
    EXPECT(!out.cut);
    fmt_char(&out, '\n');
    n = fread(got, 1, out.len, theirs);
    got[n] = '\0';
    if (n == out.len && memcmp(got, text, n) == 0)
        return;
    fprintf(stderr, "frame %zu, %zu of %u bytes:", i, f->len, f->wire_len);
    for (size_t k = 0; k < f->len; k++)
        fprintf(stderr, "%s%02x", k % 32 ? "" : "\n  ", f->bytes[k]);
    fprintf(stderr, "\n");
    EXPECT_STR(text, got);
}

static void compare(struct capture *c, const char *flags,
                    const struct print_opts *o)
{
    FILE *theirs;

    write_capture(c);
    memset(&seen, 0, sizeof(seen));
    theirs = run_tcpdump(c, flags);
    EXPECT(theirs);
    for (size_t i = 0; i < c->n; i++)
        compare_one(c, i, o, theirs);
    EXPECT_EQ(fgetc(theirs), EOF);
    EXPECT_EQ(pclose(theirs), 0);
    unlink(c->path);
}

/* ---- rows ---------------------------------------------------------------- */

static const struct row {
    const char       *flags;
    struct print_opts o;
} rows[] = {
    { "", { 0 } },
    { "-v", { .verbose = true } },
    { "-S", { .abs_seq = true } },
    { "-e", { .ether = true } },
    { "-q", { .quiet = true } },
    { "-t", { .time_mode = PRINT_TIME_NONE } },
    { "-tt", { .time_mode = PRINT_TIME_EPOCH } },
    { "-ttt", { .time_mode = PRINT_TIME_DELTA } },
    { "-tttt", { .time_mode = PRINT_TIME_DATE } },
    { "-ttttt", { .time_mode = PRINT_TIME_SINCE } },
    { "-x", { .hex = PRINT_HEX_X } },
    { "-X", { .hex = PRINT_HEX_XA } },
    { "-A", { .hex = PRINT_HEX_A } },
    { "-xx", { .hex = PRINT_HEX_XX } },
    { "-XX", { .hex = PRINT_HEX_XXA } },
    { "-AA", { .hex = PRINT_HEX_AA } },
    { "-v -e -X", { .verbose = true, .ether = true, .hex = PRINT_HEX_XA } },
    { "-v -q -A", { .verbose = true, .quiet = true, .hex = PRINT_HEX_A } },
    { "-e -q -xx", { .ether = true, .quiet = true, .hex = PRINT_HEX_XX } },
    { "-v -S -t",
      { .verbose = true, .abs_seq = true, .time_mode = PRINT_TIME_NONE } },
};

static struct capture capture_of(size_t n)
{
    struct capture c = { .n = n };

    c.frames = calloc(n, sizeof(*c.frames));
    c.times = calloc(n, sizeof(*c.times));
    EXPECT(c.frames && c.times);
    return c;
}

static void capture_free(struct capture *c)
{
    free(c->frames);
    free(c->times);
}

TEST(goldens_are_tcpdumps)
{
    struct capture c = capture_of(golden_count);

    draw_goldens(&c);
    EXPECT_GE(c.n, 20);
    T_EACH (row, rows) {
        t_row("tcpdump -n %s", row->flags);
        compare(&c, row->flags, &row->o);
    }
    capture_free(&c);
}

TEST(random_frames_are_tcpdumps)
{
    const char    *n = getenv("T_FRAMES");
    struct capture c = capture_of(n ? strtoul(n, NULL, 0)
                                    : (size_t)DEFAULT_FRAMES);
    struct prng    r = t_prng("frames");

    T_EACH (row, rows) {
        t_row("tcpdump -n %s", row->flags);
        draw_frames(&c, &r);
        compare(&c, row->flags, &row->o);
    }
    capture_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(goldens_are_tcpdumps),
        T(random_frames_are_tcpdumps),
    };

    if (system("tcpdump --version >/dev/null 2>&1") != 0) {
        fprintf(stderr, "no tcpdump here\n");
        return SKIP;
    }
    return cmocka_run_group_tests_name("tcpdump", tests, NULL, NULL);
}
