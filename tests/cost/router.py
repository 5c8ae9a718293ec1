#!/usr/bin/python3
"""router.py PROGRAM: a path among 1,000 routes costs what it costs among 10.

Counts instructions with callgrind; what it takes to add the routes is taken off."""
import re
import subprocess
import sys

ROUNDS, PATHS = 2000, 4
MANY_MAX = 1.1   # times as much as among few: tables differ in how they fill
LOOKUP_MAX = 1250  # instructions; counted: 1,110, for four segments


def instructions(program, routes, rounds):
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          program, str(routes), str(rounds)], capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not counted or int(run.stdout) != rounds * 3:
        sys.exit(f"router.py: {program} {routes} {rounds}: exit status {run.returncode}\n{run.stdout}{run.stderr}")
    return int(counted[1])


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: router.py PROGRAM")
    few, many = ((instructions(sys.argv[1], routes, ROUNDS) - instructions(sys.argv[1], routes, 0)) / ROUNDS / PATHS
                 for routes in (10, 1000))
    checks = [(f"a path among 10 routes: {few:.0f} instructions (at most {LOOKUP_MAX})", few <= LOOKUP_MAX),
              (f"among 1,000: {many:.0f}, {many / few:.2f} times as many (at most {MANY_MAX})", many <= few * MANY_MAX)]
    for words, is_good in checks:
        print(f"{'' if is_good else 'FAILED: '}{words}")
    failed = sum(not is_good for _, is_good in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
