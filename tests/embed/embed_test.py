#!/usr/bin/env python3
"""embed_test BUILD SOURCE CC: what is installed is enough to build a program
with a stack in it, and the program does what it did before.

Ends with "N passed, N failed".
"""
import os
import pathlib
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).with_name("two_hosts.txt")
MESON = "/usr/bin/meson" if os.path.exists("/usr/bin/meson") else "meson"


def run(argv, env=None):
    return subprocess.run(argv, env={**os.environ, **(env or {})}, text=True,
                          stdout=subprocess.PIPE, check=True).stdout


def install(build, into):
    """The prefix under it, and pkg-config's environment."""
    run([MESON, "install", "-C", build, "--no-rebuild", "--quiet",
         "--destdir", str(into)])
    (pc,) = into.rglob("causeway.pc")
    return {"PKG_CONFIG_PATH": str(pc.parent),
            "PKG_CONFIG_SYSROOT_DIR": str(into)}


def main():
    build, source, *cc = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        into = pathlib.Path(name)
        env = install(build, into)
        flags = run(["pkg-config", "--cflags", "--libs", "causeway"], env)
        program = into / "two_hosts"
        run([*cc, "-Wall", "-Wextra", "-Werror", source, "-o", str(program),
             *flags.split()])
        said = run([str(program)])
    if said != GOLDEN.read_text():
        print(said)
        print("0 passed, 1 failed")
        return 1
    print("1 passed, 0 failed")
    return 0


sys.exit(main())
