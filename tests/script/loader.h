/* loader.h: plays a packet script against a plug-in by its table alone, as
 * packetdrill does: the clock is asked, the device is sent to and received
 * from, calls that block are made by a second thread.
 */
#ifndef LOADER_H
#define LOADER_H

#include "script/plugin_abi.h"

#include <stddef.h>

enum loaded { LOADED_PASSED, LOADED_FAILED, LOADED_SKIPPED };

typedef void plugin_init(const char *flags, struct plugin_table *table);

/* Skipped: the script needs what this loader does not have. */
enum loaded loader_play(plugin_init *init, const char *text, size_t len,
                        char why[512]);

#endif
