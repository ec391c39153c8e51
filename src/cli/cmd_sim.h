/* cmd_sim.h: what the files of `causeway sim` share. */
#ifndef CLI_CMD_SIM_H
#define CLI_CMD_SIM_H

#include <stdbool.h>
#include <stdint.h>

/* "23" or "1..500". */
bool sim_read_range(const char *text, uint64_t *first, uint64_t *last);
/* argv[0] is the word behind `sim`. */
int cmd_sim_path(int argc, char **argv);
int cmd_sim_worlds(int argc, char **argv);

#endif
