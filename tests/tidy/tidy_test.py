#!/usr/bin/env python3
"""tidy_test: the source as text obeys tools/tidy.py, and each rule of it can
fail: every breach below, planted into a small tree, is found where it is, and
nothing else is.

Ends with "N passed, N failed".
"""
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import tidy                                             # noqa: E402

HEADER = """\
/* {name}: what it owns. */
#ifndef {guard}
#define {guard}

{text}
#endif
"""
GOOD = {
    "src/base/a.h": HEADER.format(name="a.h", guard="BASE_A_H",
                                  text="int f(int a);\n"),
    "src/net/net.h": HEADER.format(name="net.h", guard="NET_NET_H", text=""),
    "src/net/own.h": HEADER.format(name="own.h", guard="NET_OWN_H", text=""),
    "src/udp/udp.h": HEADER.format(name="udp.h", guard="UDP_UDP_H", text=""),
    "src/stack/stack.h": HEADER.format(name="stack.h", guard="STACK_STACK_H",
                                       text=""),
    "src/tcp/good.c": """\
/* good.c: strings say what they like: malloc(1), float, and a /" mark. */
#include "net/net.h"
#include "tcp/good.h"

#include <string.h>

static const char *const names[] = { "printf(\\"TO\\")", "state < X" };
static const struct { int a; void (*f)(void); } table[2] = { { 1, 0 } };

/* malloc() in a comment, and free. */
static int once(struct t *t)
{
    static const int n = 3;

    if (t->ops->free(t) < n && t->state == A)
        return 1;
    return (int)sizeof table + names[0][0];
}

int twice(void (*cb)(int a, int b), int n)
{
    cb(n, n);
    return once(0) + once(0);
}
""",
    "src/tcp/good.h": HEADER.format(name="good.h", guard="TCP_GOOD_H",
                                    text="struct t;\n"),
    "tests/unit/x_test.c": "/* What it tests. */\nint main(void)\n"
                           "{\n    return 0;\n}\n",
    "README.md": "See `src/base/a.h`, `base/a.h` and `twice()`.\n",
}

LINES = "    f(1);\n"
C = "/* x.c: one breach. */\n"
# (rule, file, text, line)
BREACHES = [
    ("layers", "src/net/x.c", C + '#include "udp/udp.h"\n', 2),
    ("layers", "src/tcp/x.c", C + '#include "udp/udp.h"\n', 2),
    ("layers", "src/tcp/x.c", C + '#include "net/own.h"\n', 2),
    ("layers", "src/wire/x.c", C + '#include "stack/stack.h"\n', 2),
    ("layers", "src/obs/x.c", C + '#include "net/net.h"\n', 2),
    ("layers", "src/world/x.c", C + '#include "nowhere/x.h"\n', 2),
    ("rooms", "src/other/x.c", C, 1),
    ("os headers", "src/tcp/x.c", C + "\n#include <sys/socket.h>\n", 3),
    ("os headers", "src/world/x.c", C + "#include <time.h>\n", 2),
    ("banned calls", "src/cli/x.c",
     C + "void g(char *p)\n{\n    strcpy(p, p);\n}\n", 4),
    ("banned calls", "src/shim/x.c",
     C + "int g(char *p)\n{\n    return atoi(p);\n}\n", 4),
    ("banned calls", "tests/unit/y_test.c",
     "/* Y. */\nvoid g(void)\n{\n    usle" "ep(10);\n}\n", 4),
    ("banned calls", "tests/lab/y_test.py", "import time\ntime.sl" "eep(1)\n",
     2),
    ("outer calls", "src/tcp/x.c",
     C + "void *g(void)\n{\n    return malloc(1);\n}\n", 4),
    ("outer calls", "src/world/x.c",
     C + "long g(void)\n{\n    return time(0);\n}\n", 4),
    ("outer calls", "src/store/x.c",
     C + "int g(void)\n{\n    return errno;\n}\n", 4),
    ("floats", "src/emu/x.c", C + "int g(double d);\n", 2),
    ("conditional code", "src/tcp/x.c",
     C + "#ifdef FAST\nint g(void);\n#endif\n", 2),
    ("state order", "src/shim/x.c",
     C + "int g(struct t *t)\n{\n    return t->state >= OPEN;\n}\n", 4),
    ("mutable data", "src/tcp/x.c", C + "\nstatic int count;\n", 3),
    ("mutable data", "src/tcp/x.c", C + "int table[] = { 1, 2 };\n", 2),
    ("mutable data", "src/tcp/x.c",
     C + 'static const char *names[] = { "a" };\n', 2),
    ("mutable data", "src/tcp/x.c", C + "static struct t { int a; } t;\n", 2),
    ("mutable data", "src/tcp/x.c", C + "static void (*hook)(int a);\n", 2),
    ("mutable data", "src/tcp/x.c",
     C + "int g(void)\n{\n    static int n;\n\n    return n++;\n}\n", 4),
    ("recursion", "src/wire/x.c",
     C + "int g(int n)\n{\n    return n ? g(n - 1) : 0;\n}\n", 3),
    ("recursion", "src/wire/x.c",
     C + "static int a(int n)\n{\n    return b(n);\n}\n\n"
     "static int b(int n)\n{\n    return a(n);\n}\n", 3),
    ("function length", "src/cli/x.c",
     C + "void g(void)\n{\n" + LINES * 71 + "}\n", 3),
    ("function length", "tests/unit/y_test.c",
     "/* Y. */\nTEST(long)\n{\n" + LINES * 71 + "}\n", 3),
    ("function shape", "src/cli/x.c",
     C + "void g(int a, int b, int c, int d, int e, int f)\n{\n}\n", 3),
    ("function shape", "src/cli/x.c",
     C + "void g(int a)\n{\n    {\n        {\n            {\n"
     "                {\n                }\n            }\n        }\n"
     "    }\n}\n", 3),
    ("file length", "src/cli/x.c", C + "int a;\n" * 800, 800),
    ("width", "src/cli/x.c", C + "/*" + "." * 97 + "*/\n", 2),
    ("width", "tests/unit/y.py", '"""Y."""\n' + "#" * 101 + "\n", 2),
    ("width", "src/cli/x.c",
     C + "// clang-format off\n/*" + "." * 117 + "*/\n// clang-format on\n",
     3),
    ("whitespace", "src/cli/x.c", C + "int a; \n", 2),
    ("whitespace", "src/cli/x.c", C + "\tint a;\n", 2),
    ("whitespace", "docs/x.md", "One\n\nTwo", 3),
    ("words", "src/cli/x.c", C + "/* TO" "DO: more */\n", 2),
    ("words", "docs/x.md", "Found by an ag" "ent.\n", 1),
    ("words", "Makefile", "all:\n\tcp /wo" "rk/x .\n", 2),
    ("opening", "src/cli/x.c", "int a;\n", 1),
    ("opening", "src/cli/x.c", "/* y.c: another name. */\n", 1),
    ("opening", "src/cli/x.h", "/* x.h: no guard. */\n", 1),
    ("documents", "README.md", "See `src/base/b.h`.\n", 1),
    ("documents", "README.md", "\nCall `thrice()`.\n", 2),
    ("documents", "docs/x.md", "[there](gone.md)\n", 1),
]


def found_in(files):
    with tempfile.TemporaryDirectory() as name:
        for path, text in files.items():
            file = pathlib.Path(name) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tidy.check(name)[0]


def miss(rule, path, text, line):
    """Why this breach was not found as it should, or None."""
    found = found_in({**GOOD, path: text})
    if len(found) != 1 or not found[0].startswith(f"{path}:{line}: {rule}: "):
        return f"{rule}: {path}:{line}: found {found or 'nothing'}\n{text}"
    return None


def main():
    wrong = [f"in the tree: {line}" for line in tidy.check(ROOT)[0]]
    wrong += [f"in a good tree: {line}" for line in found_in(GOOD)]
    wrong += filter(None, (miss(*breach) for breach in BREACHES))
    tried = {rule for rule, _, _, _ in BREACHES}
    wrong += [f"no breach of {rule.__name__} is tried" for rule in tidy.RULES
              if rule.__name__.replace("_", " ") not in tried]
    print(*wrong, sep="\n")
    looked = 2 + len(BREACHES)
    failed = min(len(wrong), looked)
    print(f"{looked - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
