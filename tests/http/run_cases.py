#!/usr/bin/python3
"""run_cases.py CASE-SERVER: the HTTP cases against a server started here: none may fail, at least STRICT_LEAST
must pass without being merely tolerated; the server must live through them and end well."""
import os
import re
import select
import signal
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases"))
import h1cases
import mkroot

STRICT_LEAST = 420
SECONDS_MAX = 20


def start(program, root):
    """The server, and the port that it says it listens on."""
    server = subprocess.Popen([program, "--listen", "127.0.0.1:0", root], stdout=subprocess.PIPE,
                              text=True)
    ready, _, _ = select.select([server.stdout], [], [], SECONDS_MAX)
    said = server.stdout.readline() if ready else ""
    found = re.search(r":(\d+)\s*$", said)
    if not found:
        server.kill()
        sys.exit(f"{program} does not say where it listens: '{said}'")
    return server, int(found.group(1))


def stop(server):
    """Its exit status; a sanitizer's report makes it another than 0."""
    server.send_signal(signal.SIGTERM)
    try:
        return server.wait(SECONDS_MAX)
    except subprocess.TimeoutExpired:
        server.kill()
        return "none: it does not stop"


def main(program):
    with tempfile.TemporaryDirectory() as root:
        mkroot.main(root)
        server, port = start(program, root)
        outcomes = h1cases.run_cases(("127.0.0.1", port))
        status = stop(server)
    for outcome in outcomes:
        if outcome.verdict != h1cases.PASS:
            print(h1cases.tell(outcome))
    strictly = sum(outcome.verdict == h1cases.PASS for outcome in outcomes)
    failed = sum(outcome.verdict == h1cases.FAIL for outcome in outcomes)
    print(f"strictly {strictly} of {len(outcomes)}, at least {STRICT_LEAST} are wanted; exit status {status}")
    oks = [strictly >= STRICT_LEAST, status == 0]
    failed += oks.count(False)
    print(f"{len(outcomes) + len(oks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
