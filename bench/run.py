#!/usr/bin/python3
"""Measures Hewn beside other servers and beside the floor: ./dev bench [OPTION...] [SCENARIO...]

README.md tells how and why so. Everything listens on 127.0.0.1 and is ended when this ends."""
import argparse
import datetime
import fnmatch
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import types

import figures
import folder
import page
import scenarios
from servers import COMMANDS, Failure, Server, is_there, version

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
BASES = ["floor", "nginx"]
DESCRIPTORS = 24_000
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla",
            "-Werror"]


def say(words):
    print(f"bench: {words}", file=sys.stderr, flush=True)


def build_tools(place):
    """The floor and the load; not a part of the release build, so that they never change its options."""
    for name in ("limit", "load"):
        source, program = os.path.join(HERE, f"{name}.c"), os.path.join(place, name)
        if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
            subprocess.run(["gcc", "-std=gnu17", "-O2", *WARNINGS, "-o", program, source], check=True)


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
    parser.add_argument("--page", action="store_true", help="write docs/bench.md and its drawings from what was measured")
    parser.add_argument("--from", dest="measured", metavar="FILE", help="with --page: from this results.json instead")
    parser.add_argument("--list", action="store_true", help="the scenarios and servers, then stop")
    options = parser.parse_args()
    if options.measured and not options.page:
        parser.error("--from goes with --page")
    options.scenarios = choose(options.scenarios or ["*"], list(scenarios.SCENARIOS))
    options.servers = choose(options.servers.split(","), list(COMMANDS))
    if not 1 <= options.rounds <= 1000 or not 0 < options.seconds <= 60:
        parser.error("rounds are 1 to 1000, seconds up to 60")
    return options


def choose_processors():
    """(the server's, the load's)"""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) == 1:
        say("one processor for the server and the load: only the CPU time of a request means something")
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
    wanted = [scenarios.SCENARIOS[name] for name in options.scenarios]
    names = {"index.html"} | {scenario.path[1:] for scenario in wanted if scenario.status == 200}
    server_cpu, load_cpu = choose_processors()
    return types.SimpleNamespace(
        place=place, hewn=os.path.abspath(options.hewn), rounds=options.rounds, seconds=options.seconds,
        site=folder.make(place, sorted(names), {scenario.many for scenario in wanted if scenario.many}),
        server_cpu=server_cpu, load_cpu=load_cpu, descriptors=raise_descriptors())


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")),
                    platform.machine())


def machine(settings):
    return {"processor": processor(), "processors": os.cpu_count(), "kernel": platform.release(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
            "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
            "server_cpu": settings.server_cpu, "load_cpu": settings.load_cpu}


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
        try:
            self.servers[name] = Server(name, settings, scenario.floor, scenario.logs)
            self.servers[name].start()
            scenarios.check(settings, self.servers[name], scenario)
            if scenario.logs:
                self.plain_servers[name] = Server(name, settings, scenario.floor)
                self.plain_servers[name].start()
        except (Failure, OSError) as failure:
            self.leave_out(name, failure)

    def measure_one(self, name):
        server = self.servers[name]
        arguments = self.settings, server, self.plain_servers.get(name, server), self.scenario
        try:
            return scenarios.measure(*arguments)
        except Failure as failure:  # a busy machine is forgiven once
            say(f"{self.name}: {name}: {failure}; once more")
            return scenarios.measure(*arguments)

    def measure(self, number, rounds):
        for name in list(self.servers):
            try:
                row = self.measure_one(name)
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
    try:
        for server in wanted:
            if server != "floor" or not scenario.logs:  # the floor has no log
                field.start(server)
        commands = {one: spell_command(server.command) for one, server in field.servers.items()}
        load = {one: spell_command(scenarios.load_command(settings, server, scenario, scenario.load))
                for one, server in field.servers.items()}
        for number in range(settings.rounds + 1):
            field.measure(number, rounds)
    finally:
        field.stop()
    return {"title": scenario.title, "figure": scenario.figure, "commands": commands, "load": load,
            "failed": field.failed, "rounds": rounds, "summary": figures.summarize(rounds, scenario.figure, BASES)}


def show(name, result):
    print(f"\n{name}: {result['title']}")
    if result["summary"]:
        print(figures.aligned(figures.rows(result["summary"], result["figure"], BASES)), flush=True)


def write_page(results):
    page.write(results, BASES, os.path.join(TOP, "docs"))
    say("docs/bench.md and docs/bench/ are written")


def measure(options):
    """All that was asked for; results.json grows scenario by scenario, so that an end loses little."""
    settings = prepare(options)
    path = os.path.join(settings.place, "results.json")
    there = [name for name in options.servers if is_there(name, settings.hewn)]
    for name in sorted(set(options.servers) - set(there)):
        say(f"{name} left out: it is not installed")
    results = {"date": datetime.date.today().isoformat(), "machine": machine(settings), "rounds": settings.rounds,
               "seconds": settings.seconds, "command": " ".join(["./dev bench", *sys.argv[1:]]),
               "versions": {name: version(name, settings.hewn) for name in there}, "scenarios": {}}
    for name in options.scenarios:
        result = run_scenario(settings, name, there)
        if not result:
            continue
        results["scenarios"][name] = result
        show(name, result)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    say(f"everything measured is in {path}")
    return results


def main():
    options = read_options()
    if options.list:
        print("\n".join(f"{name:12} {scenarios.SCENARIOS[name].title}" for name in options.scenarios))
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
