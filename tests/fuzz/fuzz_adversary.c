/* fuzz_adversary.c: two stacks and an adversary on the link between them.
 *
 * Both ends send a known text; the input decides what becomes of each frame:
 * it arrives, is lost, held back, doubled, changed (its checksums mended or
 * not), or an old one comes again.  As long as nothing was changed with its
 * checksums mended, what arrives is what was sent, in order, once.
 */
#include "rig.h"

enum { HELD = 32, TURNS_MAX = 600, TEXT = 20000 };

struct frame {
    size_t  len;
    uint8_t to;
    uint8_t bytes[RIG_FRAME_MAX];
};

struct side {
    int      sd;
    uint32_t sent, got;
    bool     shut, closed;
};

struct fuzz {
    struct rig   r[2];
    struct side  side[2];
    struct said  s;
    struct frame held[HELD];
    unsigned     nheld;
    bool         may_forge, forged;
    uint8_t      buf[4096];
};

static struct fuzz fuzz;

static uint8_t text_at(unsigned end, uint32_t i)
{
    return (uint8_t)(i * 167u + (i >> 8) * 13u + end * 91u);
}

/* ---- the two programs ---------------------------------------------------------------- */

static void speak(struct fuzz *f, unsigned end)
{
    struct side *me = &f->side[end];
    size_t       n = MIN((size_t)(TEXT - me->sent), sizeof f->buf);
    ptrdiff_t    k;

    if (me->sd < 0 || me->shut)
        return;
    for (size_t i = 0; i < n; i++)
        f->buf[i] = text_at(end, me->sent + (uint32_t)i);
    k = n ? cw_send(f->r[end].st, me->sd, f->buf, n, 0, f->r[end].now) : 0;
    if (k > 0)
        me->sent += (uint32_t)k;
    if (me->sent == TEXT) {
        cw_shutdown(f->r[end].st, me->sd, CW_SHUT_WR, f->r[end].now);
        me->shut = true;
    }
}

static void hear(struct fuzz *f, unsigned end)
{
    struct side *me = &f->side[end];
    ptrdiff_t    k;

    if (me->sd < 0)
        return;
    while ((k = cw_recv(f->r[end].st, me->sd, f->buf, sizeof f->buf, 0,
                        f->r[end].now))
           > 0) {
        for (ptrdiff_t i = 0; i < k && !f->forged; i++)
            INVARIANT(f->buf[i] == text_at(!end, me->got + (uint32_t)i));
        me->got += (uint32_t)k;
        INVARIANT(f->forged || me->got <= f->side[!end].sent);
    }
}

static int server(struct fuzz *f)
{
    struct cw_sockaddr at = rig_addr(0, false, 80);
    int sd = cw_socket(f->r[0].st, CW_AF_INET, CW_SOCK_STREAM, 0, 0);

    INVARIANT(sd >= 0 && cw_bind(f->r[0].st, sd, &at, 0) == 0);
    INVARIANT(cw_listen(f->r[0].st, sd, 2, 0) == 0);
    return sd;
}

static void client(struct fuzz *f)
{
    struct cw_sockaddr to = rig_addr(0, false, 80);

    f->side[1].sd = cw_socket(f->r[1].st, CW_AF_INET, CW_SOCK_STREAM, 0, 0);
    INVARIANT(f->side[1].sd >= 0);
    cw_connect(f->r[1].st, f->side[1].sd, &to, f->r[1].now);
}

/* ---- the adversary ---------------------------------------------------------------------- */

static void arrive(struct fuzz *f, const struct frame *g)
{
    rig_in(&f->r[g->to], g->bytes, g->len);
}

static void hold(struct fuzz *f, const struct frame *g)
{
    f->held[f->nheld++ % HELD] = *g;
}

static void forge(struct fuzz *f, struct frame *g)
{
    unsigned n = 1 + said8(&f->s) % 4u;
    bool     mend = said8(&f->s) & 1;

    for (unsigned i = 0; i < n; i++)
        g->bytes[said16(&f->s) % g->len] ^= said8(&f->s);
    f->forged |= mend;
    if (mend)
        rig_checksums(g->bytes, g->len);
    /* Two changes may hide each other from a 16-bit sum. */
    f->forged |= n > 1;
    arrive(f, g);
}

static void decide(struct fuzz *f, struct frame *g)
{
    static struct frame old;
    uint8_t             what = f->s.left ? said8(&f->s) : 0;

    switch (what % 16) {
    case 1:
    case 2:
        break; /* lost */
    case 3:
    case 4:
        hold(f, g);
        break;
    case 5:
        arrive(f, g);
        arrive(f, g);
        break;
    case 6:
        if (f->nheld) {
            old = f->held[said8(&f->s) % MIN(f->nheld, (unsigned)HELD)];
            arrive(f, &old);
        }
        arrive(f, g);
        break;
    case 7:
        if (f->may_forge)
            forge(f, g);
        break;
    case 8:
        hold(f, g);
        arrive(f, g);
        break;
    default:
        arrive(f, g);
        break;
    }
}

static bool carry(struct fuzz *f)
{
    static struct frame g;
    bool                any = false;

    for (unsigned end = 0; end < 2; end++)
        while ((g.len = rig_out(&f->r[end], g.bytes)) > 0) {
            g.to = !end;
            decide(f, &g);
            any = true;
            if (f->s.left == 0)
                break;
        }
    return any;
}

/* ---- a run --------------------------------------------------------------------------------- */

static void turn(struct fuzz *f, int listener)
{
    cw_ns   next = MIN(cw_stack_deadline(f->r[0].st),
                       cw_stack_deadline(f->r[1].st));
    uint8_t how = said8(&f->s);
    cw_ns   by = 1000000;

    if (!carry(f) && next != CW_NEVER && next > f->r[0].now)
        by = next - f->r[0].now;
    if (how % 4 == 3)
        by = (cw_ns)said16(&f->s) * 1000000;
    rig_wait(&f->r[0], by);
    rig_wait(&f->r[1], by);
    if (f->side[0].sd < 0)
        f->side[0].sd = cw_accept(f->r[0].st, listener, NULL, f->r[0].now);
    for (unsigned end = 0; end < 2; end++) {
        if (how & 16 << end)
            speak(f, end);
        if (!(how & 64 << end))
            hear(f, end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz *f = &fuzz;
    int          listener;

    f->s = (struct said){ data, size };
    f->nheld = 0;
    f->forged = false;
    f->may_forge = said8(&f->s) & 1;
    for (unsigned end = 0; end < 2; end++) {
        rig_new(&f->r[end], end, said8(&f->s));
        f->side[end] = (struct side){ .sd = -1 };
    }
    listener = server(f);
    client(f);
    for (int i = 0; i < TURNS_MAX && f->s.left > 0; i++)
        turn(f, listener);
    cw_close(f->r[0].st, listener, f->r[0].now);
    for (unsigned end = 0; end < 2; end++) {
        if (f->side[end].sd >= 0)
            cw_close(f->r[end].st, f->side[end].sd, f->r[end].now);
        rig_end(&f->r[end]);
    }
    return 0;
}
