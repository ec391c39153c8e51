/* icmp.c: see icmp.h.  RFC 792, 1122 §3.2.2, 1191, 1812, 4443. */
#include "script/icmp.h"
#include "base/compiler.h"

#include <string.h>

struct icmp_name {
    int         type, code; /* code -1: the type's own name */
    const char *name;
};

static const struct icmp_name v4_names[] = {
    { 3, -1, "unreachable" },
    { 3, 0, "net_unreachable" },
    { 3, 1, "host_unreachable" },
    { 3, 2, "protocol_unreachable" },
    { 3, 3, "port_unreachable" },
    { 3, 4, "frag_needed" },
    { 3, 5, "source_route_failed" },
    { 3, 6, "net_unknown" },
    { 3, 7, "host_unknown" },
    { 3, 8, "source_host_isolated" },
    { 3, 9, "net_prohibited" },
    { 3, 10, "host_prohibited" },
    { 3, 11, "net_unreachable_for_tos" },
    { 3, 12, "host_unreachable_for_tos" },
    { 3, 13, "packet_filtered" },
    { 3, 14, "precedence_violation" },
    { 3, 15, "precedence_cutoff" },
    { 4, -1, "source_quench" },
    { 5, -1, "redirect" },
    { 8, -1, "echo_request" },
    { 0, -1, "echo_reply" },
    { 11, -1, "time_exceeded" },
    { 11, 0, "exc_ttl" },
    { 11, 1, "exc_fragtime" },
    { 12, -1, "parameter_problem" },
};

static const struct icmp_name v6_names[] = {
    { 1, -1, "unreachable" },        { 1, 0, "no_route" },
    { 1, 1, "admin_prohibited" },    { 1, 2, "not_neighbour" },
    { 1, 3, "address_unreachable" }, { 1, 4, "port_unreachable" },
    { 1, 5, "source_policy" },       { 1, 6, "reject_route" },
    { 2, -1, "packet_too_big" },     { 3, -1, "time_exceeded" },
    { 3, 0, "hop_limit" },           { 3, 1, "reassembly_time" },
    { 4, -1, "parameter_problem" },  { 4, 0, "header_field" },
    { 4, 1, "unknown_next_header" }, { 4, 2, "unknown_option" },
    { 128, -1, "echo_request" },     { 129, -1, "echo_reply" },
};

static const struct icmp_name *names(bool v6, size_t *n)
{
    *n = v6 ? ARRAY_LEN(v6_names) : ARRAY_LEN(v4_names);
    return v6 ? v6_names : v4_names;
}

bool icmp_type_of(const char *name, bool v6, int *type)
{
    size_t                  n;
    const struct icmp_name *t = names(v6, &n);

    for (size_t i = 0; i < n; i++)
        if (t[i].code < 0 && strcmp(t[i].name, name) == 0) {
            *type = t[i].type;
            return true;
        }
    return false;
}

bool icmp_code_of(const char *name, int type, bool v6, int *code)
{
    size_t                  n;
    const struct icmp_name *t = names(v6, &n);

    for (size_t i = 0; i < n; i++)
        if (t[i].type == type && t[i].code >= 0
            && strcmp(t[i].name, name) == 0) {
            *code = t[i].code;
            return true;
        }
    return false;
}

static const char *name_of(int type, int code, bool v6)
{
    size_t                  n;
    const struct icmp_name *t = names(v6, &n);

    for (size_t i = 0; i < n; i++)
        if (t[i].type == type && t[i].code == code)
            return t[i].name;
    return NULL;
}

const char *icmp_type_name(int type, bool v6)
{
    return name_of(type, -1, v6);
}

const char *icmp_code_name(int type, int code, bool v6)
{
    return name_of(type, code, v6);
}

bool icmp_is_echo(int type, bool v6)
{
    return v6 ? type == 128 || type == 129 : type == 0 || type == 8;
}
