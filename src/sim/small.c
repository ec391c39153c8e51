/* small.c: one small world: made, run to its end, judged.
 *
 *   Owns:      the region that worlds live in, one after the other, each from
 *              its beginning, so that addresses are the same in all of them.
 *   Does not   choose faults: who calls it does (small_next()).
 *
 * The world is `causeway lab` of two built-in endpoints, so that a failing one
 * can be looked at with everything that labs have.
 */
#include "sim/small.h"
#include "base/check.h"
#include "base/limits.h"
#include "sim/run.h"
#include "world/setting.h"
#include <string.h>

enum {
    REGION = 40 << 20,
    REGION_ALIGN = 65536,
    SERVER = 1,
    CLIENT = 2,
    ALPHABET = 26, /* what @source sends, over and over */
    HANDSHAKE = 3, /* packets */
    SLOW_ROUNDS = 4,
    RENO_IW = 3, /* segments: RFC 5681 §3.1 */
    SEGMENT = 1428,
    STEPS_MAX = 100000,
    RATE = 20000000,
};
#define DELAY    (10 * NS_MS)
#define PATIENCE (200 * NS_S)
#define GOODBYE  (600 * NS_S) /* 2 MSL, and more */

struct small {
    struct small_spec spec;
    struct sim        sim; /* for its oracles */
    struct cw_alloc   alloc;
    uint8_t          *region;
    size_t            used;
    struct setting    settings[2];
    unsigned          nsettings;
    uint32_t          got[CLIENT + 1]; /* by host */
    bool              eof[CLIENT + 1];
    uint8_t           sent[SMALL_BYTES]; /* by both */
};

/* ---- memory: nothing is given back before the world ends ------------------ */

static void *take(void *ctx, size_t size, size_t align)
{
    struct small *s = ctx;
    size_t        at = (s->used + align - 1) / align * align;

    if (at + size > REGION)
        return NULL;
    s->used = at + size;
    return s->region + at;
}

static void give_back(void *ctx, void *mem, size_t size)
{
    (void)ctx;
    (void)mem;
    (void)size;
}

static bool add_setting(struct small *s, const char *name, const char *value)
{
    char       text[SETTING_TEXT_MAX];
    struct fmt err = fmt_of(text, sizeof text);

    return setting_parse(name, value, &s->settings[s->nsettings++], &err);
}

static const char *profile_name(enum cw_profile p)
{
    return p == CW_PROFILE_STRICT ? "strict"
        : p == CW_PROFILE_CLASSIC ? "classic"
                                  : "deployed";
}

struct small *small_new(const struct small_spec *spec)
{
    const struct cw_alloc *a = spec->alloc;
    struct small          *s = a->alloc(a->ctx, sizeof *s, 16);

    if (!s)
        return NULL;
    memset(s, 0, sizeof *s);
    s->spec = *spec;
    s->alloc = (struct cw_alloc){ s, take, give_back };
    s->sim.brief = true;
    s->sim.opt.profile = (int)spec->profile;
    for (size_t i = 0; i < sizeof s->sent; i++)
        s->sent[i] = (uint8_t)('a' + i % ALPHABET);
    s->region = a->alloc(a->ctx, REGION, REGION_ALIGN);
    if (s->region && add_setting(s, "profile", profile_name(spec->profile))
        && (!spec->cc || add_setting(s, "cc", spec->cc)))
        return s;
    small_free(s);
    return NULL;
}

void small_free(struct small *s)
{
    const struct cw_alloc *a = s->spec.alloc;

    if (s->region)
        a->free(a->ctx, s->region, REGION);
    a->free(a->ctx, s, sizeof *s);
}

/* ---- what is told --------------------------------------------------------- */

/* What a program reads is what the other has sent, byte by byte. */
static void on_call(void *ctx, cw_ns t, unsigned host, const struct wcall *in,
                    const struct wresult *out)
{
    struct small  *s = container_of((struct sim *)ctx, struct small, sim);
    const uint8_t *p = in->out;

    (void)t;
    if (in->op != EVC_RECV || out->ret < 0)
        return;
    if (out->ret == 0)
        s->eof[host] = true;
    if (out->len > SMALL_BYTES - s->got[host]) {
        sim_fail(&s->sim, "host %u: more bytes than were sent", host);
        return;
    }
    if (memcmp(p, s->sent + s->got[host], out->len) != 0)
        sim_fail(&s->sim, "host %u: wrong bytes among %u from %u on", host,
                 (unsigned)out->len, s->got[host]);
    s->got[host] += (uint32_t)out->len;
}

static void on_exited(void *ctx, unsigned host, unsigned builtin, int status)
{
    (void)builtin;
    if (status != 0)
        sim_fail(ctx, "host %u: its program exits with %d", host, status);
}

/* ---- the world ------------------------------------------------------------ */

static void rules_of(const struct small_case *c, struct link_rule *rules)
{
    for (unsigned i = 0; i < c->n; i++) {
        rules[i] = (struct link_rule){ .kind = LINK_PACKET,
                                       .dirs = 3,
                                       .nranges = 1,
                                       .fate = c->fault[i].fate };
        rules[i].ranges[0].lo = rules[i].ranges[0].hi = c->fault[i].packet;
    }
}

static bool make_world(struct small *s, const struct small_case *c)
{
    struct link_rule    rules[SMALL_FAULTS_MAX];
    struct world_config wc;
    struct link_spec    link = { .delay = DELAY, .rate_bps = RATE };
    struct lab_config   lab = { .hosts = 2,
                                .fwd = link,
                                .back = link,
                                .rules = rules,
                                .nrules = c->n,
                                .settings = s->settings,
                                .nsettings = s->nsettings };
    const char         *why = "";

    rules_of(c, rules);
    world_config_init(&wc, 1, &s->alloc);
    wc.hooks = oracle_hooks(&s->sim);
    wc.hooks.call = on_call;
    wc.hooks.exited = on_exited;
    wc.stack.sockets_max = 64;
    s->sim.w = world_new(&wc, &why);
    if (s->sim.w && world_lab(s->sim.w, &lab, &why))
        return true;
    sim_fail(&s->sim, "no world: %s", why);
    return false;
}

static int add_end(struct small *s, unsigned host, unsigned argc,
                   const char *const *argv)
{
    char       text[160];
    struct fmt err = fmt_of(text, sizeof text);
    int        b = world_builtin_add(s->sim.w, host, argc, argv, &err);

    if (b < 0)
        sim_fail(&s->sim, "no endpoint: %s", text);
    else
        world_builtin_start(s->sim.w, (unsigned)b);
    return b;
}

/* Until the client has exited; its time. */
static cw_ns run_client(struct small *s, int client)
{
    for (unsigned step = 0; s->sim.res->ok; step++) {
        cw_ns next = world_next(s->sim.w);

        if (world_builtin_status(s->sim.w, (unsigned)client) >= 0)
            return world_now(s->sim.w);
        if (next > PATIENCE || step > STEPS_MAX) {
            sim_fail(&s->sim, "not finished, and %s",
                     next == NS_NEVER ? "nothing will happen any more"
                                      : "time is up");
            break;
        }
        world_advance(s->sim.w, next);
        oracle_step(&s->sim);
    }
    return NS_NEVER;
}

static void judge(struct small *s, size_t before)
{
    struct world *w = s->sim.w;

    world_advance(w, ns_add(world_now(w), GOODBYE));
    for (unsigned h = SERVER; h <= CLIENT; h++) {
        size_t left = cw_stack_memory_used(world_stack(w, h));

        if (s->got[h] != SMALL_BYTES || !s->eof[h])
            sim_fail(&s->sim, "host %u: %u of %u bytes arrived", h, s->got[h],
                     (unsigned)SMALL_BYTES);
        if (left != (h == SERVER ? before : 0))
            sim_fail(&s->sim, "host %u: %u bytes of memory in use at the end",
                     h, (unsigned)left);
    }
    if (world_under_way(w) != 0)
        sim_fail(&s->sim, "packets left on the link");
}

static void begin(struct small *s, struct sim_result *res)
{
    s->used = 0;
    memset(s->got, 0, sizeof s->got);
    memset(s->eof, 0, sizeof s->eof);
    memset(s->sim.edges, 0, sizeof s->sim.edges);
    s->sim.nstates = s->sim.nseen = 0;
    s->sim.res = res;
    s->sim.w = NULL;
    s->sim.plan.hosts = 2;
    *res = (struct sim_result){ .ok = true };
}

bool small_run(struct small *s, const struct small_case *c,
               struct small_result *result)
{
    static const char *const server[] = { "@echo", "7" };
    const char *const client[] = { "@source", s->spec.v6 ? "fd00::1" : "h1",
                                   "7", "18000" };
    struct sim_result res;

    begin(s, &res);
    *result = (struct small_result){ .took = NS_NEVER };
    if (make_world(s, c)) {
        size_t before;
        int    b;

        add_end(s, SERVER, ARRAY_LEN(server), server);
        before = cw_stack_memory_used(world_stack(s->sim.w, SERVER));
        b = add_end(s, CLIENT, ARRAY_LEN(client), client);
        if (res.ok)
            result->took = run_client(s, b);
        if (res.ok)
            judge(s, before);
    }
    if (s->sim.w)
        world_free(s->sim.w);
    result->ok = res.ok;
    memcpy(result->error, res.error, sizeof res.error);
    result->packets = (uint32_t)res.packets;
    result->digest = res.digest;
    return res.ok;
}

/* ---- placements ----------------------------------------------------------- */

/* First deeper, then the next fate, then the next packet, then back. */
bool small_next(struct small_case *c, uint32_t packets, unsigned most)
{
    uint32_t last = c->n ? c->fault[c->n - 1].packet : 0;

    INVARIANT(most <= SMALL_FAULTS_MAX && c->n <= most);
    if (c->n < most && last < packets) {
        c->limit[c->n] = packets;
        c->fault[c->n++] = (struct small_fault){ last + 1, LINK_RULE_LOSE };
        return true;
    }
    while (c->n > 0) {
        struct small_fault *f = &c->fault[c->n - 1];

        if (++f->fate < LINK_RULE_FATES)
            return true;
        f->fate = LINK_RULE_LOSE;
        if (++f->packet <= c->limit[c->n - 1])
            return true;
        c->n--;
    }
    return false;
}

/* Without a fault: a round trip for the handshake, those of slow start until
 * all has gone, of which the last brings the end of the echo, and the text's
 * time on the wire, both ways. */
static cw_ns clean_bound(const struct knobs *k)
{
    uint32_t window = k->initcwnd ?: RENO_IW, sent = window;
    cw_ns    rounds = 2;

    for (; sent * SEGMENT < SMALL_BYTES; sent += window) {
        window *= 2;
        rounds++;
    }
    return rounds * 2 * DELAY + (cw_ns)SMALL_BYTES * 2 * 8 * (NS_S / RATE);
}

/* A loss costs a timeout at most, and each timeout in a row doubles the next
 * (RFC 6298 §5.5): of 1 s where a packet of the handshake is lost, else no
 * more than the profile's floor and the round trip, with what queues and a
 * delayed ACK; of 3 s if the handshake was: either nothing has measured a
 * round trip (§5.7), or a timestamp has, with the wait for a SYN in it.  What
 * comes late costs the time that the link holds it; and if it is overtaken by
 * what was sent again it is as lost where PAWS has no slack (RFC 7323 §5.3),
 * for its timestamp is older.  After each fault the window may open anew: four
 * round trips of slow start for what there is to send, and a delayed ACK. */
cw_ns small_bound(const struct small_spec *spec, const struct small_case *c,
                  cw_ns took)
{
    const struct knobs *k = knobs_of(spec->profile);
    cw_ns    rto = ns_max(k->rto_min, k->rto_var_min + 2 * DELAY + k->delack);
    cw_ns    after = SLOW_ROUNDS * 2 * DELAY + k->delack, bound = took;
    unsigned opening = 0, losses = 0;

    if (c->n == 0)
        return clean_bound(k);

    for (unsigned i = 0; i < c->n; i++) {
        bool early = c->fault[i].packet <= HANDSHAKE + i;

        bound += after;
        if (c->fault[i].fate == LINK_RULE_LATE)
            bound += LINK_HOLD_MAX;
        if (c->fault[i].fate == LINK_RULE_TWICE
            || (c->fault[i].fate == LINK_RULE_LATE && losses == 0))
            continue;
        if (early)
            bound += k->rto_initial << opening++;
        else if (opening > 0)
            bound += 3 * k->rto_initial << losses++;
        else
            bound += rto << losses++;
    }
    return bound;
}

void small_command(const struct small_spec *spec, const struct small_case *c,
                   struct fmt *out)
{
    static const char *const fates[] = { "drop 'packet",
                                         "fault 'twice packet",
                                         "fault 'late packet" };

    fmt_str(out, "causeway lab --clock virtual --delay 10ms --rate 20mbit");
    if (spec->profile != CW_PROFILE_DEPLOYED)
        fmt_f(out, " --profile %s", profile_name(spec->profile));
    if (spec->cc)
        fmt_f(out, " --cc %s", spec->cc);
    for (unsigned i = 0; i < c->n; i++)
        fmt_f(out, " --%s %u'", fates[c->fault[i].fate], c->fault[i].packet);
    fmt_f(out, " -- @echo 7 : @source %s 7 %u", spec->v6 ? "fd00::1" : "h1",
          (unsigned)SMALL_BYTES);
}
