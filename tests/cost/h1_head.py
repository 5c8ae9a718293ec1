#!/usr/bin/python3
"""h1_head.py PROGRAM: what reading one request's head costs, in instructions.

Counts with callgrind two runs of which one does it more often: reading, copying, taking the target apart and
decoding the path where it is not plain, looking for conditions. Fails above the ceilings, which may only be lowered; they
allow 3 % more than gcc 12 and gcc 14 need for x86-64 without link-time optimisation, and elsewhere nothing is judged."""
import platform
import re
import subprocess
import sys

from compiler import compiler_of

CEILINGS = {"gcc12": {"small": 997, "browser": 2808}, "gcc14": {"small": 1095, "browser": 3125}}
ROUNDS_BEFORE, ROUNDS_COUNTED = 10, 1000
IS_TIGHT = 0.9  # a figure below this share of its ceiling is worth a note


def instructions(program, shape, rounds):
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          program, shape, str(rounds)], capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not counted:
        sys.exit(f"h1_head.py: {program} {shape} {rounds}: exit status {run.returncode}\n{run.stderr}")
    return int(counted[1])


def measure(program, shape):
    """Instructions a head."""
    more = instructions(program, shape, ROUNDS_BEFORE + ROUNDS_COUNTED)
    return (more - instructions(program, shape, ROUNDS_BEFORE)) / ROUNDS_COUNTED


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: h1_head.py PROGRAM")
    failed, is_judged = 0, platform.machine() == "x86_64"
    ceilings = CEILINGS[compiler_of(sys.argv[1])]
    for shape, ceiling in ceilings.items():
        value = measure(sys.argv[1], shape)
        good = value <= ceiling or not is_judged
        failed += not good
        print(f"{shape:8} {value:6.0f} instructions a head{'' if good else f'  FAILED: at most {ceiling}'}")
        if value < IS_TIGHT * ceiling and is_judged:
            print(f"note: {shape}: the ceiling of {ceiling} can be lowered")
    print(f"{len(ceilings) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
