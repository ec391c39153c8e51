/* guard.h: nothing remains, whoever is killed.
 *
 * A supervisor can be killed in a way that it cannot catch, and its
 * program's descendants would live on without it.  So the process that the
 * user started only guards: it forks the supervisor and, when that has died,
 * ends what is left.  If the guard is killed, the supervisor notices.
 */
#ifndef SHIM_GUARD_H
#define SHIM_GUARD_H

/* Forks.  Answers in the supervisor: a descriptor that becomes readable when
 * the guard has died, or -1 if there is no guard (it could not be forked).
 * The guard exits as the supervisor does. */
int guard_split(void);

#endif
