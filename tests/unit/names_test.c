/* The vocabularies: counters, events, reasons; and the profiles' knobs. */
#include "base/count.h"
#include "base/event.h"
#include "base/limits.h"
#include "base/why.h"
#include "t.h"

static bool slug_like(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++) {
        bool word = (*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9');

        if (!word && *s != '-')
            return false;
    }
    return true;
}

TEST(counters_have_names_of_their_own)
{
    for (unsigned i = 0; i < COUNT_COUNT_OF; i++) {
        EXPECT(*count_name(i));
        for (unsigned j = 0; j < i; j++)
            EXPECT(strcmp(count_name(i), count_name(j)) != 0);
    }
    EXPECT_STR(count_name(COUNT_TCP_RETRANS_SEGS), "TcpRetransSegs");
    EXPECT_PANIC(count_name(COUNT_COUNT_OF));
}

TEST(events_have_slugs_and_fields)
{
    for (unsigned i = 0; i < EV_COUNT_OF; i++) {
        t_row("%s", event_slug(i));
        EXPECT(slug_like(event_slug(i)));
        for (unsigned j = 0; j < i; j++)
            EXPECT(strcmp(event_slug(i), event_slug(j)) != 0);
        for (unsigned v = 1; v < 5; v++) /* no gaps between fields */
            EXPECT(!*event_field(i, v) || *event_field(i, v - 1));
    }
    EXPECT_STR(event_field(EV_RTT, 3), "rto_ns");
    EXPECT_STR(event_field(EV_RTT, 4), "");
    EXPECT_STR(event_field(EV_RTT, 5), "");
    EXPECT_STR(event_slug(EV_COUNT_OF), "unknown");
    EXPECT_STR(event_field(UINT32_MAX, 0), "");
    EXPECT_STR(event_timer_name(EVT_TIMEWAIT), "time-wait");
    EXPECT_STR(event_timer_name(EVT_COUNT_OF), "unknown");
}

TEST(reasons_are_found_by_slug)
{
    for (unsigned i = 0; i < WHY_COUNT_OF; i++) {
        t_row("%u", i);
        EXPECT(slug_like(why_slug((enum why)i)));
        EXPECT_EQ(why_of_slug(why_slug((enum why)i)), i);
        EXPECT(i == WHY_NONE || *why_text((enum why)i));
    }
    EXPECT_EQ(why_of_slug("no-such-reason"), WHY_COUNT_OF);
    EXPECT_EQ(why_of_slug(""), WHY_COUNT_OF);
    EXPECT_EQ(why_of_slug("tx-dat"), WHY_COUNT_OF);
    EXPECT_STR(why_slug(WHY_COUNT_OF), "unknown");
    EXPECT_STR(why_ref(WHY_TX_RTO), "RFC 6298 5.4");
}

TEST(reasons_print_their_figure)
{
    static const struct {
        enum why    w;
        uint64_t    figure;
        const char *want;
    } rows[] = {
        { WHY_TX_RTO, 240000000, "retransmission: RTO 240 ms" },
        { WHY_TX_RTO, 1040000000, "retransmission: RTO 1.04 s" },
        { WHY_TX_RTO, 60000000000, "retransmission: RTO 60 s" },
        { WHY_TX_RTO, 201500000, "retransmission: RTO 201.5 ms" },
        { WHY_TX_RTO, 1050, "retransmission: RTO 0.001 ms" },
        { WHY_TX_RTO, 17, "retransmission: RTO 17 ns" },
        { WHY_TX_RTO, 0, "retransmission: RTO 0 ms" },
        { WHY_TX_FAST, 3, "fast retransmission: 3 duplicate ACKs" },
        { WHY_TX_DUPACK_OF_3, 2, "duplicate ACK 2 of 3" },
        { WHY_TX_WINDOW, 65536, "window update: 65536 bytes free" },
        { WHY_TX_WINDOW, 1, "window update: 1 byte free" },
        { WHY_PAWS, 99, "timestamp too old (PAWS)" },
        { WHY_COUNT_OF, 1, "unknown reason" },
        { WHY_NONE, 0, "" },
    };

    T_EACH (row, rows) {
        char       room[128];
        struct fmt f = fmt_of(room, sizeof(room));

        why_print(&f, row->w, row->figure);
        EXPECT_STR(room, row->want);
    }
}

/* What the RFCs ask of all profiles, and of the strict one. */
TEST(knobs_keep_the_rfcs_bounds)
{
    const struct knobs *strict = knobs_of(CW_PROFILE_STRICT);

    for (unsigned p = CW_PROFILE_DEPLOYED; p <= CW_PROFILE_CLASSIC; p++) {
        const struct knobs *k = knobs_of((enum cw_profile)p);

        t_row("profile %u", p);
        EXPECT_EQ(k->rto_initial, NS_S);   /* RFC 6298 §2.1 */
        EXPECT_GE(k->rto_max, 60 * NS_S);  /* §2.5 */
        EXPECT_LT(k->delack, 500 * NS_MS); /* MUST-40 */
        EXPECT(k->rto_min > 0 || k->rto_var_min > 0);
        EXPECT_LT(0, k->orphan_fin_wait_2);
    }
    EXPECT_EQ(strict->rto_min, NS_S);   /* RFC 6298 §2.4 */
    EXPECT_EQ(strict->msl, 120 * NS_S); /* RFC 9293 §3.4.2 */
    EXPECT_EQ(knobs_of(CW_PROFILE_DEPLOYED)->initcwnd, 10);
    EXPECT_EQ(knobs_of(CW_PROFILE_DEPLOYED)->quickacks, 16);
}

/* MUST-23: a SYN is tried for at least three minutes; SHLD-11: data for at
 * least 100 seconds. */
TEST(strict_gives_up_late_enough)
{
    const struct knobs *k = knobs_of(CW_PROFILE_STRICT);
    cw_ns               rto = k->rto_initial, syn = 0, data = 0;

    for (unsigned i = 0; i <= MAX(k->syn_retries, k->data_retries); i++) {
        syn += i <= k->syn_retries ? rto : 0;
        data += i <= k->data_retries ? rto : 0;
        rto = ns_min(2 * rto, k->rto_max);
    }
    EXPECT_GE(syn, 180 * NS_S);
    EXPECT_GE(data, 100 * NS_S);
    EXPECT_PANIC(knobs_of((enum cw_profile)99));
}

T_MAIN(T(counters_have_names_of_their_own), T(events_have_slugs_and_fields),
       T(reasons_are_found_by_slug), T(reasons_print_their_figure),
       T(knobs_keep_the_rfcs_bounds), T(strict_gives_up_late_enough))
