/* help.c: the texts of -h and --help, one entry a command.
 *
 *   Invariant: main.c's verbs and these are the same (a test compares them).
 */
#include "cli/help.h"

#include "base/check.h"

#include <string.h>

static const char link_options[] =
    "Link options (both directions; times and rates need a unit):\n"
    "  --delay T [J]     one-way delay, with jitter J: --delay '20ms 5ms'\n"
    "  --loss P          share of packets lost: 3%, or '3% burst 4'\n"
    "  --rate R          10mbit, 1gbit, 500kB/s\n"
    "  --queue Q         room at the rate: 50p, 64kB, 1bdp\n"
    "  --reorder P --duplicate P --corrupt P\n"
    "  --mark P          mark packets whose sender allows it (ECN); from a\n"
    "                    queue's length on: --link 'rate 10mbit ecn 20p'\n"
    "  --pmtu N          a router in the middle passes on no larger packets\n"
    "                    and says so; '1400 blackhole': and does not\n"
    "  --link 'WORDS'    any words of the link, 'delay 20ms down 1s..2s'\n"
    "  --net NAME        3g, dsl, wifi or sat\n"
    "  --drop RULE       lose exactly these: 'data 1', 'syn 1,2', 'fin 1',\n"
    "                    'ack 3', 'udp 1', 'h1>h2 data 2'\n"
    "  --fault RULE      the same with a fate: 'twice data 1' comes in two\n"
    "                    copies, 'late data 1' changes places with the next\n";

static const char run_options[] =
    "Options of the hosts (HOST= before the value: only of this one):\n"
    "  --profile P       deployed (as hosts on the Internet; the default),\n"
    "                    strict (the RFCs to the letter), classic (textbook)\n"
    "  --isn N           initial sequence number: --isn h1=8000\n"
    "  --mss N           announce no larger MSS: --mss h1=1024\n"
    "  --offer LIST      SYNs offer timestamps,sack,wscale or nothing\n"
    "  --rcvbuf N        receive buffer, 2KiB to 16MiB; --sndbuf N\n"
    "  --cc NAME         who governs the congestion window: reno, cubic, dctcp, bbr\n"
    "  --ttl N           TTL and hop limit of what is sent; default 64\n"
    "  --ecn W           explicit congestion notification: off, passive, on,\n"
    "                    or accurate (RFC 9768)\n"
    "  --pacing W        on: reno, cubic and dctcp are spaced, as bbr ever is\n"
    "  --mtu-probing W   where full segments vanish: off, black-hole, always\n"
    "\n"
    "Other options:\n"
    "  --seed N          what chance does; default 1, or `random`\n"
    "  --timeout T       end after this time, exit 124\n"
    "  --record FILE     write the recording there; --no-record: nowhere\n"
    "  --fast            skip checksums and recording: for speed\n"
    "  --dev tap:NAME    join the hosts to the kernel's network through this\n"
    "                    TAP device; the link lies between. docs/tap.md\n"
    "  --addr A/BITS     the first host's address there, IPv4 or IPv6 (or\n"
    "                    both: write it twice; --addr6 is the same); dhcp: a\n"
    "                    server is asked; auto: IPv6, as routers advertise\n"
    "  --gateway A       the way to other networks from there\n"
    "  -q, -v            less, more words of ours on standard error\n";

static const struct entry {
    const char *name, *line, *usage, *examples, *more;
    bool        link, hosts; /* which options, besides */
} entries[] = {
    { "lab", "run programs on hosts of their own, joined by a link",
      "causeway lab [LINK OPTIONS] -- PROGRAM1 : PROGRAM2 ...",
      "  causeway lab --delay 20ms --loss 3% -- \\\n"
      "      python3 server.py : python3 client.py h1\n"
      "  causeway lab --clock virtual --drop 'data 1' -- \\\n"
      "      @upper 1000 : @send h1 1000 hello\n",
      "Hosts are h1 10.0.0.1, h2 10.0.0.2 ... (fd00::1, ...); their names\n"
      "resolve inside the programs. The next program starts once the one\n"
      "before listens, binds a UDP port or exits. Standard input goes to the\n"
      "last one.\n"
      "\n"
      "Built-in endpoints need no program; without programs the clock is\n"
      "virtual and every run is the same. Servers:\n"
      "  @upper PORT       answers one message in upper case, closes first\n"
      "  @echo-upper PORT  each message, until the client closes; @echo PORT:\n"
      "                    as it came; @answer PORT TEXT: with TEXT\n"
      "  @hello PORT [TEXT]  greets and closes first\n"
      "  @sink PORT        reads to the end; -s TIME asleep before, -k SIZE at\n"
      "                    a time, -v says what, -u urgent bytes first, -i in\n"
      "                    line\n"
      "  @leak PORT        as @echo-upper, but it never closes\n"
      "  @udp-upper PORT, @udp-sink [-s TIME] [-k SIZE] [-r RCVBUF] PORT\n"
      "-a TIME: accept nobody before; -q N: backlog (@upper, @hello).\n"
      "Clients:\n"
      "  @send HOST PORT TEXT  prints the answer to its end; -1: only the first,\n"
      "                    then it closes; -0: none; -u: the last byte is urgent\n"
      "  @recv HOST PORT   prints what comes; @source HOST PORT SIZE sends\n"
      "  @udp-send [-t TIME] HOST PORT TEXT\n"
      "  @udp-source [-n TIMES] [-e TIME] HOST PORT SIZE\n"
      "-w TIME: stay so long before closing; -n TIMES connections, -e TIME\n"
      "between them, -p N at once, -b PORT: from this one. And as iperf3:\n"
      "@perf -s, @perf -c HOST [-n SIZE | -t TIME].\n"
      "\n"
      "Exit: the first non-zero status in order of hosts; 124 stopped by\n"
      "--timeout or nothing can happen any more; 125 causeway itself failed;\n"
      "126, 127 a program cannot be executed, is not found.\n",
      true, true },
    { "run", "run a program on the host that your terminals share",
      "causeway run [LINK OPTIONS] -- PROGRAM ARGS",
      "  causeway run --delay 20ms -- python3 server.py    # one terminal\n"
      "  causeway run -- python3 client.py 127.0.0.1       # another\n"
      "  causeway run --dev tap:tap0 --addr 10.9.0.2/24 -- @sink 9\n",
      "The first `causeway run` starts your live host: one stack with\n"
      "127.0.0.1 and ::1, for all programs run this way. The link options are\n"
      "those of its loopback; later ones cannot change them. It ends with its\n"
      "last program, but stays while a connection is in TIME-WAIT (60 s at\n"
      "most); `causeway host stop` ends it at once.\n"
      "\n"
      "With --dev the program has a host of its own, whose peer is the Linux\n"
      "kernel (or whatever it forwards to); its end waits until connections\n"
      "are closed, 60 s at most.\n"
      "\n"
      "The seed is random unless given. Signals and the terminal are the\n"
      "program's own.\n"
      "\n"
      "Exit: the program's status, 128+n by signal n; 124 stopped by\n"
      "--timeout; 125 it could not be taken over (and was not started), or\n"
      "the live host ended; 126, 127 it cannot be executed, is not found.\n",
      true, true },
    { "link", "an emulated link between two TAP devices, in real time",
      "causeway link [LINK OPTIONS] --dev tap:A --dev tap:B",
      "  causeway link --rate 10mbit --delay 20ms --queue 1bdp \\\n"
      "      --dev tap:left --dev tap:right\n",
      "What is sent to one device comes out of the other as if this link lay\n"
      "between: two namespaces or virtual machines become neighbours with a bad\n"
      "network. No stack of ours takes part; docs/tap.md has an example. A\n"
      "device that does not exist is made (this takes root). ^C ends it; then it\n"
      "says what became of the frames, and how punctual it was itself.\n"
      "\n"
      "  --back 'WORDS'    the way from the second device to the first, if it is\n"
      "                    another: --back 'delay 20ms'\n"
      "  --drop RULE       with a direction: --drop 'left>right data 2'\n"
      "  --seed N          what chance does; default 1, or `random`\n"
      "  --json            the end as one line, schema causeway.link/1\n"
      "  -q, --quiet       nothing on standard error\n"
      "\n"
      "Under load, `chrt -f 1 causeway link ...` keeps it punctual.\n"
      "Exit: 0 by ^C or SIGTERM; 1 a device is gone; 125 a device cannot be\n"
      "had.\n",
      true, false },
    { "host", "the live host of `causeway run`: is there one? end it",
      "causeway host [status | stop]",
      "  causeway host\n"
      "  causeway host stop\n",
      "Exit: 0; 3 no live host runs.\n", false, false },
    { "ladder", "draw who sent what when, and why: the sequence diagram",
      "causeway ladder [OPTIONS] [CONN] [FILE]",
      "  causeway ladder                    the last run\n"
      "  causeway ladder 2 old.pcapng       its second conversation\n"
      "  causeway ladder --json | jq .label\n",
      "A line's time is when the packet was sent, in milliseconds. A state\n"
      "beside an arrow's tail holds when it is sent, beside its head once it\n"
      "has arrived. Sequence numbers are relative. \"again\": these bytes had\n"
      "been sent before. Six or more packets alike are one line.\n"
      "\n"
      "  -S, --absolute    sequence numbers as they are in the packets\n"
      "  --windows         the window that each acknowledgement offers\n"
      "  --list            a table of the conversations\n"
      "  --all             draw all of them, not only the first 12\n"
      "  --ascii           no box drawing (or CAUSEWAY_ASCII=1)\n"
      "  --color WHEN      auto, always, never (or NO_COLOR)\n"
      "  --json            JSON Lines, schema causeway.ladder/1\n"
      "  -q, --quiet       no remarks on standard error\n"
      "\n"
      "COLUMNS is obeyed. Exit: 0; 2 no such recording or conversation.\n",
      false, false },
    { "plot", "draw a sender's congestion window, or its send window",
      "causeway plot [--window] [OPTIONS] [SENDER] [FILE]",
      "  causeway plot                      cwnd of who sent most, last run\n"
      "  causeway plot --window             acknowledged, in flight, may, must wait\n"
      "  causeway plot --json | jq .cwnd\n",
      "cwnd: a column is a span of time; the letters below are phases: s slow\n"
      "start, a congestion avoidance, r fast recovery, T timeout, i restart after\n"
      "idle; of BBR s startup, d drain, v probe down, = cruise, + refill, ^ probe\n"
      "up, p probe for the round-trip time; the table names them. --window: one\n"
      "strip of bytes for each change.\n"
      "\n"
      "  --list            who sent: numbers for SENDER\n"
      "  --all             all strips, not only the first 100\n"
      "  --ascii           no box drawing (or CAUSEWAY_ASCII=1)\n"
      "  --json            JSON Lines, schema causeway.cwnd/1, causeway.window/1\n"
      "  -q, --quiet       no remarks on standard error\n"
      "\n"
      "COLUMNS is obeyed. Exit: 0; 2 no such recording or sender.\n",
      false, false },
    { "trace", "print packets, one a line, and why each was sent",
      "causeway trace [OPTIONS] [FILTER] [FILE]",
      "  causeway trace                      the last run\n"
      "  causeway trace tcp port 1000 and host h1 old.pcapng\n"
      "  causeway trace --json | jq 'select(.lost) | .line'\n"
      "  causeway trace -w lost.pcapng 'tcp[13] & 4 != 0'\n",
      "The words are tcpdump's; behind # stands what only the recording knows:\n"
      "why the packet was sent, what the link did to it. A packet that was\n"
      "sent again is there again. FILTER is tcpdump's, too: pcap-filter(7).\n"
      "The last word is FILE if there is a file of this name. Captures of\n"
      "others (pcap, pcapng) can be read as well.\n"
      "\n"
      "  -r FILE           the recording; -w FILE: write the packets there\n"
      "  -c N              the first N packets\n"
      "  -i LINK           only this link (h1-h2) or interface (h1, h1-lo)\n"
      "  -v                more of each header; the name service's packets, too\n"
      "  -S                absolute sequence numbers\n"
      "  -t, -tt ... -ttttt  no time, seconds, since the packet before, with\n"
      "                    date, since the first packet\n"
      "  -e, -q            with the Ethernet header; shorter\n"
      "  -x, -X, -A        bytes: hex, hex and text, text; twice: whole frame\n"
      "  -n                nothing; addresses are numeric anyway\n"
      "  --tcpdump         what `TZ=UTC tcpdump -nr FILE` prints, to the byte\n"
      "                    (but of what UDP and TCP carry only the length)\n"
      "  --json            JSON Lines, schema causeway.trace/1\n"
      "  --color WHEN      auto, always, never (or NO_COLOR)\n"
      "  --ascii           accepted; there is nothing else\n"
      "\n"
      "JSON: number, t_ns (since the run began), interface, link, proto (tcp,\n"
      "udp, icmp, icmp6, fragment, other), src, sport, dst, dport, flags, seq,\n"
      "ack, win, sack (as they are in the packet), len (of the payload),\n"
      "frame_len, why (for machines), why_text, name_service, lost, fates\n"
      "(of each copy: what, rule, arrive_ns), line (tcpdump's words).\n"
      "Exit: 0; 2 no such recording, a bad filter.\n",
      false, false },
    { "doctor", "can this machine run it, and what is missing?",
      "causeway doctor [--json]", "  causeway doctor\n",
      "One line a capability: ok, no (and why), or - for what is only good to\n"
      "have. Each is tried out, on a program of its own.\n"
      "Exit: 0 it can; 3 it cannot.\n",
      false, false },
    { "sim", "virtual time: random worlds with oracles, measured paths",
      "causeway sim [--seed N | --seeds A..B] [OPTION]...\n"
      "       causeway sim path [OPTION]...\n"
      "       causeway sim worlds [--faults N] [--cc NAME] [--profile P] [-6]",
      "  causeway sim --seeds 1..500\n"
      "  causeway sim --seed 23 -v\n"
      "  causeway sim path --loss 1% --cc reno\n"
      "  causeway sim worlds --faults 2\n",
      "A seed decides everything. What must hold: bytes out are the bytes in,\n"
      "in order, once; every state edge is legal; unacknowledged data has an\n"
      "armed timer; memory is back to zero at the end; when faults stop,\n"
      "everything finishes. -v prints every event and packet; --digests a hash\n"
      "of the packets of each seed. --profile deployed, strict or classic: this\n"
      "one instead of each seed's own; --cc NAME and --set 'NAME VALUE' are of\n"
      "all hosts, and with --set 'ecn on' links mark packets, too.\n"
      "\n"
      "path: bulk flows, each from a host of its own, through one bottleneck to\n"
      "one receiver; prints goodput beside what theory has, what was lost and\n"
      "what was sent again with and without need (the link knows), how long\n"
      "packets waited, when a transfer was complete.\n"
      "  --rate R --rtt T --queue Q   100mbit, 50ms, 1bdp\n"
      "  --loss 'P [burst N]'         of data, before the queue\n"
      "  --reorder 'P by N'           of data\n"
      "  --link 'WORDS'               any other words of the link, one way\n"
      "  --outage T..T                all is lost that is sent then\n"
      "  --pause T..T                 nothing arrives then, nothing is lost\n"
      "  --cc NAME[,NAME]...          controllers, by turns\n"
      "  --set 'NAME VALUE'           an option of all hosts: 'ecn on'\n"
      "  --profile P                  deployed\n"
      "  --flows N                    1; several begin within a second\n"
      "  --time T                     60s, or with --bytes at most 600s\n"
      "  --bytes SIZE                 of each flow; else as much as goes\n"
      "  --clock-tick T               the hosts' clocks go in steps\n"
      "  --seed N | --seeds A..B      1; several: median and range\n"
      "  -6, --ipv6\n"
      "  --json                       a line for each seed, with counters\n"
      "\n"
      "worlds: every placement of up to N (1 to 3) losses, duplications and\n"
      "swaps in a short connection, each world with oracles; -v a line for\n"
      "each, --json sums.\n"
      "\n"
      "Exit: 0 all hold; 1 a seed failed (the command that repeats it is\n"
      "printed); 2 usage.\n",
      false, false },
    { "test", "packet scripts: what is called and comes in, what must go out",
      "causeway test [--exact] [--ipv6] [--wrap] [--profile NAME]\n"
      "              [--flag=--NAME=VALUE] [--json] [-v] FILE.pkt|DIRECTORY ...",
      "  causeway test handshake.pkt\n"
      "  causeway test --profile classic slow-start.pkt\n"
      "  causeway test --exact tests/pkt\n",
      "The language is packetdrill's; docs/packet-scripts.md has it all:\n"
      "\n"
      "  0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
      "  +0  bind(3, ..., ...) = 0\n"
      "  +0  listen(3, 1) = 0\n"
      "  +0  < S 0:0(0) win 1000 <mss 1000>\n"
      "  +0  > S. 0:0(0) ack 1 <...>\n"
      "  +.1 < . 1:1(0) ack 1 win 1000\n"
      "  +0  accept(3, ..., ...) = 4\n"
      "\n"
      "Each script has a host of its own, in virtual time; times are exact\n"
      "unless it says --tolerance_usecs=N. What asks for something that is\n"
      "not there ends as unsupported, never as passed.\n"
      "\n"
      "  --exact           what is sent and never mentioned is a failure, too\n"
      "  --ipv6            scripts that name no version run over IPv6\n"
      "  --wrap            sequence numbers, timestamps and clock overflow\n"
      "  --profile NAME    deployed (default), strict or classic, unless the\n"
      "                    script's own line --profile=NAME says otherwise\n"
      "  --flag=--X=Y      unless the script says otherwise: --mtu=1400\n"
      "  --json            JSON Lines, schema causeway.test/1\n"
      "  -v                each event as it is met; -q: only failures\n"
      "\n"
      "Exit: 0 none failed; 1 some failed; 2 usage, or no such file.\n",
      false, false },
    { "replay", "run a recording's calls again and compare every packet",
      "causeway replay [--check] [--json] [FILE]",
      "  causeway replay --check\n"
      "  causeway replay --check old.pcapng\n",
      "The recorded calls of the programs, with their times, go to fresh\n"
      "stacks; no program is needed. Without FILE the last run is meant.\n"
      "Exit: 0 every packet is the same; 1 one differs (both are shown);\n"
      "2 no recording.\n",
      false, false },
    { "netstat", "the sockets, in net-tools' columns",
      "causeway netstat [-tulanpeos46] [FILE]",
      "  causeway netstat -nltp\n"
      "  causeway netstat -ant old.pcapng\n"
      "  causeway netstat -s\n",
      "Rows and columns are those of net-tools. Without FILE: what runs now,\n"
      "else the last run at its end.\n"
      "\n"
      "  -t, -u            only TCP, only UDP\n"
      "  -l                only servers;  -a  servers and connections\n"
      "  -n                numbers, not names of hosts and of /etc/services\n"
      "  -p, -e, -o        programs, inodes, timers\n"
      "  -s                the counters of the MIBs and Linux's; -st, -su: TCP's,\n"
      "                    UDP's; with --json under nstat's names\n"
      "  -4, -6            only this family\n"
      "  --host NAME       only this host of a lab\n"
      "  --last            the last run's end, even if something runs now\n"
      "  --json            one document, schema causeway.ss/1; -s: .counters/1\n",
      false, false },
    { "ss", "the sockets, with all that the stack knows of them",
      "causeway ss [-tulanpieomsHO46r] [FILTER] [FILE]",
      "  causeway ss -tan\n"
      "  causeway ss -ti state established\n"
      "  causeway ss -ti --explain\n"
      "  causeway ss -tan '( sport = :12000 or dst 10.0.0.2 )' old.pcapng\n",
      "Rows, columns and keys are those of iproute2; behind each row of a lab\n"
      "stands its host. Without FILE: what runs now, else the last run at its\n"
      "end. FILTER: state NAME, exclude NAME, sport, dport, src, dst, with\n"
      "= != < > <= >=, and, or, not, parentheses.\n"
      "\n"
      "  -t, -u            only TCP, only UDP;  -4, -6  only this family\n"
      "  -l                only what listens;  -a  everything\n"
      "  -p, -o, -e, -m    programs, timers, details, memory\n"
      "  -i                round trips, windows, losses: TCP's own figures\n"
      "  --explain         each of these figures in words\n"
      "  -s                a summary;  -r  names of hosts\n"
      "  -H, -O            no heading; one line a socket\n"
      "  --host NAME       only this host of a lab\n"
      "  --last            the last run's end, even if something runs now\n"
      "  --json            one document, schema causeway.ss/1\n"
      "  -q                no remarks on standard error\n",
      false, false },
};

static const struct entry *find(const char *verb)
{
    size_t i = 0;

    while (i < ARRAY_LEN(entries) && strcmp(entries[i].name, verb) != 0)
        i++;
    INVARIANT(i < ARRAY_LEN(entries)); /* every command has its help */
    return &entries[i];
}

void help_overview(FILE *out)
{
    fprintf(out, "usage: causeway COMMAND [OPTIONS] [--] [PROGRAM...]\n\n");
    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        fprintf(out, "  %-9s %s\n", entries[i].name, entries[i].line);
    fprintf(out,
            "\n  causeway lab --delay 20ms --drop 'data 1' -- \\\n"
            "      @upper 1000 : @send h1 1000 hello\n"
            "  causeway ladder\n\n"
            "causeway COMMAND --help says more.\n");
}

void help_short(const char *verb, FILE *out)
{
    const struct entry *e = find(verb);

    fprintf(out, "%s: %s\n\n%s\nusage: %s\n", verb, e->line, e->examples,
            e->usage);
    if (e->link)
        fprintf(out, "\n%s", link_options);
}

void help_long(const char *verb, FILE *out)
{
    const struct entry *e = find(verb);

    help_short(verb, out);
    if (e->hosts)
        fprintf(out, "\n%s", run_options);
    fprintf(out, "\n%s", e->more);
}

/* ---- man pages ---------------------------------------------------------------- */

/* Literal text in mdoc: a line must not begin with a control character. */
static void literal(const char *text, FILE *out)
{
    bool begins = true;

    fprintf(out, ".Bd -literal\n");
    for (; *text; text++) {
        if (begins && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
        begins = *text == '\n';
    }
    fprintf(out, "%s.Ed\n", begins ? "" : "\n");
}

static void section(const char *name, const char *text, FILE *out)
{
    fprintf(out, ".Sh %s\n", name);
    literal(text, out);
}

void help_man(const char *verb, FILE *out)
{
    const struct entry *e = find(verb);

    fprintf(out, ".Dd November 21, 2026\n.Dt CAUSEWAY-%s 1\n.Os\n", verb);
    fprintf(out, ".Sh NAME\n.Nm causeway-%s\n.Nd %s\n", verb, e->line);
    section("SYNOPSIS", e->usage, out);
    section("EXAMPLES", e->examples, out);
    if (e->link)
        section("LINK OPTIONS", link_options, out);
    if (e->hosts)
        section("OPTIONS", run_options, out);
    section("DESCRIPTION", e->more, out);
    fprintf(out, ".Sh SEE ALSO\n.Xr causeway 1\n");
}

void help_man_overview(FILE *out)
{
    fprintf(out,
            ".Dd November 21, 2026\n.Dt CAUSEWAY 1\n.Os\n"
            ".Sh NAME\n.Nm causeway\n"
            ".Nd run programs on a TCP and UDP that you can see inside\n"
            ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar options\n"
            ".Op Fl -\n.Op Ar program ...\n"
            ".Sh DESCRIPTION\nThe commands, each with a page of its own:\n"
            ".Bl -tag -width netstat\n");
    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        fprintf(out, ".It Xr causeway-%s 1\n%s\n", entries[i].name,
                entries[i].line);
    fprintf(out,
            ".El\n.Sh ENVIRONMENT\n.Bl -tag -width XDG_RUNTIME_DIR\n"
            ".It Ev XDG_STATE_HOME\nwhere recordings are kept, in "
            "causeway/runs\n"
            ".It Ev XDG_RUNTIME_DIR\nwhere the live host is found\n"
            ".It Ev NO_COLOR , CAUSEWAY_ASCII , COLUMNS\nhow the views "
            "look\n.El\n"
            ".Sh EXIT STATUS\n0 yes, 1 no, 2 usage or a bad file, 3 this "
            "machine cannot; lab and run exit with the program's own, "
            "124, 125, 126 or 127.\n");
}
