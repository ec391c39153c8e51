/* netopts_dev.c: the options that join a host to a network outside. */
#include "cli/netopts.h"

#include "base/addr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(struct net_opts *o, const char *opt, const char *value,
                   const char *what)
{
    snprintf(o->why, sizeof o->why, "--%s %.100s: %s", opt, value, what);
    return false;
}

bool net_opts_dev(struct net_opts *o, const char *text)
{
    if (strncmp(text, "tap:", 4) != 0 || !text[4])
        return refuse(o, "dev", text,
                      "there are TAP devices: write tap:NAME, for instance "
                      "tap:tap0");
    if (strlen(text) >= sizeof o->dev)
        return refuse(o, "dev", text, "the name is too long");
    snprintf(o->dev, sizeof o->dev, "%s", text);
    o->outside.on = true;
    return true;
}

/* May a host have it as its own, or a gateway? */
static bool hosts(const struct cw_addr *a)
{
    return !addr_is_any(a) && !addr_is_loopback(a) && !addr_is_multicast(a)
        && !addr_is_bcast(a);
}

bool net_opts_addr(struct net_opts *o, const char *text)
{
    struct lab_outside *out = &o->outside;
    const char         *slash = strchr(text, '/');
    char                addr[ADDR_TEXT_MAX], *end;
    struct cw_addr      a;
    unsigned long       bits;

    if (strcmp(text, "dhcp") == 0 || strcmp(text, "auto") == 0) {
        out->lent4 = out->lent4 || *text == 'd';
        out->heard6 = out->heard6 || *text == 'a';
        return true;
    }
    snprintf(addr, sizeof addr, "%.*s", (int)strcspn(text, "/"), text);
    if (!addr_parse(addr, &a) || !hosts(&a))
        return refuse(o, "addr", text,
                      "write an address with its prefix, "
                      "10.9.0.2/24 or fd09::2/64; or dhcp; or auto, "
                      "for IPv6");
    if (!slash || slash[1] < '0' || slash[1] > '9')
        return refuse(o, "addr", text,
                      "the length of its prefix is missing: "
                      "/24 or /64, for instance");
    bits = strtoul(slash + 1, &end, 10);
    if (*end || bits < 1 || bits > (addr_is4(&a) ? 32u : 128u))
        return refuse(o, "addr", text,
                      "a prefix has from 1 to 32 bits, of "
                      "IPv6 128");
    if (addr_is4(&a)) {
        out->addr4 = a;
        out->prefix4 = (uint8_t)bits;
    } else {
        out->addr6 = a;
        out->prefix6 = (uint8_t)bits;
    }
    return true;
}

bool net_opts_gateway(struct net_opts *o, const char *text)
{
    struct cw_addr a;

    if (!addr_parse(text, &a) || !hosts(&a))
        return refuse(o, "gateway", text,
                      "write an address, 10.9.0.1 or "
                      "fd09::1");
    if (addr_is4(&a))
        o->outside.gw4 = a;
    else
        o->outside.gw6 = a;
    return true;
}

/* A gateway that no host could reach would only be seen as silence. */
static bool near(const struct cw_addr *gw, const struct cw_addr *addr,
                 unsigned prefix)
{
    return addr_is_any(gw) || addr_is_linklocal(gw)
        || (prefix > 0 && addr_in_prefix(gw, addr, prefix));
}

/* Who asks for an address is told the way, too. */
static bool one_way(struct net_opts *o)
{
    const struct lab_outside *out = &o->outside;
    const char               *what = NULL;

    if (out->lent4 && (out->prefix4 || !addr_is_any(&out->gw4)))
        what = "dhcp";
    else if (out->heard6 && (out->prefix6 || !addr_is_any(&out->gw6)))
        what = "auto";
    if (!what)
        return true;
    return refuse(o, "addr", what,
                  "the address and the gateway of this family are then found "
                  "out: give none");
}

bool net_opts_outside_ok(struct net_opts *o)
{
    const struct lab_outside *out = &o->outside;
    char                      text[ADDR_TEXT_MAX];

    if (!out->on
        && (out->prefix4 || out->prefix6 || !addr_is_any(&out->gw4)
            || !addr_is_any(&out->gw6) || out->lent4 || out->heard6)) {
        snprintf(o->why, sizeof o->why,
                 "--addr and --gateway go with --dev "
                 "tap:NAME");
        return false;
    }
    if (!one_way(o))
        return false;
    if (near(&out->gw4, &out->addr4, out->prefix4)
        && near(&out->gw6, &out->addr6, out->prefix6))
        return true;
    addr_print(near(&out->gw4, &out->addr4, out->prefix4) ? &out->gw6
                                                          : &out->gw4,
               text);
    return refuse(o, "gateway", text, "it is not in the prefix of --addr");
}
