"""between: two network namespaces of the kernel with a link of ours between.

    +-----------+   +------+                      +-------+   +-----------+
    | peer.py   |---| left |--- causeway link ----| right |---| peer.py   |
    | (kernel)  |   +------+                      +-------+   | (kernel)  |
    +-----------+ .1                                       .2 +-----------+

Each end's namespace lives as long as its peer.py.
"""
import json
import shutil
import signal
import socket
import subprocess

import rig

NAMES = ("left", "right")
ADDR = {4: ("10.8.0.1", "10.8.0.2"), 6: ("fd08::1", "fd08::2")}
BUFFER = 32 << 20               # so that buffers are not what is measured


def inside(pid, *words):
    rig.run("nsenter", "-t", str(pid), "-n", *words)


def punctual():
    """Words before a command that make the scheduler prefer it."""
    if not shutil.which("chrt"):
        return []
    words = ["chrt", "--fifo", "10"]
    done = subprocess.run([*words, "true"], stderr=subprocess.DEVNULL,
                          check=False)
    return words if done.returncode == 0 else []


class Between:
    """Both ends, and the link; devices are called after `tag`."""

    def __init__(self, causeway, words, tag="", before=()):
        self.names = [name + tag for name in NAMES]
        self.left = rig.End("left", ["unshare", "--net"])
        self.right = rig.End("right", ["unshare", "--net"])
        self.pids = [end("pid") for end in (self.left, self.right)]
        self.link = subprocess.Popen(
            [*before, causeway, "link", "--json", *words,
             *(w for name in self.names for w in ("--dev", f"tap:{name}"))],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        rig.until("the devices are there", self.there)
        for side in range(2):
            self.join(side)

    def there(self):
        if self.link.poll() is not None:
            raise rig.Failed(f"link: {self.link.stderr.read().strip()}")
        present = {name for _, name in socket.if_nameindex()}
        return present.issuperset(self.names)

    def join(self, side):
        """An end's device goes into its namespace, and up."""
        pid, name = self.pids[side], self.names[side]
        rig.ip("link", "set", name, "netns", str(pid))
        sizes = f"4096 131072 {BUFFER}"
        inside(pid, "sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1",
               f"net.ipv4.tcp_rmem={sizes}", f"net.ipv4.tcp_wmem={sizes}",
               f"net.ipv6.conf.{name}.accept_dad=0",
               f"net.ipv6.conf.{name}.router_solicitations=0")
        inside(pid, "ip", "link", "set", "lo", "up")
        inside(pid, "ip", "addr", "add", f"{ADDR[4][side]}/24", "dev", name)
        inside(pid, "ip", "addr", "add", f"{ADDR[6][side]}/64", "dev", name,
               "nodad")
        inside(pid, "ip", "link", "set", name, "up")

    def connect(self, family=4, **words):
        """left opens."""
        host = ADDR[family][1]
        port = self.right("listen", host=host)
        self.right.start("accept")
        self.left("connect", host=host, port=port, **words)
        self.right.result()
        self.right("unlisten")

    def end(self):
        """What the link has to say."""
        self.link.send_signal(signal.SIGINT)
        out, said = self.link.communicate(timeout=rig.LIMIT)
        self.left.end()
        self.right.end()
        if self.link.returncode:
            raise rig.Failed(f"link: {said.strip()}")
        return json.loads(out), said
