#!/usr/bin/python3
"""Which branches the tests take: coverage.py FOLDER. FOLDER is built with clang's coverage.

Runs the unit tests, the same with each allocation failing, the talks and what else links the core over
the test seam, and puts together what they have counted. Every branch of the pure modules (WHOLE) must
have gone both ways, or stand with its reason in coverage.txt; of all of src SHARE of the branches and of
the lines. A branch is one condition, also within && and ||. An assertion's failure is not one: those
that can be tested are, in a process that dies of it.

The counters lie in a file that every process maps (the `%c` below): one that ends by _exit, as each
child of the sweep does, has counted too."""
import collections
import glob
import json
import os
import re
import shutil
import subprocess
import sys

WHOLE = re.compile(r"src/(http|h1)/|src/kit/root\.")
SHARE = 95.0
EXCEPTIONS = "tests/coverage.txt"
IS_ASSERTION = re.compile(r"\bhw_assert\(")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
# (name, command): each has a file of counters of its own; {} is the folder.
PROGRAMS = [
    ("unit", ["{}/unit"]),
    ("sweep", ["{}/unit", "--sweep"]),
    ("talk", ["{}/talk", *sorted(glob.glob("tests/talk/*.talk"))]),
    ("fault", ["{}/fault"]),
    ("sim", ["{}/sim", "1", "300"]),
    ("cases", [sys.executable, "tests/http/run_cases.py", "{}/case-server"]),
    ("storm", ["{}/tests/storm/storm", "3000"]),
    ("programs", [*PYTEST, "tests/program/test_stream.py", "tests/program/test_examples.py",
                  "tests/program/test_listen.py", "tests/program/test_stop.py", "tests/program/test_log.py",
                  "tests/program/test_limits.py", "tests/program/test_options.py",
                  "tests/program/test_allocations.py", "tests/program/test_answers.py",
                  "tests/program/test_caching.py", "tests/program/test_explain.py",
                  "tests/program/test_listing.py", "tests/program/test_compress.py",
                  "tests/program/test_roots.py", "tests/program/test_cert.py",
                  "tests/program/test_tls.py"]),
    ("clients", [*PYTEST, "tests/http/test_stalls.py", "tests/http/test_shedding.py",
                 "tests/http/test_drain.py", "tests/http/test_changing_files.py",
                 "tests/http/test_sockets.py", "tests/http/test_cold_files.py"]),
]


def tool(name):
    """llvm's programs of clang's own version: they read one another's files."""
    words = subprocess.run(["clang", "--version"], capture_output=True, text=True).stdout
    version = re.search(r"version (\d+)", words).group(1)
    return next(word for word in (f"{name}-{version}", name) if shutil.which(word))


def count(folder):
    """Runs everything; the name of the file with all counts."""
    profiles = os.path.abspath(f"{folder}/profiles")
    shutil.rmtree(profiles, ignore_errors=True)
    os.makedirs(profiles)
    for name, words in PROGRAMS:
        here = os.path.abspath(folder)
        environment = dict(os.environ, HEWN=f"{here}/hewn", CASE_SERVER=f"{here}/case-server",
                           STALL_SERVER=f"{here}/stall-server", HEWN_BUILD=here,
                           LLVM_PROFILE_FILE=f"{profiles}/{name}-%p-%c.profraw",
                           HEWN_STEP="11")  # of OpenSSL's allocations that fail
        done = subprocess.run([word.format(folder) for word in words], env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            sys.exit(f"{done.stdout[-4000:]}\n{name}: ended with {done.returncode}")
    whole = f"{profiles}/all.profdata"
    # Who was killed, or may write no file, has left half of one.
    subprocess.run([tool("llvm-profdata"), "merge", "-failure-mode=all", "-o", whole, *glob.glob(f"{profiles}/*.profraw")],
                   check=True)
    return whole


def read_counts(folder, profile):
    programs = sorted({word.format(folder) for _, words in PROGRAMS for word in words if "{}" in word})
    objects = [programs[0]]
    for program in programs[1:]:
        objects += ["-object", program]
    done = subprocess.run([tool("llvm-cov"), "export", *objects, f"-instr-profile={profile}",
                           "-ignore-filename-regex=tests/"], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)["data"][0]["files"]


def read_exceptions():
    """{(file, condition): reason}"""
    exceptions = {}
    for number, line in enumerate(open(EXCEPTIONS, encoding="utf-8"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" :: ")]
        if len(parts) != 3:
            sys.exit(f"{EXCEPTIONS}:{number}: not `file :: condition :: reason`")
        exceptions[parts[0], parts[1]] = parts[2]
    return exceptions


def missing_branches(path, file):
    """(branches, [(line, condition, way)]) of a source file."""
    lines = open(path, encoding="utf-8").read().split("\n")
    seen = collections.Counter()
    for first, column, last, end, true, false, *_ in file["branches"]:
        text = lines[first - 1][column - 1:end - 1] if first == last else lines[first - 1][column - 1:]
        if IS_ASSERTION.search(lines[first - 1]):
            continue
        seen[first, column, text, "true"] += true
        seen[first, column, text, "false"] += false
    return len(seen), [(line, text, way) for (line, _, text, way), times in sorted(seen.items())
                       if times == 0]


def main(folder):
    exceptions, used, failures = read_exceptions(), set(), []
    branches = missed = lines = missed_lines = 0
    table = []
    for file in read_counts(folder, count(folder)):
        path = os.path.relpath(os.path.join(folder, file["filename"])
                               if not os.path.isabs(file["filename"]) else file["filename"])
        covered = file["summary"]["lines"]
        if not path.startswith("src/") or not covered["count"]:
            continue
        number, missing = missing_branches(path, file)
        branches, missed = branches + number, missed + len(missing)
        lines += covered["count"]
        missed_lines += covered["count"] - covered["covered"]
        table.append((path, number, len(missing), covered["percent"]))
        for line, text, way in missing:
            if (path, text) in exceptions:
                used.add((path, text))
            elif WHOLE.search(path):
                failures.append(f"{path}:{line}: never {way}: {text}")
    failures += [f"{EXCEPTIONS}: {path} has no such untaken branch: {text}"
                 for path, text in sorted(set(exceptions) - used)]
    with open(f"{folder}/coverage.txt", "w", encoding="utf-8") as report:
        for path, number, few, percent in sorted(table):
            report.write(f"{path:34} {number:5} branches {few:4} not taken   lines {percent:6.2f} %\n")
    share = 100 * (branches - missed) / branches
    line_share = 100 * (lines - missed_lines) / lines
    print(f"note: {branches} branches, {share:.2f} % taken; lines {line_share:.2f} %; "
          f"by file: {folder}/coverage.txt")
    if share < SHARE:
        failures.append(f"src: {share:.2f} % of the branches, {SHARE} wanted")
    if line_share < SHARE:
        failures.append(f"src: {line_share:.2f} % of the lines, {SHARE} wanted")
    print("\n".join(failures))
    print(f"{len(table)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: coverage.py FOLDER")
    sys.exit(main(sys.argv[1]))
