/* runs.h: where recordings are, and which one a command means.
 *
 * Recordings without a name of their own are kept in
 * $XDG_STATE_HOME/causeway/runs (else ~/.local/state/causeway/runs), the
 * newest RUNS_KEPT of them.
 */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "obs/run.h"

enum { RUNS_KEPT = 10, RUNS_PATH_MAX = 4096, RUNS_WHY_MAX = 512 };

/* A recording in memory.  The bytes outlive the run. */
struct run_file {
    struct run run;
    char       path[RUNS_PATH_MAX]; /* "" for a live one */
    void      *bytes;
    size_t     len;
};

/* A path for a new recording, its directory made; old ones beyond RUNS_KEPT
 * are removed.  False: why says what failed. */
bool runs_new(char path[RUNS_PATH_MAX], char why[RUNS_WHY_MAX]);
/* Their directory, made if need be. */
bool runs_place(char dir[RUNS_PATH_MAX], char why[RUNS_WHY_MAX]);
/* Reads `file`, or the last recording if NULL.  False: why is one line with
 * the remedy; the exit is 2. */
bool runs_load(struct run_file *out, const char *file,
               char why[RUNS_WHY_MAX]);
/* The same, but captures that others wrote will do: nhosts is 0 then. */
bool runs_load_capture(struct run_file *out, const char *file,
                       char why[RUNS_WHY_MAX]);
/* The sockets of everything that runs now (live hosts and labs of this
 * user) as a run with hosts, rows and owners only.  False: nothing runs. */
bool runs_live(struct run_file *out);
void runs_free(struct run_file *f);

#endif
