"""A server under test. It has ended well when its status is 0 and it had nothing to complain of."""
import re
import signal
from functools import lru_cache
from pathlib import Path

from running import Running


@lru_cache
def has_sanitizer(program, letter):
    return b"__%csan_init" % letter.encode() in Path(program).read_bytes()


def is_sanitized(program):
    return has_sanitizer(program, "a") or has_sanitizer(program, "t")


class Server(Running):
    @property
    def address(self):
        """The first it listens on, as sockets take it."""
        said = self.out.wait_for(r"^(?:unix:(.*)|\[?([^\[\]]*)\]?:(\d+))$")
        path, host, port = said.groups()
        return path or (host, int(port))

    @property
    def url(self):
        host, port = self.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def memory(self, name="VmRSS"):
        """Bytes, as the kernel counts them."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE).group(1)) * 1024

    def end_well(self):
        try:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGTERM)
            status = self.ended()
        finally:
            self.clean_up()
        assert (status, self.err.all()) == (0, "")
