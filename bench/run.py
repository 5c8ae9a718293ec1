#!/usr/bin/python3
"""Measures Hewn beside other servers and beside the floor: ./dev bench [OPTION...] [SCENARIO...]

README.md tells how and why so. Everything listens on 127.0.0.1 and is ended when this ends."""
import argparse
import contextlib
import datetime
import fnmatch
import hashlib
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import types

import figures
import folder
import goals
import noise
import page
import scenarios
from servers import BASES as SAME, COMMANDS, Failure, Server, is_there, version

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
BASES = ["floor", "nginx"]
DESCRIPTORS = 24_000
TOOLS = [("limit", ["limit.c"], []), ("limit-tls", ["limit_tls.c"], ["-lssl", "-lcrypto"]),
         ("load", ["load.c", "load_tls.c"], ["-lssl", "-lcrypto"])]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla",
            "-Werror"]


def say(words):
    print(f"bench: {words}", file=sys.stderr, flush=True)


def build_tools(place):
    """The floor and the load; not a part of the release build, so that they never change its options."""
    for name, sources, libraries in TOOLS:
        sources, program = [os.path.join(HERE, source) for source in sources], os.path.join(place, name)
        if not os.path.exists(program) or os.path.getmtime(program) < max(map(os.path.getmtime, sources)):
            subprocess.run(["gcc", "-std=gnu17", "-O2", *WARNINGS, "-o", program, *sources, *libraries], check=True)


def make_certificate(place):
    """One for all servers of this run: ECDSA with P-256, signed by itself."""
    certificate, key = os.path.join(place, "certificate.pem"), os.path.join(place, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
                    certificate], check=True, stderr=subprocess.DEVNULL)
    return certificate, key


def choose(patterns, names):
    chosen = [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    unknown = [pattern for pattern in patterns if not fnmatch.filter(names, pattern)]
    if unknown:
        sys.exit(f"bench: there is no {', '.join(unknown)}; there is {' '.join(names)}")
    return chosen


def read_options():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n")[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="names or patterns; all without any")
    parser.add_argument("--servers", default="*", help="names or patterns with commas between")
    parser.add_argument("--rounds", type=int, default=15, help="default 15; a first one that does not count comes first")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each load; default 0.5")
    parser.add_argument("--hewn", default=os.path.join(TOP, "build/hewn"), metavar="PROGRAM")
    parser.add_argument("--place", default=os.path.join(TOP, "build/bench"), metavar="FOLDER",
                        help="for the site, the tools and the results; default build/bench")
    parser.add_argument("--add", action="store_true", help="to the results that are there, in place of the same scenarios")
    parser.add_argument("--page", action="store_true", help="write docs/bench.md and its drawings from what was measured")
    parser.add_argument("--from", dest="measured", metavar="FILE", help="with --page: from this results.json instead")
    parser.add_argument("--list", action="store_true", help="the scenarios and servers, then stop")
    options = parser.parse_args()
    if options.measured and not options.page:
        parser.error("--from goes with --page")
    options.scenarios = choose(options.scenarios or ["*"], [*scenarios.SCENARIOS, scenarios.COST])
    options.servers = choose(options.servers.split(","), list(COMMANDS))
    if not 1 <= options.rounds <= 1000 or not 0 < options.seconds <= 60:
        parser.error("rounds are 1 to 1000, seconds up to 60")
    return options


def choose_processors():
    """(the server's, the load's)"""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) == 1:
        say("one processor for the server and the load: only the CPU time of a request means something")
    if share_a_core(allowed[0], allowed[-1]):
        say("the server's processor and the load's are threads of one core: what one does slows the other down")
    return allowed[0], allowed[-1]


def raise_descriptors():
    """To twice what the idle connections take, as lighttpd wants it, where that is allowed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else max(hard, DESCRIPTORS)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, wanted))
        return DESCRIPTORS
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard


def prepare(options):
    """The settings that everything else takes."""
    place = os.path.abspath(options.place)
    os.makedirs(place, exist_ok=True)
    build_tools(place)
    wanted = [scenarios.SCENARIOS[name] for name in options.scenarios if name != scenarios.COST]
    names = {"index.html"} | {scenario.path[1:] for scenario in wanted if scenario.status == 200}
    server_cpu, load_cpu = choose_processors()
    certificate, key = make_certificate(place)
    os.sched_setaffinity(0, {load_cpu})  # what we do ourselves shall not disturb the server
    return types.SimpleNamespace(
        place=place, certificate=certificate, key=key, hewn=os.path.abspath(options.hewn), rounds=options.rounds, seconds=options.seconds,
        site=folder.make(place, sorted(names), {scenario.many for scenario in wanted if scenario.many}),
        server_cpu=server_cpu, load_cpu=load_cpu, descriptors=raise_descriptors())


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")),
                    platform.machine())


def share_a_core(one, other):
    """Two threads of one core slow each other down, whatever either does."""
    places = [f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list" for number in (one, other)]
    siblings = []
    for place in places:
        try:
            with open(place, encoding="ascii") as file:
                siblings.append(file.read())
        except OSError:
            return False
    return one != other and siblings[0] == siblings[1]


def machine(settings):
    return {"processor": processor(), "processors": os.cpu_count(), "kernel": platform.release(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
            "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
            "server_cpu": settings.server_cpu, "load_cpu": settings.load_cpu,
            "share_a_core": share_a_core(settings.server_cpu, settings.load_cpu)}


def spell_command(words):
    return " ".join(words).replace(TOP + os.sep, "")


class Field:
    """The servers of one scenario, started and checked; those that fail are out, aloud."""

    def __init__(self, settings, name, scenario):
        self.settings, self.name, self.scenario = settings, name, scenario
        self.servers, self.plain_servers, self.failed = {}, {}, {}

    def leave_out(self, name, why):
        say(f"{self.name}: {name} left out: {why}")
        self.failed[name] = str(why)
        for servers in (self.servers, self.plain_servers):
            if name in servers:
                servers.pop(name).stop()

    def start(self, name):
        scenario, settings = self.scenario, self.settings
        wanted = scenarios.WANTS_DESCRIPTORS.get(self.name, 0) * scenarios.DESCRIPTORS_EACH.get(name, 1)
        if settings.descriptors < wanted:
            self.leave_out(name, f"it wants {wanted} descriptors, and {settings.descriptors} are allowed here (ulimit -Hn)")
            return
        try:
            self.servers[name] = Server(name, settings, scenario.floor, scenario.logs, scenario.begins)
            self.servers[name].start()
            scenarios.check(settings, self.servers[name], scenario)
            scenarios.warm_up(settings, self.servers[name], scenario)
            if scenario.logs:
                self.plain_servers[name] = Server(name, settings, scenario.floor)
                self.plain_servers[name].start()
        except (Failure, OSError) as failure:
            self.leave_out(name, failure)

    def measure_one(self, name, number):
        server = self.servers[name]
        arguments = server, self.plain_servers.get(name, server), self.scenario, number
        try:
            return scenarios.measure(self.settings, *arguments)
        except Failure as failure:  # a busy machine is forgiven once, and given a second at least
            say(f"{self.name}: {name}: {failure}; once more")
            longer = {**vars(self.settings), "seconds": max(self.settings.seconds, 1)}
            return scenarios.measure(types.SimpleNamespace(**longer), *arguments)

    def measure(self, number, rounds):
        for name in list(self.servers):
            try:
                row = self.measure_one(name, number)
            except (Failure, OSError) as failure:
                self.leave_out(name, failure)
                rounds.pop(name, None)
                continue
            if number:  # the first round fills caches
                rounds.setdefault(name, {})[number] = row

    def stop(self):
        for server in [*self.servers.values(), *self.plain_servers.values()]:
            server.stop()


def run_scenario(settings, name, wanted):
    """Interleaved: each round asks every server once, so that what drifts drifts for all."""
    scenario = scenarios.SCENARIOS[name]
    if settings.descriptors < scenarios.WANTS_DESCRIPTORS.get(name, 0):
        say(f"{name} left out: only {settings.descriptors} descriptors are allowed here (ulimit -n)")
        return None
    field, rounds = Field(settings, name, scenario), {}
    watch = noise.Watch([settings.server_cpu, settings.load_cpu])
    try:
        for server in wanted:
            if server in scenario.servers:
                field.start(server)
        commands = {one: spell_command(server.command) for one, server in field.servers.items()}
        load = {one: spell_command(scenarios.load_command(settings, server, scenario, scenario.load))
                for one, server in field.servers.items()}
        for number in range(settings.rounds + 1):
            field.measure(number, rounds)
    finally:
        field.stop()
    return {"title": scenario.title, "figure": scenario.figure, "noise": watch.seen(), "commands": commands, "load": load,
            "failed": field.failed, "rounds": rounds, "summary": figures.summarize(rounds, scenario.figure, BASES)}


def count_cost(settings):
    """What tests/cost/request.py counts, which also prints it; None when it cannot."""
    path = os.path.join(settings.place, "cost.json")
    for tool in ("strace", "valgrind"):
        if not shutil.which(tool):
            say(f"cost left out: {tool} is not installed")
            return None
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
    subprocess.run([sys.executable, os.path.join(TOP, "tests/cost/request.py"), "--json", path, settings.hewn], check=False)
    if not os.path.exists(path):
        say("cost left out: it could not be counted")
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def show(name, result):
    print(f"\n{name}: {result['title']}")
    if result["summary"]:
        print(figures.aligned(figures.rows(result["summary"], result["figure"], BASES)), flush=True)
    if disturbed := noise.complaints(result["noise"]):
        say(f"{name}: the machine was busy with something else: {disturbed}")


def show_ends(results):
    """What is seen only when all has been measured."""
    if found := page.find_crossover(results):
        print(f"\n{found}")
    table = goals.verdicts(results)
    if len(table) > 1:
        print("\ngoals\n" + figures.aligned(table, left=len(table[0])), flush=True)


def write_page(results):
    page.write(results, BASES, os.path.join(TOP, "docs"))
    say("docs/bench.md and docs/bench/ are written")


def begin_results(options, settings, path, there):
    """What is known before anything is measured; with --add, of an earlier run of the same program on this machine."""
    before = noise.look_around([settings.server_cpu, settings.load_cpu])
    if disturbed := noise.complaints(before):
        say(f"this machine is busy: {disturbed}, the load average is {before['load_average']}. What is measured now will be noisy.")
    with open(settings.hewn, "rb") as file:
        program = hashlib.sha256(file.read()).hexdigest()
    results = {"date": datetime.date.today().isoformat(), "machine": machine(settings), "noise": before,
               "rounds": settings.rounds, "seconds": settings.seconds,
               "command": " ".join(["./dev bench", *sys.argv[1:]]), "program": program,
               "versions": {name: version(name, settings.hewn) for name in there},
               "absent": sorted(set(options.servers) - set(there)), "scenarios": {}}
    if options.add and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            earlier = json.load(file)
        if any(earlier[name] != results[name] for name in ("machine", "program", "rounds", "seconds")):
            sys.exit(f"bench: {path} is of another program, machine or way of measuring: without --add it is replaced")
        results["command"] = f"{earlier['command']}; {results['command']}"
        results["scenarios"] = earlier["scenarios"]
        results.update({name: earlier[name] for name in ("cost",) if name in earlier})
    return results


def save(results, path):
    """Whole or not at all; in the order of the list, whenever it was measured."""
    results["scenarios"] = {name: results["scenarios"][name] for name in scenarios.SCENARIOS if name in results["scenarios"]}
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    os.replace(path + ".new", path)


def measure(options):
    """All that was asked for; results.json grows scenario by scenario, so that an end loses little."""
    settings = prepare(options)
    path = os.path.join(settings.place, "results.json")
    there = [name for name in options.servers if is_there(name, settings.hewn)]
    for name in sorted(set(options.servers) - set(there)):
        say(f"{name} left out: there is no {SAME.get(name, name)} on this machine")
    results = begin_results(options, settings, path, there)
    for name in options.scenarios:
        if name == scenarios.COST:
            if "hewn" in there and (counted := count_cost(settings)):
                results["cost"] = counted
        elif result := run_scenario(settings, name, there):
            results["scenarios"][name] = result
            show(name, result)
        save(results, path)
    show_ends(results)
    say(f"everything measured is in {path}")
    return results


def main():
    options = read_options()
    if options.list:
        print("\n".join(f"{name:12} {scenarios.SCENARIOS[name].title}" for name in options.scenarios
                        if name != scenarios.COST))
        print(f"{scenarios.COST:12} system calls and instructions of a request, counted")
        print("servers:    ", *options.servers)
        return 0
    if options.measured:
        with open(options.measured, encoding="utf-8") as file:
            write_page(json.load(file))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through `finally`, where servers are stopped
    results = measure(options)
    if options.page:
        write_page(results)
    return 1 if any("hewn" in result["failed"] for result in results["scenarios"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
