#!/usr/bin/python3
"""Runs everything that must hold, step by step: ./dev test [--all] [FILTER]

A step is a function below that appears in STEPS. It works in one build folder, and its outcome is the
`N passed, N failed` with which the programs it runs end. FILTER names a step, or else is handed to the
steps that run many tests, as a part of the names of those wanted.

Steps run side by side, as many as there are processors, but for those of ALONE."""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree

PYTHON = "/usr/bin/python3"
LOGS = "build/logs"
REQUEST_COST = "tests/cost/request.py"
DEBUG = ["-Dtests=true", "-Doptimization=1"]
# folder -> compiler, options
BUILDS = {
    "build": ("gcc", ["-Db_lto=true", "-Db_lto_threads=2"]),
    "build/asan": ("gcc", DEBUG + ["-Db_sanitize=address,undefined"]),
    "build/tsan": ("gcc", DEBUG + ["-Db_sanitize=thread"]),
    "build/clang": ("clang", ["-Dtests=true"]),
    # valgrind of Debian 12 cannot read what clang writes for debuggers
    "build/gcc": ("gcc", ["-Dtests=true"]),
    "build/cover": ("clang", DEBUG + ["-Dcoverage=true"]),
}
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:exitcode=99:allocator_may_return_null=1"
                    ":detect_stack_use_after_return=0:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=99:second_deadlock_stack=1",
}
# OpenSSL 3.3 and later look things up without a lock, by atomics that ThreadSanitizer does not see.
OPENSSL_LOCKS_BEFORE = (3, 3)
CLIENT_FOLDERS = [folder for folder in ("tests/http", "tests/program")
                  if glob.glob(f"{folder}/test_*.py")]
STEP_SECONDS = 1200
SIM_SEEDS = 2000
SIM_SEEDS_LONG = 100000
STORM_PROMISES, STORM_PROMISES_LONG = 20_000, 1_000_000
NO_TEST_CHOSEN = 5  # pytest's exit status, and our programs'
# What cppcheck 2.10 says of sound code: of compound literals after `?`, of a member that is a pointer
# and not an array, and of functions that do not return; 2.17 adds that it did not look everywhere.
CPPCHECK_IS_WRONG = ["--suppress=internalAstError", "--suppress=returnDanglingLifetime",
                     "--suppress=va_end_missing", "--suppress=normalCheckLevelMaxBranches"]


def forgive_openssl():
    """Races that are none, where there is an OpenSSL that makes ThreadSanitizer see them."""
    found = subprocess.run(["pkg-config", "--modversion", "openssl"], capture_output=True, text=True)
    if tuple(map(int, re.findall(r"\d+", found.stdout)[:2])) >= OPENSSL_LOCKS_BEFORE:
        SANITIZERS["TSAN_OPTIONS"] += f":suppressions={os.path.abspath('tests/tsan.supp')}"


class Tally:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed"


def without_random_addresses(command):
    """gcc's ThreadSanitizer does not start where the kernel scatters addresses too widely."""
    can = subprocess.run(["setarch", "-R", "true"], capture_output=True).returncode == 0
    return ["setarch", "-R", *command] if can else command


def say(lines):
    """In one piece: other steps speak too."""
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def log_path(name):
    os.makedirs(LOGS, exist_ok=True)
    return os.path.join(LOGS, re.sub(r"[^\w.-]+", "-", name).strip("-") + ".log")


def spell(command, environment):
    """As a person would type it."""
    words = [f"{name}={value}" for name, value in environment.items() if name not in SANITIZERS]
    words += [word if re.fullmatch(r"[\w./:=,+-]+", word) else f"'{word}'" for word in command]
    return " ".join(words)


def run_logged(command, environment, seconds=STEP_SECONDS):
    """(exit status, output); a command that outlives its time is ended and has failed."""
    path = log_path("-".join(os.path.relpath(word, "build") if word.startswith("build/") else
                             os.path.basename(word) for word in command if word != PYTHON)[:60])
    with open(path, "w+", encoding="utf-8", errors="replace") as log:
        try:
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=subprocess.STDOUT, timeout=seconds,
                                    env=dict(os.environ, **environment)).returncode
        except subprocess.TimeoutExpired:
            log.write(f"\nnot finished after {seconds} s\n")
            status = 1
        log.seek(0)
        return status, log.read()


def read_tally(status, output):
    """The last `N passed, N failed` of the output; without one the command itself is the test."""
    found = re.findall(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", output,
                       re.MULTILINE)
    if not found:
        return Tally(failed=1) if status else Tally(passed=1)
    passed, failed, skipped = (int(number or 0) for number in found[-1])
    return Tally(passed, max(failed, 1) if status else failed, skipped)


def run(command, environment=None, wanted=()):
    """One program with tests in it. What it says is shown when something failed."""
    environment = environment or {}
    command = [*command, *wanted]
    status, output = run_logged(command, environment)
    if status == NO_TEST_CHOSEN and wanted:
        return Tally()
    tally = read_tally(status, output)
    lines = output.splitlines()
    said = ["          " + line for line in lines if line.startswith("note:")]
    if tally.failed:
        said += lines[-80:] + [f"alone: {spell(command, environment)[:300]}"]
    say(said)
    return tally


def build(folder):
    """Configures and compiles; warnings are errors. None is the answer to a failure."""
    compiler, options = BUILDS[folder]
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        shutil.rmtree(os.path.join(folder, "meson-private"), ignore_errors=True)
        status, output = run_logged(["meson", "setup", folder, *options], {"CC": compiler})
        if status:
            say([output])
            return False
    status, output = run_logged(["ninja", "--quiet", "-C", folder], {})
    if status:
        words = "\n".join(line for line in output.splitlines() if not line.startswith("["))
        say([words[-6000:], f"alone: ninja -C {folder}"])
    return status == 0


# Steps: (folder, filter) -> Tally

def lint_own(folder, wanted):
    tally = Tally()
    for check in ("form", "layers", "banned", "unique_names", "shape", "seam", "limits", "selftest"):
        tally.add(run([PYTHON, f"tests/lint/{check}.py"]))
    objects = [f"{folder}/libcore.a", f"{folder}/libsys.a", *glob.glob(f"{folder}/hewn.p/*.o")]
    return tally.add(run([PYTHON, "tests/lint/globals.py", "tests/lint/globals.txt", *objects]))


def lint_cppcheck(folder, wanted):
    folders = [name for name in ("src", "cmd", "examples") if os.path.isdir(name)]
    return run(["cppcheck", "--quiet", "-j2", "--std=c11", "--enable=warning,performance,portability",
                "--inline-suppr", "--error-exitcode=1", "--suppress=missingIncludeSystem",
                *CPPCHECK_IS_WRONG, "-D_GNU_SOURCE", "-DHW_VERSION=\"\"", "-Iinclude", "-Isrc",
                *folders])


def lint_tidy(folder, wanted):
    return run([PYTHON, "tests/lint/tidy.py", folder])


def release(folder, wanted):
    return run([PYTHON, "tests/release.py", folder])


def unit(folder, wanted):
    return run([f"{folder}/unit"], wanted=wanted)


def sweep(folder, wanted):
    return run([f"{folder}/unit", "--sweep"], wanted=wanted)


def unit_threads(folder, wanted):
    return run(without_random_addresses([f"{folder}/unit", "--threads"]), SANITIZERS, wanted=wanted)


def unit_valgrind(folder, wanted):
    """Module by module, but for those that open files: valgrind may not know openat2."""
    tally = Tally()
    for place in sorted(glob.glob("tests/unit/*/meson.build")):
        module = os.path.basename(os.path.dirname(place)) + "/"
        if module in ("kit/", "run/", "sys/"):
            continue
        # What a test that dies leaves behind was in use, and is nobody's leak.
        tally.add(run(["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
                       "--errors-for-leak-kinds=definite", "--suppressions=tests/valgrind.supp",
                       f"{folder}/unit"], wanted=[module]))
    return tally


def selftest(folder, wanted):
    command = [PYTHON, "tests/selftest/selftest.py", folder]
    return run(without_random_addresses(command) if "tsan" in folder else command)


def corpora(folder, wanted):
    tally = Tally()
    for source in sorted(glob.glob("tests/fuzz/*_fuzz.c")):
        target = os.path.basename(source)[:-len("_fuzz.c")]
        tally.add(run([f"{folder}/fuzz-{target}", f"tests/fuzz/corpus/{target}"], SANITIZERS))
    return tally


def exhaustive(folder, wanted):
    """Readers against references on all short strings; shorter ones where a sanitizer watches."""
    return run([f"{folder}/exhaustive", "5" if "asan" in folder else "6"], SANITIZERS)


def exhaustive_long(folder, wanted):
    return run([f"{folder}/exhaustive", "7"])


def talks(folder, wanted):
    """Talks, and that each of them notices a server that says nothing worth hearing."""
    chosen = [talk for talk in sorted(glob.glob("tests/talk/*.talk"))
              if not wanted or wanted[0] in talk]
    if not chosen:
        return Tally()
    if "tsan" in folder:
        return run(without_random_addresses([f"{folder}/talk", *chosen]), SANITIZERS)
    tally = run([f"{folder}/talk", *chosen], SANITIZERS)
    return tally.add(run([f"{folder}/talk", "--selftest", *chosen], SANITIZERS))


def faults(folder, wanted):
    """Every allocation and every call fails in turn; with --all, more calls of each kind."""
    more = ["--all"] if "--all" in sys.argv else []
    return run([f"{folder}/fault", *more], SANITIZERS, wanted=wanted)


def simulate(folder, seeds):
    """Seeds of the simulation, dealt out to the processors in runs of a hundred."""
    tally = Tally()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(lambda first: run([f"{folder}/sim", str(first), "100"], SANITIZERS),
                             range(1, seeds, 100)):
            tally.add(part)
    return tally


def sim(folder, wanted):
    return simulate(folder, SIM_SEEDS)


def sim_long(folder, wanted):
    """Without sanitizers, but many times as many."""
    return simulate(folder, SIM_SEEDS_LONG)


def cases(folder, wanted):
    command = [PYTHON, "tests/http/run_cases.py", f"{folder}/case-server"]
    return run(without_random_addresses(command) if "tsan" in folder else command, SANITIZERS)


def storm_of(folder, promises):
    command = [f"{folder}/tests/storm/storm", str(promises)]
    return run(without_random_addresses(command) if "tsan" in folder else command, SANITIZERS)


def storm(folder, wanted):
    """Promised answers from foreign threads, to clients that go as they like."""
    return storm_of(folder, STORM_PROMISES)


def storm_long(folder, wanted):
    return storm_of(folder, STORM_PROMISES_LONG)


def cost(folder, wanted):
    """Each program of tests/cost counts for the script of its name, which judges."""
    tally = Tally()
    for script in sorted(glob.glob("tests/cost/*.py")):
        if script == REQUEST_COST:
            continue  # of the release program: a step of its own
        program = os.path.basename(script)[:-len(".py")].replace("_", "-")
        tally.add(run([PYTHON, script, f"{folder}/tests/cost/{program}"]))
    return tally


def cost_request(folder, wanted):
    """System calls and instructions of a request, against the ceilings; of the release program."""
    return run([PYTHON, REQUEST_COST, f"{folder}/hewn"])


def coverage(folder, wanted):
    return run([PYTHON, "tests/coverage.py", folder])


def pytest(folder, places, environment, wanted, before=lambda command: command):
    """The tests of some folders; its report says how many there were."""
    report = log_path(f"{folder}-{places[0]}") + ".xml"
    command = before([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}",
                      *places, *(["-k", wanted[0]] if wanted else [])])
    status, output = run_logged(command, {**SANITIZERS, **environment})
    if status == NO_TEST_CHOSEN and wanted:
        return Tally()
    if status:
        names = re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
        say([output[-8000:], *("alone: " + spell([PYTHON, "-m", "pytest", name], environment)
                               for name in names)])
    if not os.path.exists(report):
        return Tally(failed=1)
    suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
    total, failures, errors, skipped = (int(suite.get(name)) for name in
                                        ("tests", "failures", "errors", "skipped"))
    failed = max(failures + errors, 1 if status else 0)
    return Tally(max(total - failures - errors - skipped, 0), failed, skipped)


def clients(folder, wanted):
    """Real clients; HEWN, CASE_SERVER and STALL_SERVER name the programs under test."""
    environment = {"HEWN": f"{folder}/hewn", "CASE_SERVER": f"{folder}/case-server",
                   "STALL_SERVER": f"{folder}/stall-server", "HEWN_BUILD": folder}
    return pytest(folder, CLIENT_FOLDERS, environment, wanted,
                  without_random_addresses if "tsan" in folder else lambda command: command)


def delivery(folder, wanted):
    """What is installed, the amalgamation, the manual: as somebody else's program meets them."""
    return pytest(folder, ["tests/delivery"], {"HEWN_BUILD": folder}, wanted)


def browser(folder, wanted):
    """The pages that Hewn makes itself, in a browser, which `dev` installs for this step alone."""
    return pytest(folder, ["tests/browser"], {"HEWN": f"{folder}/hewn"}, wanted)


def testssl(folder, wanted):
    """What testssl.sh, which `dev` installs for this step alone, finds in our TLS."""
    return pytest(folder, ["tests/testssl"], {"HEWN": f"{folder}/hewn"}, wanted)


def faults_program(folder, wanted):
    """Every system call, every error, every rhythm; `clients-release` tries each error once."""
    return run([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/program/test_faults.py"],
               {"HEWN": f"{folder}/hewn", "HEWN_FAULTS": "all"})


# name, build folder, function, whether it takes a filter, what must exist
STEPS = [
    ("release", "build", release, False, ["cmd/hewn/meson.build"]),
    ("lint", "build/clang", lint_own, False, []),
    ("lint-cppcheck", "build/clang", lint_cppcheck, False, []),
    ("lint-tidy", "build/clang", lint_tidy, False, []),
    ("coverage", "build/cover", coverage, False, []),
    ("unit", "build/asan", unit, True, []),
    ("sweep", "build/asan", sweep, True, []),
    ("selftest", "build/asan", selftest, False, []),
    ("corpora", "build/asan", corpora, False, ["tests/fuzz/corpus"]),
    ("exhaustive-asan", "build/asan", exhaustive, False, []),
    ("talks", "build/asan", talks, True, ["tests/talk/meson.build"]),
    ("faults", "build/asan", faults, True, ["tests/fault/meson.build"]),
    ("sim", "build/asan", sim, False, ["tests/sim/meson.build"]),
    ("cases", "build/asan", cases, False, ["tests/http/run_cases.py"]),
    ("storm", "build/asan", storm, False, ["tests/storm/meson.build"]),
    ("unit-gcc", "build/gcc", unit, True, []),
    ("cost", "build/gcc", cost, False, ["tests/cost/meson.build"]),
    ("cost-request", "build", cost_request, False, ["cmd/hewn/meson.build"]),
    ("clients", "build/asan", clients, True, ["tests/program/conftest.py"]),
    ("selftest-thread", "build/tsan", selftest, False, []),
    ("unit-thread", "build/tsan", unit_threads, True, []),
    ("talks-thread", "build/tsan", talks, True, ["tests/talk/meson.build"]),
    ("cases-thread", "build/tsan", cases, False, ["tests/http/run_cases.py"]),
    ("storm-thread", "build/tsan", storm, False, ["tests/storm/meson.build"]),
    ("clients-thread", "build/tsan", clients, True, ["tests/program/conftest.py"]),
    ("unit-clang", "build/clang", unit, True, []),
    ("exhaustive", "build/clang", exhaustive, False, []),
    ("clients-release", "build", clients, True, ["tests/program/conftest.py"]),
    ("delivery", "build", delivery, True, ["tests/delivery/conftest.py"]),
]
# They look at the clock, or have work for all processors themselves.
ALONE = {"lint-tidy", "sim", "cost-request", "clients-release", "delivery", "sim-long", "storm-long",
         "storm-long-thread", "browser"}
MORE_STEPS = [
    ("unit-valgrind", "build/gcc", unit_valgrind, False, []),
    ("faults-program", "build", faults_program, False, ["tests/program/test_faults.py"]),
    ("browser", "build", browser, False, ["tests/browser/conftest.py"]),
    ("testssl", "build", testssl, False, ["tests/testssl/conftest.py"]),
    ("exhaustive-long", "build/clang", exhaustive_long, False, []),
    ("sim-long", "build/clang", sim_long, False, ["tests/sim/meson.build"]),
    ("storm-long", "build/asan", storm_long, False, ["tests/storm/meson.build"]),
    ("storm-long-thread", "build/tsan", storm_long, False, ["tests/storm/meson.build"]),
]


def choose(words):
    """The steps to run and the filter for them; without a filter, an empty list."""
    everything = "--all" in words
    words = [word for word in words if word != "--all"]
    if everything:
        os.environ["HEWN_ALL"] = "1"  # for tests that have a longer version
    if len(words) > 1 or any(word.startswith("-") for word in words):
        sys.exit("usage: ./dev test [--all] [FILTER]")
    steps = STEPS + MORE_STEPS if everything or words else STEPS
    steps = [step for step in steps if all(map(os.path.exists, step[4]))]
    if not words:
        return steps, []
    named = [step for step in steps if step[0] == words[0] or step[0].startswith(words[0] + "-")]
    return (named, []) if named else ([step for step in steps if step[3] and step in STEPS], words)


class Builds:
    """Each folder is built once, one at a time."""

    def __init__(self):
        self.lock, self.built = threading.Lock(), {}

    def need(self, folder):
        with self.lock:
            if folder not in self.built:
                start = time.monotonic()
                self.built[folder] = build(folder)
                say([f"{time.monotonic() - start:7.1f} s  built {folder}"])
            return self.built[folder]


def run_step(step, wanted, builds):
    name, folder, function, _, _ = step
    is_built = builds.need(folder)
    start = time.monotonic()
    try:
        tally = function(folder, wanted) if is_built else Tally(failed=1)
    except Exception as error:  # the other steps go on
        say([f"{name}: {error!r}"])
        tally = Tally(failed=1)
    say([f"{time.monotonic() - start:7.1f} s  {name}: {tally}"])
    return tally


def run_steps(steps, wanted):
    """[(name, tally)]. First those that can share the machine, then each of the others."""
    builds = Builds()
    together = [step for step in steps if step[0] not in ALONE]
    alone = [step for step in steps if step[0] in ALONE]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tallies = list(pool.map(lambda step: run_step(step, wanted, builds), together))
    tallies += [run_step(step, wanted, builds) for step in alone]
    return list(zip([step[0] for step in together + alone], tallies))


def main(words):
    start = time.monotonic()
    total, red = Tally(), []
    forgive_openssl()
    for name, tally in run_steps(*choose(words)):
        total.add(tally)
        if tally.failed:
            red.append(name)
    print(f"{time.monotonic() - start:7.1f} s  in all")
    if red:
        print("red: " + ", ".join(red) + "; one alone: ./dev test STEP")
    if total.skipped:
        print(f"skipped: {total.skipped}")
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
