/* builtin_args.c: the words after a built-in endpoint's name.
 *
 * A mistake gets one line: what, why, and how it would be right.
 */
#include "world/builtin.h"

#include "base/check.h"

enum { PORT_MAX = 65535 };

/* The digits at *p as a number; false: none, or too many. */
static bool take_number(const char **p, uint64_t *out)
{
    const char *s = *p;
    uint64_t    v = 0;

    INVARIANT(s != NULL);
    for (; *s >= '0' && *s <= '9'; s++) {
        if (v > (UINT64_MAX - 9) / 10)
            return false;
        v = 10 * v + (uint64_t)(*s - '0');
    }
    if (s == *p)
        return false;
    *p = s;
    *out = v;
    return true;
}

struct unit {
    const char *name;
    uint64_t    factor;
};

static bool take_unit(const char *p, const struct unit *units, size_t n,
                      uint64_t *value)
{
    for (size_t i = 0; i < n; i++)
        if (text_same(p, units[i].name))
            return !__builtin_mul_overflow(*value, units[i].factor, value);
    return false;
}

static bool parse_size(const char *s, uint64_t *out)
{
    static const struct unit units[] = {
        { "", 1 },
        { "B", 1 },
        { "kB", 1000 },
        { "KiB", 1024 },
        { "MB", 1000000 },
        { "MiB", 1 << 20 },
        { "GB", 1000000000 },
        { "GiB", 1 << 30 },
    };

    return take_number(&s, out) && take_unit(s, units, ARRAY_LEN(units), out)
        && *out > 0;
}

static bool parse_time(const char *s, cw_ns *out)
{
    static const struct unit units[] = {
        { "us", (uint64_t)NS_US },
        { "ms", (uint64_t)NS_MS },
        { "s", (uint64_t)NS_S },
        { "m", 60 * (uint64_t)NS_S },
    };
    uint64_t v;

    if (!take_number(&s, &v) || !take_unit(s, units, ARRAY_LEN(units), &v)
        || v == 0 || v > INT64_MAX)
        return false;
    *out = (cw_ns)v;
    return true;
}

static bool read_port(struct builtin *b, const char *s, struct fmt *err)
{
    const char *p = s;
    uint64_t    v;

    if (!take_number(&p, &v) || *p || v < 1 || v > PORT_MAX) {
        fmt_f(err, "%s: %s is no port: write a number from 1 to 65535",
              b->kind->name, s);
        return false;
    }
    b->args.port = (uint16_t)v;
    b->args.peer.port = (uint16_t)v;
    return true;
}

static bool read_host(struct builtin *b, const char *s, struct fmt *err)
{
    unsigned host = world_host_find(b->w, s);

    if (host)
        b->args.peer.addr = world_host_addr4(b->w, host);
    else if (text_same(s, "localhost"))
        b->args.peer.addr = addr4(0x7f000001);
    else if (!addr_parse(s, &b->args.peer.addr)) {
        fmt_f(err,
              "%s: %s is no host of this lab: write %s to %s, or an "
              "address",
              b->kind->name, s, world_host_name(b->w, 1),
              world_host_name(b->w, world_hosts(b->w)));
        return false;
    }
    return true;
}

static bool read_size(struct builtin *b, const char *s, struct fmt *err)
{
    if (parse_size(s, &b->args.size))
        return true;
    fmt_f(err, "%s: %s is no size: write for example 1MB, 64KiB or 500",
          b->kind->name, s);
    return false;
}

static bool read_time(struct builtin *b, const char *s, struct fmt *err)
{
    if (parse_time(s, &b->args.time))
        return true;
    fmt_f(err, "%s: %s is no time: write for example 10s or 500ms",
          b->kind->name, s);
    return false;
}

/* The remaining words with single spaces between them. */
static bool read_text(struct builtin *b, unsigned n, const char *const *words,
                      struct fmt *err)
{
    struct fmt f = fmt_of(b->args.text, sizeof(b->args.text));

    for (unsigned i = 0; i < n; i++) {
        if (i)
            fmt_char(&f, ' ');
        fmt_str(&f, words[i]);
    }
    b->args.text_len = f.len;
    if (f.cut)
        fmt_f(err, "%s: the text is too long: at most %u bytes",
              b->kind->name, BUILTIN_TEXT - 1);
    return !f.cut;
}

/* The value of an option, in the same word or the next; NULL: not this
 * option.  *i stands at the last word used. */
static const char *option(const char *name, unsigned argc,
                          const char *const *argv, unsigned *i)
{
    const char *word = argv[*i];

    INVARIANT(word != NULL);
    if (word[0] != name[0] || word[1] != name[1])
        return NULL;
    if (word[2])
        return word + 2;
    if (*i + 1 >= argc)
        return NULL;
    return argv[++*i];
}

static bool usage(const struct builtin *b, struct fmt *err)
{
    fmt_f(err, "%s: not understood: write %s", b->kind->name, b->kind->usage);
    return false;
}

static bool parse_perf(struct builtin *b, unsigned argc,
                       const char *const *argv, struct fmt *err)
{
    const char *v;
    bool        server = false, client = false;

    b->args.port = b->args.peer.port = BUILTIN_PERF_PORT;
    for (unsigned i = 1; i < argc; i++) {
        bool ok = true;

        if (text_same(argv[i], "-s"))
            server = true;
        else if ((v = option("-c", argc, argv, &i)) != NULL)
            ok = client = read_host(b, v, err);
        else if ((v = option("-p", argc, argv, &i)) != NULL)
            ok = read_port(b, v, err);
        else if ((v = option("-n", argc, argv, &i)) != NULL)
            ok = read_size(b, v, err);
        else if ((v = option("-t", argc, argv, &i)) != NULL)
            ok = read_time(b, v, err);
        else
            return usage(b, err);
        if (!ok)
            return false;
    }
    if (server == client || (b->args.size && b->args.time))
        return usage(b, err);
    if (client && !b->args.size && !b->args.time)
        b->args.time = 10 * NS_S; /* as iperf3 */
    b->kind = server ? &builtin_perf_server : &builtin_perf_client;
    return true;
}

/* ---- options before the other words -------------------------------------- */

enum takes { TAKES_NOTHING, TAKES_TIME, TAKES_COUNT, TAKES_SIZE, TAKES_PORT };

#define AT(field) offsetof(struct builtin_args, field)

static const struct {
    char    letter;
    uint8_t takes; /* enum takes */
    size_t  at;
} options[] = {
    { '0', TAKES_NOTHING, AT(none) },   { '1', TAKES_NOTHING, AT(once) },
    { 'a', TAKES_TIME, AT(accept) },    { 'b', TAKES_PORT, AT(from) },
    { 'e', TAKES_TIME, AT(every) },     { 'i', TAKES_NOTHING, AT(inlined) },
    { 'k', TAKES_SIZE, AT(chunk) },     { 'n', TAKES_COUNT, AT(count) },
    { 'p', TAKES_COUNT, AT(parallel) }, { 'q', TAKES_COUNT, AT(backlog) },
    { 'r', TAKES_SIZE, AT(rcvbuf) },    { 's', TAKES_TIME, AT(sleep) },
    { 't', TAKES_TIME, AT(time) },      { 'u', TAKES_NOTHING, AT(urgent) },
    { 'v', TAKES_NOTHING, AT(loud) },   { 'w', TAKES_TIME, AT(wait) },
};

enum { COUNT_MAX = 1000000, BACKLOG = 128, RCVBUF_MAX = 16 << 20 };

static bool take_value(struct builtin *b, size_t n, const char *v,
                       struct fmt *err)
{
    void       *to = (char *)&b->args + options[n].at;
    const char *p = v;
    uint64_t    count;

    switch ((enum takes)options[n].takes) {
    case TAKES_TIME:
        if (parse_time(v, to))
            return true;
        fmt_f(err, "%s: -%c %s is no time: write for example 2s or 500ms",
              b->kind->name, options[n].letter, v);
        return false;
    case TAKES_COUNT:
        if (take_number(&p, &count) && !*p && count >= 1
            && count <= COUNT_MAX) {
            memcpy(to, &count, sizeof(count));
            return true;
        }
        fmt_f(err, "%s: -%c %s: write a number from 1 to 1000000",
              b->kind->name, options[n].letter, v);
        return false;
    case TAKES_SIZE:
        if (parse_size(v, &count) && count <= RCVBUF_MAX) {
            memcpy(to, &count, sizeof(count));
            return true;
        }
        fmt_f(err, "%s: -%c %s is no size: write for example 4KiB or 500",
              b->kind->name, options[n].letter, v);
        return false;
    case TAKES_PORT:
        if (take_number(&p, &count) && !*p && count >= 1
            && count <= PORT_MAX) {
            memcpy(to, &(uint16_t){ (uint16_t)count }, sizeof(uint16_t));
            return true;
        }
        fmt_f(err, "%s: -%c %s is no port", b->kind->name, options[n].letter,
              v);
        return false;
    case TAKES_NOTHING:
        break;
    }
    INVARIANT(false); /* they were set without a value */
}

static bool kind_takes(const struct builtin_kind *kind, char letter)
{
    const char *p = kind->options;

    while (p && *p && *p != letter)
        p++;
    return p && *p == letter;
}

/* One option at argv[*i]; *i stands behind it.  False: *err. */
static bool take_option(struct builtin *b, unsigned argc,
                        const char *const *argv, unsigned *i, struct fmt *err)
{
    const char *word = argv[*i];

    for (size_t n = 0; n < ARRAY_LEN(options); n++) {
        const char *v;

        if (options[n].letter != word[1] || !kind_takes(b->kind, word[1]))
            continue;
        if (options[n].takes == TAKES_NOTHING && word[2])
            break;
        if (options[n].takes == TAKES_NOTHING) {
            memcpy((char *)&b->args + options[n].at, &(bool){ true },
                   sizeof(bool));
            ++*i;
            return true;
        }
        v = option(word, argc, argv, i);
        if (!v)
            break;
        ++*i;
        return take_value(b, n, v, err);
    }
    return usage(b, err);
}

/* Answers in *used how many words they and the name take. */
static bool parse_leading(struct builtin *b, unsigned argc,
                          const char *const *argv, unsigned *used,
                          struct fmt *err)
{
    unsigned i = 1;

    while (i < argc && argv[i][0] == '-' && argv[i][1])
        if (!take_option(b, argc, argv, &i, err))
            return false;
    *used = i;
    return true;
}

/* ---- all of them ----------------------------------------------------------- */

bool builtin_parse(struct builtin *b, unsigned argc, const char *const *argv,
                   struct fmt *err)
{
    unsigned at = 1;

    b->args.backlog = BACKLOG;
    b->args.count = b->args.parallel = 1;
    if (b->kind->want == WANT_PERF)
        return parse_perf(b, argc, argv, err);
    if (!parse_leading(b, argc, argv, &at, err))
        return false;
    argc -= at;
    argv += at;
    switch ((enum builtin_want)b->kind->want) {
    case WANT_PORT:
        return argc == 1 ? read_port(b, argv[0], err) : usage(b, err);
    case WANT_PEER:
        return argc == 2
            ? read_host(b, argv[0], err) && read_port(b, argv[1], err)
            : usage(b, err);
    case WANT_PEER_SIZE:
        return argc == 3 ? read_host(b, argv[0], err)
                && read_port(b, argv[1], err) && read_size(b, argv[2], err)
                         : usage(b, err);
    case WANT_PEER_TEXT:
        return argc >= 3
            ? read_host(b, argv[0], err) && read_port(b, argv[1], err)
                && read_text(b, argc - 2, argv + 2, err)
            : usage(b, err);
    case WANT_PORT_TEXT:
    case WANT_PORT_MAYBE_TEXT:
        if (argc < 2 - (b->kind->want == WANT_PORT_MAYBE_TEXT))
            return usage(b, err);
        return read_port(b, argv[0], err)
            && read_text(b, argc - 1, argv + 1, err);
    case WANT_PERF:
        break;
    }
    INVARIANT(false); /* @perf went another way */
}
