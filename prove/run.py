#!/usr/bin/env python3
"""Runs what is proved rather than tested: `./dev prove`.

takeover.pml is searched exhaustively by Spin, with weak fairness; then each of its deliberate mistakes must be found, so that it is
known that the search would see one.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "takeover.pml")
MISTAKES = ("BROKEN_SWAP", "BROKEN_WAKE")


def search(folder, *defines):
    """The number of errors Spin finds, and of the states it has looked at."""
    flags = [f"-D{define}" for define in defines]
    subprocess.run(["spin", *flags, "-a", MODEL], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["gcc", "-O2", "-w", "-DNFAIR=4", "-o", "pan", "pan.c"], cwd=folder, check=True)
    told = subprocess.run(["./pan", "-a", "-f", "-m1000000"], cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout
    errors = re.search(r"errors: (\d+)", told)
    states = re.search(r"(\d+) states, stored", told)
    if not errors or "max search depth too small" in told or "out of memory" in told:
        raise SystemExit(f"prove: the search did not end:\n{told}")
    return int(errors[1]), int(states[1]) if states else 0


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for defines in ((), *((mistake,) for mistake in MISTAKES)):
            began = time.monotonic()
            errors, states = search(folder, *defines)
            is_right = (errors == 0) == (not defines)
            what = f"with {defines[0]}: {'found' if errors else 'NOT FOUND'}" if defines else f"{errors} errors in {states} states"
            print(f"prove: takeover {what} ({time.monotonic() - began:.0f} s)", flush=True)
            failed += not is_right
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
