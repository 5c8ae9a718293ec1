"""The page of results, docs/bench.md: made from results.json alone, so that no figure is ever copied by hand. drawings.py
makes what is under docs/bench/."""
import os
import re

import drawings
import figures
import goals
import noise

INTRODUCTION = """Made by `./dev bench --page` and by nothing else. Ratios carry from one machine to another, microseconds do not:
[bench/README.md](../bench/README.md) tells how all this is measured. The **floor** is a program that does the least with which one can
answer; *CPU us* is the processor time that a request takes of the whole server, *busy* the share of its processor that it used, *x plain*
the cost over that of a small file on the same server in the same round. *[a b]* is the 95 % interval of the median beside it."""
OVERVIEW = """Each mark is the median of {rounds} rounds, how many times the floor's cost a server's is, on a logarithmic scale: further
left is better, the floor itself is the line at 1. A black stroke is Hewn's goal."""
GOALS = """A goal within 15 % of what it is compared with takes 15 rounds and is met when the 95 % interval of the median ratio reaches
it (*within noise* when the median alone does not); a coarser one is met by the median; counts have no noise."""
BARS = """Each bar is a median of {rounds} interleaved rounds of {seconds} s, the stroke across its end the 95 % interval of it, the dashed line
the floor."""
CROSSOVER = "cross"
CROSSOVER_TITLE = "from memory or with sendfile"


def escape(words):
    return re.sub(r"<(?=[\w/!?])", "&lt;", words.replace("|", "\\|"))


def markdown_table(table, left=1):
    """The first columns, so many of them, to the left, the others to the right."""
    heading, *rest = [[escape(cell) for cell in row] for row in table]
    lines = [heading, ["---"] * left + ["---:"] * (len(heading) - left), *rest]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def block(lines):
    return "```\n" + "\n".join(lines) + "\n```"


def is_crossover(name):
    return name.startswith(CROSSOVER)


def crossover_points(results):
    """({server: {KiB: median CPU us}}, {KiB: ratio of the floor's files to its memory}), of what was measured"""
    points, ratios = {}, {}
    for name, result in results["scenarios"].items():
        if not is_crossover(name):
            continue
        kib = int(name[len(CROSSOVER):-1])
        for server, one in result["summary"].items():
            points.setdefault(server, {})[kib] = one["median"]["cpu_us"]
        if found := result["summary"].get("floor-file", {}).get("ratio", {}).get("floor"):
            ratios[kib] = found
    return {server: dict(sorted(of.items())) for server, of in points.items()}, dict(sorted(ratios.items()))


def crossing_kib(ratios):
    return figures.crossing(list(ratios), [1] * len(ratios), [found["median"] for found in ratios.values()])


def find_crossover(results):
    """What the constant of a cache depends on, in a sentence; empty when it was not measured."""
    _, ratios = crossover_points(results)
    if len(ratios) < 2:
        return ""
    kib = crossing_kib(ratios)
    if kib is None:
        return f"The floor answers from memory more cheaply up to {max(ratios)} KiB, the largest that was measured."
    if kib == min(ratios):
        return f"The floor answers with sendfile more cheaply from {kib} KiB on, the smallest that was measured."
    return f"The floor answers more cheaply from memory below {kib:.0f} KiB, and with sendfile above."


def cost_table(counted):
    table = [["counted", "request", "calls", "calls, 32 connections", "user instructions", "which calls"]]
    for who, row in counted.items():
        for name, one in row.items():
            which = ", ".join(f"{call} {count:.2f}" for call, count in sorted(one["which"].items()) if count >= 0.005)
            table.append([who, name, f"{one['calls']:.2f}", "-" if one["crowd"] is None else f"{one['crowd']:.2f}",
                          f"{one['instructions']:,.0f}", which])
    return table


def machine_words(results):
    machine = results["machine"]
    yield (f"Measured on {results['date']} with `{results['command']}`: {machine['processor']}, {machine['processors']} "
           f"processors, {machine['memory_mb']:,} MB, {machine['system']}, Linux {machine['kernel']}; servers on processor "
           f"{machine['server_cpu']}, the load on processor {machine['load_cpu']}" +
           (", which are two threads of one core." if machine["share_a_core"] else "."))
    lines = [f"- {name}: {version}" for name, version in results["versions"].items() if version]
    lines += [f"- {name}: not to be had on this machine" for name in results["absent"]]
    yield "\n".join(lines)
    busy = [f"{name} ({words})" for name, result in results["scenarios"].items() if (words := noise.complaints(result["noise"]))]
    average = f"The load average was {results['noise']['load_average']:.2f} before the first."
    if busy:
        yield "**The machine was busy with something else** while these were measured: " + ", ".join(busy) + f". {average}"
    else:
        seen = [result["noise"] for result in results["scenarios"].values()] or [results["noise"]]
        yield (f"Nothing else disturbed it: at most {max(one['others'] for one in seen):.2f} of the two processors were used by others, and "
               f"{max(one['stolen'] for one in seen):.1%} of the time was taken by the host. {average}")


def section(name, result, bases):
    """A scenario: drawing, table, commands."""
    yield f"## {name}: {result['title']}"
    yield f"![{result['title']}](bench/{name}.svg)"
    yield markdown_table(figures.rows(result["summary"], result["figure"], bases))
    for server, why in result["failed"].items():
        yield escape(f"Without {server}: {why}.")
    server = "hewn" if "hewn" in result["summary"] else next(iter(result["summary"]))
    yield block([result["commands"][server], result["load"][server]])


def crossover_section(results):
    points, ratios = crossover_points(results)
    sizes = sorted({kib for of in points.values() for kib in of})
    yield f"## {CROSSOVER_TITLE}"
    yield f"![{CROSSOVER_TITLE}](bench/crossover.svg)"
    table = [["CPU us", *(f"{kib} KiB" for kib in sizes)]]
    table += [[server, *(figures.spell(of.get(kib)) for kib in sizes)] for server, of in points.items()]
    table.append(["floor-file / floor", *(figures.spell_ratio(ratios.get(kib)) for kib in sizes)])
    yield markdown_table(table)
    yield " ".join([find_crossover(results), "`./dev bench 'cross*'` measures this alone."]).strip()


def cost_section(counted):
    yield "## cost: counted, not timed"
    yield markdown_table(cost_table(counted), left=2)
    yield block(["./dev bench cost", "./dev test cost-request"])


def has_crossover(results):
    return any(crossover_points(results)[0].values())


def page(results, bases):
    """The whole page."""
    yield "# Measured"
    yield INTRODUCTION
    yield from machine_words(results)
    if drawings.overview_rows(results):
        yield "## Overview"
        yield "![how many times the floor's cost each server takes](bench/overview.svg)"
        yield OVERVIEW.format(**results)
    table = goals.verdicts(results)
    if len(table) > 1:
        yield "## Goals"
        yield markdown_table(table, left=len(table[0]))
        yield GOALS
    if "cost" in results:
        yield from cost_section(results["cost"])
    singles = {name: one for name, one in results["scenarios"].items() if one["summary"] and not is_crossover(name)}
    if singles:
        yield BARS.format(**results)
    for name, result in singles.items():
        yield from section(name, result, bases)
    if has_crossover(results):
        yield from crossover_section(results)


def draw_all(results):
    """{name: SVG}"""
    drawn = {}
    if drawings.overview_rows(results):
        drawn["overview"] = drawings.overview(results)
    for name, result in results["scenarios"].items():
        if result["summary"] and not is_crossover(name):
            drawn[name] = drawings.bars(result)
    if has_crossover(results):
        points, ratios = crossover_points(results)
        drawn["crossover"] = drawings.curves(points, crossing_kib(ratios) if len(ratios) > 1 else None, CROSSOVER_TITLE)
    return drawn


def write(results, bases, docs):
    """Writes the page and its drawings; drawings of scenarios that were not measured go, as their text does."""
    place = os.path.join(docs, "bench")
    os.makedirs(place, exist_ok=True)
    for name in os.listdir(place):
        if name.endswith(".svg"):
            os.remove(os.path.join(place, name))
    for name, svg in draw_all(results).items():
        with open(os.path.join(place, f"{name}.svg"), "w", encoding="utf-8") as file:
            file.write(svg)
    with open(os.path.join(docs, "bench.md"), "w", encoding="utf-8") as file:
        file.write("\n\n".join(page(results, bases)) + "\n")
