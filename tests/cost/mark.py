#!/usr/bin/python3
"""mark.py PROGRAM: what it costs that a loop can be taken over, for each handler that runs on it.

Counts instructions with callgrind, as the difference of two runs of which one marks more handlers. Fails where the marks of one
are more than one in a hundred of what a small file may cost (the line "200" of ceilings.txt), so that whoever answers one from a handler
pays no more for it; what a quick step answers is not marked at all (answer_of_a_quick_step_is_not_marked)."""
import os
import re
import subprocess
import sys

CEILINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ceilings.txt")
COUNT_BEFORE, COUNT_MORE = 10, 10000
SHARE = 0.01


def instructions(program, count):
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, str(count)],
                         capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not counted:
        sys.exit(f"mark.py: {program} {count}: exit status {run.returncode}\n{run.stderr}")
    return int(counted[1])


def small_file():
    with open(CEILINGS, encoding="utf-8") as file:
        return next(int(line.split()[3]) for line in file if line.startswith("200 "))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: mark.py PROGRAM")
    more = instructions(sys.argv[1], COUNT_BEFORE + COUNT_MORE) - instructions(sys.argv[1], COUNT_BEFORE)
    marks, request = more / COUNT_MORE, small_file()
    good = 0 < marks <= SHARE * request
    print(f"{marks:.0f} instructions for the marks of a handler, {marks / request:.2%} of a request's {request}"
          f"{'' if good else f'  FAILED: at most {SHARE:.0%}'}")
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
