"""Drawings of results: SVG without scripts, on a white ground of their own, so that they can be read on a dark page too.
Servers differ in colour, in shade and in the form of their mark."""
import math
import xml.sax.saxutils

import figures
import goals

COLOURS = {"floor": "#80868b", "floor-file": "#3c4043", "hewn": "#d1490c", "nginx": "#2e7d4f", "nginx-nosf": "#8cc5a0",
           "h2o": "#2f5fb3", "lighttpd": "#8e5bb0"}
OTHER_COLOUR = "#666666"
MARKS = {"hewn": "diamond", "nginx": "square", "nginx-nosf": "hollow", "h2o": "triangle", "lighttpd": "circle", "floor-file": "square"}
STYLE = ("text{font:13px 'DejaVu Sans',Verdana,sans-serif;fill:#202124}.title{font-weight:bold;font-size:14px}"
         ".small{font-size:11px;fill:#5f6368}")
LETTER = 7.9  # the mean width of one, on the safe side
PAD, BAR, GAP = 14, 22, 10
OVERVIEW_FIGURES = ("cpu_us", "cpu_s_gb", "p50_us")
OVERVIEW_TICKS = (1, 1.5, 2, 3, 4, 6, 8, 12, 16)
ROW = 26


def escape(words):
    return xml.sax.saxutils.escape(str(words), {'"': "&quot;"})


def text(x, y, words, style="", anchor="start"):
    attributes = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>{escape(words)}</text>'


def rectangle(x, y, width, height, colour, more=""):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"{more}/>'


def line(x1, y1, x2, y2, colour="#202124", more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{more}/>'


def mark(server, x, y, size=6):
    """The sign of a server in a plot."""
    colour, form = COLOURS.get(server, OTHER_COLOUR), MARKS.get(server, "circle")
    edge = ' stroke="#fff" stroke-width="1"'
    if form == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size - 1}" fill="{colour}"{edge}/>'
    if form == "hollow":
        return rectangle(x - size + 2, y - size + 2, 2 * size - 4, 2 * size - 4, "#fff", f' stroke="{colour}" stroke-width="2.5"')
    corners = {"diamond": ((0, -size - 2), (size + 2, 0), (0, size + 2), (-size - 2, 0)),
               "square": ((-size + 1, -size + 1), (size - 1, -size + 1), (size - 1, size - 1), (-size + 1, size - 1)),
               "triangle": ((0, -size), (size, size - 1), (-size, size - 1))}[form]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" fill="{colour}"{edge}/>'


def sheet(width, height, title, words, parts):
    """The whole drawing; the words are for those who cannot see it."""
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" role="img"><title>{escape(title)}</title><desc>{escape(words)}</desc>'
            f'<style>{STYLE}</style>')
    ground = rectangle(0.5, 0.5, width - 1, height - 1, "#fff", ' rx="6" stroke="#dadce0"')
    return "\n".join([head, ground, *parts]) + "\n</svg>\n"


def wide(words):
    return LETTER * len(words)


# Bars: one scenario

def bar_words(one, figure):
    ratio = one["ratio"].get("floor")
    return figures.spell(one["median"][figure]) + (f", {ratio['median']:.2f} x floor" if ratio else "")


def bar(name, one, figure, left, y, scale):
    """A server's bar with its interval and its figure."""
    middle, value = y + BAR / 2, one["median"][figure]
    low, high = left + one["low"] * scale, left + one["high"] * scale
    yield text(left - 8, middle + 4.5, name, anchor="end")
    yield rectangle(left, y, value * scale, BAR, COLOURS.get(name, OTHER_COLOUR))
    for x1, y1, x2, y2 in ((low, middle, high, middle), (low, middle - 4, low, middle + 4), (high, middle - 4, high, middle + 4)):
        yield line(x1, y1, x2, y2)
    yield text(max(high, left + value * scale) + 8, middle + 4.5, bar_words(one, figure))


def bars(result):
    """A bar for each server, the floor's length as a dashed line through all of them."""
    summary, figure, top = result["summary"], result["figure"], 54
    longest = max(max(one["high"], one["median"][figure]) for one in summary.values())
    left = PAD + 8 + max(map(wide, summary))
    length = 460
    width = left + length + 16 + max(wide(bar_words(one, figure)) for one in summary.values())
    height = top + len(summary) * (BAR + GAP) + GAP / 2
    scale = length / longest if longest else 1
    parts = [text(PAD, 22, result["title"], "title"),
             text(PAD, 40, f"{figures.COLUMNS[figure]}; shorter is better", "small")]
    for number, (name, one) in enumerate(summary.items()):
        parts += bar(name, one, figure, left, top + number * (BAR + GAP), scale)
    if "floor" in summary:
        x = left + summary["floor"]["median"][figure] * scale
        parts.append(line(x, top - 6, x, height - 6, more=' stroke-dasharray="3 3" stroke-opacity="0.6"'))
    values = ", ".join(f"{name} {figures.spell(one['median'][figure])}" for name, one in summary.items())
    return sheet(width, height, f"{result['title']}: {figures.COLUMNS[figure]}", values, parts)


# The overview: all scenarios

def overview_rows(results):
    """[(scenario, title, {server: ratio to the floor})] of those that have a floor to compare with"""
    rows = []
    for name, result in results["scenarios"].items():
        ratios = {server: one["ratio"]["floor"] for server, one in result["summary"].items() if "floor" in one["ratio"]}
        if ratios and result["figure"] in OVERVIEW_FIGURES and not name.startswith("cross"):
            unit = "" if result["figure"] == "cpu_us" else f" ({figures.COLUMNS[result['figure']].removesuffix(' us')})"
            rows.append((name, result["title"] + unit, ratios))
    return rows


def goal_ratio(name, figure):
    """Hewn's goal over the floor in this scenario; None without one."""
    return next((goal.limit for goal in goals.GOALS if goal.scenario == name and goal.base == "floor" and
                 goal.way == "ratio" and goal.figure == figure), None)


class Scale:
    """From a ratio to a place on a logarithmic axis; what lies outside stands at its end."""

    def __init__(self, low, high, left, length):
        self.low, self.high, self.left, self.length = low, high, left, length

    def place(self, ratio):
        share = math.log(min(max(ratio, self.low), self.high) / self.low) / math.log(self.high / self.low)
        return self.left + share * self.length


def legend(servers, x, y, names=None):
    for server in servers:
        words = (names or {}).get(server, server)
        yield mark(server, x + 6, y - 4)
        yield text(x + 18, y, words)
        x += 18 + wide(words) + 18


def beyond(ratios):
    return ", ".join(f"{server} {figures.spell(found['median'])}" for server, found in ratios.items()
                     if found["median"] > OVERVIEW_TICKS[-1])


def overview_row(name, title, ratios, figure, y, scale):
    """The servers' marks, Hewn's last and so on top; those beyond the axis are named beside it."""
    yield text(scale.left - 12, y + 4.5, title, anchor="end")
    if limit := goal_ratio(name, figure):
        x = scale.place(limit)
        yield line(x, y - 10, x, y + 10, more=' stroke-width="2.5"')
    if hewn := ratios.get("hewn"):
        yield line(scale.place(hewn["low"]), y, scale.place(hewn["high"]), y, COLOURS["hewn"], ' stroke-width="2"')
    for server in sorted(ratios, key=lambda server: server == "hewn"):
        yield mark(server, scale.place(ratios[server]["median"]), y)
    if words := beyond(ratios):
        yield text(scale.left + scale.length + 14, y + 4, words, "small")


def overview(results):
    rows = overview_rows(results)
    servers = list(dict.fromkeys(server for _, _, ratios in rows for server in ratios))
    left, top = PAD + 12 + max(wide(title) for _, title, _ in rows), 92
    lowest = min(found["median"] for _, _, ratios in rows for found in ratios.values())
    scale = Scale(min(0.85, lowest * 0.95), OVERVIEW_TICKS[-1], left, 520)
    bottom = top + len(rows) * ROW
    width = left + scale.length + 24 + max(wide(beyond(ratios)) for _, _, ratios in rows)
    parts = [text(PAD, 24, "The cost of a request, over the floor's", "title"), *legend(servers, PAD, 50)]
    for tick in OVERVIEW_TICKS:
        x = scale.place(tick)
        parts += [text(x, top - 12, f"{tick:g}", "small", "middle"),
                  line(x, top - 6, x, bottom, "#80868b" if tick == 1 else "#e8eaed", ' stroke-width="2"' if tick == 1 else "")]
    for number, (name, title, ratios) in enumerate(rows):
        y = top + (number + 0.5) * ROW
        parts += [line(PAD, y + ROW / 2, left + scale.length, y + ROW / 2, "#f1f3f4"),
                  *overview_row(name, title, ratios, results["scenarios"][name]["figure"], y, scale)]
    words = "; ".join(f"{title}: " + ", ".join(f"{server} {found['median']:.2f}" for server, found in ratios.items())
                      for _, title, ratios in rows)
    return sheet(width, bottom + PAD, "The cost of a request, over the floor's", words, parts)


# Curves: cost by size

def curves(points, crossing, title):
    """A line a server, over the size in KiB (logarithmic); a dashed one where the first two cross."""
    left, top, width, height = 60, 62, 520, 260
    sizes = sorted({kib for of in points.values() for kib in of})
    highest = max(value for of in points.values() for value in of.values())
    low, high = sizes[0], max(sizes[-1], sizes[0] * 2)
    scale = Scale(low, high, left, width)
    parts = [text(PAD, 24, f"{title}: CPU us over the size in KiB; lower is better", "title"),
             *legend(points, PAD, 48, {"floor": "the floor, memory", "floor-file": "the floor, sendfile"})]
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = top + height * (1 - share)
        parts += [line(left, y, left + width, y, "#e8eaed"), text(left - 8, y + 4, figures.spell(highest * share), "small", "end")]
    parts += [text(scale.place(kib), top + height + 18, f"{kib}", "small", "middle") for kib in sizes]
    for server, of in points.items():
        places = [(scale.place(kib), top + height * (1 - value / highest)) for kib, value in of.items()]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS.get(server, OTHER_COLOUR)}" stroke-width="2"/>')
        parts += [mark(server, x, y, 5) for x, y in places]
    if crossing:
        x = scale.place(crossing)
        parts += [line(x, top, x, top + height, more=' stroke-dasharray="3 3"'), text(x + 6, top + 12, f"{crossing:.0f} KiB", "small")]
    words = "; ".join(f"{server}: " + ", ".join(f"{kib} KiB {figures.spell(value)}" for kib, value in of.items())
                      for server, of in points.items())
    return sheet(left + width + 40, top + height + 34, title, words, parts)
