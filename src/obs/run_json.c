/* run_json.c: see run_json.h. */
#include "obs/run_json.h"

#include "base/check.h"
#include "base/ns.h"

enum { TEXT_MAX = 256 };

void run_json_flags(uint8_t flags, struct json *j)
{
    static const char *const names[] = { "FIN", "SYN", "RST", "PSH",
                                         "ACK", "URG", "ECE", "CWR" };

    json_array(j, "flags");
    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        if (flags & 1u << i)
            json_str(j, NULL, names[i]);
    json_end(j);
}

void run_json_why(uint16_t why, uint64_t arg, struct json *j)
{
    char       text[TEXT_MAX];
    struct fmt f = fmt_of(text, sizeof text);

    if (why == WHY_NONE)
        return;
    why_print(&f, (enum why)why, arg);
    json_str(j, "why", why_slug((enum why)why));
    json_str(j, "why_text", text);
}

void run_json_fates(const struct run_packet *p, struct json *j)
{
    json_array(j, "fates");
    for (unsigned i = 0; i < p->nfates; i++) {
        const struct run_fate *a = &p->fates[i];

        json_open(j, NULL);
        json_str(j, "what", why_slug((enum why)a->why));
        if (a->rule[0])
            json_str(j, "rule", a->rule);
        if (a->arrive_at != NS_NEVER)
            json_i64(j, "arrive_ns", a->arrive_at);
        json_close(j);
    }
    json_end(j);
}
