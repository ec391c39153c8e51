#!/usr/bin/env python3
"""tidy [ROOT]: the source as text: layers, lengths, banned calls, words, and
whether the documents name what is there.

Each fault is one line "FILE:LINE: RULE: WHAT"; exit 1 if there is any.  The
rules are functions with a docstring, registered by @rule; tests/tidy plants
a breach of each and sees it found.
"""
import pathlib
import re
import sys

import csource

# ---- what the rules know ----------------------------------------------------

# Lower ranks may be included; of the same rank only rooms that are one.
RANKS = [["base"], ["wire"], ["store"], ["net"], ["udp", "tcp"],
         ["stack", "sock"], ["drv", "emu", "obs"], ["world"],
         ["loop", "sim", "script", "posix"], ["shim", "web"], ["cli"]]
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
ONE_ROOM = {("stack", "sock"), ("sock", "stack")}
# Rooms that see less than their rank would let them.
ONLY = {"emu": {"base", "wire", "store"}, "obs": {"base", "wire"},
        "drv": {"base", "wire"}, "loop": {"base"}, "net": {"base", "wire", "store"}}
# What others may include of a room; rooms that are not here have no doors.
DOORS = {"net": {"net.h"}, "udp": {"udp.h"}, "tcp": {"tcp.h"},
         "sock": {"sock.h"}, "stack": {"stack.h"}, "emu": {"link.h"},
         "world": {"world.h", "record.h", "replay.h",
                   "setting.h"}, "sim": {"sim.h", "path.h", "small.h"},
         "loop": {"loop.h"}, "script": {"script.h"}}

CORE = {"base", "wire", "store", "net", "udp", "tcp", "stack", "sock", "emu",
        "obs"}
CLOCKLESS = CORE | {"world", "sim"}     # time and memory are given to them
CORE_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "limits.h",
                "string.h"}

BANNED = re.compile(r"(?<![.>])\b(sprintf|vsprintf|strcpy|strcat|strncpy"
                    r"|strncat|gets|strtok|alloca|rand|srand|random|srandom"
                    r"|atoi|atol|atof|scanf|tmpnam|mktemp|system|popen|setjmp|longjmp"
                    r"|assert)\s*\(")
# A test may look again after a moment for what must come, and no more.
SLEEP = re.compile(r"\b((?:time\.)?sleep|usleep|nanosleep|clock_nanosleep)"
                   r"\s*\((?!0\.0[01]\d*\))")
OUTER = re.compile(r"(?<![.>])\b(malloc|calloc|realloc|free|aligned_alloc|mmap|printf"
                   r"|fprintf|puts|fputs|fopen|time|clock|clock_gettime"
                   r"|gettimeofday|getrandom|getenv|getpid|abort|exit"
                   r"|pthread_\w+|errno|strlen|strcmp|strncmp|strchr|strstr"
                   r"|memchr|snprintf|vsnprintf|qsort|bsearch|isdigit|isspace"
                   r"|toupper|tolower|strtol|strtoul|strtoull)\b\s*\(|"
                   r"\berrno\b")

FUNCTION_MAX, FILE_MAX = 70, 800        # lines
WIDTH_MAX, TABLE_MAX = 100, 120         # columns; within clang-format off
NESTING_MAX, PARAMETERS_MAX = 3, 5      # but for BSD's own calls: cw_*,
                                        # and a table of them
# Over the rule when the rule came: these may shrink, not grow, and nothing
# joins them.
LONGER_FUNCTIONS = {}
LONGER_FILES = {"tests/wire/frames.c": 829}     # every kind of frame, at random
SIX_PARAMETERS = {"on_join", "on_change", "recording_begin", "link_recv",
                  "print_packet", "put_config", "record_begin",
                  "record_change"}

# Words that say who wrote or where; brackets keep this file from matching.
WORDS = re.compile(r"/[w]ork/|/tmp/w[t]\b|\b[a]gents?\b|\b[c]laude\b"
                   r"|\b[s]essions?\b|[C]o-authored|\b[c]hatgpt\b", re.I)
WORDS_ALLOWED = {                       # these mean the thing itself
    "src/shim/live_join.c": re.compile("leads no [s]ession"),
    "src/wire/pr_ndp.c": re.compile('"home [a]gent"'),
}
OUTPUTS = "tests/lab/scenes/"           # what commands print, to the byte
LATER = re.compile(r"\b(?:T[O]DO|FIX[M]E|X[X]X|HA[C]K)\b")

RULES = []


def rule(function):
    RULES.append(function)
    return function


# ---- the tree ---------------------------------------------------------------

class Tree:
    """The files of a source tree, read once."""

    SUFFIXES = {".c", ".h", ".py", ".sh", ".md", ".build", ".txt", ".pkt"}
    ROOMS = ("src", "include", "tests", "tools", "examples", "docs", ".ci")

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.texts = {}
        for path in self.find():
            self.texts[str(path.relative_to(self.root))] = path.read_text(
                errors="surrogateescape")
        self.sources = {path: csource.Source(path, text)
                        for path, text in self.texts.items()
                        if path.endswith((".c", ".h"))}

    def find(self):
        named = [self.root / "Makefile", self.root / ".ci" / "run"]
        yield from (path for path in named if path.is_file())
        top = [path for path in self.root.iterdir() if path.is_file()]
        below = [path for room in self.ROOMS if (self.root / room).is_dir()
                 for path in (self.root / room).rglob("*") if path.is_file()]
        for path in sorted(top + below):
            if path.suffix in self.SUFFIXES and "corpus" not in path.parts:
                yield path

    def rooms(self, names):
        """(room, source) of each C file in these directories of src/."""
        for path, source in self.sources.items():
            parts = path.split("/")
            if parts[0] == "src" and len(parts) == 3 and parts[1] in names:
                yield parts[1], source

    def core(self):
        return self.rooms(CORE)


def fault(where, line, what):
    return f"{getattr(where, 'path', where)}:{line}", what


# ---- layers -----------------------------------------------------------------

def includes(source):
    for number, line in enumerate(source.lines, 1):
        found = re.match(r'\s*#\s*include\s+(["<])([^">]+)', line)
        if found:
            yield number, found[1], found[2]


def layer_fault(room, header):
    other, _, name = header.partition("/")
    if other == room or other not in RANK:
        return None if other == room else f"no such room: {header}"
    if other not in ONLY.get(room, {other}):
        return f"{room} may not include {other}"
    if RANK[other] >= RANK[room] and (room, other) not in ONE_ROOM:
        return f"{room} may not include {other}"
    if name not in DOORS.get(other, {name}) and (room, other) not in ONE_ROOM:
        return f"{name} is {other}'s own; its door is " \
               + ", ".join(sorted(DOORS[other]))
    return None


@rule
def layers(tree):
    """Only lower ranks, and others only by their doors."""
    for room, source in tree.rooms(RANK):
        for number, quote, header in includes(source):
            what = layer_fault(room, header) if quote == '"' else None
            if what:
                yield fault(source, number, what)


@rule
def rooms(tree):
    """Each directory of src/ has a rank."""
    for path in tree.sources:
        parts = path.split("/")
        if parts[0] == "src" and (len(parts) != 3 or parts[1] not in RANK):
            yield fault(path, 1, "no rank for this directory")


@rule
def os_headers(tree):
    """Below the sans-I/O line, no header of the system."""
    for _, source in tree.rooms(CLOCKLESS):
        for number, quote, header in includes(source):
            if quote == "<" and header not in CORE_HEADERS \
                    and not header.startswith("causeway/"):
                yield fault(source, number, f"<{header}>")


# ---- calls ------------------------------------------------------------------

def matches(source, pattern):
    for found in pattern.finditer(source.code):
        yield source.line_of(found.start()), found[1] or found[0]


@rule
def banned_calls(tree):
    """Calls that no source should make; and no test sleeps."""
    for source in tree.sources.values():
        if source.path.startswith("src/"):
            for number, name in matches(source, BANNED):
                yield fault(source, number, f"{name}()")
        if source.path.startswith("tests/"):
            for number, name in matches(source, SLEEP):
                yield fault(source, number, f"{name}() in a test")
    for path, text in tree.texts.items():
        if path.startswith("tests/") and path.endswith(".py"):
            for number, line in enumerate(text.split("\n"), 1):
                if SLEEP.search(line):
                    yield fault(path, number, "sleep() in a test")


@rule
def outer_calls(tree):
    """Time, memory, files and environment are given, not fetched."""
    for _, source in tree.rooms(CLOCKLESS):
        for number, name in matches(source, OUTER):
            yield fault(source, number, f"{name}()")


@rule
def floats(tree):
    """No floating point in the core."""
    for _, source in tree.core():
        for number, name in matches(source, re.compile(r"\b(float|double)\b")):
            yield fault(source, number, name)


@rule
def conditional_code(tree):
    """No #if in the core but header guards, base/compiler.h and check.h."""
    for _, source in tree.core():
        if source.path in ("src/base/compiler.h", "src/base/check.h"):
            continue
        for number, line in enumerate(source.lines, 1):
            if re.match(r"\s*#\s*(if|ifdef|elif)\b", line):
                yield fault(source, number, line.strip())
            if re.match(r"\s*#\s*ifndef\b(?!.*_H$)", line):
                yield fault(source, number, line.strip())


@rule
def state_order(tree):
    """States are names, not numbers: nothing is above another."""
    pattern = re.compile(r"(?:->|\.)(state)\s*[<>]=?\s*(?!ARRAY_LEN)[A-Z]")
    for source in tree.sources.values():
        if source.path.startswith("src/"):
            for number, _ in matches(source, pattern):
                yield fault(source, number, "a state compared by order")


# ---- data -------------------------------------------------------------------

@rule
def mutable_data(tree):
    """Nothing in the core outlives a call but what was passed in."""
    for _, source in tree.core():
        for number, head in source.variables():
            if not csource.is_constant(head):
                yield fault(source, number, head)


@rule
def recursion(tree):
    """No function of the core reaches itself by name."""
    graph, where = {}, {}
    for _, source in tree.core():
        local = {f.name for f in source.functions if "static " in f.head}

        def full(name, path=source.path, local=local):
            return f"{path} {name}" if name in local else name
        for f in source.functions:
            graph[full(f.name)] = {full(name) for name in f.calls()}
            where[full(f.name)] = (source.path, f.start)
    for group in csource.cycles(graph):
        first = min(group)
        yield fault(*where[first], " -> ".join(
            sorted(name.split()[-1] for name in group)))


# ---- sizes ------------------------------------------------------------------

@rule
def function_length(tree):
    """Functions that can be read at once."""
    for source in tree.sources.values():
        for f in source.functions:
            allowed = LONGER_FUNCTIONS.get((source.path, f.name), FUNCTION_MAX)
            if f.length > allowed:
                yield fault(source, f.start,
                            f"{f.name}: {f.length} lines, over {allowed}")


@rule
def function_shape(tree):
    """Neither deep nor with many parameters."""
    for source in tree.sources.values():
        if not source.path.startswith("src/"):
            continue
        for f in source.functions:
            if f.nesting() > NESTING_MAX:
                yield fault(source, f.start, f"{f.name}: {f.nesting()} deep")
            allowed = PARAMETERS_MAX + (f.name in SIX_PARAMETERS)
            if f.parameters() > allowed and not f.name.startswith("cw_") \
                    and source.path != "src/script/plugin_calls.c":
                yield fault(source, f.start,
                            f"{f.name}: {f.parameters()} parameters")


@rule
def file_length(tree):
    """Files that own one idea."""
    for path, text in tree.texts.items():
        if path.endswith((".c", ".h", ".py", ".sh")) \
                and text.count("\n") > LONGER_FILES.get(path, FILE_MAX):
            yield fault(path, FILE_MAX, f"{text.count(chr(10))} lines")


@rule
def width(tree):
    """Lines that fit; tables out of clang-format's reach may be wider."""
    for path, text in tree.texts.items():
        if not path.endswith((".c", ".h", ".py", ".sh", ".build")):
            continue
        limit = WIDTH_MAX
        for number, line in enumerate(text.split("\n"), 1):
            found = re.match(r"\s*// clang-format (on|off)", line)
            if found:
                limit = TABLE_MAX if found[1] == "off" else WIDTH_MAX
            if len(line) > limit:
                yield fault(path, number, f"{len(line)} columns")


# ---- words ------------------------------------------------------------------

@rule
def whitespace(tree):
    """No space at the end, no tab in C and Python, a newline at the end."""
    for path, text in tree.texts.items():
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() and not path.startswith(OUTPUTS):
                yield fault(path, number, "space at the end of the line")
            if "\t" in line and path.endswith((".c", ".h", ".py", ".build")):
                yield fault(path, number, "a tab")
        if text and not text.endswith("\n"):
            yield fault(path, text.count("\n") + 1, "no newline at the end")


@rule
def words(tree):
    """The tree does not say who wrote it where, nor what to do later."""
    for path, text in tree.texts.items():
        allowed = WORDS_ALLOWED.get(path)
        for number, line in enumerate(text.split("\n"), 1):
            found = LATER.search(line) or WORDS.search(line)
            if found and not (allowed and allowed.search(line)):
                yield fault(path, number, found[0])


@rule
def opening(tree):
    """A file begins by saying what it owns; a header has a guard."""
    for path, source in tree.sources.items():
        name = path.rsplit("/", 1)[-1]
        named = path.startswith(("src/", "include/"))
        want = f"/* {name}: " if named else "/* "
        if not source.text.startswith(want):
            yield fault(path, 1, f"does not begin with '{want}'")
        if named and name.endswith(".h"):
            guard = re.sub(r"[/.]", "_", path.split("/", 1)[1]).upper()
            if f"#ifndef {guard}\n#define {guard}\n" not in source.text:
                yield fault(path, 1, f"no guard {guard}")


# ---- documents --------------------------------------------------------------

def place_of(tree, name):
    """The file or directory a document means, or None."""
    for above in ("", "src", "include", "tests"):
        path = tree.root / above / name
        if any(path.parent.glob(path.name)) if "*" in name else path.exists():
            return path
    return None


def is_path(word):
    if "NAME" in word:                          # stands for any name
        return False
    return bool(re.fullmatch(r"\.?[\w.*-]+(/[\w.*-]+)+/?", word)
                and (re.search(r"\.(c|h|py|sh|md|txt|build|pkt)$", word)
                     or word.split("/")[0] in Tree.ROOMS))


@rule
def documents(tree):
    """Paths and functions that a document names are there."""
    known = set()
    for source in tree.sources.values():
        known |= set(re.findall(r"\b[A-Za-z_]\w*\b", source.code))
    for path, text in tree.texts.items():
        if not path.endswith(".md"):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for word in re.findall(r"`([^`]+)`", line):
                call = re.fullmatch(r"(\w+)\(\)", word)
                if is_path(word) and not place_of(tree, word) \
                        or call and call[1] not in known:
                    yield fault(path, number, f"there is no {word}")
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line):
                if not (tree.root / path).parent.joinpath(target).exists():
                    yield fault(path, number, f"there is no {target}")


# ---- all of it --------------------------------------------------------------

def check(root):
    """Every fault of a tree, as lines, and how many files were read."""
    tree = Tree(root)
    found = []
    for each in RULES:
        for where, what in each(tree):
            path, line = where.rsplit(":", 1)
            found.append((path, int(line), each.__name__, what))
    return [f"{path}:{line}: {name.replace('_', ' ')}: {what}"
            for path, line, name, what in sorted(set(found))], len(tree.texts)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 \
        else pathlib.Path(__file__).resolve().parent.parent
    found, files = check(root)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"tidy: {files} files, {len(RULES)} rules, "
          f"{len(found)} fault{'s' * (len(found) != 1)}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
