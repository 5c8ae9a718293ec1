"""What Hewn wants to reach, as data, and whether a run has reached it.

A goal within 15 % of what it is compared with is finer than the noise of one measurement: it takes 15 interleaved rounds,
and is met when the 95 % interval of the median reaches it. A coarser one is met by the median. Counts have no noise."""
import dataclasses

import figures
import noise

FINE = 1.15
ROUNDS_FINE, ROUNDS_COARSE = 15, 5
STALL_US = 10_000
BUSY_MIN = 0.9
YES, NEARLY, NO = "yes", "yes, within noise", "no"


@dataclasses.dataclass(frozen=True)
class Goal:
    what: str
    scenario: str
    limit: float
    base: str = ""          # the server it is compared with; "plain": the small file on the same server
    figure: str = "cpu_us"
    way: str = "ratio"      # or "times" (the base's over ours), "above" (ours less the base's), "value", "worst"
    at_least: bool = False
    shape: tuple = ()       # of the scenario "cost": (what was counted, kind of request); base is then like it


def ratio(what, scenario, limit, base="floor", **more):
    return Goal(what, scenario, limit, base, **more)


def factor(what, scenario, limit):
    return Goal(what, scenario, limit, "plain", "factor", "value")


def calls(what, figure, limit, shape, base="", way="value"):
    return Goal(what, "cost", limit, base, figure, way, shape=shape)


GOALS = [
    ratio("small file, 64 connections", "small64", 1.15),
    ratio("", "small64", 1.8, "nginx", way="times", at_least=True),
    ratio("", "small64", 1.3, "nginx-nosf", way="times", at_least=True),
    *(calls(f"system calls of a {status}, 1 connection", "calls", 3.0, ("hewn", status)) for status in ("200", "304", "404")),
    *(calls(f"system calls of a {status}, 32 connections", "crowd", 0.02, ("hewn", status), "floor", "above")
      for status in ("200", "304", "404")),
    calls("system calls with an access log", "calls", 0.0, ("log combined", "200"), "hewn", "above"),
    calls("user instructions of a request", "instructions", 1800, ("hewn", "200")),
    calls("with the fields of a browser", "instructions", 3300, ("hewn", "browser")),
    factor("fields of a browser, CPU", "browser", 1.10),
    factor("60 further fields", "fields60", 1.25),
    ratio("pipelining 16, requests/s", "pipeline16", 0.65, figure="rps", at_least=True),
    Goal("never a stall", "pipeline16", STALL_US, "floor", "worst_us", "worst"),
    ratio("10 KiB", "file10k", 1.15),
    ratio("100 KiB", "file100k", 1.15),
    ratio("10 MiB, CPU s/GB", "file10m", 1.05, "lighttpd", figure="cpu_s_gb"),
    ratio("1 GiB, CPU s/GB", "file1g", 1.05, "lighttpd", figure="cpu_s_gb"),
    ratio("304", "fresh", 1.15),
    ratio("404", "missing", 1.15),
    ratio("a connection for each request", "connect", 1.15),
    factor("1,000 files at random", "files1k", 1.10),
    factor("100,000 files, if the cache holds all", "files100k", 1.2),
    factor("100,000 files, if it does not", "files100k", 2.5),
    Goal("100,000 files: never a stall", "files100k", STALL_US, "floor", "worst_us", "worst"),
    Goal("JSON through router and middleware", "hello", 1.15, "hello", way="times"),
    factor("access log (combined)", "log", 1.05),
    factor("access log (JSON)", "logjson", 1.05),
    Goal("idle connection, bytes", "idle10k", 600, "", "connection_bytes", "value"),
    Goal("64 active among 10,000 idle", "idle10k", 0.1, "floor", "factor", "above"),
    ratio("open loop, p50", "rate10k", 1.1, figure="p50_us"),
    ratio("TLS 1.3, a full handshake", "tls_full", 1.0, "nginx"),
    ratio("TLS 1.3, a resumed handshake", "tls_resumed", 1.0, "nginx"),
    ratio("small file over TLS", "tls_small", 1.1),
    ratio("100 KiB over TLS", "tls_100k", 1.05),
    Goal("idle connection of TLS, bytes with OpenSSL's", "idle_tls", 40 * 1024, "", "connection_bytes", "value"),
    Goal("HTTP/2, 16 connections of 32 streams, CPU us", "h2_small", 3, "", "cpu_us", "value"),
    ratio("", "h2_small", 3, "nginx", way="times", at_least=True),
    Goal("start to first byte, ms", "start", 5, "", "start_ms", "value"),
    Goal("private memory, idle, KB", "memory", 1536, "", "private_kb", "value"),
    Goal("stripped program, KB", "memory", 400, "", "program_kb", "value"),
]


def spell_goal(goal):
    """In the words of whoever set it."""
    sign = ">=" if goal.at_least else "<="
    if goal.way == "times":
        return f"{goal.base} takes {sign} {goal.limit:g} x"
    if goal.way == "ratio" or goal.base == "plain":
        return f"{sign} {goal.limit:g} x {goal.base}"
    if goal.way == "above":
        return f"{sign} {goal.base}'s + {goal.limit:g}" if goal.limit else f"{sign} without"
    if goal.way == "worst":
        return f"worst < {goal.limit / 1000:g} ms"
    return f"{sign} {goal.limit:,g}"


def is_reached(goal, value):
    return value >= goal.limit if goal.at_least else value <= goal.limit


def is_fine(goal):
    """Finer than one measurement can tell."""
    if goal.way in ("ratio", "times") or goal.base == "plain":
        return 1 / FINE <= goal.limit <= FINE
    return goal.way == "above"


def judge_spread(goal, found):
    """Of a median with its interval."""
    rounds = ROUNDS_FINE if is_fine(goal) else ROUNDS_COARSE
    if found["count"] < rounds:
        return f"open: {found['count']} rounds of {rounds}"
    if is_reached(goal, found["median"]):
        return YES
    nearest = found["high"] if goal.at_least else found["low"]
    return NEARLY if is_fine(goal) and is_reached(goal, nearest) else NO


def spell_spread(found):
    return f"{figures.spell(found['median'])} [{figures.spell(found['low'])} {figures.spell(found['high'])}]"


def judge_worst(goal, rounds):
    """One late answer is a stall; where the floor had one too, the machine had it."""
    worst = {name: max(figures.values_of(rows, goal.figure), default=0) for name, rows in rounds.items()}
    floor = worst.get(goal.base, 0)
    late = sum(value >= goal.limit for value in figures.values_of(rounds["hewn"], goal.figure))
    measured = f"{worst['hewn'] / 1000:.1f} ms" + (f" ({late} of {len(rounds['hewn'])} rounds late)" if late else "")
    measured += f", the {goal.base} {floor / 1000:.1f} ms" if floor else ""
    if worst["hewn"] < goal.limit:
        return measured, YES
    return measured, NO if floor < goal.limit else f"open: the {goal.base} stalled too"


def spell_slack(goal, rounds):
    """Requests a second are a server's only where it was the one to wait for."""
    if goal.figure != "rps":
        return ""
    slack = [f"{name} {busy:.2f}" for name in ("hewn", goal.base)
             if (busy := figures.medians(rounds[name])["busy"]) < BUSY_MIN]
    return f", but busy: {', '.join(slack)}" if slack else ""


HOWS = {"ratio": lambda mine, theirs: mine / theirs, "times": lambda mine, theirs: theirs / mine,
        "above": lambda mine, theirs: mine - theirs}


def judge_rounds(goal, rounds):
    """(measured, met)"""
    if not rounds.get("hewn"):
        return "-", "not measured"
    if goal.way == "worst":
        return judge_worst(goal, rounds)
    if goal.way == "value":
        values = figures.values_of(rounds["hewn"], goal.figure)
        found = figures.spread(values) if values else None
    else:
        found = figures.compare(rounds["hewn"], rounds.get(goal.base, {}), goal.figure, HOWS[goal.way])
    if not found:
        return "-", f"not measured: no {goal.base}" if goal.base not in ("", "plain") else "not measured"
    return spell_spread(found) + spell_slack(goal, rounds), judge_spread(goal, found)


def judge_count(goal, counted):
    """Of the scenario "cost"."""
    who, shape = goal.shape
    value = counted.get(who, {}).get(shape, {}).get(goal.figure)
    theirs = counted.get(goal.base, {}).get(shape, {}).get(goal.figure) if goal.base else 0
    if value is None or theirs is None:
        return "-", "not measured"
    measured = f"{value:,.0f}" if goal.figure == "instructions" else f"{value:.2f}"
    if goal.base:
        measured += f", {'without' if goal.base == 'hewn' else 'the ' + goal.base} {theirs:.2f}"
    return measured, YES if is_reached(goal, round(value - theirs, 2)) else NO


def judge(goal, results):
    """(measured, met) of one goal"""
    if goal.scenario == "cost":
        return judge_count(goal, results["cost"])
    scenario = results["scenarios"][goal.scenario]
    if "hewn" in scenario["failed"]:
        return "-", f"no: {scenario['failed']['hewn']}"
    measured, met = judge_rounds(goal, scenario["rounds"])
    is_noisy = measured != "-" and noise.complaints(scenario["noise"])
    return measured, met + ("; busy machine" if is_noisy else "")


def is_asked(goal, results):
    return "cost" in results if goal.scenario == "cost" else goal.scenario in results["scenarios"]


def verdicts(results):
    """The table's rows, its heading first; of what was measured only."""
    table, what = [["what", "scenario", "goal", "measured", "met?"]], ""
    for goal in GOALS:
        what = goal.what or what
        if is_asked(goal, results):
            table.append([what, goal.scenario, spell_goal(goal), *judge(goal, results)])
    return table
