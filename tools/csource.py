"""csource: C as text: comments away, functions and variables found.

No parser: it leans on the layout that clang-format gives the tree, above all
on a function's braces being alone in column 0.
"""
import re

TOKENS = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\""
                    r"|'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
KEYWORDS = frozenset("if while for switch return sizeof do else case "
                     "__typeof__ _Alignof _Static_assert __attribute__ "
                     "defined".split())
CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


def blank(match):
    """The same lines and columns, of nothing."""
    return re.sub(r"[^\n]", " ", match.group())


def blank_token(match):
    """Comments go; of strings and characters the quotes stay."""
    text = match.group()
    if text[0] == "/":
        return blank(match)
    return text[0] + " " * (len(text) - 2) + text[-1]


class Function:
    """Where it is and what it says; `body` is without its own braces."""

    def __init__(self, source, head, start, end):
        self.head = " ".join(head.split())
        self.start, self.end = start, end       # lines of its braces
        self.length = end - start - 1
        self.body = "\n".join(source.plain.split("\n")[start:end - 1])
        self.name = self.find_name()

    def find_name(self):
        found = CALL.search(self.head)
        if found and found[1].isupper():        # TEST(what) { ... }
            return self.head
        return found[1] if found else "?"

    def parameters(self):
        inner = self.head[self.head.find("(") + 1:self.head.rfind(")")]
        inner = re.sub(r"\([^()]*\)", "", inner)
        return inner.count(",") + 1 if inner.strip() not in ("", "void") else 0

    def nesting(self):
        """The deepest block in it; a switch and its cases count as one."""
        depth = deepest = 0
        for c in self.body:
            depth += (c == "{") - (c == "}")
            deepest = max(deepest, depth)
        return deepest

    def calls(self):
        return {name for name in CALL.findall(self.body)
                if name not in KEYWORDS}


class Source:
    """One file: as written, without comments, and without directives."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.code = TOKENS.sub(blank_token, text)
        self.plain = DIRECTIVE.sub(blank, self.code)
        self.lines = text.split("\n")
        self.functions = list(self.find_functions())

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def find_functions(self):
        lines, head, start = self.plain.split("\n"), [], None
        for number, line in enumerate(lines, 1):
            if line == "{" and start is None:
                start = number
            elif line == "}" and start is not None:
                yield Function(self, "\n".join(head), start, number)
                head, start = [], None
            elif start is None:
                head = [] if not line.strip() or line.endswith((";", "}")) \
                    else head + [line]

    def declarations(self):
        """(line, text) of what ends with ';' outside of all braces; what
        braces hold is left out."""
        depth, text, line = 0, "", 0
        for offset, c in enumerate(self.plain):
            if c == "{":
                text += "{" if depth == 0 else ""
                depth += 1
            elif c == "}":
                depth -= 1
                if depth == 0:
                    text += "}"
                    if re.search(r"\)\s*\{\}$", text) and "=" not in text:
                        text = ""               # that was a function
            elif depth == 0 and c == ";":
                yield line, " ".join(text.split())
                text = ""
            elif depth == 0:
                if not text.strip():
                    text = ""
                    line = self.line_of(offset) if not c.isspace() else line
                text += c

    def variables(self):
        """(line, declaration up to its value) of what lives as long as the
        program, outside of functions and in them."""
        for line, text in self.declarations():
            head = text.split("=")[0]
            if is_variable(head, "=" in text):
                yield line, head.strip()
        for function in self.functions:
            for found in re.finditer(r"^\s+static\s+([^;={]*[;={])",
                                     function.body, re.M):
                yield (function.start + 1
                       + function.body.count("\n", 0, found.start(1)),
                       " ".join(found[1][:-1].split()))


def is_variable(head, has_value):
    if re.match(r"(typedef|extern|_Static_assert|CW_API)\b", head):
        return False
    if re.match(r"(static )?(const )?(struct|enum|union)\b ?\w* ?(\{\})?$",
                head.strip()):
        return False
    if "(" in head and not has_value:           # a prototype, or a pointer
        return bool(re.match(r"[\w *]*\(\*", head))
    return bool(head.strip())


def is_constant(head):
    """Can nobody write to what this declares?"""
    if "*" in head:
        return bool(re.match(r"\s*const\b", head[head.rfind("*") + 1:]))
    return bool(re.search(r"\bconst\b", head))


def cycles(graph):
    """Sets of names that can reach each other, and names that reach
    themselves, in a dict of name -> names."""
    order, low, stack, on, found = {}, {}, [], set(), []

    def visit(root):
        work = [(root, iter(sorted(graph.get(root, ()))))]
        enter(root)
        while work:
            name, callees = work[-1]
            for callee in callees:
                if callee not in graph:
                    continue
                if callee not in order:
                    enter(callee)
                    work.append((callee, iter(sorted(graph[callee]))))
                    break
                if callee in on:
                    low[name] = min(low[name], order[callee])
            else:
                work.pop()
                leave(name, work)

    def enter(name):
        order[name] = low[name] = len(order)
        stack.append(name)
        on.add(name)

    def leave(name, work):
        if work:
            low[work[-1][0]] = min(low[work[-1][0]], low[name])
        if low[name] == order[name]:
            group = set()
            while name not in group:
                on.discard(stack[-1])
                group.add(stack.pop())
            if len(group) > 1 or name in graph[name]:
                found.append(group)

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return found
