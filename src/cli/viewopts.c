/* viewopts.c: see viewopts.h. */
#include "cli/viewopts.h"

#include "base/nearest.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 64 };

/* "--coulor" of "--coulor=always". */
static void name_of(const char *word, char *to, size_t cap)
{
    size_t n = strcspn(word, "=");

    snprintf(to, cap, "%.*s", (int)(n < 60 ? n : 60), word);
}

static bool whole_name(const struct option *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return true;
    return false;
}

int view_bad_option(const char *verb, int c, const struct option *table,
                    char *const *argv)
{
    const char *names[NAMES_MAX], *near, *word = argv[optind - 1];
    char        name[64];
    size_t      n = 0;

    if (optopt && c == '?' && strncmp(word, "--", 2) != 0)
        return complain(2,
                        "%s: -%c: no such option; causeway %s -h lists "
                        "them",
                        verb, optopt, verb);
    name_of(word, name, sizeof name);
    if (c == ':')
        return complain(2,
                        "%s: %s: a value is missing; causeway %s -h says "
                        "which",
                        verb, name, verb);
    if (strncmp(name, "--", 2) == 0 && whole_name(table, name + 2))
        return complain(2, "%s: %s takes no value", verb, name);
    for (const struct option *o = table; o->name && n < NAMES_MAX; o++)
        names[n++] = o->name;
    near = strlen(name) > 2 ? nearest(name + 2, names, n) : NULL;
    if (near)
        return complain(2, "%s: %s: no such option; did you mean --%s?", verb,
                        name, near);
    return complain(2, "%s: %s: no such option; causeway %s -h lists them",
                    verb, name, verb);
}
