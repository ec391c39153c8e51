/* tap.h: a TAP device as a driver: a network interface of the Linux kernel
 * whose frames this process sends and receives.
 */
#ifndef DRV_TAP_H
#define DRV_TAP_H

#include <causeway/driver.h>

enum { TAP_WHY_MAX = 400 };

/* Opens the device of this name, or makes it (it is gone again with the
 * driver).  NULL: why has one line with the reason and the remedy. */
struct cw_driver *tap_open(const char *name, char why[TAP_WHY_MAX]);
/* Can frames pass: is the kernel's side of it up? */
bool tap_is_up(const struct cw_driver *tap);
/* Frames that the kernel refused, and those for which there was no buffer. */
uint64_t tap_dropped(const struct cw_driver *tap);

#endif
