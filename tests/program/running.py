"""A program under test: its output as it comes, and nothing that waits without a deadline."""
import fcntl
import os
import pty
import re
import signal
import subprocess
import termios
import threading
import time

SECONDS_MAX = 20


def wait_until(is_so, seconds=SECONDS_MAX):
    """For what nobody tells: a file, another process."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


class Stream:
    """What arrives on a descriptor, read in the background so that the program never blocks on us."""

    def __init__(self, fd):
        self.text, self.is_ended, self.changed = "", False, threading.Condition()
        self.reader = threading.Thread(target=self._read, args=(fd,), daemon=True)
        self.reader.start()

    def _read(self, fd):
        while True:
            try:
                piece = os.read(fd, 65536)
            except OSError:  # a terminal whose last user has gone
                piece = b""
            with self.changed:
                self.text += piece.decode("utf-8", "replace")
                self.is_ended = not piece
                self.changed.notify_all()
            if not piece:
                os.close(fd)
                return

    def wait_for(self, pattern, seconds=SECONDS_MAX):
        """The match of a pattern in all that has come so far, as soon as there is one."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                match = re.search(pattern, self.text, re.MULTILINE)
                if match:
                    return match
                rest = end - time.monotonic()
                if self.is_ended or rest <= 0:
                    why = "ended" if self.is_ended else f"nothing after {seconds} s"
                    raise AssertionError(f"{pattern!r}: {why}; there is:\n{self.text}")
                self.changed.wait(rest)

    def all(self):
        """Everything, once the other end is closed."""
        self.reader.join(SECONDS_MAX)
        assert self.is_ended, f"still open; there is:\n{self.text}"
        return self.text


class Running:
    """A started program. `terminal`: standard output and error are a terminal of its own."""

    def __init__(self, command, terminal=False, cwd=None, environment=None, inherited=()):
        environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", **(environment or {})}
        if terminal:
            self.keyboard, screen = pty.openpty()

            def take_terminal():
                os.setsid()
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

            self.process = subprocess.Popen(command, stdin=screen, stdout=screen, stderr=screen, cwd=cwd,
                                            env=environment, preexec_fn=take_terminal)
            os.close(screen)
            self.out = self.err = Stream(os.dup(self.keyboard))
        else:
            self.keyboard = None
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=cwd, env=environment,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                            pass_fds=inherited)
            self.out = Stream(os.dup(self.process.stdout.fileno()))
            self.err = Stream(os.dup(self.process.stderr.fileno()))
            self.process.stdout.close()
            self.process.stderr.close()

    def port(self):
        """The port of the first address it says it listens on."""
        return int(self.err.wait_for(r"http://[^ ]*:(\d+)/").group(1))

    def port_of_terminal(self):
        return int(self.out.wait_for(r"http://[^ ]*:(\d+)/").group(1))

    def type(self, keys):
        os.write(self.keyboard, keys)

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self, seconds=SECONDS_MAX):
        """The exit status."""
        return self.process.wait(seconds)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.ended()

    def clean_up(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.keyboard is not None:
            os.close(self.keyboard)
            self.keyboard = None


class Network:
    """A network of its own, with nothing in it but a loopback: whatever port is asked for is free."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up; read end"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.is_up = self.holder.stdout.readline() == b"up\n"

    def inside(self, *command):
        return ["nsenter", "--net", "--target", str(self.holder.pid), "--", *command]

    def run(self, *command):
        return subprocess.run(self.inside(*command), capture_output=True, text=True, timeout=SECONDS_MAX)

    def clean_up(self):
        self.holder.communicate(b"\n")
