/* say.c: see say.h. */
#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>

static void line(const char *format, va_list ap)
{
    char text[1024];

    vsnprintf(text, sizeof text, format, ap);
    fprintf(stderr, "causeway: %s\n", text);
}

void say(bool quiet, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    if (!quiet)
        line(format, ap);
    va_end(ap);
}

int complain(int status, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    line(format, ap);
    va_end(ap);
    return status;
}
