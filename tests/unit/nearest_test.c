/* "Did you mean": what counts as a slip. */
#include "base/nearest.h"
#include "t.h"

static const char *const names[] = { "delay", "loss",   "rate", "queue",
                                     "lab",   "ladder", "run",  "ss" };

TEST(slips_and_strangers)
{
    static const struct {
        const char *word, *want;
    } rows[] = {
        { "delay", "delay" },  { "dealy", "delay" },  { "daley", "delay" },
        { "dely", "delay" },   { "deelay", "delay" }, { "del", NULL },
        { "los", "loss" },     { "lsos", "loss" },    { "rats", "rate" },
        { "quue", "queue" },   { "lad", "lab" },      { "urn", "run" },
        { "laddr", "ladder" }, { "s", NULL },         { "web", NULL },
        { "sss", "ss" },       { "is", "ss" },        { "", NULL },
        { "bandwidth", NULL }, { "xy", NULL },
    };

    T_EACH (row, rows) {
        const char *got = nearest(row->word, names, ARRAY_LEN(names));

        t_row("%s", row->word);
        EXPECT_STR(got ? got : "none", row->want ? row->want : "none");
    }
}

TEST(long_words_have_no_neighbours)
{
    char              word[NEAREST_WORD_MAX + 2];
    const char *const same[] = { word };

    memset(word, 'x', sizeof(word));
    word[NEAREST_WORD_MAX] = '\0';
    EXPECT(nearest(word, same, 1) == word);
    word[NEAREST_WORD_MAX] = 'x';
    EXPECT_NULL(nearest((const char *)t_guard(word, sizeof(word)), names,
                        ARRAY_LEN(names)));
    EXPECT_NULL(nearest("x", names, 0));
}

T_MAIN(T(slips_and_strangers), T(long_words_have_no_neighbours))
