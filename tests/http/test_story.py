"""The life of one request is what ARCHITECTURE.md says it is."""
import difflib
import re
from pathlib import Path

import pytest
from serving import Server
from wire import Client

ARCHITECTURE = Path(__file__).resolve().parents[2] / "ARCHITECTURE.md"
STEPS = 14


def told_in_the_document():
    block = re.search(r"^## The life of one request$.*?^```$(.*?)^```$", ARCHITECTURE.read_text(),
                      re.MULTILINE | re.DOTALL).group(1)
    return re.findall(r"^ *(\d+) (\S+) +(.*)$", block, re.MULTILINE)


def seen_in_the_trace(log):
    steps = re.findall(r"^step (\S+) +(.*)$", log, re.MULTILINE)
    return [(str(number), *step) for number, step in enumerate(steps, 1)]


def lines(steps):
    return ["{:>2} {:18} {}".format(*step) for step in steps]


def test_the_life_of_one_request(hewn_program, root):
    server = Server([hewn_program, "--trace", "--listen", "127.0.0.1:0", str(root)])
    try:
        with Client(("127.0.0.1", server.port())) as client:
            assert client.get("/hello.txt").body == b"hello, world\n"
        assert server.stop() == 0
    finally:
        server.clean_up()
    told, seen = lines(told_in_the_document()), lines(seen_in_the_trace(server.out.all()))
    difference = difflib.unified_diff(told, seen, "ARCHITECTURE.md", "hewn --trace", n=STEPS, lineterm="")
    if told != seen:
        pytest.fail("\n".join(difference), pytrace=False)
    assert len(told) == STEPS
