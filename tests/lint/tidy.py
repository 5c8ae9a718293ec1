#!/usr/bin/python3
"""tidy.py BUILD: clang-tidy over every file of the library, the programs and the examples that
BUILD compiles, two at a time."""
import concurrent.futures
import json
import os
import subprocess
import sys

FOLDERS = ("src/", "cmd/", "examples/")


def compiled_files(build):
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    paths = {os.path.relpath(os.path.join(entry["directory"], entry["file"])) for entry in entries}
    return sorted(path for path in paths if path.startswith(FOLDERS))


def look_at(build, path):
    run = subprocess.run(["clang-tidy", "--quiet", "-p", build, path], capture_output=True,
                         text=True)
    return run.returncode, run.stdout


def main(build):
    passed = failed = 0
    paths = compiled_files(build)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for status, output in pool.map(lambda path: look_at(build, path), paths):
            passed += status == 0
            failed += status != 0
            if status:
                print(output)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
