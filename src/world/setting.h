/* setting.h: what a lab says of its hosts' stacks: profile, numbers for
 * teaching, buffers.  "isn h1=8000" is one setting: a name, for which host
 * (all, if none is named), and a value.
 */
#ifndef WORLD_SETTING_H
#define WORLD_SETTING_H

#include "world/world.h"

/* Reads the value of a setting ("isn", "h1=8000").  False: *err has what is
 * wrong and the remedy, without the value. */
bool setting_parse(const char *name, const char *value, struct setting *out,
                   struct fmt *err);
/* The same from one text, "isn h1=8000", as it was recorded. */
bool setting_read(const char *text, struct setting *out, struct fmt *err);
/* Does it speak of this host? */
bool setting_is_for(const struct setting *s, const char *host);
void setting_apply(const struct setting *s, struct cw_config *c);

#endif
