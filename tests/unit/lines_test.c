/* lines_test.c: several programs' lines on one descriptor. */
#include "shim/lines.h"
#include "t.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct loop     *loop;
static struct lines_out to;
static struct lines     l[2];
static int              from;

static void begin(const char *first, const char *second)
{
    int fds[2];

    EXPECT_EQ(pipe(fds), 0);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    from = fds[0];
    to = (struct lines_out){ .fd = fds[1] };
    loop = loop_new();
    lines_init(&l[0], loop, -1, &to, first);
    lines_init(&l[1], loop, -1, &to, second);
}

static void end(void)
{
    lines_fini(&l[0]);
    lines_fini(&l[1]);
    lines_end(&to);
    loop_free(loop);
    close(to.fd);
}

static void put(int who, const char *text)
{
    lines_put(&l[who], text, strlen(text));
}

static void expect(const char *right)
{
    char    text[4096];
    ssize_t n = read(from, text, sizeof text - 1);

    text[MAX(n, 0)] = 0;
    EXPECT_STR(text, right);
}

/* As an unbuffered print() writes: another's line goes before or behind. */
TEST(a_line_in_pieces_stays_one)
{
    begin("h1 | ", "h2 | ");
    put(0, "one\nstarted again:");
    put(1, "whole\n");
    put(0, " it");
    put(1, "more, ");
    put(0, " listens\n");
    put(1, "and an end\n");
    expect("h1 | one\nh2 | whole\nh1 | started again: it listens\n"
           "h2 | more, and an end\n");
    end();
    close(from);
}

TEST(nothing_is_lost_at_the_end)
{
    begin("h1 | ", "h2 | ");
    put(0, "no end");
    put(1, "nor here");
    end();
    expect("h1 | no end\nh2 | nor here\n");
    close(from);
}

/* A prompt is seen although nothing follows; what does continues it. */
TEST(a_prompt_is_shown)
{
    begin("h1 | ", "h2 | ");
    put(0, "name? ");
    while (l[0].held > 0)
        loop_turn(loop, NS_NEVER);
    expect("h1 | name? ");
    put(0, "thanks\n");
    expect("thanks\n");
    end();
    close(from);
}

TEST(lines_without_text_and_lines_without_end)
{
    static char empty[3000], endless[3000];
    static char text[3000 * LINES_PREFIX_MAX];

    memset(empty, '\n', sizeof empty);
    memset(endless, 'x', sizeof endless);
    begin("sixteen letters | ", "h2 | ");
    lines_put(&l[0], empty, sizeof empty);
    EXPECT_EQ(read(from, text, sizeof text), 3000 * 19);
    lines_put(&l[1], endless, sizeof endless);
    lines_put(&l[1], "\n", 1);
    EXPECT_EQ(read(from, text, sizeof text), 3006);
    end();
    close(from);
}

T_MAIN(T(a_line_in_pieces_stays_one), T(nothing_is_lost_at_the_end),
       T(a_prompt_is_shown), T(lines_without_text_and_lines_without_end))
