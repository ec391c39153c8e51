/* viewopts.h: what the commands that show a recording have in common. */
#ifndef CLI_VIEWOPTS_H
#define CLI_VIEWOPTS_H

#include <getopt.h>

/* Says what is wrong with the option that getopt_long() has just refused (c
 * is '?' or ':'), with the name that may have been meant; answers 2. */
int view_bad_option(const char *verb, int c, const struct option *table,
                    char *const *argv);

#endif
