"""Statistics of rounds, and tables of them. Nothing is assumed of how noise is distributed."""
import math
import statistics

COLUMNS = {
    "cpu_us": "CPU us", "cpu_s_gb": "CPU s/GB", "factor": "x plain", "rps": "requests/s", "mb_s": "MB/s", "busy": "busy",
    "p50_us": "p50 us", "p99_us": "p99 us", "p999_us": "p99.9 us", "worst_us": "worst us", "start_ms": "start ms", "private_kb": "private KB", "program_kb": "stripped KB",
    "loaded_kb": "after load KB", "connection_bytes": "bytes/conn.",
}
CONFIDENCE = 0.95


def interval(values):
    """(low, high, confidence) of the median: the narrowest pair of ranks that holds it with 95 %, or, where there are
    too few values for that (less than 6), all of them and what they are good for."""
    values = sorted(values)
    count = len(values)
    outside = 0.0  # the chance that the median lies below the rank
    rank = 0
    while rank < count // 2:
        more = outside + math.comb(count, rank) / 2 ** count
        if rank and 2 * more > 1 - CONFIDENCE:
            break
        outside = more
        rank += 1
    rank = max(rank, 1)
    return values[rank - 1], values[count - rank], round(1 - 2 * outside if count > 1 else 0, 4)


def values_of(rounds, figure):
    return [row[figure] for row in rounds.values() if row.get(figure) is not None]


def medians(rounds):
    """Of each figure; but of the worst wait the worst."""
    return {name: max(values) if name == "worst_us" else statistics.median(values) for name in COLUMNS
            if (values := values_of(rounds, name))}


def spread(values):
    """The median of these with its interval."""
    low, high, confidence = interval(values)
    return {"median": statistics.median(values), "low": low, "high": high, "confidence": confidence,
            "count": len(values)}


def compare(rounds, base, figure, how):
    """This server's figure and the other's, round by round: what disturbs a round disturbs both."""
    pairs = [(rounds[number][figure], base[number][figure]) for number in rounds.keys() & base.keys()
             if rounds[number].get(figure) and base[number].get(figure)]
    return spread([how(mine, theirs) for mine, theirs in pairs]) if pairs else None


def ratio(rounds, base, figure):
    return compare(rounds, base, figure, lambda mine, theirs: mine / theirs)


def summarize(rounds, figure, bases):
    """{server: {median: {...}, interval, ratio: {base: {...}}}} from {server: {round: row}}."""
    summary = {}
    for name, rows in rounds.items():
        if not rows:
            continue
        summary[name] = {**spread(values_of(rows, figure)), "median": medians(rows),
                         "ratio": {base: found for base in bases if base != name and rounds.get(base)
                                   and (found := ratio(rows, rounds[base], figure))}}
    return summary


def crossing(sizes, ones, others):
    """The size from which on the others cost less than the ones, between two that were measured on a logarithmic scale;
    None where that is not so at the largest one."""
    gains = [math.log(one / other) for one, other in zip(ones, others)]
    if not gains or gains[-1] <= 0:
        return None
    last = max((index for index, gain in enumerate(gains) if gain <= 0), default=None)
    if last is None:
        return sizes[0]
    share = -gains[last] / (gains[last + 1] - gains[last])
    return sizes[last] * (sizes[last + 1] / sizes[last]) ** share


def spell(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def spell_ratio(found):
    return f"{found['median']:.2f} [{found['low']:.2f} {found['high']:.2f}]" if found else "-"


def rows(summary, figure, bases):
    """The table's rows, its heading first: the figure, its ratios, and what else was measured."""
    bases = [base for base in bases if any(base in one["ratio"] for one in summary.values())]
    others = [name for name in COLUMNS if name != figure and any(name in one["median"] for one in summary.values())]
    table = [["server", COLUMNS[figure], *(f"/ {base}" for base in bases), *(COLUMNS[name] for name in others)]]
    for name, one in summary.items():
        table.append([name, spell(one["median"][figure]), *(spell_ratio(one["ratio"].get(base)) for base in bases),
                      *(spell(one["median"].get(other)) for other in others)])
    return table


def aligned(table, left=1):
    """For a terminal: the first columns, so many of them, to the left, the others to the right."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join("  " + "  ".join(cell.ljust(width) if column < left else cell.rjust(width)
                                      for column, (cell, width) in enumerate(zip(row, widths))).rstrip()
                     for row in table)
