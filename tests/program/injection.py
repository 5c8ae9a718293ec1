"""System calls that fail on command: strace, before a program or on one that runs, and clients that judge what comes of it."""
import os
import re
import selectors
import shutil
import socket
import subprocess
import time
from functools import lru_cache

from running import SECONDS_MAX


@lru_cache
def can_inject():
    """Whether strace is there, may trace, and knows how to inject."""
    return bool(shutil.which("strace")) and subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e", "inject=getrandom:error=EIO", "true"], capture_output=True).returncode == 0


def words(call, error, when, trace, path=None, more=()):
    """strace's own arguments. `path`: only calls on that file are touched."""
    what = "retval=0" if call == "brk" else f"error={error}"
    return ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=" + ",".join((call, *more)),
            *(["-P", str(path)] if path else []), "-e", f"inject={call}:{what}:when={when}"]


class Injected:
    """A running program, some of whose calls fail while the block lasts."""

    def __init__(self, pid, call, error, when, trace, path=None):
        self.pid, self.trace = pid, trace
        command = words(call, error, when, trace, path, ["epoll_wait"])
        command.remove("-qq")
        self.strace = subprocess.Popen([*command, "-p", str(pid)], stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        said = self.strace.stderr.readline()
        assert "attached" in said, said
        return self

    def __exit__(self, *_):
        self.strace.terminate()
        self.strace.communicate(timeout=SECONDS_MAX)

    def calls(self):
        return self.trace.read_text(errors="replace").count("\n")

    def was_injected(self):
        return "(INJECTED)" in self.trace.read_text(errors="replace")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def read_answers(data):
    """The whole answers in these bytes: [(status, body)]; none of them may be to HEAD."""
    answers = []
    while b"\r\n\r\n" in data:
        head, _, rest = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 "), head
        length = re.search(rb"^Content-Length: (\d+)", head, re.MULTILINE)
        length = int(length.group(1)) if length else 0
        if len(rest) < length:
            break
        answers.append((int(head.split()[1]), rest[:length]))
        data = rest[length:]
    return answers


class Client:
    """Says something at once, and is content when it has so many answers, or when the connection has ended."""

    def __init__(self, selector, port, request, count):
        self.request, self.count, self.data, self.has_ended = request, count, b"", False
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)
        self.socket.sendall(request)
        self.socket.setblocking(False)
        self.selector = selector
        selector.register(self.socket, selectors.EVENT_READ, self)

    def end(self):
        if not self.has_ended:
            self.has_ended = True
            self.selector.unregister(self.socket)
            self.socket.close()

    def read(self):
        try:
            piece = self.socket.recv(1 << 20)
        except OSError:
            piece = b""
        self.data += piece
        if not piece or len(read_answers(self.data)) >= self.count:
            self.end()


class Crowd:
    """Clients that are served together."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.clients = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.end()
        self.selector.close()

    def ask(self, port, request, count=1):
        self.clients.append(Client(self.selector, port, request, count))
        return self.clients[-1]

    def waiting(self):
        return [client for client in self.clients if not client.has_ended]

    def serve(self, seconds):
        """Until all are content, or for so long."""
        end = time.monotonic() + seconds
        while self.waiting() and (rest := end - time.monotonic()) > 0:
            for key, _ in self.selector.select(rest):
                key.data.read()
