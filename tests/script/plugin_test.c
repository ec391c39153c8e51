/* The plug-in for packetdrill, played by a loader of ours: what our runner
 * passes, passes there, too.
 *
 * PLUGIN names the library, SCRIPTS a directory of packet scripts.
 */
#include "loader.h"
#include "t.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRIPT_MAX = 1 << 16 };

static plugin_init *load(void)
{
    void        *library = dlopen(getenv("PLUGIN"), RTLD_NOW);
    plugin_init *init = NULL;

    if (!library)
        t_fail(__FILE__, __LINE__, "%s", dlerror());
    *(void **)(void *)&init = dlsym(library, "packetdrill_interface_init");
    EXPECT(init);
    return init;
}

static enum loaded play(plugin_init *init, const char *path, char why[512])
{
    char   text[SCRIPT_MAX];
    FILE  *f = fopen(path, "r");
    size_t n;

    EXPECT(f);
    n = fread(text, 1, sizeof text, f);
    fclose(f);
    return loader_play(init, text, n, why);
}

/* One process, one after the other: each begins anew. */
TEST(plays_what_the_runner_plays)
{
    plugin_init *init = load();
    char         pattern[512], why[512];
    unsigned     passed = 0;
    glob_t       found;

    snprintf(pattern, sizeof pattern, "%s/*/*.pkt", getenv("SCRIPTS"));
    EXPECT_EQ(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        enum loaded got = play(init, found.gl_pathv[i], why);

        t_row("%s: %s", found.gl_pathv[i], why);
        EXPECT_NE(got, LOADED_FAILED);
        passed += got == LOADED_PASSED;
    }
    globfree(&found);
    EXPECT_GE(passed, 100);
}

/* What fails in the runner fails there. */
TEST(sees_what_is_wrong)
{
    static const char script[] =
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
        "+0 bind(3, ..., ...) = 0\n"
        "+0 listen(3, 1) = 0\n"
        "+0 < S 0:0(0) win 65535 <mss 1000>\n";
    static const char *const ends[] = { "+0 > S. 0:0(0) ack 2 <mss 1460>",
                                        "+.1 > S. 0:0(0) ack 1 <mss 1460>",
                                        "+0 > S. 0:0(0) ack 1 <mss 1461>" };
    plugin_init             *init = load();
    char                     text[512], why[512];

    T_EACH (end, ends) {
        t_row("%s", *end);
        snprintf(text, sizeof text, "%s%s", script, *end);
        EXPECT_EQ(loader_play(init, text, strlen(text), why), LOADED_FAILED);
    }
}

/* A call that blocks in a second thread ends when it should, every time. */
TEST(blocking_calls_end_on_time)
{
    static const char script[] =
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
        "+0 bind(3, ..., ...) = 0\n"
        "+0 listen(3, 1) = 0\n"
        "+0...7.1 accept(3, ..., ...) = 4\n"
        "+0 < S 0:0(0) win 65535 <mss 1000>\n"
        "+0 > S. 0:0(0) ack 1 <mss 1460>\n"
        "+1 > S. 0:0(0) ack 1 <mss 1460>\n"
        "+2 > S. 0:0(0) ack 1 <mss 1460>\n"
        "+4 > S. 0:0(0) ack 1 <mss 1460>\n"
        "+.1 < . 1:1(0) ack 1 win 65535\n"
        "+1 write(4, ..., 10) = 10\n"
        "+0 > P. 1:11(10) ack 1\n";
    plugin_init *init = load();
    char         why[512];

    for (int i = 0; i < 50; i++) {
        enum loaded got = loader_play(init, script, sizeof script - 1, why);

        t_row("%d: %s", i, why);
        EXPECT_EQ(got, LOADED_PASSED);
    }
}

T_MAIN(T(plays_what_the_runner_plays), T(sees_what_is_wrong),
       T(blocking_calls_end_on_time))
