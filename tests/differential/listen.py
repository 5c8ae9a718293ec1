"""Says the same to every server and listens: what the answers are, and whether the connection was kept.

An outcome is one word an answer, then `closed` or `kept`: `200A 400 closed`. A letter tells whose content it is: of the file
that was asked for first (A), of the smuggled request (X), of the last one (S). `raw` is content without a head."""
import heapq
import re
import select
import socket
import time

REASON = re.compile(rb"\r\n\r\n[A-Z][\w -]+: ([^\r\n]*\(RFC [\d ,.]+\))\n")
STATUS = re.compile(rb"HTTP/1\.[01] (\d\d\d)[ \r]")
IN_FLIGHT = 60
RETRIES = 3


def outcome_of(data, end):
    heads = list(STATUS.finditer(data))
    words = []
    if data and (not heads or heads[0].start() > 0):
        words.append("raw")
    for number, head in enumerate(heads):
        until = heads[number + 1].start() if number + 1 < len(heads) else len(data)
        content = re.search(rb"=([AXS])=", data[head.end():until])
        words.append(head[1].decode() + (content[1].decode() if content else ""))
    return " ".join([*words, end])


class Exchange:
    def __init__(self, job, port, request, quiet):
        self.job, self.port, self.request, self.quiet = job, port, request, quiet
        self.data, self.tries = b"", 0
        self.open()

    def open(self):
        self.rest = self.request
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", self.port))
        self.until = time.monotonic() + max(self.quiet, 2)

    def turn(self, events):
        """None, or how it ended."""
        try:
            if self.rest and events & (select.EPOLLOUT | select.EPOLLERR):
                self.rest = self.rest[self.socket.send(self.rest):]
                self.until = time.monotonic() + self.quiet
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                piece = self.socket.recv(65536)
                self.data += piece
                self.until = time.monotonic() + self.quiet
                return None if piece else "closed"
        except BlockingIOError:
            pass
        except OSError:
            return "reset"
        return None


def play(jobs, quiet, in_flight=IN_FLIGHT, reasons=None):
    """{job: outcome} of [(job, port, request)]; `quiet`: after so many seconds of silence the connection counts as kept."""
    poll, running, ends, outcomes = select.epoll(), {}, [], {}
    waiting = iter(jobs)

    def begin(exchange):
        running[exchange.socket.fileno()] = exchange
        poll.register(exchange.socket, select.EPOLLIN | select.EPOLLOUT)
        heapq.heappush(ends, (exchange.until, exchange.socket.fileno()))

    def finish(exchange, end):
        del running[exchange.socket.fileno()]
        exchange.socket.close()
        # A reset may have taken an answer with it that was on its way.
        if end == "reset" and not exchange.data and exchange.tries < RETRIES:
            exchange.tries += 1
            exchange.open()
            begin(exchange)
            return
        if reasons is not None and (said := REASON.search(exchange.data)):
            reasons[exchange.job] = said[1].decode()
        outcomes[exchange.job] = outcome_of(exchange.data, "closed" if end == "reset" else end)

    def fill():
        while len(running) < in_flight and (one := next(waiting, None)):
            begin(Exchange(*one, quiet))

    fill()
    while running:
        now = time.monotonic()
        while ends and ends[0][0] <= now:
            _, fd = heapq.heappop(ends)
            exchange = running.get(fd)
            if exchange and exchange.until <= now:
                finish(exchange, "kept")
            elif exchange:
                heapq.heappush(ends, (exchange.until, fd))
        ready = poll.poll(max(0, ends[0][0] - now) if ends else 0.05)
        for exchange, fd, events in [(running[fd], fd, events) for fd, events in ready if fd in running]:
            had = bool(exchange.rest)
            end = exchange.turn(events)
            if end:
                finish(exchange, end)
            elif had and not exchange.rest:
                poll.modify(fd, select.EPOLLIN)
                heapq.heappush(ends, (exchange.until, fd))
        fill()
    poll.close()
    return outcomes


def play_surely(jobs, quiet=0.1, long=0.7, in_flight=IN_FLIGHT, reasons=None):
    """As above; `reasons` takes what Hewn says of its refusals, by job. Silence is believed after a second, longer look."""
    jobs = list(jobs)
    outcomes = play(jobs, quiet, in_flight, reasons)
    again = [one for one in jobs if outcomes[one[0]].endswith("kept")]
    if again:
        outcomes.update(play(again, long, max(in_flight, 150), reasons))
    return outcomes
