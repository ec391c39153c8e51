/* causeway.h: all of Causeway's public interface. */
#ifndef CAUSEWAY_CAUSEWAY_H
#define CAUSEWAY_CAUSEWAY_H

#include <causeway/driver.h>
#include <causeway/observe.h>
#include <causeway/socket.h>
#include <causeway/stack.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CW_VERSION        "0.1.0"
#define CW_VERSION_NUMBER 0x000100

/* The library's version, which may differ from the header's. */
CW_API const char *cw_version(void);

/* The name of a CW_E* code ("ECONNREFUSED"); "E?" for others. */
CW_API const char *cw_error_name(int code);

#ifdef __cplusplus
}
#endif
#endif
