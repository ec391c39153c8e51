/* capfilter.c: see capfilter.h.  Nothing is captured: the expression is
 * compiled for Ethernet and run over bytes in memory, so no privilege is
 * needed.
 *
 * The library is loaded when there is an expression: it brings half a dozen
 * others with it, which every other command would wait for.
 */
#include "cli/capfilter.h"

#include <stdio.h>

#ifdef HAVE_LIBPCAP

#include <dlfcn.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPLEN = 262144, EXPRESSION_MAX = 8192 };

struct capfilter {
    struct bpf_program program;
};

/* libpcap's functions, by their own names. */
static struct {
    void                            *handle;
    __typeof__(pcap_open_dead)      *open_dead;
    __typeof__(pcap_compile)        *compile;
    __typeof__(pcap_geterr)         *geterr;
    __typeof__(pcap_close)          *close;
    __typeof__(pcap_offline_filter) *offline_filter;
    __typeof__(pcap_freecode)       *freecode;
} lib;

static bool load(void)
{
    static const char *const names[] = { "libpcap.so.0.8", "libpcap.so.1",
                                         "libpcap.so" };

    for (size_t i = 0; i < 3 && !lib.handle; i++)
        lib.handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!lib.handle)
        return false;
#define FIND(name) \
    (*(void **)&lib.name = dlsym(lib.handle, "pcap_" #name)) != NULL
    return FIND(open_dead) && FIND(compile) && FIND(geterr) && FIND(close)
        && FIND(offline_filter) && FIND(freecode);
#undef FIND
}

static bool compile(struct capfilter *f, const char *expression,
                    char why[CAPFILTER_WHY_MAX])
{
    pcap_t *p = lib.open_dead(DLT_EN10MB, SNAPLEN);
    bool    ok = p
        && lib.compile(p, &f->program, expression, 1, PCAP_NETMASK_UNKNOWN)
            == 0;

    if (!ok)
        snprintf(why, CAPFILTER_WHY_MAX,
                 "\"%.60s\": %.200s (see pcap-filter(7))", expression,
                 p ? lib.geterr(p) : "out of memory");
    if (p)
        lib.close(p);
    return ok;
}

/* ---- the lab's names -------------------------------------------------------- */

enum family { BOTH, ONLY4, ONLY6 };

static const struct run_host *host_named(const struct run *r,
                                         const char *word, size_t n)
{
    for (size_t i = 0; i < r->nhosts; i++)
        if (strlen(r->hosts[i].name) == n
            && memcmp(r->hosts[i].name, word, n) == 0)
            return &r->hosts[i];
    return NULL;
}

static void put_host(struct fmt *out, const struct run_host *h,
                     enum family family)
{
    char four[ADDR_TEXT_MAX], six[ADDR_TEXT_MAX];

    addr_print(&h->addr4, four);
    addr_print(&h->addr6, six);
    if (family == BOTH)
        fmt_f(out, "(%s or %s)", four, six);
    else
        fmt_str(out, family == ONLY4 ? four : six);
}

/* The expression with addresses in place of hosts' names; did any stand
 * there? */
static bool put_addresses(struct fmt *out, const char *expression,
                          const struct run *r, enum family family)
{
    bool any = false;

    for (const char *p = expression; *p;) {
        size_t                 n = strcspn(p, " ()!&|");
        const struct run_host *h = host_named(r, p, n);

        any |= h != NULL;
        if (h)
            put_host(out, h, family);
        else
            fmt_strn(out, p, n);
        p += n;
        if (*p)
            fmt_char(out, *p++);
    }
    return any;
}

/* "ip6 host h1" has no use for the IPv4 address, "arp" none for the other:
 * libpcap refuses, and the next is tried. */
static bool compile_for(struct capfilter *f, const char *expression,
                        const struct run *r, char why[CAPFILTER_WHY_MAX])
{
    static const enum family order[] = { BOTH, ONLY4, ONLY6 };
    char                     ignored[CAPFILTER_WHY_MAX];
    bool                     any = true;

    for (size_t i = 0; any && i < 3; i++) {
        char       text[EXPRESSION_MAX];
        struct fmt out = fmt_of(text, sizeof text);

        any = put_addresses(&out, expression, r, order[i]);
        if (out.cut) {
            snprintf(why, CAPFILTER_WHY_MAX, "it is too long");
            return false;
        }
        if (compile(f, text, i == 0 ? why : ignored))
            return true;
    }
    return false;
}

bool capfilter_make(struct capfilter **out, const char *expression,
                    const struct run *r, char why[CAPFILTER_WHY_MAX])
{
    struct capfilter *f;

    *out = NULL;
    if (*expression == '\0')
        return true;
    if (!load()) {
        snprintf(why, CAPFILTER_WHY_MAX,
                 "\"%.60s\": libpcap is not installed (apt install "
                 "libpcap0.8)",
                 expression);
        return false;
    }
    f = calloc(1, sizeof *f);
    if (f && compile_for(f, expression, r, why)) {
        *out = f;
        return true;
    }
    if (!f)
        snprintf(why, CAPFILTER_WHY_MAX, "out of memory");
    free(f);
    return false;
}

bool capfilter_match(const struct capfilter *f, const struct run_packet *p)
{
    struct pcap_pkthdr h = { .caplen = (bpf_u_int32)p->frame.len,
                             .len = p->wire_len };

    return !f || lib.offline_filter(&f->program, &h, p->frame.p) != 0;
}

void capfilter_free(struct capfilter *f)
{
    if (f)
        lib.freecode(&f->program);
    free(f);
}

#else

bool capfilter_make(struct capfilter **out, const char *expression,
                    const struct run *r, char why[CAPFILTER_WHY_MAX])
{
    (void)r;
    *out = NULL;
    if (*expression == '\0')
        return true;
    snprintf(why, CAPFILTER_WHY_MAX,
             "\"%.60s\": causeway was built without libpcap (install "
             "libpcap0.8-dev and build again)",
             expression);
    return false;
}

bool capfilter_match(const struct capfilter *f, const struct run_packet *p)
{
    (void)f, (void)p;
    return true;
}

void capfilter_free(struct capfilter *f)
{
    (void)f;
}

#endif
