"""The page of results, docs/bench.md, with a drawing of each scenario under docs/bench/: made from results.json alone,
so that no figure is ever copied by hand. The drawings are SVG without scripts."""
import os
import xml.sax.saxutils

import figures

BAR, GAP, LEFT, WIDTH, RIGHT, TOP = 22, 10, 90, 480, 150, 44
COLOURS = {"floor": "#9aa0a6", "hewn": "#b3541e", "nginx": "#4f8a5b", "h2o": "#4a6fa5", "lighttpd": "#8a6fa8"}
OTHER_COLOUR = "#666666"
STYLE = "text{font:13px sans-serif;fill:#222}.title{font-weight:bold}.small{font-size:11px;fill:#555}"
LEGEND = """Each bar is a median of {rounds} interleaved rounds of {seconds} s, the line across its end the 95 % interval of it. Figures in
brackets are the 95 % interval of the ratio beside them, of one round each. *CPU us* is the processor time a request takes of the
whole server, *busy* the share of its processor that it used, *x plain* the cost over that of a small file on the same server.
The *floor* is a program that does the least with which one can answer; [bench/README.md](../bench/README.md) tells how all this is
measured, and why ratios mean more than microseconds."""


def escape(text):
    return xml.sax.saxutils.escape(str(text), {'"': "&quot;"})


def text(x, y, words, style="", anchor="start"):
    attributes = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>{escape(words)}</text>'


def rectangle(x, y, width, height, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def line(x1, y1, x2, y2, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#222"{more}/>'


def bar(name, one, figure, y, scale):
    """A server's bar with its interval and its figure."""
    middle, value = y + BAR / 2, one["median"][figure]
    low, high = LEFT + one["low"] * scale, LEFT + one["high"] * scale
    ratio = one["ratio"].get("floor")
    words = figures.spell(value) + (f", {ratio['median']:.2f} x floor" if ratio else "")
    yield text(LEFT - 8, middle + 4, name, anchor="end")
    yield rectangle(LEFT, y, value * scale, BAR, COLOURS.get(name, OTHER_COLOUR))
    yield line(low, middle, high, middle)
    yield line(low, middle - 4, low, middle + 4)
    yield line(high, middle - 4, high, middle + 4)
    yield text(max(high, LEFT + value * scale) + 8, middle + 4, words)


def drawing(result):
    """A bar for each server, the floor's length as a dashed line through all of them."""
    summary, figure = result["summary"], result["figure"]
    longest = max(max(one["high"], one["median"][figure]) for one in summary.values())
    scale = WIDTH / longest if longest else 1
    height = TOP + len(summary) * (BAR + GAP) + GAP
    width = LEFT + WIDTH + RIGHT
    what = f"{result['title']}: {figures.COLUMNS[figure]}"
    values = ", ".join(f"{name} {figures.spell(one['median'][figure])}" for name, one in summary.items())
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
             f' role="img"><title>{escape(what)}</title><desc>{escape(values)}</desc><style>{STYLE}</style>',
             rectangle(0, 0, width, height, "#fff"), text(LEFT, 18, result["title"], "title"),
             text(LEFT, 34, f"{figures.COLUMNS[figure]}; shorter is better", "small")]
    for number, (name, one) in enumerate(summary.items()):
        parts += bar(name, one, figure, TOP + number * (BAR + GAP), scale)
    if "floor" in summary:
        x = LEFT + summary["floor"]["median"][figure] * scale
        parts.append(line(x, TOP, x, height - GAP, ' stroke-dasharray="3 3" stroke-opacity="0.5"'))
    return "\n".join(parts) + "\n</svg>\n"


def markdown_table(table):
    heading, *rest = [[cell.replace("|", "\\|") for cell in row] for row in table]
    lines = [heading, ["---"] + ["---:"] * (len(heading) - 1), *rest]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def block(lines):
    return "```\n" + "\n".join(lines) + "\n```"


def section(name, result, bases):
    """A scenario: drawing, table, commands."""
    yield f"## {name}: {result['title']}"
    yield f"![{result['title']}](bench/{name}.svg)"
    yield markdown_table(figures.rows(result["summary"], result["figure"], bases))
    for server, why in result["failed"].items():
        yield f"Without {server}: {why}."
    server = "hewn" if "hewn" in result["summary"] else next(iter(result["summary"]))
    yield block([result["commands"][server], result["load"][server]])


def page(results, bases):
    """The whole page."""
    machine = results["machine"]
    yield "# Measured"
    yield (f"On {results['date']}, by `{results['command']}`: {machine['processor']}, {machine['processors']} processors, "
           f"{machine['memory_mb']:,} MB, {machine['system']}, Linux {machine['kernel']}; servers on processor "
           f"{machine['server_cpu']}, the load on processor {machine['load_cpu']}.")
    yield LEGEND.format(**results)
    yield "\n".join(f"- {name}: {version}" for name, version in results["versions"].items() if version)
    for name, result in results["scenarios"].items():
        if result["summary"]:
            yield from section(name, result, bases)


def write(results, bases, docs):
    """Writes the page and its drawings; drawings of scenarios that were not measured go, as their text does."""
    place = os.path.join(docs, "bench")
    os.makedirs(place, exist_ok=True)
    for name in os.listdir(place):
        if name.endswith(".svg"):
            os.remove(os.path.join(place, name))
    for name, result in results["scenarios"].items():
        if result["summary"]:
            with open(os.path.join(place, f"{name}.svg"), "w", encoding="utf-8") as file:
                file.write(drawing(result))
    with open(os.path.join(docs, "bench.md"), "w", encoding="utf-8") as file:
        file.write("\n\n".join(page(results, bases)) + "\n")
