/* probe.h: what this machine allows, tried out one by one. */
#ifndef SHIM_PROBE_H
#define SHIM_PROBE_H

#include <stdbool.h>
#include <stddef.h>

enum { PROBE_TEXT_MAX = 240 };

struct probe {
    const char *name;
    bool        ok;
    bool        needed;               /* else it is only good to have */
    char        text[PROBE_TEXT_MAX]; /* what was found, or why not */
};

typedef void probe_fn(struct probe *p);

probe_fn probe_kernel; /* its version */
probe_fn probe_filter; /* a filter with a listener can be installed */
probe_fn probe_add_fd; /* descriptors can be put into a program */
probe_fn probe_memory; /* a program's memory can be read and written */
probe_fn probe_get_fd; /* ... and its descriptors be had */
probe_fn probe_ptrace; /* Yama does not forbid that */
probe_fn probe_pair;   /* socketpairs behave as needed */
probe_fn probe_urgent; /* ... for urgent data, too */
probe_fn probe_files;  /* how many descriptors there may be */
probe_fn probe_place;  /* the directory of the live host */

/* What probe_add_fd() starts under the filter: `causeway doctor socket`. */
int probe_socket_child(void);

#endif
