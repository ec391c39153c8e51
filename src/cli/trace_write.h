/* trace_write.h: packets of a recording into a file of their own. */
#ifndef CLI_TRACE_WRITE_H
#define CLI_TRACE_WRITE_H

#include "cli/runs.h"

/* Writes the packets whose `chosen` is true as pcapng, "-" for standard
 * output: from a recording with interfaces, names, comments and fates, so
 * that it can be traced again.  False: errno says why. */
bool trace_write(const char *path, const struct run_file *from,
                 const bool *chosen);

#endif
