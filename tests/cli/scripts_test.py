#!/usr/bin/env python3
"""scripts_test CAUSEWAY: `causeway test --profile`: what a script is run with
unless its own line says otherwise, or a later --flag.

Ends with "N passed, N failed".
"""
import os
import pathlib
import subprocess
import sys
import tempfile

# What a host begins with: ten segments, or four (RFC 6928, RFC 5681 3.1).
SCRIPT = """\
0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0  bind(3, ..., ...) = 0
+0  listen(3, 1) = 0
+0  < S 0:0(0) win 65535 <mss 1000>
+0  > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 65535
+0  accept(3, ..., ...) = 4
+0  write(4, ..., 20000) = 20000
+0  > . 1:{}(@) ack 1
"""

# options, the script's own line, segments that go out at first
ROWS = [
    ([], "", 10),
    (["--profile", "deployed"], "", 10),
    (["--profile", "strict"], "", 4),
    (["--profile", "classic"], "", 4),
    (["--profile=classic"], "", 4),
    (["--profile", "classic"], "--profile=deployed\n", 10),
    (["--profile", "deployed"], "--profile=strict\n", 4),
    (["--profile", "classic", "--flag=--profile=deployed"], "", 10),
]


def passes(causeway, path, options):
    done = subprocess.run([causeway, "test", "-q", "--exact", *options, path],
                          env={**os.environ, "LANG": "C"}, text=True,
                          capture_output=True)
    return done.stdout.splitlines()[-1].startswith("1 passed, 0 failed")


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as home:
        path = pathlib.Path(home) / "a.pkt"
        for options, line, segments in ROWS:
            for n in (4, 10):
                text = SCRIPT.format(1000 * n + 1).replace("@", str(1000 * n))
                path.write_text(line + text)
                if passes(sys.argv[1], path, options) == (n == segments):
                    passed += 1
                    continue
                failed += 1
                print(f"{options} {line!r}: {n} segments")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
