/* fuzz_text.c: what people write: packet scripts, links, settings.
 *
 * Scripts are played, from the input's own text or from words of the language
 * that the input chooses; links and settings are read, and what a link is
 * printed as must mean the same link.
 */
#include "rig.h"

#include "emu/link.h"
#include "script/script.h"
#include "world/setting.h"

#include <stdlib.h>

enum { TEXT_MAX = 2048, WORDS_MAX = 200 };

static char text[TEXT_MAX + 1];

// clang-format off
static const char *const words[] = {
    "0 ", "+.1 ", "+0 ", "* ", "1~2 ", "+1...2 ", "--tolerance_usecs=1\n",
    "socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n", "3", "4", "bind(", "3, ",
    "listen(3, 1) = 0\n", "..., ...) = 0\n", "accept(3, ..., ...) = 4\n",
    "write(4, ..., 1000) = 1000\n", "read(4, ..., 1000) = 1000\n",
    "close(4) = 0\n", "< ", "> ", "S ", "S. ", ". ", "F. ", "P. ", "R ",
    "0:0(0) ", "1:1001(1000) ", "1:1(0) ", "ack 1 ", "ack 1001 ",
    "win 65535 ", "win 0 ", "<mss 1000>\n", "<...>\n", "\n",
    "<mss 1000,nop,wscale 7,sackOK,TS val 1 ecr 0>\n", "<nop,nop,sack 1:2>\n",
    "urg 5 ", "sock(4) ", "[ect0] ", "icmp unreachable frag_needed mtu 500 ",
    "[1:1001(1000)]\n", "udp (10)\n", "ipv6 ", "(", ")", "{", "}", "[", "]",
    "...", "=", "-1 ", "EAGAIN ", "(Resource temporarily unavailable)\n",
    "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0\n",
    "poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 0) = 1\n",
    ("sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) "
     "= 10\n"),
    "%{ assert tcpi_snd_cwnd == 10 }%\n", "%{", "}%", "`sysctl -q ",
    "net.ipv4.tcp_sack=0`\n", "0x7fffffff", "9223372036854775807", "\"", "//",
    "/*", "fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n", "|", "~", ",",
    /* of links and settings */
    "delay ", "rtt ", "20ms ", "loss ", "3% ", "burst ", "reorder ", "by ",
    "rate ", "10mbit ", "queue ", "50p ", "64k ", "down ", "2s..3s ", "drop ",
    "isn ", "h1=8000", "mss ", "rcvbuf ", "profile ", "strict", "mtu ",
};
// clang-format on

static size_t from_words(struct said *s)
{
    size_t n = 0;

    for (int i = 0; i < WORDS_MAX && s->left > 0; i++) {
        const char *w = words[said8(s) % ARRAY_LEN(words)];
        size_t      len = strlen(w);

        if (n + len > TEXT_MAX)
            break;
        memcpy(text + n, w, len);
        n += len;
    }
    return n;
}

/* The text at the end of memory that is all its own. */
static char *copy_of(size_t n)
{
    char *p = malloc(n + 1);

    INVARIANT(p);
    memcpy(p, text, n);
    p[n] = 0;
    return p;
}

static void script(size_t n, bool wrap)
{
    static struct script_result r;
    struct script_options       o = { .wrap = wrap };
    char                       *p = copy_of(n);

    script_run("fuzz", p, n, &o, &r);
    INVARIANT(r.verdict == SCRIPT_PASSED || r.text[0]);
    free(p);
}

static void link_words(size_t n)
{
    char             why[256], canonical[LINK_SPEC_TEXT_MAX], *p = copy_of(n);
    struct fmt       err = fmt_of(why, sizeof why);
    struct fmt       printed = fmt_of(canonical, sizeof canonical);
    struct link_spec a, b;

    if (spec_parse(p, &a, &err)) {
        INVARIANT(spec_valid(&a));
        spec_print(&a, &printed);
        INVARIANT(!printed.cut);
        INVARIANT(spec_parse(canonical, &b, &err) && spec_equal(&a, &b));
    } else {
        INVARIANT(why[0]);
    }
    free(p);
}

static void setting(size_t n)
{
    char           why[256], *p = copy_of(n);
    struct fmt     err = fmt_of(why, sizeof why);
    struct setting a;

    if (!setting_read(p, &a, &err))
        INVARIANT(why[0]);
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct said s = { data, size };
    uint8_t     how = said8(&s);
    size_t      n;

    if (how & 1)
        n = from_words(&s);
    else
        n = said_bytes(&s, (uint8_t *)text, TEXT_MAX);
    if (how % 8 < 4)
        script(n, how & 16);
    else if (how % 8 < 7)
        link_words(n);
    else
        setting(n);
    return 0;
}
