/* filter.h: which system calls of a program come to us. */
#ifndef SHIM_FILTER_H
#define SHIM_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#define FILTER_MAX 128

/* Writes the program; answers its length.  `fast` leaves send and recv
 * without an address to the kernel. */
size_t filter_build(struct sock_filter out[static FILTER_MAX], bool fast);

/* Puts this thread under the filter, for ever; a listener or -errno. */
int filter_install(bool fast);

#endif
