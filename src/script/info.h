/* info.h: a connection's figures by the names of Linux's tcp_info. */
#ifndef SCRIPT_INFO_H
#define SCRIPT_INFO_H

#include <causeway/observe.h>

/* tcpi_snd_cwnd, TCP_ESTABLISHED, TCPI_OPT_SACK ...; false: none is. */
bool info_find(const struct cw_tcp_info *info, const char *name, size_t len,
               double *value);

#endif
