/* say.h: our own words, on standard error, each line with our name. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include <stdbool.h>

/* One line, unless `quiet`. */
void say(bool quiet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One line, and the status to exit with. */
int complain(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
