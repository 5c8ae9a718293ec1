#!/usr/bin/python3
"""selftest.py BUILD: the mistakes of planted.c must be found by this build: address (leak, overflow,
undefined behaviour, sweep) or thread (race); and those that the simulation plants, by that."""
import os
import subprocess
import sys

# test, options, what the report must say; the first of a set is for AddressSanitizer
ADDRESS = [
    ("leak", [], "detected memory leaks"),
    ("overflow", [], "heap-buffer-overflow"),
    ("undefined", [], "signed integer overflow"),
    ("assertion", [], "1 != 0x2"),
    ("unchecked_allocation", ["--sweep"], "SEGV|null pointer"),
    ("leak_on_the_way_out", ["--sweep"], "it leaks"),
    ("hang", ["--sweep", "--deadline", "1"], "it hangs"),
    ("wrong_answer", ["--sweep"], "not for want of memory"),
]
THREAD = [("race", [], "data race")]
# Mistakes that the simulation makes on demand: each must be found within so many seeds.
PLANTS = ["lose-byte", "no-deadline", "swap", "leak", "deaf", "stale"]
PLANT_SEEDS = 60


def run(program, test, options):
    command = [program, *options, f"selftest/planted.c:{test}"]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           errors="replace", timeout=60)
    return command, ended.returncode, ended.stdout


def problem(program, test, options, words):
    """What is wrong when a planted mistake is run, or None."""
    command, status, output = run(program, test, options)
    if status == 0:
        return f"{' '.join(command)} is green"
    if not any(word in output for word in words.split("|")):
        return f"{' '.join(command)} does not say '{words}':\n{output}"
    return None


def problem_of_plant(program, name):
    command = [program, "--plant", name, "1", str(PLANT_SEEDS)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           errors="replace", timeout=120)
    if ended.returncode == 0:
        return f"{' '.join(command)} is green"
    if f"alone: {program} --plant {name} --trace " not in ended.stdout:
        return f"{' '.join(command)} does not say how to play it again:\n{ended.stdout}"
    return None


def main(build):
    program = os.path.join(build, "selftest")
    threads = build.rstrip("/").endswith("tsan")
    checks = THREAD if threads else ADDRESS
    found = [words for words in (problem(program, *check) for check in checks) if words]
    plants = [] if threads else PLANTS
    found += [words for words in (problem_of_plant(os.path.join(build, "sim"), name)
                                  for name in plants) if words]
    for options in [[]] if threads else [[], ["--sweep"]]:
        command, status, output = run(program, "sound", options)
        if status != 0:
            found.append(f"{' '.join(command)} is red:\n{output}")
    for words in found:
        print(words)
    total = len(checks) + len(plants) + (1 if threads else 2)
    print(f"{total - len(found)} passed, {len(found)} failed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
