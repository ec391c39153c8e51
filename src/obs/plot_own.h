/* plot_own.h: what the files of the plots share.
 *
 *     plot.c          which sender; its events; lines
 *     plot_cwnd.c     the congestion window over time
 *     plot_window.c   the send window as a strip
 */
#ifndef OBS_PLOT_OWN_H
#define OBS_PLOT_OWN_H

#include "base/addr.h"
#include "base/fmt.h"
#include "base/ns.h"
#include "obs/plot.h"

struct plot_sender {
    uint32_t       flow;
    uint16_t       host, lport, rport;
    struct cw_addr local, remote;
    uint64_t       bytes; /* of data, sent again or not */
};

struct plot {
    const struct run         *run;
    const struct plot_opts   *o;
    const struct plot_out    *out;
    struct plot_sender       *senders;
    size_t                    nsenders;
    const struct plot_sender *who;
};

/* The next event of the sender from *i on; NULL: no more. */
const struct cw_event *plot_next(const struct plot *p, size_t *i);
void                   plot_line(const struct plot *p, struct fmt *f);
void plot_note(const struct plot *p, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* "    40.000": milliseconds, as everywhere. */
void plot_time(struct fmt *f, cw_ns t);
/* "h2 10.0.0.2:1 > 10.0.0.1:2" */
void plot_who(const struct plot *p, const struct plot_sender *s,
              struct fmt *f);

/* False: it has no such events. */
bool plot_cwnd(const struct plot *p);
bool plot_window(const struct plot *p);

#endif
