/* icmp.h: the names of ICMP's types and codes, both versions. */
#ifndef SCRIPT_ICMP_H
#define SCRIPT_ICMP_H

#include <stdbool.h>

bool icmp_type_of(const char *name, bool v6, int *type);
bool icmp_code_of(const char *name, int type, bool v6, int *code);
/* NULL for what has no name here. */
const char *icmp_type_name(int type, bool v6);
const char *icmp_code_name(int type, int code, bool v6);
bool        icmp_is_echo(int type, bool v6);

#endif
