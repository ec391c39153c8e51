/* code.c: %{ assert ... }%: what scripts ask of a connection. */
#include "script/run.h"

void code_run(struct run *r, const char *text, int line)
{
    (void)line;
    run_lack(r, "code: %.60s", text);
}
