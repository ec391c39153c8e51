/* place.h: the user's own directory for sockets: where a live host is found.
 *
 * $XDG_RUNTIME_DIR/causeway if that directory is the user's, else
 * /tmp/causeway-UID.  Nobody else may enter it: that is checked, not assumed.
 * Its lock (on the directory itself) orders starting, joining and ending; a
 * process that dies lets go of it.
 */
#ifndef SHIM_PLACE_H
#define SHIM_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PLACE_PATH_MAX = 256, PLACE_WHY_MAX = 384 };

/* What runs offers itself to views as this and its process's number. */
#define PLACE_VIEW "view-"

struct place {
    int  fd; /* -1: not open */
    char path[PLACE_PATH_MAX];
};

/* False: why says what is wrong (or "" if it is not there and `make` is
 * not set). */
bool place_open(struct place *p, bool make, char why[PLACE_WHY_MAX]);
void place_close(struct place *p);

/* Waits for the lock. False: the directory was removed meanwhile: open it
 * anew. */
bool place_lock(const struct place *p);
/* False: somebody has it. */
bool place_try_lock(const struct place *p);
void place_unlock(const struct place *p);

/* A listening socket of that name; what was there before is replaced.  Or
 * -errno. */
int place_listen(const struct place *p, const char *name);
/* A connection to it whose other end is a process of this user, or -errno;
 * -ECONNREFUSED: its owner died. */
int  place_connect(const struct place *p, const char *name);
void place_remove(const struct place *p, const char *name);
/* Takes the directory away if nothing is in it; with the lock. */
void place_sweep(const struct place *p);

/* Is the other end of a connection ours?  Its process in *pid. */
bool place_peer(int fd, pid_t *pid);

#endif
