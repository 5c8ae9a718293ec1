"""The program goes on when the kernel refuses: every system call it makes fails, with what that call can give.

strace injects the errors. Not injected, and why:
- futex: the C library's own; what it cannot give it ends the process for, and no program can do better.
- EAGAIN from recvfrom, sendto, sendfile where bytes or room are there: the kernel never says so, and a loop that is told
  of edges has to believe it. The deadlines end such a connection (tests/talk/deadline-*.talk).
- EBADF, EFAULT, EINVAL and the like of calls whose arguments we make: they would be mistakes of ours.
- statx is only called when a file has become shorter while it is sent, madvise and clone by the C library.
- close reports errors but strace leaves the descriptor open, which Linux does not; so its clients end by themselves.
- epoll_ctl is refused when a descriptor is added; when one is removed it cannot be.
- brk tells of its failure with an address that is too low, not with an error: it gives 0 here.
- EINTR every time: it is retried, as it must be; every second time is as often as can be. Of accept4's errors those that
  are of one connection take that connection off the queue, so that they cannot come for ever either.

HEWN_FAULTS=all injects at every position and in every rhythm; without it each kind is tried once."""
import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import connected, fetch
from injection import Crowd, Injected, can_inject, cpu_seconds, read_answers, words
from running import SECONDS_MAX, Running

ALL = os.environ.get("HEWN_FAULTS") == "all"

# What each call can give while it serves: accept(2), recv(2) and so on.
SERVING = {
    "accept4": "EMFILE ENFILE ENOMEM ENOBUFS EPERM ECONNABORTED EPROTO ENETDOWN EINTR",
    "recvfrom": "ECONNRESET ETIMEDOUT EHOSTUNREACH ENOMEM EINTR",
    "sendto": "EPIPE ECONNRESET ETIMEDOUT EHOSTUNREACH ENOBUFS ENOMEM EINTR",
    "sendmsg": "EPIPE ECONNRESET ENOBUFS ENOMEM EINTR",
    "sendfile": "EPIPE ECONNRESET EIO ENOMEM EOVERFLOW EINTR",
    "preadv2": "EAGAIN EOPNOTSUPP EIO ENOMEM EINTR",
    "pread64": "EIO ENOMEM EINTR",
    "openat2": "EMFILE ENFILE ENOMEM EACCES ELOOP ENOENT ENXIO EAGAIN EIO ENOSYS EINTR",
    "fstat,newfstatat": "EIO ENOMEM EACCES",
    "statfs": "EIO ENOSYS ENOMEM EINTR",
    "inotify_add_watch": "ENOSPC ENOMEM EACCES ENOENT",
    "read": "EINTR",
    "write": "ENOSPC EIO EFBIG EPIPE EDQUOT EINTR",
    "close": "EIO EINTR ENOSPC",
    "epoll_ctl": "ENOMEM ENOSPC",
    "epoll_wait": "EINTR",
    "poll": "EINTR",
    "mmap": "ENOMEM",
    "mprotect": "ENOMEM",
    "munmap": "ENOMEM",
    "clone3": "EAGAIN ENOMEM ENOSYS",
    "shutdown": "ENOTCONN",
    "inotify_rm_watch": "EINVAL",
}
NEVER_EVERY_TIME = {"EINTR", "ECONNABORTED", "EPROTO", "ENETDOWN"}

# What each call can give while it starts; ENOSYS where an older kernel lacks it.
STARTING = {
    "openat": "EMFILE ENFILE ENOMEM EACCES ENOENT EIO EINTR",
    "fstat,newfstatat": "EIO ENOMEM",
    "close": "EIO EINTR",
    "fcntl": "EMFILE",
    "socket": "EMFILE ENFILE ENOMEM ENOBUFS EACCES EAFNOSUPPORT",
    "bind": "EADDRINUSE EACCES EADDRNOTAVAIL ENOMEM",
    "listen": "EADDRINUSE EOPNOTSUPP",
    "setsockopt": "ENOPROTOOPT ENOMEM",
    "getsockname": "ENOBUFS",
    "eventfd2": "EMFILE ENFILE ENOMEM ENODEV",
    "epoll_create1": "EMFILE ENFILE ENOMEM",
    "epoll_ctl": "ENOMEM ENOSPC",
    "inotify_init1": "EMFILE ENFILE ENOMEM ENOSYS",
    "getrandom": "EAGAIN EINTR ENOSYS",
    "read": "EIO EINTR EISDIR",
    "prlimit64": "EPERM",
    "ioctl": "ENOTTY EIO",
    "brk": "ENOMEM",
    "mmap": "ENOMEM",
    "mprotect": "ENOMEM",
    "clone3": "EAGAIN ENOMEM ENOSYS",
    "getdents64": "EIO ENOENT",
    "write": "EPIPE ENOSPC EIO EINTR",
}
START_STATUSES = {64, 66, 69, 70, 77}
SMALL, MIDDLING, LARGE, CALLS_IDLE_MAX = 5, 20_000, 700_000, 60
WAITS_FOR_TICK = {"poll", "write"}  # lines of the log are given to its writer once a second
TICK_S = 1.1  # what waits for the loop's tick has had its turn

@pytest.fixture
def injectable(hewn):
    """Sanitizers make calls of their own, which do not take a refusal."""
    if not can_inject():
        pytest.skip("strace is not there, or may not trace")
    if any(b"__%csan_init" % letter in Path(hewn).read_bytes() for letter in (b"a", b"t")):
        pytest.skip("faults are injected into the release build")


def rhythms(call, error, counts=("1+", "1", "1+3", "2")):
    """Every call of each thread, the first, every third, the second."""
    if not ALL:
        counts = [counts[SERVING[call].split().index(error) % 4]]
    if error in NEVER_EVERY_TIME:
        counts = [count if count != "1+" else "1+2" for count in counts]
    return counts


class Site:
    """Files that nobody has asked for yet, and requests for them."""

    def __init__(self, folder):
        self.folder, self.numbers, self.contents = folder, itertools.count(), {}

    def file(self, size, name="file"):
        target = f"/{name}-{next(self.numbers)}.bin"
        content = os.urandom(size)
        path = self.folder / target[1:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        self.contents[target] = {content}
        return target

    @staticmethod
    def request(target, method="GET", fields=""):
        return f"{method} {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode()

    def checked(self, client):
        """Whatever was answered is right; what was refused, or cut short, is not looked at."""
        targets = re.findall(rb"^(?:GET|POST) (\S+) HTTP", client.request, re.MULTILINE)
        for target, (status, body) in zip(targets, read_answers(client.data)):
            if status == 200:
                assert body in self.contents[target.decode()], target


def forget(path):
    """Asks the kernel to let go of what it has cached of a file; it may refuse."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def ask_all(crowd, site, port):
    """One of each kind of request, and of each kind of client."""
    small, large, cold = site.file(SMALL), site.file(LARGE), site.file(LARGE)
    forget(site.folder / cold[1:])
    below = site.file(SMALL, f"sub{next(site.numbers)}/file")
    crowd.ask(port, site.request(small))
    crowd.ask(port, site.request(large))
    crowd.ask(port, site.request(below) + site.request("/missing") + site.request(small) + site.request(large), 4)
    crowd.ask(port, site.request(small, "POST", "Content-Length: 3\r\n") + b"abc")
    crowd.ask(port, site.request(small, "POST", "Content-Length: 9000000\r\n") + b"abc")
    crowd.ask(port, site.request(cold))
    crowd.ask(port, site.request(site.file(MIDDLING)))
    crowd.ask(port, site.request(large, fields="Range: bytes=0-9,100-109\r\n"))
    crowd.ask(port, b"BROKEN\r\n\r\n")
    with contextlib.suppress(OSError), connected(port) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHo")
    return small


def change(site, target):
    """A new file in the place of one that is remembered: the loop hears of it."""
    content = os.urandom(SMALL)
    site.contents[target].add(content)
    new = site.folder / "new"
    new.write_bytes(content)
    new.rename(site.folder / target[1:])


def serve_through(running, site, trace, call, error, when):
    """Clients while the faults are on; nobody may hang, nothing may spin, and afterwards all is well."""
    port, pid = running.port(), running.process.pid
    path = site.folder.parent / "log" if call == "write" else None
    with Crowd() as crowd:
        with Injected(pid, call, error, when, trace, path) as injected:
            small = ask_all(crowd, site, port)
            crowd.serve(0.35)
            change(site, small)
            crowd.serve(0.05)
            if call in WAITS_FOR_TICK:
                time.sleep(TICK_S)
            calls, used = injected.calls(), cpu_seconds(pid)
            time.sleep(0.15)
            assert injected.calls() - calls < CALLS_IDLE_MAX, "it spins"
            assert cpu_seconds(pid) - used < 0.12, "it spins"
            was_injected = injected.was_injected()
        crowd.ask(port, site.request(small))
        crowd.serve(SECONDS_MAX)
        assert running.process.poll() is None, f"it died: {running.process.poll()}\n{running.err.text}"
        assert not crowd.waiting(), [(client.request[:60], client.data[:200]) for client in crowd.waiting()]
        assert read_answers(crowd.clients[-1].data)[0][0] == 200
        for client in crowd.clients[:-1]:
            site.checked(client)
    return was_injected


@pytest.mark.parametrize("call", SERVING)
def test_serving_goes_on_when_a_call_fails(injectable, start, place, call):
    site, injected = Site(place / "dist"), False
    running = start("-l", "127.0.0.1:0", "--loops", "1", "dist",
                    before=["sh", "-c", 'exec "$@" >>log', "sh"])
    errors = SERVING[call].split()
    for error in errors if ALL or call not in WAITS_FOR_TICK else errors[:2]:
        for when in rhythms(call, error):
            try:
                injected |= serve_through(running, site, place / "trace", call, error, when)
            except AssertionError as failure:
                raise AssertionError(f"strace -f -p PID -e inject={call}:error={error}:when={when}") from failure
    assert fetch(running.port(), "/ten.txt") == (200, b"0123456789")
    assert running.stop() == 0
    assert injected, f"{call} was never called: this shows nothing"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_calls(hewn, place):
    """{call: (first, last)}: which calls of each kind, counted from exec on, the main thread makes as it starts."""
    trace = place / "start-trace"
    port = free_port()
    running = Running(["strace", "-D", "-f", "-qq", "-o", str(trace), hewn, "-l", f"127.0.0.1:{port}", "--loops", "2", "dist"],
                      cwd=place)
    try:
        running.err.wait_for("listening on")
        assert running.stop() == 0
        running.err.all()
    finally:
        running.clean_up()
    lines = trace.read_text().splitlines()
    main = lines[0].split()[0]
    begun, counts, firsts = False, {}, {}
    for line in lines:
        thread, _, text = line.partition(" ")
        found = re.match(r"(\w+)\(", text.strip())
        if thread != main or not found:
            continue
        begun |= '"/dev/null"' in text
        if found[1] == "futex" and begun:  # it waits for the end
            break
        counts[found[1]] = counts.get(found[1], 0) + 1
        if begun:
            firsts.setdefault(found[1], counts[found[1]])
    return {call: (first, counts[call]) for call, first in firsts.items()}


def answers(port, process):
    """Whether somebody serves there; None when the program has ended first."""
    deadline = time.monotonic() + SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return fetch(port, "/ten.txt") == (200, b"0123456789")
        time.sleep(0.01)
    assert process.poll() is not None, "it neither serves nor ends"
    return None


def try_start(hewn, place, call, error, when):
    """None, or what is wrong: it serves, or says why not and ends with a status that says the same."""
    port = free_port()
    trace = place / f"trace-{call}-{error}-{when}"
    command = words(call, error, when, trace)
    command.insert(1, "-D")
    running = Running([*command, hewn, "-l", f"127.0.0.1:{port}", "--loops", "2", "dist"], cwd=place)
    try:
        served = answers(port, running.process)
        status = running.stop() if served is not None else running.ended()
        said = running.err.all()
        if served and status == 0:
            return None
        if served is None and status in START_STATUSES and re.search(r"^hewn: .*\w", said, re.MULTILINE):
            return None
        if served is None and status in START_STATUSES and call == "write":
            return None
        return f"inject={call}:error={error}:when={when}: served {served}, status {status}, said {said!r}"
    except (AssertionError, subprocess.TimeoutExpired) as failure:
        return f"inject={call}:error={error}:when={when}: {failure}"
    finally:
        running.clean_up()


def test_it_starts_or_says_what_failed(injectable, hewn, place):
    places = start_calls(hewn, place)
    assert len(places.keys() & STARTING.keys()) >= 20, places
    jobs = []
    for call, errors in STARTING.items():
        first, last = places.get(call, (1, 0))
        for number, error in enumerate(errors.split()):
            positions = range(first, last + 1)
            if not ALL and positions:
                positions = [positions[number % len(positions)]]
            jobs += [(call, error, str(when)) for when in positions]
            if ALL and positions and error != "EINTR":
                jobs.append((call, error, f"{first}+"))
    with ThreadPoolExecutor(2) as workers:
        wrong = [told for told in workers.map(lambda job: try_start(hewn, place, *job), jobs) if told]
    assert not wrong, f"{len(wrong)} of {len(jobs)}:\n" + "\n".join(wrong)


# What its output is written to

def serve_into(start, output, before=()):
    """A server whose lines and words go there, after 40 requests and the time in which lines are written."""
    port = free_port()
    running = start("-l", f"127.0.0.1:{port}", "--loops", "1", "dist", before=[*before, "sh", "-c", f'exec "$@" {output}', "sh"])
    assert answers(port, running.process)
    for _ in range(40):
        assert fetch(port, "/ten.txt") == (200, b"0123456789")
    time.sleep(TICK_S)
    return running, port


def test_a_device_that_is_full(start):
    running, port = serve_into(start, ">/dev/full")
    running.err.wait_for(r"^hewn: log: lines cannot be written: No space left on device$")
    assert fetch(port)[0] == 200
    assert running.stop() == 0
    running.err.wait_for(r"^hewn: log: \d+ lines could not be written$")


def test_everything_goes_to_a_device_that_is_full(start):
    running, port = serve_into(start, ">/dev/full 2>&1")
    assert fetch(port)[0] == 200
    assert running.stop() == 0


def test_a_log_that_may_not_grow(start, place):
    """RLIMIT_FSIZE is the full disk that nobody needs rights for. The signal that comes with it must not end anything."""
    running, port = serve_into(start, ">log", before=["sh", "-c", 'ulimit -f 2 && exec "$@"', "sh"])
    running.err.wait_for(r"^hewn: log: lines cannot be written: File too large$")
    assert fetch(port)[0] == 200
    assert running.stop() == 0
    assert 1024 <= (place / "log").stat().st_size <= 2048


def test_words_that_may_not_be_written(start, hewn):
    if b"__tsan_init" in Path(hewn).read_bytes():
        pytest.skip("ThreadSanitizer writes a file of its own before main begins, and dies of it")
    running, port = serve_into(start, ">log 2>words", before=["sh", "-c", 'ulimit -f 0 && exec "$@"', "sh"])
    assert fetch(port)[0] == 200
    assert running.stop() == 0


def test_a_reader_of_lines_and_words_that_stands_still(start):
    """Both are one pipe, it is full, and nobody reads."""
    reading, writing = os.pipe()
    with open(writing, "wb", buffering=0) as pipe:
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while pipe.write(b"x" * 4096):
                pass
        with contextlib.suppress(BlockingIOError):
            while pipe.write(b"x"):
                pass
        os.set_blocking(writing, True)
        port = free_port()
        running = start("-l", f"127.0.0.1:{port}", "--loops", "1", "dist", inherited=(writing,),
                        before=["sh", "-c", f'exec "$@" >/proc/self/fd/{writing}', "sh"])
        for _ in range(40):
            assert answers(port, running.process)
        time.sleep(TICK_S)
        assert fetch(port)[0] == 200
        assert running.stop() == 0
    os.close(reading)


# Time

@pytest.mark.parametrize("seconds", [200_000_000, 3_000_000_000])
def test_a_machine_that_has_been_up_for_years(start, seconds):
    """The wall clock's jumps are unit tests of server/lane, for it can only be set for a whole machine."""
    before = ["unshare", "--time", f"--monotonic={seconds}", "--fork", "--kill-child"]
    if subprocess.run([*before, "true"], capture_output=True).returncode != 0:
        pytest.skip("no right to make a time namespace (unshare --time)")
    running = start("-l", "127.0.0.1:0", "--loops", "2", "dist", before=before)
    port = running.port()
    with connected(port) as idle:
        assert fetch(port, "/ten.txt") == (200, b"0123456789")
        time.sleep(TICK_S)
        idle.sendall(b"GET /ten.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
    unshare = running.process.pid
    server = int(Path(f"/proc/{unshare}/task/{unshare}/children").read_text())
    os.kill(server, signal.SIGTERM)
    assert running.ended() == 0
