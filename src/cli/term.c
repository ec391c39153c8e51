/* term.c: see term.h. */
#include "cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_DEFAULT = 80, COLUMNS_MAX = 1000 };

static const char *env(const char *name)
{
    const char *v = getenv(name);

    return v && *v ? v : NULL;
}

bool term_color_ok(const char *value)
{
    return strcmp(value, "auto") == 0 || strcmp(value, "always") == 0
        || strcmp(value, "never") == 0;
}

bool term_colour(const struct term_opts *o)
{
    const char *term = env("TERM");

    if (o->color && strcmp(o->color, "always") == 0)
        return true;
    if (o->color && strcmp(o->color, "never") == 0)
        return false;
    return isatty(STDOUT_FILENO) && !env("NO_COLOR")
        && !(term && strcmp(term, "dumb") == 0);
}

/* By name, so that it does not matter whether the locale is installed. */
static bool utf8_locale(void)
{
    const char *v = env("LC_ALL");

    if (!v)
        v = env("LC_CTYPE");
    if (!v)
        v = env("LANG");
    return v && (strcasestr(v, "utf-8") || strcasestr(v, "utf8"));
}

bool term_ascii(const struct term_opts *o)
{
    const char *v = env("CAUSEWAY_ASCII");

    return o->ascii || (v && strcmp(v, "0") != 0) || !utf8_locale();
}

unsigned term_columns(void)
{
    const char    *v = env("COLUMNS");
    struct winsize ws;
    long           n = v ? strtol(v, NULL, 10) : 0;

    if (n <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0)
        n = ws.ws_col;
    if (n <= 0)
        n = COLUMNS_DEFAULT;
    return n > COLUMNS_MAX ? COLUMNS_MAX : (unsigned)n;
}
