/* flow.c: see flow.h. */
#include "script/flow.h"

uint8_t flow_byte(bool peer, uint32_t at)
{
    return (uint8_t)(at * 5 + at / 253 + (peer ? 77 : 1));
}

void flow_stamp(struct flow *f, uint32_t script, uint32_t live)
{
    unsigned i = f->nstamps++ % FLOW_STAMPS;

    f->stamps[i] = (struct stamp){ script, live };
    if (f->nstamps == 1)
        f->stamp0 = f->stamps[i];
}

static unsigned oldest(const struct flow *f)
{
    return f->nstamps > FLOW_STAMPS ? f->nstamps - FLOW_STAMPS : 0;
}

/* One that was never sent is as far from the last as the script says. */
uint32_t flow_stamp_live(const struct flow *f, uint32_t script)
{
    unsigned last = (f->nstamps - 1) % FLOW_STAMPS;

    for (unsigned i = f->nstamps; i > oldest(f); i--)
        if (f->stamps[(i - 1) % FLOW_STAMPS].script == script)
            return f->stamps[(i - 1) % FLOW_STAMPS].live;
    if (f->nstamps == 0)
        return script;
    return f->stamps[last].live + (script - f->stamps[last].script);
}

uint32_t flow_stamp_script(const struct flow *f, uint32_t live)
{
    unsigned last = (f->nstamps - 1) % FLOW_STAMPS;

    if (f->nstamps == 0)
        return live;
    return f->stamps[last].script + (live - f->stamps[last].live);
}
