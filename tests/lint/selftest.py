#!/usr/bin/python3
"""Our own checks must report what the fixtures violate: each line marked `expect: WORDS`, in
exactly that file and line, with those words, and nothing else."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "fixtures")
CHECKS = ["layers", "banned", "unique_names", "shape", "seam", "limits", "globals"]


def expected(root):
    marks = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    mark = re.search(r"expect: (.*?) *\*/", line)
                    if mark:
                        marks[f"{os.path.relpath(path, root)}:{number}"] = mark.group(1)
    return marks


def command(check, root, scratch):
    script = [sys.executable, os.path.join(HERE, check + ".py")]
    if check != "globals":
        return script + [root]
    compiled = os.path.join(scratch, "state.o")
    subprocess.run(["cc", "-g", "-fPIE", "-c", "src/state.c", "-o", compiled], cwd=root, check=True)
    return script + [os.path.join(root, "allowed.txt"), compiled]


def problems(check, scratch):
    root = os.path.join(FIXTURES, check)
    run = subprocess.run(command(check, root, scratch), cwd=root, capture_output=True, text=True)
    if run.stderr or run.returncode != 1:
        yield f"exit status {run.returncode} {run.stderr}"
    wanted = expected(root)
    for line in run.stdout.splitlines():
        if line.startswith("note:"):
            continue
        place, _, words = line.partition(": ")
        mark = wanted.pop(place, None)
        if mark is None:
            yield f"blames what is right: {line}"
        elif mark not in words:
            yield f"says '{words}' at {place}, not '{mark}'"
    for place, mark in wanted.items():
        yield f"did not report {place}: {mark}"


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for check in CHECKS:
            found = list(problems(check, scratch))
            failed += bool(found)
            for words in found:
                print(f"{check}.py {words}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
