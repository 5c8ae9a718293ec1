#!/usr/bin/python3
"""./dev fuzz: builds a target with libFuzzer, runs it over its corpus, brings what it learned back
into the tree, and enters the run in docs/fuzz.md."""
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

CORPORA, FINDINGS, LEDGER = "tests/fuzz/corpus", "tests/fuzz/findings", "docs/fuzz.md"
ENVIRONMENT = dict(
    os.environ, CC="clang",
    ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1:detect_stack_use_after_return=0",
    UBSAN_OPTIONS="print_stacktrace=1")
LEDGER_HEAD = """# Fuzzing

| src | date | target | seconds | executions | edges | features | findings |
|---|---|---|---|---|---|---|---|
"""
PLANTED_SECONDS = 60
LEARNED_NAME = re.compile(r"[0-9a-f]{40}")  # what libFuzzer calls an input


def targets():
    return sorted(name[:-len("_fuzz.c")] for name in os.listdir("tests/fuzz")
                  if name.endswith("_fuzz.c"))


def build(folder, target, *options):
    """The program; a failing build ends everything."""
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["meson", "setup", folder, "-Dfuzz=true", "-Db_sanitize=address,undefined",
                        *options], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    program = f"fuzz-{target}"
    subprocess.run(["ninja", "--quiet", "-C", folder, program], check=True)
    return os.path.join(folder, program)


def run_fuzzer(program, target, seconds, findings, folders, log):
    """Runs to the end or to the first finding; libFuzzer's words go to the log."""
    command = [program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
               "-print_final_stats=1", f"-artifact_prefix={findings}/", *folders]
    dictionary = f"tests/fuzz/{target}.dict"
    if os.path.exists(dictionary):
        command.insert(1, f"-dict={dictionary}")
    with open(log, "w", encoding="utf-8") as file:
        return subprocess.run(command, env=ENVIRONMENT, stdout=file, stderr=file).returncode


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def is_found_by_fuzzer(name):
    """libFuzzer names an input after its hash; a seed that a person wrote has a better name."""
    return re.fullmatch(r"[0-9a-f]{40}", name) is not None


def bring_back(program, corpus, learned):
    """Keeps the written seeds, and of all found inputs the fewest that cover the same."""
    with tempfile.TemporaryDirectory() as fresh:
        for name in os.listdir(corpus):
            if not is_found_by_fuzzer(name):
                shutil.copy(os.path.join(corpus, name), fresh)
        subprocess.run([program, "-merge=1", fresh, corpus, learned], env=ENVIRONMENT, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in os.listdir(corpus):
            if is_found_by_fuzzer(name):
                os.unlink(os.path.join(corpus, name))
        for name in os.listdir(fresh):
            shutil.copy(os.path.join(fresh, name), corpus)


def source_name():
    """The name of src as git stores it, which does not depend on the commits that it went through;
    with a plus when it has changed since."""
    name = subprocess.run(["git", "rev-parse", "--short", "HEAD:src"], capture_output=True,
                          text=True).stdout.strip()
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "src"]).returncode
    return name + ("+" if changed else "")


def enter(row):
    os.makedirs(os.path.dirname(LEDGER), exist_ok=True)
    if not os.path.exists(LEDGER):
        with open(LEDGER, "w", encoding="utf-8") as file:
            file.write(LEDGER_HEAD)
    with open(LEDGER, "a", encoding="utf-8") as file:
        file.write("| " + " | ".join(str(cell) for cell in row) + " |\n")


def fuzz(target, minutes):
    program = build("build/fuzz", target)
    corpus, findings = f"{CORPORA}/{target}", f"{FINDINGS}/{target}"
    learned, log = f"build/fuzz/learned-{target}", f"build/fuzz/{target}.log"
    for folder in (corpus, findings, learned):
        os.makedirs(folder, exist_ok=True)
    before = set(os.listdir(findings))
    print(f"fuzzing {target} for {minutes:g} minutes; the log is {log}", flush=True)
    start = time.monotonic()
    status = run_fuzzer(program, target, int(minutes * 60), findings, [learned, corpus], log)
    seconds = int(time.monotonic() - start)
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    found = sorted(set(os.listdir(findings)) - before)
    bring_back(program, corpus, learned)
    row = (source_name(), datetime.date.today().isoformat(), target,
           last_number(r"Done \d+ runs in (\d+) second", text) or seconds,
           last_number(r"stat::number_of_executed_units: (\d+)", text),
           last_number(r"cov: (\d+)", text), last_number(r"ft: (\d+)", text), len(found))
    enter(row)
    print(f"{row[4]} executions in {row[3]} s, {row[5]} edges, {row[6]} features;"
          f" corpus: {len(os.listdir(corpus))} inputs")
    for name in found:
        print(f"FOUND {findings}/{name}\n  replay: {program} {findings}/{name}")
    if status and not found:
        print(text[-3000:])
    for folder in (findings, FINDINGS):
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
    return 1 if status or found else 0


def fuzz_planted(target):
    """The bug that the target's file plants must be found, or the target sees nothing. It is searched
    for from the written seeds alone: a learned input may be the bug, and replay finds nothing."""
    program = build("build/planted", target, "-Dplanted=true")
    corpus, log = f"{CORPORA}/{target}", f"build/planted/{target}.log"
    with tempfile.TemporaryDirectory() as start, tempfile.TemporaryDirectory() as findings:
        for name in os.listdir(corpus) if os.path.isdir(corpus) else []:
            if not LEARNED_NAME.fullmatch(name):
                shutil.copy(os.path.join(corpus, name), start)
        run_fuzzer(program, target, PLANTED_SECONDS, findings, [start], log)
        found = os.listdir(findings)
    with open(log, encoding="utf-8", errors="replace") as file:
        runs = last_number(r"stat::number_of_executed_units: (\d+)", file.read())
    words = "found" if found else f"NOT found within {PLANTED_SECONDS} s"
    print(f"{target}: the planted bug was {words} ({runs} executions; {log})")
    return 0 if found else 1


def main(arguments):
    known = targets()
    if not arguments:
        print("targets: " + " ".join(known))
        return 0
    planted = arguments[0] == "--planted"
    target = arguments[1 if planted else 0] if len(arguments) == 2 else None
    if target not in known:
        print(f"usage: ./dev fuzz TARGET MINUTES, ./dev fuzz --planted TARGET; targets:"
              f" {' '.join(known)}", file=sys.stderr)
        return 64
    try:
        return fuzz_planted(target) if planted else fuzz(target, float(arguments[1]))
    except subprocess.CalledProcessError as failure:
        print(f"{' '.join(failure.cmd)} failed", file=sys.stderr)
        return 70


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
