/* recording.c: see recording.h. */
#include "cli/recording.h"
#include "cli/say.h"

#include "base/addr.h"
#include "base/bytes.h"
#include "loop/loop.h"
#include "wire/etherhdr.h"
#include "wire/ip4hdr.h"
#include "wire/ip6hdr.h"
#include "store/pbuf.h"
#include "emu/link.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define RECORD_LIMIT (UINT64_C(64) << 20)

static bool write_file(void *ctx, const void *bytes, size_t n)
{
    struct recording *rec = ctx;

    return fwrite(bytes, 1, n, rec->file) == n && fflush(rec->file) == 0;
}

static int open_file(struct recording *rec, const struct net_opts *o,
                     char why[RUNS_WHY_MAX])
{
    rec->named = o->record != NULL;
    if (rec->named)
        snprintf(rec->path, sizeof rec->path, "%s", o->record);
    else if (!runs_new(rec->path, why))
        return 125;
    rec->file = fopen(rec->path, "wxe");
    if (!rec->file && errno == EEXIST && rec->named)
        rec->file = fopen(rec->path, "we");
    if (!rec->file) {
        snprintf(why, RUNS_WHY_MAX, "%.400s: %s", rec->path, strerror(errno));
        return rec->named ? 2 : 125;
    }
    setvbuf(rec->file, NULL, _IONBF, 0); /* it comes in large pieces */
    flock(fileno(rec->file), LOCK_SH);   /* runs.c leaves it alone */
    return 0;
}

int recording_try(struct recording *rec, const struct net_opts *o,
                  char why[RUNS_WHY_MAX])
{
    struct record_config config = { .alloc = memory_alloc(),
                                    .write = write_file,
                                    .ctx = rec };
    int                  status;

    memset(rec, 0, sizeof *rec);
    rec->verbose = o->verbose > 0;
    if (o->no_record || (o->fast && !o->record))
        return 0;
    status = open_file(rec, o, why);
    if (status != 0)
        return status;
    config.limit = rec->named ? UINT64_MAX : RECORD_LIMIT;
    rec->r = record_new(&config);
    if (!rec->r)
        snprintf(why, RUNS_WHY_MAX, "out of memory");
    return rec->r ? 0 : 125;
}

int recording_open(struct recording *rec, const struct net_opts *o)
{
    char why[RUNS_WHY_MAX];
    int  status = recording_try(rec, o, why);

    return status == 0 ? 0 : complain(status, "%s", why);
}

/* ---- hooks ------------------------------------------------------------------- */

/* Where a datagram goes to, for recording_hint(). */
static void note_datagram(struct recording *rec, const struct world_packet *p)
{
    uint8_t         head[128];
    char            text[ADDR_TEXT_MAX];
    struct ip4_repr four;
    struct ip6_repr six;
    struct cw_addr  to;
    size_t          n = frame_flat(p->pkt, head, sizeof head), at;

    rec->udp_to[0] = '\0';
    if (n > ETHER_LEN + IP4_HDR_MIN
        && ip4hdr_parse_quote(span_of(head + ETHER_LEN, n - ETHER_LEN), &four)
            == GO_ON) {
        to = four.dst;
        at = ETHER_LEN + four.hdr_len;
    } else if (n > ETHER_LEN + IP6_HDR_LEN
               && ip6hdr_parse_quote(span_of(head + ETHER_LEN, n - ETHER_LEN),
                                     &six)
                   == GO_ON) {
        to = six.dst;
        at = ETHER_LEN + IP6_HDR_LEN;
    } else {
        return;
    }
    if (at + 4 > n)
        return;
    addr_print(&to, text);
    snprintf(rec->udp_to, sizeof rec->udp_to,
             addr_is4(&to) ? "%s:%u" : "[%s]:%u", text,
             be16_load(head + at + 2));
}

void recording_hint(const struct recording *rec, cw_ns epoch)
{
    if (!rec->udp_lost[0])
        return;
    say(false,
        "the datagram to %s was lost at %.6f (%s). UDP does not send "
        "again: that is the program's job.",
        rec->udp_lost, (double)(rec->udp_lost_at - epoch) / 1e9,
        rec->udp_why);
}

void recording_packet(struct recording *rec, const struct world_packet *p)
{
    unsigned why = p->pkt->why;

    if (rec->ended)
        return;
    rec->last_name = p->name;
    rec->last_ack = !p->name && (link_kinds(p->pkt) & LINK_ACK);
    rec->packets += !p->name;
    rec->again += !p->name && why_is_again((enum why)why);
    rec->by_timeout += why == WHY_TX_RTO || why == WHY_TX_RECOVER;
    rec->by_probe += why == WHY_TX_TLP;
    rec->udp_to[0] = '\0';
    if (!p->name && (link_kinds(p->pkt) & LINK_UDP))
        note_datagram(rec, p);
    if (rec->r)
        record_packet(rec->r, p);
}

static void tell_lost(const struct world_fate *f)
{
    bool rule = f->why == WHY_LINK_RULE && f->rule;

    say(false, "packet %u, from h%u to h%u, is lost: %s%s%s", f->number,
        f->from, f->to, why_text((enum why)f->why), rule ? " " : "",
        rule ? f->rule : "");
}

void recording_fate(struct recording *rec, const struct world_fate *f)
{
    bool lost = f->final && f->link >= 0 && f->why != WHY_LINK_ARRIVED;

    if (rec->ended)
        return;
    if (lost && !rec->last_name && f->copy == 0) {
        rec->lost++;
        rec->lost_acks += rec->last_ack;
        if (rec->verbose)
            tell_lost(f);
        if (rec->udp_to[0]) {
            memcpy(rec->udp_lost, rec->udp_to, sizeof rec->udp_lost);
            rec->udp_lost_at = f->t;
            snprintf(rec->udp_why, sizeof rec->udp_why, "%s%s%s%s",
                     why_text((enum why)f->why), f->rule ? " \"" : "",
                     f->rule ? f->rule : "", f->rule ? "\"" : "");
        }
    }
    if (rec->r)
        record_fate(rec->r, f);
}

static void on_packet(void *ctx, const struct world_packet *p)
{
    recording_packet(ctx, p);
}

static void on_fate(void *ctx, const struct world_fate *f)
{
    recording_fate(ctx, f);
}

static void on_event(void *ctx, const struct cw_event *e)
{
    struct recording *rec = ctx;

    record_event(rec->r, e);
}

static void on_call(void *ctx, cw_ns t, unsigned host, const struct wcall *in,
                    const struct wresult *out)
{
    struct recording *rec = ctx;

    record_call(rec->r, t, host, in, out);
}

static void on_change(void *ctx, cw_ns t, unsigned link, unsigned dir,
                      const struct link_spec *spec,
                      const struct link_rule *rule)
{
    struct recording *rec = ctx;

    record_change(rec->r, t, link, dir, spec, rule);
}

void recording_hooks(struct recording *rec, struct world_hooks *hooks)
{
    hooks->ctx = rec;
    hooks->packet = on_packet;
    hooks->fate = on_fate;
    if (!rec->r)
        return;
    hooks->event = on_event;
    hooks->call = on_call;
    hooks->change = on_change;
}

/* ---- begin and end ------------------------------------------------------------- */

void recording_begin(struct recording *rec, const struct world *w,
                     const struct world_config *wc,
                     const struct lab_config *lc, bool real_time,
                     const char *words)
{
    if (rec->r)
        record_begin(rec->r, w, wc, lc, real_time, words);
}

void recording_end(struct recording *rec, const struct world *w)
{
    rec->ended = true;
    rec->end = world_now(w);
    if (!rec->r)
        return;
    record_rows(rec->r, w);
    record_end(rec->r, world_now(w));
}

static void print_story(const struct recording *rec, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%llu packet%s, %llu lost",
                                (unsigned long long)rec->packets,
                                rec->packets == 1 ? "" : "s",
                                (unsigned long long)rec->lost);

    n += (size_t)snprintf(out + n, size - n, ", %llu sent again",
                          (unsigned long long)rec->again);
    if (rec->again > 0 && rec->by_timeout == rec->again)
        snprintf(out + n, size - n, " (timeout)");
    else if (rec->again > 0 && rec->by_probe == rec->again)
        snprintf(out + n, size - n, " (loss probe)");
    else if (rec->by_probe > 0)
        snprintf(out + n, size - n, " (%llu by timeout, %llu by probe)",
                 (unsigned long long)rec->by_timeout,
                 (unsigned long long)rec->by_probe);
    else if (rec->again > 0)
        snprintf(out + n, size - n, " (%llu by timeout)",
                 (unsigned long long)rec->by_timeout);
}

void recording_summary(const struct recording *rec, const struct net_opts *o,
                       cw_ns epoch, cw_ns took)
{
    cw_ns net = rec->end - epoch;
    char  story[256], trace[32] = "";

    print_story(rec, story, sizeof story);
    if (rec->r)
        snprintf(trace, sizeof trace, "; trace %08x",
                 record_trace_id(rec->r));
    say(o->quiet, "%s; %lld.%03lld s of network time in %lld.%02lld s%s",
        story, (long long)(net / NS_S), (long long)(net % NS_S / NS_MS),
        (long long)(took / NS_S), (long long)(took % NS_S / (10 * NS_MS)),
        trace);
    if (!rec->r)
        return;
    if (record_failed(rec->r))
        say(false, "%s: the recording could not be written: %s", rec->path,
            strerror(errno));
    else if (record_full(rec->r))
        say(o->quiet,
            "the recording is full: it ends early (64 MiB; "
            "--record FILE has no limit)");
    if (rec->named)
        say(o->quiet, "see it: causeway ladder %s   causeway trace %s",
            rec->path, rec->path);
    else
        say(o->quiet,
            "see it: causeway ladder   causeway trace   causeway "
            "ss -ta");
}

void recording_close(struct recording *rec)
{
    record_free(rec->r);
    rec->r = NULL;
    if (rec->file)
        fclose(rec->file);
    rec->file = NULL;
}
