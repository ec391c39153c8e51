/* cmd.h: the verbs. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

/* argv[0] is the verb.  Each answers the exit status. */
int cmd_lab(int argc, char **argv);
/* `causeway run --dev`: a host of its own for one program, whose words are
 * argv from `at` on. */
struct net_opts;
int cmd_run_on_device(const struct net_opts *opts, int argc, char **argv,
                      int at);
int cmd_ladder(int argc, char **argv);
int cmd_link(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_host(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_netstat(int argc, char **argv);
int cmd_ss(int argc, char **argv);
int cmd_trace(int argc, char **argv);

#endif
