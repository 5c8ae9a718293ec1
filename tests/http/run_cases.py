#!/usr/bin/python3
"""run_cases.py CASE-SERVER: the HTTP cases against a server started here: all must pass leniently, and
at least STRICT_LEAST strictly; the server must live through them and end well."""
import os
import re
import select
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases")
STRICT_LEAST = 404
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
    return server, found.group(1)


def stop(server):
    """Its exit status; a sanitizer's report makes it another than 0."""
    server.send_signal(signal.SIGTERM)
    try:
        return server.wait(SECONDS_MAX)
    except subprocess.TimeoutExpired:
        server.kill()
        return "none: it does not stop"


def run_cases(port, *options):
    """(passed, of how many); what failed is printed."""
    ended = subprocess.run([sys.executable, os.path.join(CASES, "h1cases.py"), "127.0.0.1", port,
                            *options], capture_output=True, text=True)
    print(ended.stdout, ended.stderr, sep="", end="")
    found = re.search(r"^h1cases: (\d+) of (\d+) pass", ended.stdout, re.MULTILINE)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 1)


def main(program):
    with tempfile.TemporaryDirectory() as root:
        subprocess.run([sys.executable, os.path.join(CASES, "mkroot.py"), root], check=True,
                       stdout=subprocess.DEVNULL)
        server, port = start(program, root)
        passed, count = run_cases(port)
        strictly, _ = run_cases(port, "--strict")
        status = stop(server)
    is_strict, has_ended_well = strictly >= STRICT_LEAST, status == 0
    print(f"strictly {strictly} of {count}, at least {STRICT_LEAST} are wanted; exit status {status}")
    failed = count - passed + (not is_strict) + (not has_ended_well)
    print(f"{passed + is_strict + has_ended_well} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
