/* spec.c: the words of a link into a specification.
 *
 *     delay T [JITTER]   loss P [burst N]   reorder P [by N]   duplicate P
 *     corrupt P   rate R   queue Q   down T..T   (rtt T: twice a delay)
 *     pmtu N [blackhole]   ecn Q   mark P
 *
 *   Owns:      the grammar, and which values go together.
 *   Invariant: what is accepted has an effect; a word that could not do
 *              anything (a queue without a rate) is refused with the remedy.
 */
#include "base/nearest.h"
#include "base/units.h"
#include "emu/node.h"
#include "emu/words.h"

enum word {
    W_DELAY,
    W_RTT,
    W_LOSS,
    W_BURST,
    W_REORDER,
    W_BY,
    W_DUPLICATE,
    W_CORRUPT,
    W_RATE,
    W_QUEUE,
    W_DOWN,
    W_PMTU,
    W_BLACKHOLE,
    W_ECN,
    W_MARK,
    W_COUNT_OF,
};

static const char *const names[W_COUNT_OF] = {
    "delay", "rtt",       "loss",      "burst", "reorder",
    "by",    "duplicate", "corrupt",   "rate",  "queue",
    "down",  "pmtu",      "blackhole", "ecn",   "mark",
};

/* ---- values ----------------------------------------------------------- */

/* A value in its word's unit, or the unit's own complaint about it. */
struct value {
    char       text[WORD_MAX];
    char       buf[160];
    struct fmt reason;
};

static bool value_take(struct words *w, struct value *v, const char *example)
{
    v->reason = fmt_of(v->buf, sizeof(v->buf));
    return words_value(w, v->text, example);
}

static void value_bad(struct words *w, const struct value *v,
                      const char *reason)
{
    struct fmt *err = words_error(w, v->text);

    if (err)
        fmt_str(err, reason);
}

static void get_time(struct words *w, cw_ns *out)
{
    struct value v;

    if (!value_take(w, &v, "20ms"))
        return;
    if (!units_time(v.text, out, &v.reason))
        value_bad(w, &v, v.buf);
    else if (*out > LINK_TIME_MAX)
        value_bad(w, &v, "no link is that slow. Write at most 600s");
}

static void get_share(struct words *w, uint32_t *out)
{
    struct value v;

    if (value_take(w, &v, "3%") && !units_share(v.text, out, &v.reason))
        value_bad(w, &v, v.buf);
}

static void get_count(struct words *w, uint32_t *out, uint32_t max)
{
    struct value v;
    uint64_t     n = 0;

    if (!value_take(w, &v, "3"))
        return;
    if (!units_count(v.text, &n, &v.reason)) {
        value_bad(w, &v, v.buf);
    } else if (n == 0 || n > max) {
        fmt_f(&v.reason, "Write a number from 1 to %u", max);
        value_bad(w, &v, v.buf);
    }
    *out = (uint32_t)n;
}

static void get_pmtu(struct words *w, uint16_t *out)
{
    struct value v;
    uint64_t     n = 0;

    if (!value_take(w, &v, "1400"))
        return;
    if (!units_count(v.text, &n, &v.reason))
        value_bad(w, &v, v.buf);
    else if (n < LINK_PMTU_MIN || n > UINT16_MAX)
        value_bad(w, &v,
                  "Write bytes from 68 (RFC 791; IPv6 wants 1280) to "
                  "65535");
    *out = (uint16_t)n;
}

static void get_rate(struct words *w, uint64_t *out)
{
    struct value v;

    if (!value_take(w, &v, "10mbit"))
        return;
    if (!units_rate(v.text, out, &v.reason))
        value_bad(w, &v, v.buf);
    else if (*out == 0)
        value_bad(w, &v,
                  "nothing would ever arrive. Write loss 100% for "
                  "that, or no rate at all for an unlimited one");
    else if (*out > LINK_RATE_MAX)
        value_bad(w, &v, "Write at most 100gbit");
}

/* "1bdp", "0.5bdp" in thousandths; 0 if it is none. */
static uint64_t bdp_value(const char *text)
{
    uint64_t v = 0, scale = 1000;
    bool     point = false;

    if (*text < '0' || *text > '9')
        return 0;
    for (; *text && !word_is(text, "bdp"); text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || v > LINK_BDP_MAX * UINT64_C(1000)
            || (point && scale == 1))
            return 0;
        v = v * 10 + (uint64_t)(*text - '0');
        scale = point ? scale / 10 : scale;
    }
    return *text ? v * scale : 0;
}

/* The last character before the end, of a text that is not empty. */
static char *last_of(char *text)
{
    while (text[1])
        text++;
    return text;
}

static void get_queue(struct words *w, uint64_t *size, uint8_t *kind)
{
    struct value v;
    char        *last;
    bool         good;

    if (!value_take(w, &v, "50p"))
        return;
    last = last_of(v.text);
    *size = bdp_value(v.text);
    if (*size) {
        *kind = LINK_QUEUE_BDP;
        if (*size > LINK_BDP_MAX * UINT64_C(1000))
            value_bad(w, &v, "Write at most 1000bdp");
        return;
    }
    *kind = *last == 'p' ? LINK_QUEUE_PKTS : LINK_QUEUE_BYTES;
    if (*last == 'p') {
        *last = '\0';
        good = units_count(v.text, size, &v.reason);
        *last = 'p';
    } else {
        good = units_size(v.text, size, &v.reason);
    }
    if (!good)
        value_bad(w, &v, v.buf);
    else if (*size > LINK_QUEUE_MAX)
        value_bad(w, &v, "Write at most 1000GB");
}

/* "..", or NULL. */
static char *find_dots(char *text)
{
    for (; *text; text++)
        if (text[0] == '.' && text[1] == '.')
            return text;
    return NULL;
}

/* T..T; both with their units. */
static void get_down(struct words *w, struct link_spec *s)
{
    struct value     v;
    struct link_down d;
    char            *dots;

    if (!value_take(w, &v, "2s..2500ms"))
        return;
    dots = find_dots(v.text);
    if (!dots) {
        value_bad(w, &v, "Write from..to, as in 2s..2500ms");
        return;
    }
    if (s->ndowns == LINK_DOWNS_MAX) {
        value_bad(w, &v, "no more than 8 of these on a link");
        return;
    }
    *dots = '\0';
    if (!units_time(v.text, &d.from, &v.reason)
        || !units_time(dots + 2, &d.to, &v.reason)) {
        *dots = '.';
        value_bad(w, &v, v.buf);
        return;
    }
    *dots = '.';
    if (d.from >= d.to)
        value_bad(w, &v,
                  "it ends before it begins. Write the earlier time "
                  "first");
    else if (d.to > LINK_DOWN_MAX)
        value_bad(w, &v, "Write at most a year");
    s->downs[s->ndowns++] = d;
}

/* ---- words ------------------------------------------------------------ */

static void delay_word(struct words *w, struct link_spec *s)
{
    get_time(w, &s->delay);
    if (words_at_number(w))
        get_time(w, &s->jitter);
}

static void word_value(struct words *w, enum word word, struct link_spec *s)
{
    switch (word) {
    case W_DELAY:
        delay_word(w, s);
        return;
    case W_RTT:
        get_time(w, &s->delay);
        s->delay /= 2;
        return;
    case W_LOSS:
        get_share(w, &s->loss_p);
        return;
    case W_BURST:
        get_count(w, &s->burst, LINK_BURST_MAX);
        return;
    case W_REORDER:
        get_share(w, &s->reorder_p);
        return;
    case W_BY:
        get_count(w, &s->reorder_by, LINK_REORDER_BY_MAX);
        return;
    case W_DUPLICATE:
        get_share(w, &s->dup_p);
        return;
    case W_CORRUPT:
        get_share(w, &s->corrupt_p);
        return;
    case W_RATE:
        get_rate(w, &s->rate_bps);
        return;
    case W_QUEUE:
        get_queue(w, &s->queue, &s->queue_kind);
        return;
    case W_DOWN:
        get_down(w, s);
        return;
    case W_PMTU:
        get_pmtu(w, &s->pmtu);
        return;
    case W_BLACKHOLE:
        s->silent = true;
        return;
    case W_ECN:
        get_queue(w, &s->ecn, &s->ecn_kind);
        return;
    case W_MARK:
        get_share(w, &s->mark_p);
        return;
    case W_COUNT_OF:
        break;
    }
    INVARIANT(word < W_COUNT_OF);
}

static enum word word_of(const char *text)
{
    for (unsigned i = 0; i < W_COUNT_OF; i++)
        if (word_is(text, names[i]))
            return (enum word)i;
    return W_COUNT_OF;
}

static void unknown_word(struct words *w)
{
    const char *near = nearest(w->word, names, W_COUNT_OF);
    struct fmt *err = words_error(w, NULL);

    if (!err)
        return;
    if (near) {
        fmt_f(err, "no such word. Did you mean %s?", near);
        return;
    }
    fmt_str(err, "no such word. Write one of");
    for (unsigned i = 0; i < W_COUNT_OF; i++)
        fmt_f(err, " %s", names[i]);
}

/* Two words that need or exclude each other. */
static bool words_agree(unsigned said, struct fmt *err)
{
    static const struct {
        enum word   word, needs;
        const char *text;
    } needs[] = {
        { W_BURST, W_LOSS, "burst: of what? Write loss 3% burst 4" },
        { W_BY, W_REORDER, "by: what? Write reorder 3% by 2" },
        { W_QUEUE, W_RATE,
          "queue: without a rate nothing ever waits. Write rate 10mbit, too" },
        { W_ECN, W_RATE,
          "ecn: without a rate nothing ever waits. Write rate 10mbit, too" },
        { W_BLACKHOLE, W_PMTU,
          "blackhole: for which packets? Write pmtu 1400 blackhole" },
    };

    for (unsigned i = 0; i < ARRAY_LEN(needs); i++)
        if ((said & 1u << needs[i].word) && !(said & 1u << needs[i].needs)) {
            fmt_str(err, needs[i].text);
            return false;
        }
    if ((said & 1u << W_RTT) && (said & 1u << W_DELAY)) {
        fmt_str(err, "rtt: delay says it already. Write one of them");
        return false;
    }
    return true;
}

/* ---- what goes together ------------------------------------------------ */

/* What has no effect is not kept, so that equal links are equal. */
static void normalise(struct link_spec *s)
{
    if (s->loss_p == 0)
        s->burst = 0;
    if (s->reorder_p == 0)
        s->reorder_by = 0;
    else if (s->reorder_by == 0)
        s->reorder_by = 1;
}

/* loss.c's g <= 1, as P(N+1) <= N. */
static bool burst_possible(const struct link_spec *s)
{
    uint64_t n = s->burst;

    return n == 0 || s->loss_p * (n + 1) <= n << 32;
}

static const char *trouble(const struct link_spec *s)
{
    if (s->jitter > s->delay)
        return "delay: the jitter is more than the delay, and nothing "
               "arrives before it is sent. Write delay 20ms 5ms";
    if (!burst_possible(s))
        return "burst: bursts of that length with one packet between them "
               "lose less. Write a lower loss or a longer burst";
    if ((s->queue_kind == LINK_QUEUE_BDP || s->ecn_kind == LINK_QUEUE_BDP)
        && s->delay == 0)
        return "queue: rate x delay is nothing without a delay. Write "
               "delay 20ms, too, or a queue in packets: 50p";
    return NULL;
}

bool spec_valid(const struct link_spec *s)
{
    bool ok = !trouble(s) && s->delay >= 0 && s->jitter >= 0
        && s->delay <= LINK_TIME_MAX && s->burst <= LINK_BURST_MAX
        && s->reorder_by <= LINK_REORDER_BY_MAX
        && (s->reorder_by > 0) == (s->reorder_p > 0)
        && s->rate_bps <= LINK_RATE_MAX && s->queue_kind <= LINK_QUEUE_BDP
        && s->ecn_kind <= LINK_QUEUE_BDP && s->ecn <= LINK_QUEUE_MAX
        && s->queue <= LINK_QUEUE_MAX && s->ndowns <= LINK_DOWNS_MAX
        && (s->pmtu == 0 || s->pmtu >= LINK_PMTU_MIN)
        && (s->pmtu || !s->silent);

    if (s->queue_kind == LINK_QUEUE_BDP)
        ok = ok && s->queue <= LINK_BDP_MAX * UINT64_C(1000);
    if (s->ecn_kind == LINK_QUEUE_BDP)
        ok = ok && s->ecn <= LINK_BDP_MAX * UINT64_C(1000);
    return ok;
}

bool spec_parse(const char *text, struct link_spec *out, struct fmt *err)
{
    struct link_spec s = { 0 };
    struct words     w = words_of(text, err);
    unsigned         said = 0;
    const char      *wrong;

    while (words_keyword(&w)) {
        enum word word = word_of(w.word);

        if (word == W_COUNT_OF) {
            unknown_word(&w);
        } else if ((said & 1u << word) && word != W_DOWN) {
            struct fmt *e = words_error(&w, NULL);

            fmt_str(e, "said twice. Write it once");
        } else {
            said |= 1u << word;
            word_value(&w, word, &s);
        }
    }
    if (w.bad || !words_agree(said, err))
        return false;
    normalise(&s);
    wrong = trouble(&s);
    if (wrong) {
        fmt_str(err, wrong);
        return false;
    }
    INVARIANT(spec_valid(&s));
    *out = s;
    return true;
}
