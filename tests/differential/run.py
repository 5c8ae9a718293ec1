#!/usr/bin/python3
"""./dev differential [--record] [SEED COUNT]: generated requests to Hewn and its peers, and where they part.

Prints a page, which is kept in build/differential/page.md; --record makes it docs/differential.md, and Hewn's answers the
cases.json that every test run holds Hewn to. Status 1: Hewn does what the RFC forbids, or has died."""
import json
import os
import sys
import time
from collections import Counter, defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.append(HERE)
import generate
import listen
import page
import peers
from ingredients import ALL

BATCH = 1000


class Views:
    """What each server makes of a request: it reads on, reads on and finds the smuggled request, stops, waits, or closes as it
    does behind a sound one, which shows nothing."""

    def __init__(self, servers):
        self.servers = servers
        self.baselines = {}
        for kind in range(5):
            data = generate.base(kind).encoded() + generate.ingredients.FINAL
            for name, outcome in self.ask({0: data})[0].items():
                self.baselines[name, kind] = outcome

    def ask(self, requests, reasons=None):
        """{key: {server: outcome}} of {key: bytes}"""
        jobs = [((name, key), server.port, data) for key, data in requests.items() for name, server in self.servers.items()]
        outcomes = listen.play_surely(jobs, reasons=reasons)
        found = defaultdict(dict)
        for (name, key), outcome in outcomes.items():
            found[key][name] = outcome
        return found

    def view(self, name, kind, outcome):
        words = outcome.split()
        if any(word.endswith("X") for word in words):
            return "second"
        if any(word.endswith("S") for word in words):
            return "on"
        if outcome == self.baselines[name, kind]:
            return "mute"
        return "waits" if outcome == "kept" or words[-1] == "kept" else "stops"


def is_wrong(one, view, outcome):
    """Whether the section forbids that, or, where it only has a SHOULD, advises against it."""
    first = next((word for word in outcome.split() if word != "100"), "")
    if one.wants in ("refuse", "should"):
        says_well = first[:1] == "2" and one.family not in ("chunk", "CL.TE", "TE.CL", "TE.TE")
        return view in ("on", "second") or view == "stops" and says_well
    if one.wants in ("close", "choice-close"):
        return any(word[-1] in "SX" for word in outcome.split())
    if one.wants == "accept":
        return view == "waits"
    return view == "second" and one.family not in ("TE.TE", "CL")


def ask_examples(views):
    """One row an ingredient: (ingredient, request, {server: outcome}, {server: view}, {server: wrong})"""
    examples = {number: generate.example(one) for number, one in enumerate(ALL)}
    answers = views.ask({number: data for number, (_, data) in examples.items()})
    rows = []
    for number, one in enumerate(ALL):
        kind, data = examples[number]
        seen = {name: views.view(name, kind, answers[number][name]) for name in views.servers}
        wrong = {name: is_wrong(one, seen[name], answers[number][name]) for name in views.servers}
        rows.append((one, data, answers[number], seen, wrong))
    return rows


class Census:
    """Classes of disagreement among the generated requests."""

    def __init__(self):
        self.count = self.same = 0
        self.refused = defaultdict(Counter)  # Hewn's reason: {peer that reads on: how often, "all": how many}
        self.alone = defaultdict(list)       # peers that stop while Hewn reads on: requests
        self.samples = {}                    # (class, Hewn's outcome): the shortest request

    def keep(self, key, data):
        if key not in self.samples or len(data) < len(self.samples[key]):
            self.samples[key] = data

    def add(self, made_of, is_mutated, data, outcomes, reason):
        self.count += 1
        reads_on = {name for name, outcome in outcomes.items() if any(word[-1] in "SX" for word in outcome.split())}
        differing = {name for name in outcomes if (name in reads_on) != ("hewn" in reads_on)}
        if not differing:
            self.same += 1
        if "hewn" not in reads_on:
            why = reason or "answered before its content is read, then closed: " + outcomes["hewn"]
            self.refused[why]["all"] += 1
            self.refused[why].update(differing)
            if differing:
                self.keep((why, outcomes["hewn"]), data)
        elif differing:
            self.alone[tuple(sorted(differing))].append((made_of, is_mutated, data, outcomes["hewn"]))
            self.keep((", ".join(made_of) if len(made_of) == 1 and not is_mutated else "mixed, beside " + ", ".join(sorted(differing)),
                       outcomes["hewn"]), data)


def take_census(views, seed, count):
    census, begun = Census(), time.monotonic()
    for first in range(0, count, BATCH):
        made = {number: generate.generate(seed, number) for number in range(first, min(first + BATCH, count))}
        reasons = {}
        answers = views.ask({number: data for number, (_, _, data) in made.items()}, reasons)
        for number, (made_of, is_mutated, data) in made.items():
            census.add(made_of, is_mutated, data, answers[number], reasons.get(("hewn", number)))
        dead = [name for name, server in views.servers.items() if not server.is_alive()]
        if dead:
            sys.exit(f"{', '.join(dead)} died: seed {seed}, requests {first} to {first + BATCH - 1}")
        if (first // BATCH) % 10 == 9:
            print(f"{first + BATCH} requests, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return census


def write_cases(rows, census, path):
    cases = [{"id": one.name, "request": data.decode("latin-1"), "hewn": outcomes["hewn"]} for one, data, outcomes, _, _ in rows]
    cases += [{"id": f"generated: {name}", "request": data.decode("latin-1"), "hewn": outcome}
              for (name, outcome), data in sorted(census.samples.items()) if len(data) < 4000]
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    return len(cases)


def main(words):
    records = "--record" in words
    words = [word for word in words if word != "--record"]
    if len(words) not in (0, 2) or not all(word.isdigit() for word in words):
        sys.exit("usage: ./dev differential [--record] [SEED COUNT]")
    seed, count = (int(word) for word in words or ("1", "50000"))
    hewn = os.path.join(TOP, os.environ.get("HEWN", "build/hewn"))
    place = os.path.join(TOP, "build/differential")
    names, absent = peers.present(hewn)
    if absent:
        print(f"not here, and so left out: {', '.join(absent)}", file=sys.stderr)
    servers = {}
    try:
        for name in names:
            servers[name] = peers.Server(name, hewn, place)
        views = Views(servers)
        rows = ask_examples(views)
        census = take_census(views, seed, count)
    finally:
        for server in servers.values():
            server.stop()
    versions = {name: peers.version(name, hewn) for name in names}
    text = page.page(rows, census, versions, absent, seed)
    for path in [os.path.join(place, "page.md")] + ([os.path.join(TOP, "docs/differential.md")] if records else []):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    if records:
        print(f"{write_cases(rows, census, os.path.join(HERE, 'cases.json'))} cases")
    print(text)
    wrong = [one.name for one, _, _, _, wrong in rows if wrong["hewn"]]
    if wrong:
        print("Hewn is wrong: " + "; ".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
