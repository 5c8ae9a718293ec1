#!/usr/bin/python3
"""h1_feed.py PROGRAM: no byte of a head is examined again because it came in small pieces.

Counts instructions with callgrind while a 32 KiB head is fed whole and byte by byte, the cost of the
calls themselves taken off, and fails where a byte costs more than a few instructions in pieces: one
that looked at it again would spend thousands. (Whole, sixteen bytes are looked at together, so
the two are not compared.)"""
import re
import subprocess
import sys

SHAPES = ["fields", "values", "blanks", "names", "target"]
PIECES_MAX = 30  # counted: 26, beside the 200 of a call


def instructions(program, shape, way):
    """The instructions of one run, and the bytes of its head."""
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          program, shape, way], capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not counted:
        sys.exit(f"h1_feed.py: {program} {shape} {way}: exit status {run.returncode}\n{run.stderr}")
    return int(counted[1]), int(run.stdout)


def measure(program, shape):
    """Instructions per byte: whole, in pieces, and of a call."""
    none, size = instructions(program, shape, "none")
    whole, pieces, calls = (instructions(program, shape, way)[0] - none
                            for way in ("whole", "bytes", "calls"))
    return whole / size, (pieces - calls) / size, calls / size


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: h1_feed.py PROGRAM")
    failed = 0
    print("instructions per byte of a 32 KiB head")
    print(f"{'shape':8} {'whole':>8} {'pieces':>8} {'(a call)':>9}")
    for shape in SHAPES:
        whole, pieces, call = measure(sys.argv[1], shape)
        good = 0 < pieces <= PIECES_MAX
        failed += not good
        print(f"{shape:8} {whole:8.1f} {pieces:8.1f} {call:9.1f}"
              f"{'' if good else f'  FAILED: at most {PIECES_MAX}'}")
    print(f"{len(SHAPES) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
