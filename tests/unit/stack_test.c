/* stack_test.c: a host's creation and end, its time, its deadlines. */
#include "sock_rig.h"
#include "t.h"

TEST(defaults_depend_on_the_seed_alone)
{
    struct cw_config a, b, c;

    memset(&a, 0x11, sizeof(a));
    memset(&b, 0x22, sizeof(b));
    cw_config_init(&a, 1);
    cw_config_init(&b, 1);
    cw_config_init(&c, 2);
    EXPECT_EQ(a.size, sizeof(struct cw_config));
    EXPECT_EQ(a.teach_iss, -1);
    EXPECT_EQ(a.profile, CW_PROFILE_DEPLOYED);
    EXPECT_MEM(a.seed, b.seed, 16);
    EXPECT(memcmp(a.seed, c.seed, 16) != 0);
}

static void refuse(struct rig *r, const char *word)
{
    const char *why = NULL;

    EXPECT_NULL(cw_stack_new(&r->config, &r->alloc, &why));
    EXPECT(why && strncmp(why, word, strlen(word)) == 0);
    EXPECT_EQ(r->bytes, 0);
    cw_config_init(&r->config, 1);
}

TEST(configurations_are_refused_with_a_reason)
{
    struct rig r;

    rig_defaults(&r);
    r.config.size = 8;
    refuse(&r, "size");
    r.config.size = sizeof(r.config) + 1;
    refuse(&r, "size");
    r.config.memory_max = 1000;
    refuse(&r, "memory_max");
    r.config.sockets_max = 1 << 23;
    refuse(&r, "sockets_max");
    r.config.sockets_max = 1 << 22; /* their table alone is larger */
    refuse(&r, "memory");
    r.config.host = 65536;
    refuse(&r, "host");
    r.config.profile = (enum cw_profile)3;
    refuse(&r, "profile");
    r.config.teach_iss = -2;
    refuse(&r, "teach_iss");
    r.config.sndbuf = 2047;
    refuse(&r, "sndbuf");
    r.config.rcvbuf = (16 << 20) + 1;
    refuse(&r, "rcvbuf");
    r.config.offer = 16;
    refuse(&r, "offer");
    r.config.teach_mss = 87;
    refuse(&r, "teach_mss");
    r.config.teach_mss = 0;
    r.config.initcwnd = 1001;
    refuse(&r, "initcwnd");
    r.config.clock_granularity = NS_S + 1;
    refuse(&r, "clock_granularity");
    r.config.clock_granularity = -1;
    refuse(&r, "clock_granularity");
}

/* What an older program does not know has its default. */
TEST(an_older_configuration_will_do)
{
    struct rig r;

    rig_defaults(&r);
    r.config.size = offsetof(struct cw_config, teach_iss);
    r.config.teach_iss = -99;
    rig_make(&r);
    rig_free(&r);
}

TEST(no_memory_is_no_stack)
{
    const char *why = NULL;
    struct rig  r;

    rig_defaults(&r);
    r.fail_at = 1;
    EXPECT_NULL(cw_stack_new(&r.config, &r.alloc, &why));
    EXPECT(why != NULL);
    EXPECT_EQ(r.bytes, 0);
}

TEST(one_allocation_serves_for_ever)
{
    struct rig  r;
    struct pair p;
    long        before;

    rig_init(&r);
    before = r.allocs;
    for (int i = 0; i < 100; i++) {
        p = rig_connect(&r, at4("127.0.0.1", 0));
        CALL(0, cw_close(r.st, p.client, r.now));
        CALL(0, cw_close(r.st, p.server, r.now));
        CALL(0, cw_close(r.st, p.listener, r.now));
        rig_pump(&r);
    }
    EXPECT_EQ(r.allocs, before);
    rig_run(&r, 200 * NS_S);
    EXPECT_EQ(cw_stack_memory_used(r.st), 0);
    rig_free(&r);
}

TEST(a_stack_with_open_sockets_can_go)
{
    struct cw_sockaddr a = at4("10.0.0.2", 9);
    struct rig         r;
    int                sd;

    rig_init(&r);
    rig_connect(&r, at4("127.0.0.1", 0));
    sd = cw_socket(r.st, CW_AF_INET, CW_SOCK_STREAM, 0, 0);
    CALL(-CW_EINPROGRESS, cw_connect(r.st, sd, &a, 0));
    sd = cw_socket(r.st, CW_AF_INET, CW_SOCK_DGRAM, 0, 0);
    CALL(0, cw_connect(r.st, sd, &a, 0));
    CALL(1, cw_send(r.st, sd, "x", 1, 0, 0));
    rig_free(&r);
}

TEST(a_buffer_outlives_its_stack)
{
    struct rig     r;
    struct cw_buf *b;

    rig_init(&r);
    b = cw_buf_new(r.st, 1000);
    EXPECT(b && b->cap >= 1000 && b->refs == 1);
    EXPECT_NULL(cw_buf_new(r.st, CW_BUF_MAX + 1));
    cw_buf_get(b);
    cw_stack_free(r.st);
    EXPECT(r.bytes > 0);
    memset(b->data, 7, b->cap);
    cw_buf_put(b);
    EXPECT(r.bytes > 0);
    cw_buf_put(b);
    EXPECT_EQ(r.bytes, 0);
}

TEST(nothing_to_free_is_fine)
{
    cw_stack_free(NULL);
}

/* ---- time -------------------------------------------------------------- */

static uint64_t counter(const cw_stack *st, const char *name)
{
    for (unsigned i = 0; i < cw_counter_count(); i++)
        if (strcmp(cw_counter_name(i), name) == 0)
            return cw_counter_value(st, i);
    FAIL("no counter %s", name);
    return 0;
}

TEST(time_that_runs_backward_is_held_and_counted)
{
    struct rig r;

    rig_init(&r);
    cw_stack_advance(r.st, 1000);
    EXPECT_EQ(counter(r.st, "TimeBackward"), 0);
    cw_stack_input(r.st, NULL, 0, 999);
    EXPECT_EQ(counter(r.st, "TimeBackward"), 1);
    cw_stack_advance(r.st, 1000);
    EXPECT_EQ(counter(r.st, "TimeBackward"), 1);
    EXPECT_NULL(cw_counter_name(cw_counter_count()));
    EXPECT_EQ(cw_counter_value(r.st, cw_counter_count()), 0);
    rig_free(&r);
}

struct log {
    cw_ns    t[16];
    unsigned n;
};

static void note_fires(void *ctx, const struct cw_event *e)
{
    struct log *l = ctx;

    if (e->kind == EV_TIMER_FIRE && l->n < ARRAY_LEN(l->t))
        l->t[l->n++] = e->t;
}

/* SYN's timer: 1, 3, 7 ... s, however late the caller comes. */
TEST(each_timer_runs_at_its_own_deadline)
{
    struct cw_sockaddr a = at4("10.0.0.2", 9);
    struct log         l = { .n = 0 };
    struct rig         r;
    int                sd;

    rig_defaults(&r);
    r.config.on_event = note_fires;
    r.config.event_ctx = &l;
    rig_make(&r);
    sd = cw_socket(r.st, CW_AF_INET, CW_SOCK_STREAM, 0, 0);
    CALL(-CW_EINPROGRESS, cw_connect(r.st, sd, &a, 0));
    rig_pump(&r);
    EXPECT_EQ(cw_stack_deadline(r.st), NS_S);
    cw_stack_advance(r.st, 8 * NS_S); /* four seconds too late, and more */
    EXPECT_EQ(l.n, 3);
    EXPECT_EQ(l.t[0], NS_S);
    EXPECT_EQ(l.t[1], 3 * NS_S);
    EXPECT_EQ(l.t[2], 7 * NS_S);
    r.now = 8 * NS_S;
    EXPECT_EQ(cw_stack_deadline(r.st), r.now); /* there is output */
    rig_pump(&r);
    EXPECT_EQ(r.eth_out, 4);
    EXPECT_EQ(cw_stack_deadline(r.st), 15 * NS_S);
    rig_free(&r);
}

TEST(an_idle_stack_wants_nothing)
{
    struct rig r;

    rig_init(&r);
    rig_pump(&r);
    EXPECT_EQ(cw_stack_deadline(r.st), CW_NEVER);
    cw_stack_advance(r.st, CW_NEVER);
    EXPECT_EQ(cw_stack_memory_used(r.st), 0);
    rig_free(&r);
}

/* ---- names ------------------------------------------------------------- */

TEST(codes_have_names)
{
    EXPECT_STR(cw_error_name(CW_ECONNREFUSED), "ECONNREFUSED");
    EXPECT_STR(cw_error_name(-CW_EPROTO), "EPROTO");
    EXPECT_STR(cw_error_name(0), "E?");
    EXPECT_STR(cw_error_name(-9999), "E?");
    EXPECT_STR(cw_version(), CW_VERSION);
}

T_MAIN(T(defaults_depend_on_the_seed_alone),
       T(configurations_are_refused_with_a_reason),
       T(an_older_configuration_will_do), T(no_memory_is_no_stack),
       T(one_allocation_serves_for_ever), T(a_stack_with_open_sockets_can_go),
       T(a_buffer_outlives_its_stack), T(nothing_to_free_is_fine),
       T(time_that_runs_backward_is_held_and_counted),
       T(each_timer_runs_at_its_own_deadline), T(an_idle_stack_wants_nothing),
       T(codes_have_names))
